"""``cmbot restart``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli import asking
from cmbot.cli.doing import load, told

if TYPE_CHECKING:
    from pathlib import Path


@click.command("restart", short_help="Run what failed again, in the same request of PanDA.")
@asking.options
@told
def command(key: str, group: str, reason: str, settings_file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Run what failed again, in the same request of PanDA with the same settings.

    For failures that pass by themselves: a site that was down, a final job that was killed. It makes no new
    attempt. What needs more memory, other software or another site needs `cmbot retry`; so does a final job
    that was killed for its memory, and then all data are made anew, for none of them is registered.

    The next pass does it, so it also works while the service runs.
    """
    from cmbot.operations.restart import targets
    from cmbot.reconcile.opening import open_local

    local = open_local(load(settings_file))
    said = ("restart", key, *(("--group", group) if group else ()))
    asking.ask(local, targets(local, key, group), said, reason, dry_run=dry_run, as_json=as_json)
