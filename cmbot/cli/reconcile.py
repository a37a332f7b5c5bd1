"""``cmbot reconcile``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cmbot.operations.reconcile import Line


@click.command("reconcile", short_help="Show what Jira, journal and PanDA do not agree on, and mend it.")
@click.argument("key", required=False, default="")
@click.option("--dry-run", is_flag=True, help="Only say what would be done; write nothing.")
@settings_option
@json_option
@told
def command(key: str, settings_file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Compare what Jira, cmbot's journal and PanDA say of everything that is not over.

    Of each attempt it says which rule holds and what comes of it. Each pass of `cmbot sync` goes by the same
    rules; while that runs, only --dry-run is possible. Without it one pass is made over these campaigns:
    submissions are recovered, ends are counted, cancels are sent again, statuses are set.

    KEY is a campaign, step or group; all campaigns without it. PanDA is asked now, Jira was seen at the last
    pass.
    """
    import json

    from cmbot.operations import reconcile
    from cmbot.reconcile.opening import open_edges

    edges = open_edges(load(settings_file))
    if dry_run:
        lines = reconcile.examine(edges, key)
        if as_json:
            click.echo(json.dumps([line.to_json() for line in lines]))
        else:
            _print(lines)
        return
    done = reconcile.run(edges, key)
    if as_json:
        click.echo(json.dumps(done.to_json()))
    else:
        _print(done.lines)
        for event in done.happened:
            reason = event.why.partition("\n")[0]
            click.echo(f"{event.issue_key} done: {event.what} ({reason})")
        for error in done.errors:
            click.echo(error, err=True)
    if done.errors:
        raise SystemExit(1)


def _print(lines: Sequence[Line]) -> None:
    for line in lines:
        name = f"{line.name} " if line.name else ""
        click.echo(f"{line.key} {name}[{line.rule}] {line.says}")
    if not lines:
        click.echo("nothing is under way, and every status is as it should be")
