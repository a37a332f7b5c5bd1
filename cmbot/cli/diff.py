"""``cmbot diff``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path


@click.command("diff", short_help="Compare campaigns, steps, groups, attempts or files, side by side.")
@click.argument("subjects", nargs=-1, required=True)
@click.option("--iterations", is_flag=True, help="Also all campaigns cloned from each other with these.")
@settings_option
@json_option
@told
def command(subjects: tuple[str, ...], settings_file: Path, *, iterations: bool, as_json: bool) -> None:
    """Compare SUBJECTS side by side: definition, software, inputs and results.

    A subject is a campaign file, a BPS file, or the key of a campaign, step or group; behind the key of a
    step :g001 names a group and :g001:a1 an attempt. Of definition, software, inputs and BPS files only what
    is not the same in all is shown; of the results everything: groups and quanta, times, and failures by task
    and by reason. Several iterations of a campaign make one table:

    \b
        cmbot diff CM-1 CM-20 CM-35
        cmbot diff CM-1 --iterations
        cmbot diff CM-2:g001:a1 CM-2:g001:a2
        cmbot diff nightly.yaml CM-1

    Campaigns and steps are compared as Jira says now, attempts as they were run. It reads the mirror and the
    archive and asks nobody. Files are recognised by .yaml or .yml.
    """  # noqa: D301 - click wants the character itself
    import json
    from dataclasses import asdict

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    from cmbot.operations.diff import compare, side
    from cmbot.operations.diff import iterations as related
    from cmbot.reconcile.opening import open_local

    local = cache(lambda: open_local(load(settings_file)))
    if iterations:
        subjects = tuple(dict.fromkeys(key for each in subjects for key in related(local(), each)))
    compared = compare([side(local, each) for each in subjects])
    if as_json:
        click.echo(json.dumps(asdict(compared)))
        return
    for section, rows in compared.sections.items():
        columns = [Column(escape(each), overflow="fold") for each in compared.sides]
        table = Table(Column(section, overflow="fold"), *columns, box=None)
        for path, values in rows.items():
            table.add_row(*map(escape, (path, *values)))
        Console().print(table)
        click.echo()
    if not compared.sections:
        click.echo("nothing differs")
