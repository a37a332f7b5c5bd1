"""``cmbot collections``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli import withdrawing
from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path


@click.group("collections", short_help="Show the collections of a campaign, or take back what it made.")
def command() -> None:
    """Show the collections that cmbot keeps for a campaign, or take out of them what it made."""


@command.command("show", short_help="Show the collections that cmbot keeps for a campaign.")
@click.argument("key")
@settings_option
@json_option
@told
def show(key: str, settings_file: Path, *, as_json: bool) -> None:
    """Show the collections of a campaign as they are wanted, and which the Butler does not show yet.

    First what is there, from groups to the campaign; then what was taken back. Nobody is asked: it is as the
    last pass left it.
    """
    import json

    from cmbot.operations.withdrawing import kept
    from cmbot.reconcile.opening import open_local

    found = kept(open_local(load(settings_file)), key)
    if as_json:
        click.echo(json.dumps([{"collection": line, "done": done} for line, done in found]))
        return
    for line, done in found:
        click.echo(line + ("" if done else "  (not yet)"))


@command.command("undo", short_help="Take what was made out of the chains; it stays in the Butler.")
@withdrawing.options
@told
def undo(
    key: str, group: str, reason: str, seen: str, settings_file: Path, *, dry_run: bool, as_json: bool
) -> None:
    """Take what a campaign, step or group made out of the campaign's chains, as when it is invalid.

    Chains that hold nothing any more are deleted; the campaign's leaves its public chain with the last of it.
    The RUN collections stay until `cmbot clean`. No rescue skips what was taken back: `cmbot retry` makes it
    again.

    It lists first and asks; the next pass does it.
    """
    withdrawing.ask(
        settings_file,
        "undo",
        key,
        group,
        reason,
        seen,
        said="cmbot collections undo",
        dry_run=dry_run,
        as_json=as_json,
    )
