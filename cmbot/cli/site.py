"""``cmbot site``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path


@click.group("site", short_help="Show what runs at a compute site; hold and release new work there.")
def command() -> None:
    """Show what runs at a compute site, and hold new work there.

    While a site is held nothing new is submitted to it; what runs there goes on, and so do groups of other
    sites. What waits for it says so in the status comment of its step, with who holds it and why.
    """


@command.command("list", short_help="List sites: what runs there, and which are held.")
@click.argument("sites", nargs=-1)
@settings_option
@json_option
@told
def list_(sites: tuple[str, ...], settings_file: Path, *, as_json: bool) -> None:
    """List the sites of the settings, or those that are named, with what is in flight at each."""
    import json

    from cmbot.operations.sites import listed
    from cmbot.reconcile.opening import open_local

    found = listed(open_local(load(settings_file)), sites)
    if as_json:
        click.echo(json.dumps([each.to_json() for each in found]))
        return
    for each in found:
        held = f"; {each.held}" if each.held else ""
        click.echo(f"{each.name} ({each.wms}): {len(each.running)} of {each.most} groups in flight{held}")
        for one in each.running:
            request = f"request {one.request}" if one.request else "no request yet"
            jobs = one.jobs
            counted = f", {jobs['done']} of {jobs['total']} jobs, {jobs['failed']} failed" if jobs else ""
            click.echo(
                f"    {one.key} {one.group} {one.attempt}: {one.state}, {request}{counted}, "
                f"since {one.since:%Y-%m-%d %H:%M} UTC"
            )


@command.command("hold", short_help="Let nothing new start at a site; what runs there goes on.")
@click.argument("site")
@click.option("--reason", required=True, help="Why; campaign managers read it on what waits.")
@settings_option
@told
def hold(site: str, reason: str, settings_file: Path) -> None:
    """Let nothing new start at a site; what runs there goes on, and so do other sites."""
    from getpass import getuser

    from cmbot.models.issues import Person
    from cmbot.operations import sites
    from cmbot.reconcile.opening import open_local

    sites.hold(open_local(load(settings_file)), site, Person(getuser()), reason)
    click.echo(f"nothing new starts at {site} until `cmbot site release {site}`; what runs there goes on")


@command.command("release", short_help="Let work start again at a site that was held.")
@click.argument("site")
@click.option("--reason", default="", help="Why; kept in the history.")
@settings_option
@told
def release(site: str, reason: str, settings_file: Path) -> None:
    """Let work start again at a site that was held: what waited for it starts with the next pass."""
    from getpass import getuser

    from cmbot.models.issues import Person
    from cmbot.operations import sites
    from cmbot.reconcile.opening import open_local

    sites.release(open_local(load(settings_file)), site, Person(getuser()), reason)
    click.echo(f"work starts again at {site}")
