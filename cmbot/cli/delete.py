"""``cmbot delete``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli import withdrawing
from cmbot.cli.doing import told

if TYPE_CHECKING:
    from pathlib import Path


@click.command("delete", short_help="Remove from the Butler everything that a campaign made.")
@withdrawing.options
@told
def command(
    key: str, group: str, reason: str, seen: str, settings_file: Path, *, dry_run: bool, as_json: bool
) -> None:
    """Remove what a campaign, step or group made: its RUN collections with all datasets, then its chains.

    Only collections that the journal shows as the campaign's own are removed. What others ran stays, and so
    does, named, what somebody else's chain still searches. Issues, archive and history stay.

    It lists first and asks. It is refused while anything of the campaign runs; the next pass does it.
    """
    withdrawing.ask(
        settings_file,
        "delete",
        key,
        group,
        reason,
        seen,
        said="cmbot delete",
        dry_run=dry_run,
        as_json=as_json,
    )
