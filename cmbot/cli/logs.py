"""``cmbot logs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cmbot.operations.logs import Log


@click.command("logs", short_help="Show what matters of the logs: first traceback, last lines.")
@click.argument("key")
@click.option("--failed", is_flag=True, help="Only failed jobs, not what bps submit said.")
@click.option("--group", default="", help="Only this group of the step: g001.")
@click.option("--task", default="", metavar="LABEL", help="Only failed jobs or quanta of this task.")
@click.option(
    "--quantum",
    metavar="DATAID",
    help="What failed quanta said instead of logs: visit=1,detector=2, or '' for all.",
)
@click.option("--most", default=5, show_default=True, type=click.IntRange(1, 100), help="Logs to fetch.")
@settings_option
@json_option
@told
def command(
    key: str,
    settings_file: Path,
    *,
    failed: bool,
    group: str,
    task: str,
    quantum: str | None,
    most: int,
    as_json: bool,
) -> None:
    """Show what matters of the logs of a campaign, step or group.

    First what `bps submit` said, then, for each reason why jobs failed, the log of an example: its first
    traceback and its last lines, below the address of the whole. The logs of jobs are fetched from where the
    jobs say they are; of a log that is not there any more, what cmbot kept when the workflow ended is shown.
    Everything else comes from this machine.
    """
    import json

    from cmbot.operations import logs
    from cmbot.reconcile.opening import open_local
    from cmbot.reconcile.systems import logs_of

    settings = load(settings_file)
    local = open_local(settings)

    def found() -> Iterator[Log]:
        if quantum is not None:
            yield from logs.quanta(local, key, group, task, quantum)
            return
        if not failed and not task:
            yield from logs.submissions(local, key, group)
        yield from logs.jobs(local, key, logs_of(settings, local, person=True), group, task, most)

    if as_json:
        click.echo(json.dumps([log.to_json() for log in found()]))
        return
    shown = False
    for log in found():
        shown = True
        click.echo("\n".join(filter(None, (log.title, log.address))))
        click.echo("".join(f"    {line}\n" for line in log.text.splitlines()))
    if not shown:
        click.echo(f"{key}: there is nothing to show; see `cmbot status {key}`")
