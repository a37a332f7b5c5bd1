"""``cmbot history``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path


@click.command("history", short_help="Show who did what and why, for a campaign, step or group.")
@click.argument("key")
@settings_option
@json_option
@told
def command(key: str, settings_file: Path, *, as_json: bool) -> None:
    """Show everything that happened to a campaign, step or group, or at a compute site, oldest first.

    Events are kept for ever and never changed. Of a submission that came to nothing, the last lines that
    `bps submit` said stand below it.
    """
    import json
    from dataclasses import asdict
    from textwrap import indent

    from cmbot.operations.status import history
    from cmbot.reconcile.opening import open_local

    for event in history(open_local(load(settings_file)), key):
        if as_json:
            click.echo(json.dumps(asdict(event) | {"at": event.at.isoformat()}))
        else:
            reason, _, more = event.why.partition("\n")
            why = f"  ({reason})" if reason else ""
            click.echo(f"{event.at:%Y-%m-%d %H:%M:%S}Z  {event.issue_key:10} {event.who}: {event.what}{why}")
            if more:
                click.echo(indent(more, "    "))
