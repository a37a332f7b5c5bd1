"""``cmbot accept``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli import asking
from cmbot.cli.doing import load, told

if TYPE_CHECKING:
    from pathlib import Path


@click.command("accept", short_help="Take what ended without its whole result as its result.")
@asking.options
@told
def command(key: str, group: str, reason: str, settings_file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Take what a campaign, step or group has made as its result, although something of it failed.

    It counts as completed from then on, with what was made: steps that follow use it. The tolerance of the
    step stays as it is. Groups that run, or have their result, are left alone.

    The next pass does it, so it also works while the service runs. It is the same as moving the issue of the
    group to Completed, for a whole step or campaign at once, and with a reason that is kept.
    """
    from cmbot.models.attempts import Verb
    from cmbot.operations.judging import targets
    from cmbot.reconcile.opening import open_local

    local = open_local(load(settings_file))
    found = targets(local, Verb.ACCEPT, key, group, reason)
    said = ("accept", key, *(("--group", group) if group else ()))
    asking.ask(local, found, said, reason, dry_run=dry_run, as_json=as_json)
