"""``cmbot explain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path


@click.command("explain", short_help="Say what a campaign, step or group waits for, and what to do.")
@click.argument("key")
@settings_option
@json_option
@told
def command(key: str, settings_file: Path, *, as_json: bool) -> None:
    """Say why a campaign, step or group is as it is: whose act that is, what it waits for, what to do.

    It reads the local mirror and asks nobody. The same is answered to `/cmbot explain` in a comment.
    """
    import json

    from cmbot.operations.explain import explain
    from cmbot.reconcile.opening import open_local

    lines = explain(open_local(load(settings_file)), key)
    click.echo(json.dumps(lines) if as_json else "\n".join(lines))
