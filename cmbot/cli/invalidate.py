"""``cmbot invalidate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli import asking
from cmbot.cli.doing import load, told

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "invalidate", short_help="Judge the data of a campaign, step or group bad: nothing more is made of them."
)
@asking.move_options
@told
def command(key: str, reason: str, settings_file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Judge the data of a campaign, step or group bad: nothing more is made of them. It needs --reason.

    It is kept with who, when and why, in the field Verdict of the issue. Nothing is started that would use
    them, and steps that were made of them are shown as stale. Nothing is removed: `cmbot delete KEY` does
    that, or the command that is shown, in a comment.

    It counts at once; the next pass shows it in Jira. `/cmbot invalidate` in a comment is the same.
    """
    from functools import partial

    from cmbot.models.issues import Verdict
    from cmbot.operations.verdicts import judge
    from cmbot.reconcile.opening import open_local

    local = open_local(load(settings_file))
    act = partial(judge, local, key, Verdict.BAD, reason)
    asking.act(local, act, ("invalidate", key), reason, dry_run=dry_run, as_json=as_json)
