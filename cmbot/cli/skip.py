"""``cmbot skip``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli import asking
from cmbot.cli.doing import load, told
from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from pathlib import Path


@click.command("skip", short_help="Abandon a campaign, step or group: go on without it.")
@asking.move_options
@told
def command(key: str, reason: str, settings_file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Abandon a campaign, step or group: go on without it. It needs --reason.

    It is the same as moving the issue to Abandoned; you are named as who did it. A step goes on without an
    abandoned group; what follows an abandoned step does not start. What runs is left alone: cancel it first
    to stop it.

    The next pass does it, so it also works while the service runs.
    """
    from functools import partial

    from cmbot.models.issues import Status
    from cmbot.operations.moving import move
    from cmbot.reconcile.opening import open_local

    if not reason.strip():
        raise UserError(key, "to leave it out needs a reason", "give --reason")
    local = open_local(load(settings_file))
    act = partial(move, local, key, Status.ABANDONED)
    asking.act(local, act, ("skip", key), reason, dry_run=dry_run, as_json=as_json)
