"""``cmbot mirror``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, log_to_stderr, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.operations.rebuild import Rebuilt


@click.group("mirror", short_help="Look after the local mirror: make it again when it is lost.")
def command() -> None:
    """Look after the local mirror.

    The mirror is what cmbot has seen and done, in one file. Jira holds enough to make it again.
    """


@command.command("rebuild", short_help="Make a lost or broken mirror again from Jira and PanDA.")
@click.option("--dry-run", is_flag=True, help="Only show what would be restored; write nothing.")
@settings_option
@json_option
@told
def rebuild(settings_file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Make the mirror again from Jira's fields, properties and comments, and from PanDA.

    Nothing is submitted and nothing is told to Jira meanwhile. Stop cmbot first: it is refused while
    one holds the mirror. A mirror that is there is kept beside the new one. Afterwards start
    `cmbot sync` as usual: it goes on where it was.

    \b
    An example:
        cmbot mirror rebuild --dry-run
        cmbot mirror rebuild
    """  # noqa: D301 - click wants the character itself
    import json

    from cmbot.operations.rebuild import run

    log_to_stderr(verbose=False)
    found = run(load(settings_file), lambda line: click.echo(line, err=True), dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(found.to_json()))
    else:
        _show(found, dry_run=dry_run)
    if found.problems:
        raise SystemExit(1)


def _show(found: Rebuilt, *, dry_run: bool) -> None:
    click.echo(
        f"{'would restore' if dry_run else 'restored'} {found.campaigns} campaigns, {found.steps} steps, "
        f"{found.groups} groups, {found.attempts} attempts ({found.live} live), {found.comments} comments"
    )
    for problem in found.problems:
        click.echo(problem, err=True)
