"""``cmbot schedule``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@click.group("schedule", short_help="Create campaigns from templates at certain times.")
def command() -> None:
    """Show and try the schedules of the settings: templates that become campaigns at certain times.

    `cmbot sync` creates them when their time has come, once for each instant, and makes up for the newest
    ones after a time without it. Nothing is launched: a person moves each campaign to Launch.
    """


@command.command("list", short_help="Show all schedules: when they are due, and what they created.")
@settings_option
@json_option
@told
def listed(settings_file: Path, *, as_json: bool) -> None:
    """Show all schedules with their next instant, what they created last, and what is wrong."""
    import json
    from dataclasses import asdict

    from cmbot.operations.schedule import lines

    for line in lines(load(settings_file)):
        if as_json:
            click.echo(json.dumps(asdict(line)))
            continue
        click.echo(f"{line.name}: {line.cron} ({line.timezone}), next {line.next}; {line.template}")
        if line.last:
            click.echo(f"  last {line.last}: {line.campaign or line.problem or 'being made'}")


@command.command("run", short_help="Create the campaign of one instant now.")
@click.argument("name")
@settings_option
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]),
    help="The last instant not after this time (UTC); without it, not after now.",
)
@click.option("--dry-run", is_flag=True, help="Print the campaign file that would be created.")
@json_option
@told
def run(name: str, settings_file: Path, at: datetime | None, *, dry_run: bool, as_json: bool) -> None:
    """Create the campaign of one instant of a schedule, or say which one it has.

    It is created once, whoever asks for it, the service or a person. What could not be created before is
    tried anew, with the template as it is now.
    """
    import json
    from datetime import UTC

    from cmbot.operations import schedule

    settings, until = load(settings_file), at.replace(tzinfo=UTC) if at else None
    if dry_run:
        key, text = schedule.tried(settings, name, until)
        click.echo(f"# {key}\n{text}", nl=False)
        return
    key, made = schedule.run(settings, name, until)
    if as_json:
        click.echo(json.dumps({"campaign": made.campaign, "new": made.new}))
    else:
        there = "created" if made.new else "is there already"
        click.echo(f"{key}: {made.campaign} {there}; move it to Launch to start it")
