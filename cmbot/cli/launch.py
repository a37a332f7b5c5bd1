"""``cmbot launch``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli import asking
from cmbot.cli.doing import load, told

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "launch", short_help="Start a campaign, step or group, go on after a pause, or retry what failed."
)
@asking.move_options
@told
def command(key: str, reason: str, settings_file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Start a campaign, step or group, go on after a pause, or retry what failed.

    It is the same as moving the issue to Launch; you are named as who did it. What would turn a move back is
    told here, and nothing is changed then. `cmbot plan KEY` shows what would be submitted.

    The next pass does it, so it also works while the service runs.
    """
    from functools import partial

    from cmbot.models.issues import Status
    from cmbot.operations.moving import move
    from cmbot.reconcile.opening import open_local

    local = open_local(load(settings_file))
    act = partial(move, local, key, Status.LAUNCH)
    asking.act(local, act, ("launch", key), reason, dry_run=dry_run, as_json=as_json)
