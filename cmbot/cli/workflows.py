"""``cmbot workflows``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told
from cmbot.cli.tables import lined_up

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.operations.workflows import Workflow


@click.command("workflows", short_help="List workflows: request, status, tasks by state, jobs, run name.")
@click.argument("key")
@click.option("--group", default="", help="Only this group of the step: g001.")
@settings_option
@json_option
@told
def command(key: str, group: str, settings_file: Path, *, as_json: bool) -> None:
    """List the workflows of a campaign, step or group, of all its attempts, as PanDA's own page does.

    The status is the workload system's own word, as it was said last; `cmbot status` says what cmbot makes of
    it. Everything comes from this machine. For the jobs of each task see `cmbot report`, for the jobs that
    failed `cmbot jobs`.
    """
    import json

    from cmbot.operations.workflows import workflows
    from cmbot.reconcile.opening import open_local

    found = workflows(open_local(load(settings_file)), key, group)
    if as_json:
        click.echo(json.dumps([each.to_json() for each in found]))
        return
    headings = ["request", "status", "created", "tasks", "by state", "remaining", "done", "failed", "total"]
    rows = [[*headings, "attempt", "name"], *(_cells(each) for each in found)]
    for line in lined_up(rows):
        click.echo(line)


def _cells(each: Workflow) -> list[str]:
    tasks = ", ".join(f"{number} {state}" for state, number in each.tasks.items())
    jobs = each.remaining, each.jobs.done, each.jobs.failed, each.jobs.total
    created = each.created[:16].replace("T", " ")
    counted = [str(sum(each.tasks.values())), tasks, *map(str, jobs)]
    return [str(each.request), each.status or each.state, created, *counted, each.attempt, each.name]
