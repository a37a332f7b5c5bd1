"""``cmbot status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.operations.status import Line
    from cmbot.reconcile.edges import Local


@click.command("status", short_help="Show how campaigns are, from the last pass.")
@click.argument("key", required=False, default="")
@click.option("--attention", "people", is_flag=True, help="Only what waits for a person, and what to do.")
@settings_option
@json_option
@told
def command(key: str, settings_file: Path, *, people: bool, as_json: bool) -> None:
    """Show all campaigns, or one campaign with its steps and groups.

    It reads the local mirror and asks nobody, so it also works while Jira or PanDA is down. With --attention
    it lists what waits for a person, the most urgent first: servers and tokens, duplicates, unknown outcomes,
    what is overdue, failures, pauses, frozen issues, old data; with since when, for whom, why, and what to
    do. Below stand the plots of PanDA that links.system names in the settings.

    Requests by their run names, with when they were made and tasks by state, are listed by `cmbot workflows`.
    """
    import json
    from dataclasses import asdict

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    from cmbot.operations.production import productions
    from cmbot.operations.status import old, status
    from cmbot.reconcile.opening import open_local

    settings = load(settings_file)
    local = open_local(settings)
    if people:
        _attention(local, key, as_json=as_json)
        return
    lines = status(local, key)
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
    for production in () if details else productions(local):
        click.echo(f"production {production.name}: {production.line}")
    for line in lines:
        for said_of_it in (
            (line.summary, line.estimate, old(line, 2 * settings.panda.cycle)) if details else ()
        ):
            if said_of_it:
                click.echo(f"{line.key or line.name}: {said_of_it}")


def _attention(local: Local, key: str, *, as_json: bool) -> None:
    import json

    from cmbot.operations.attention import attention

    waiting = attention(local, key)
    if as_json:
        click.echo(json.dumps([each.to_json() for each in waiting]))
        return
    for each in waiting:
        since = f" since {each.since:%Y-%m-%d %H:%M} UTC" if each.since else ""
        subject = " ".join(filter(None, (each.key, each.name)))
        click.echo(f"{subject} [{each.kind}{since}, for {each.who}] {each.why}")
        click.echo(f"    {each.todo}")
    if not waiting:
        click.echo("nothing waits for a person")
    for name, address in local.settings.links.system.items():
        click.echo(f"{name}: {address}")


def _cells(line: Line) -> tuple[str, ...]:
    indent = {"campaign": "", "step": "  ", "group": "    "}[line.level]
    jobs, quanta = (f"{each.done}/{each.total}" if each.total else "" for each in (line.jobs, line.quanta))
    failed, request = str(line.quanta.failed or line.jobs.failed or ""), str(line.request or "")
    return (line.key, indent + line.name, line.status, line.attempt, request, jobs, quanta, failed)
