"""``cmbot clean``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli import withdrawing
from cmbot.cli.doing import told

if TYPE_CHECKING:
    from pathlib import Path


@click.command("clean", short_help="Remove from the Butler what a campaign made and no chain holds.")
@withdrawing.options
@told
def command(
    key: str, group: str, reason: str, seen: str, settings_file: Path, *, dry_run: bool, as_json: bool
) -> None:
    """Remove the RUN collections of attempts whose outputs are used by nothing.

    These are attempts that left nothing a rescue could skip, that a fresh attempt put aside, or that were
    taken back with `cmbot collections undo`. What the chains hold stays, and so does what others ran.

    It lists first and asks. It is refused while anything of the campaign runs; the next pass does it.
    """
    withdrawing.ask(
        settings_file, "clean", key, group, reason, seen, said="cmbot clean", dry_run=dry_run, as_json=as_json
    )
