"""``cmbot reject``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli import asking
from cmbot.cli.doing import load, told

if TYPE_CHECKING:
    from pathlib import Path


@click.command("reject", short_help="Take nothing of what was made so far; the next attempt makes it anew.")
@asking.options
@told
def command(key: str, group: str, reason: str, settings_file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Take nothing of what a campaign, step or group has made so far, although it may be complete.

    It counts as failed from then on, and its data leave the chain of the step; nothing is deleted. Retry it,
    or move it to Launch: the next attempt makes all of it anew. It needs --reason.

    The next pass does it, so it also works while the service runs.
    """
    from cmbot.models.attempts import Verb
    from cmbot.operations.judging import targets
    from cmbot.reconcile.opening import open_local

    local = open_local(load(settings_file))
    found = targets(local, Verb.REJECT, key, group, reason)
    said = ("reject", key, *(("--group", group) if group else ()))
    asking.ask(local, found, said, reason, dry_run=dry_run, as_json=as_json)
