"""``cmbot status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path


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
    from rich.table import Table

    from cmbot.operations.status import status
    from cmbot.reconcile.opening import open_local

    lines = status(open_local(load(settings_file)), key)
    if as_json:
        click.echo(json.dumps([asdict(line) for line in lines]))
        return
    table = Table("key", "name", "status", "attempt", "request", "jobs", "quanta", "failed", "", box=None)
    indent = {"campaign": "", "step": "  ", "group": "    "}
    for line in lines:
        jobs, quanta = (
            f"{each.done}/{each.total}" if each.total else "" for each in (line.jobs, line.quanta)
        )
        failed = str(line.quanta.failed or line.jobs.failed or "")
        name, request = indent[line.level] + escape(line.name), str(line.request or "")
        table.add_row(
            line.key, name, line.status, line.attempt, request, jobs, quanta, failed, escape(line.summary)
        )
    Console().print(table)
