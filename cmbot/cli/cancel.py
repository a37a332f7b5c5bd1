"""``cmbot cancel``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli import asking
from cmbot.cli.doing import load, told

if TYPE_CHECKING:
    from pathlib import Path


@click.command("cancel", short_help="Abort what runs of a campaign, step or group; what it made stays.")
@asking.options
@told
def command(key: str, group: str, reason: str, settings_file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Abort what runs of a campaign, step or group.

    PanDA is asked to abort each request by its id, again until it has ended; what was made is counted then
    and kept. Under the launch that it belonged to nothing new is submitted: retry it, or move it to Launch.

    The next pass does it, so it also works while the service runs.
    """
    from cmbot.operations.cancel import targets
    from cmbot.reconcile.opening import open_local

    local = open_local(load(settings_file))
    said = ("cancel", key, *(("--group", group) if group else ()))
    asking.ask(local, targets(local, key, group), said, reason, dry_run=dry_run, as_json=as_json)
