"""``cmbot status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.operations.status import Line


@click.command("status", short_help="Show how campaigns are, from the last pass.")
@click.argument("key", required=False, default="")
@settings_option
@json_option
@told
def command(key: str, settings_file: Path, *, as_json: bool) -> None:
    """Show all campaigns, or one campaign with its steps and groups.

    It reads the local mirror and asks nobody, so it also works while Jira or PanDA is down.
    """
    import json
    from dataclasses import asdict

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    from cmbot.operations.status import old, status
    from cmbot.reconcile.opening import open_local

    settings = load(settings_file)
    lines = status(open_local(settings), key)
    if as_json:
        click.echo(json.dumps([asdict(line) for line in lines]))
        return
    details = bool(key)
    headings = [
        Column(name, no_wrap=True)
        for name in ("key", "name", "status", "attempt", "request", "jobs", "quanta", "failed")
    ]
    # In the list of all campaigns a line each; of one campaign every reason, below.
    said = [] if details else [Column(overflow="ellipsis", no_wrap=True, ratio=1)]
    table = Table(*headings, *said, box=None, expand=not details)
    for line in lines:
        table.add_row(*map(escape, _cells(line)), *(() if details else (escape(line.summary),)))
    Console().print(table)
    for line in lines:
        for said_of_it in (line.summary, old(line, 2 * settings.panda.cycle)) if details else ():
            if said_of_it:
                click.echo(f"{line.key or line.name}: {said_of_it}")


def _cells(line: Line) -> tuple[str, ...]:
    indent = {"campaign": "", "step": "  ", "group": "    "}[line.level]
    jobs, quanta = (f"{each.done}/{each.total}" if each.total else "" for each in (line.jobs, line.quanta))
    failed, request = str(line.quanta.failed or line.jobs.failed or ""), str(line.request or "")
    return (line.key, indent + line.name, line.status, line.attempt, request, jobs, quanta, failed)
