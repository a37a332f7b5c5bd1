"""``cmbot sync``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, log_to_stderr, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path


@click.command("sync", short_help="Follow Jira and PanDA: the service.")
@settings_option
@click.option("--once", is_flag=True, help="Do one pass and end: for cron, or to see what happens.")
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
@json_option
@told
def command(settings_file: Path, *, once: bool, verbose: bool, as_json: bool) -> None:
    """Follow Jira and PanDA until stopped.

    Each pass searches Jira for changes, submits what people launched, follows what runs and tells
    Jira. Only one cmbot works on a mirror at a time; stopping it leaves submissions alone, and the
    next start goes on where it was.
    """
    import json
    from dataclasses import asdict

    from cmbot import service

    log_to_stderr(verbose=verbose)
    settings = load(settings_file)
    if not once:
        service.forever(settings)
        return
    report = service.once(settings)
    if as_json:
        click.echo(json.dumps(asdict(report)))
    else:
        click.echo(
            f"{report.changed} issues changed, {report.campaigns} campaigns looked at, {report.told} told"
        )
        for error in report.errors:
            click.echo(error, err=True)
    if report.errors:
        raise SystemExit(1)
