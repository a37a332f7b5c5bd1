"""``cmbot pause``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli import asking
from cmbot.cli.doing import load, told

if TYPE_CHECKING:
    from pathlib import Path


@click.command("pause", short_help="Submit nothing new of a campaign, step or group; what runs goes on.")
@asking.move_options
@told
def command(key: str, reason: str, settings_file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Submit nothing new of a campaign, step or group; what runs goes on to its end.

    It is the same as moving the issue to Paused; you are named as who did it. `cmbot launch KEY` goes on.

    The next pass does it, so it also works while the service runs.
    """
    from functools import partial

    from cmbot.models.issues import Status
    from cmbot.operations.moving import move
    from cmbot.reconcile.opening import open_local

    local = open_local(load(settings_file))
    act = partial(move, local, key, Status.PAUSED)
    asking.act(local, act, ("pause", key), reason, dry_run=dry_run, as_json=as_json)
