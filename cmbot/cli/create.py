"""``cmbot create``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, read_text, settings_option, told, values_option

if TYPE_CHECKING:
    from cmbot.settings import Settings


@click.command("create", short_help="Create a campaign in Jira from a YAML file.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@settings_option
@values_option
@click.option(
    "--add-to", metavar="KEY", default="", help="FILE has steps only: add them to this campaign, live or not."
)
@click.option("--again", is_flag=True, help="Create it even if another campaign does the same.")
@click.option("--dry-run", is_flag=True, help="Check the file and say what would be created.")
@json_option
@told
def command(
    file: Path,
    settings_file: Path,
    values: dict[str, str],
    add_to: str,
    *,
    again: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Create a campaign in Jira: an epic, its steps and their links, all in Draft.

    Nothing runs until a person moves the epic to Launch. The same file creates the same campaign
    once: asked again, it names the issues that exist. A file may declare variables, which `--set` fills:

    \b
        variables:
          night: {type: night, description: day_obs to process}
        steps:
          - query: instrument = 'LSSTCam' AND day_obs = $(night)

    With `--add-to KEY` the file has `steps` alone, which may come after those that are there. The whole
    campaign is checked again. A launch of the campaign that came before does not start them.
    """  # noqa: D301 - click wants the character itself
    import json

    from cmbot.definition import file as campaign_file
    from cmbot.operations.create import connect, create_patiently, prepare

    settings = load(settings_file)
    if add_to:
        _add(settings, file, add_to, values, dry_run=dry_run, as_json=as_json)
        return
    definition = campaign_file.read(read_text(file), str(file), values)
    definition, files = prepare(settings, definition, file.parent, again=again)
    if dry_run:
        click.echo(
            f"would create {definition.name} with steps {', '.join(step.name for step in definition.steps)}"
        )
        return
    jira = connect(settings)
    keys = create_patiently(
        settings, jira, definition, lambda line: click.echo(line, err=as_json), files=files
    )
    if as_json:
        click.echo(json.dumps({"campaign": keys[0], "steps": keys[1:]}))
    else:
        click.echo(
            f"Next: `cmbot plan {keys[0]}`, then move {keys[0]} to Launch: {jira.url}/browse/{keys[0]}"
        )


def _add(
    settings: Settings, file: Path, key: str, values: dict[str, str], *, dry_run: bool, as_json: bool
) -> None:
    import json

    from cmbot.definition import file as campaign_file
    from cmbot.operations import adding
    from cmbot.reconcile.opening import open_edges

    steps = campaign_file.read_steps(read_text(file), str(file), values)
    edges = open_edges(settings, lasting=False)
    addition = adding.prepare(edges, key, steps, file.parent)
    if dry_run:
        names = ", ".join(step.name for step in addition.steps) or "nothing, all of it is there"
        click.echo(f"would add to {key}: {names}")
        return
    made = adding.add(edges, addition)
    if as_json:
        click.echo(json.dumps({"campaign": key, "steps": made}))
        return
    for name, step_key in made.items():
        click.echo(f"{step_key} step {name}")
    click.echo(f"Next: `cmbot plan {key}`, then move the new steps to Launch: {edges.jira.url}/browse/{key}")
