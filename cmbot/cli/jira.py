"""``cmbot jira``: what administrators do with a Jira project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.operations.setup import Plan

_TOKEN = "CMBOT_JIRA_ADMIN_TOKEN"  # noqa: S105 - the name of the variable, not what it holds


@click.group("jira", short_help="Set up a Jira project.")
def command() -> None:
    """Set up a Jira project, once, by a Jira administrator."""


@command.command("setup")
@settings_option
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before changing Jira.")
@click.option(
    "--screen",
    "screens",
    multiple=True,
    metavar="ID",
    help="Screen to put fields on (the number in its page's address); else those named after the project, "
    "else the default one. May be repeated.",
)
@click.option(
    "--admin-token-file",
    default="",
    help=f"File with an administrator's token; also the environment variable {_TOKEN}. "
    "Without either, cmbot's own.",
)
@click.option(
    "--admin-user", default="", help="The administrator's e-mail (Cloud), or name for basic access."
)
@json_option
@told
def setup(
    settings_file: Path,
    screens: tuple[str, ...],
    admin_token_file: str,
    admin_user: str,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Make what a project needs: custom fields, options, places on screens, issue types, link type.

    It compares the project named in the settings with what cmbot needs, shows a plan, asks, and makes what
    Jira's REST can make. For the rest it says what to click. Nothing that exists is changed or removed; run
    it again until nothing is lacking.

    The status is 0 when nothing is lacking, else 1.
    """
    import json
    import os
    import sys
    from functools import partial

    from cmbot import credentials
    from cmbot.jira.administration import Administration
    from cmbot.operations.setup import plan, set_up
    from cmbot.settings import Secret

    jira = load(settings_file).jira
    if admin_token_file or os.environ.get(_TOKEN):
        secret = Secret(variable="" if admin_token_file else _TOKEN, file=admin_token_file)
        jira = jira.model_copy(update={"token": secret, "user": admin_user})
    administration = Administration(jira, partial(credentials.read, jira.token, "jira.token"))
    found = plan(administration.look(screens), jira)
    if found.doable and not as_json:
        _show_doable(found)
    if found.doable and not dry_run:
        if as_json and not yes:
            raise click.UsageError("--json does not ask: add --yes or --dry-run")
        if yes or click.confirm(f"Change {jira.url} as {administration.myself().get('displayName')}?"):
            found = set_up(administration, jira, screens, lambda line: click.echo(line, err=as_json))
    if as_json:
        click.echo(json.dumps(found.to_json()))
    else:
        _show_tasks(found)
    sys.exit(0 if found.complete else 1)


def _show_doable(found: Plan) -> None:
    from cmbot.operations.setup import heading

    click.echo(f"{found.place.key} ({found.place.deployment}): cmbot can make")
    named: dict[str, list[str]] = {}
    for lack in found.doable:
        named.setdefault(heading(lack, found.place), []).append(lack.name)
    for what, names in named.items():
        click.echo(f"  {what}: {', '.join(names)}")


def _show_tasks(found: Plan) -> None:
    where = f"{found.place.key} ({found.place.deployment})"
    if found.complete:
        click.echo(f"{where}: nothing to do, the project has all that cmbot needs")
        return
    if not found.place.administrator and found.place.project_id:
        click.echo(
            "The account is no Jira administrator: cmbot could do more of this with --admin-token-file.\n"
        )
    for number, task in enumerate(found.tasks, start=1):
        click.echo(f"{number}. For a Jira administrator: {task.what}: {', '.join(task.names)}")
        if task.refused:
            click.echo(f"   It was tried: {task.refused}")
        for step in task.steps:
            click.echo(f"   {step}")
    if found.tasks:
        click.echo("Then run `cmbot jira setup` again: it says what is still lacking.")
