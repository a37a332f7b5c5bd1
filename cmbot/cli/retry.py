"""``cmbot retry``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli import asking
from cmbot.cli.doing import load, told

if TYPE_CHECKING:
    from pathlib import Path


class _Memory(click.ParamType[tuple[str, int]]):
    """``LABEL=MB``, or ``MB`` for every task that failed."""

    name = "LABEL=MB"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Read one."""
        label, _, amount = str(value).rpartition("=")
        if not amount.isdecimal():
            self.fail(f"{value!r} is no amount; write isr=8000, or 8000 for what failed", param, ctx)
        return label, int(amount)


@click.command("retry", short_help="Make the next attempt: rescue what exists, run the rest.")
@asking.options
@click.option("--fresh", is_flag=True, help="Use nothing of earlier attempts; make everything anew.")
@click.option("--failed-only", is_flag=True, help="Run only the tasks that lack something.")
@click.option("--tasks", default="", metavar="A,B", help="Run only these tasks.")
@click.option("--site", default="", help="At another compute site of the settings.")
@click.option("--queue", default="", help="In this queue; sites.NAME.queues of the settings lists them.")
@click.option(
    "--memory",
    multiple=True,
    type=_Memory(),
    help="Memory in MB of a task, or without LABEL of every task that failed. May be repeated.",
)
@told
def command(
    key: str,
    group: str,
    reason: str,
    settings_file: Path,
    tasks: str,
    site: str,
    queue: str,
    memory: tuple[tuple[str, int], ...],
    *,
    fresh: bool,
    failed_only: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make the next attempt of what failed in a campaign, step or group.

    It rescues: the new attempt has an output run of its own and skips what the earlier ones made, the newest
    first. What failed for its memory asks for twice as much, or more if more was measured, up to what the
    site has. Where only the final job failed, the same request is restarted instead.

    The next pass does it, so it also works while the service runs. It is the same as moving the issue to
    Launch, with more to choose from, and for exactly what failed now; try `--dry-run` first.
    """
    from cmbot.operations.retry import Wanted, targets
    from cmbot.reconcile.opening import open_local

    labels = tuple(label.strip() for label in tasks.split(",") if label.strip())
    wanted = Wanted(fresh, failed_only, labels, site, queue, dict(memory))
    local = open_local(load(settings_file))
    texts = {"--group": group, "--tasks": tasks, "--site": site, "--queue": queue}
    flags = {"--fresh": fresh, "--failed-only": failed_only}
    said = ["retry", key, *(name for name, given in flags.items() if given)]
    said += [part for name, text in texts.items() if text for part in (name, text)]
    said += [f"--memory {label}={amount}" if label else f"--memory {amount}" for label, amount in memory]
    found = targets(local, key, group, wanted)
    asking.ask(local, found, said, reason, dry_run=dry_run, as_json=as_json)
