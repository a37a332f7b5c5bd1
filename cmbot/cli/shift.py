"""``cmbot shift``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def _instant(_: click.Context, __: click.Parameter, text: str) -> datetime | None:
    from datetime import UTC, datetime

    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise click.BadParameter(f"{text!r} is no instant; write 2026-11-20T16:00") from None
    return at.replace(tzinfo=at.tzinfo or UTC) if at else None


at_option = click.option(
    "--at",
    default="",
    metavar="INSTANT",
    callback=_instant,
    help="Another instant than now: 2026-11-20T16:00, in UTC unless it says otherwise.",
)


@click.group("shift", invoke_without_command=True, short_help="Show who is on shift, and hand over.")
@at_option
@settings_option
@json_option
@click.pass_context
@told
def command(context: click.Context, at: datetime | None, settings_file: Path, *, as_json: bool) -> None:
    """Show who is on shift now, until when, and who is next.

    Shifts are in the file that `roster` in the settings names: YAML or iCalendar. Comments that need a person
    mention who is on shift; in a gap, or without a roster, the operators or the assignee of the issue, else
    who launched.
    """
    import json

    from cmbot.operations.shift import shifts, to_json
    from cmbot.reconcile.opening import open_local

    if context.invoked_subcommand:
        return
    when, on_shift, following = shifts(open_local(load(settings_file)), at)
    if as_json:
        rows = {"on_shift": list(map(to_json, on_shift)), "next": list(map(to_json, following))}
        click.echo(json.dumps({"at": when.isoformat(), **rows}))
        return
    if not on_shift:
        click.echo("nobody is on shift")
    for title, some in (("on shift", on_shift), ("next", following)):
        for shift in some:
            people = ", ".join(f"{person} ({person.account})" for person in shift.people)
            times = f"{shift.start:%Y-%m-%d %H:%M} to {shift.end:%Y-%m-%d %H:%M} UTC"
            click.echo(f"{title}: {people}, {times}")
            if shift.notes:
                click.echo(f"    {shift.notes}")


@command.command("handover", short_help="Show what the people on shift should know.")
@click.argument("key", required=False, default="")
@settings_option
@json_option
@told
def handover(key: str, settings_file: Path, *, as_json: bool) -> None:
    """Show what the people on shift should know: open questions, what runs, what waits.

    Of all active campaigns, or of that of KEY. At a shift change the service writes the same into a comment
    on each active campaign, once.
    """
    import json
    from dataclasses import asdict

    from cmbot.operations.shift import handovers
    from cmbot.reconcile.opening import open_local

    found = handovers(open_local(load(settings_file)), key)
    if as_json:
        click.echo(json.dumps([asdict(each) | {"at": each.at.isoformat()} for each in found]))
        return
    for each in found:
        before = f", from {', '.join(map(str, each.of))}" if each.of else ""
        click.echo(f"{each.key}: on shift {', '.join(map(str, each.to)) or 'nobody'}{before}")
        for title, lines in (
            ("note", each.notes),
            ("waits for a person", each.questions),
            ("runs", each.running),
            ("waits", each.waiting),
        ):
            for line in lines:
                click.echo(f"    {title}: {line}")
    if not found:
        click.echo("no campaign is active")
