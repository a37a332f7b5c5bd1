"""``cmbot clone``."""

from __future__ import annotations

from pathlib import Path

import click

from cmbot.cli.doing import json_option, load, pairs, settings_option, told


@click.command("clone", short_help="Create a campaign in Jira from another one, with something changed.")
@click.argument("key")
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="FIELD=VALUE",
    callback=pairs,
    help="What is otherwise: a key of campaign files, or STEP.KEY; may be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Print the new campaign as a campaign file; create nothing.")
@settings_option
@json_option
@told
def command(key: str, settings_file: Path, values: dict[str, str], *, dry_run: bool, as_json: bool) -> None:
    """Create a campaign like KEY, as it is in Jira now, with its steps, links and sets of DataIds.

    It is a campaign of its own, in Draft, which remembers KEY in its field "Cloned from"; run `cmbot jira
    setup` once to get that field. It needs another output collection. Its name is that of KEY and "(clone of
    KEY)" unless it is set. What is inside a field is named with dots, and an empty value takes a field away:

    \b
        cmbot clone CM-1 --set output=u/anna/rc2/w48 --set lsst_version=w_2026_48
            --set "reason=the new background model" --set step1.options.requestMemory=8192

    The same clone is created once: asked again, it names the issues that exist. `cmbot diff` compares them.
    """  # noqa: D301 - click wants the character itself
    import json
    from dataclasses import asdict

    from cmbot.definition import file as campaign_file
    from cmbot.definition import parts
    from cmbot.operations.clone import clone
    from cmbot.operations.create import create_patiently
    from cmbot.operations.diff import changes
    from cmbot.reconcile.opening import open_edges

    edges = open_edges(load(settings_file), lasting=False)
    before, made, files = clone(edges, key, values, Path.cwd())
    changed = changes(before, made)
    for each in () if as_json else changed:
        click.echo(str(each), err=True)
    if dry_run and not as_json:
        click.echo(campaign_file.write(made), nl=False)
    keys: tuple[str, ...] = ()
    if not dry_run:
        keys = create_patiently(
            edges.settings, edges.jira, made, lambda line: click.echo(line, err=as_json), files=files
        )
    if as_json:
        said = {"campaign": keys[0], "steps": keys[1:]} if keys else {"definition": parts.plain(made)}
        click.echo(json.dumps({"ancestor": key, "changes": [asdict(each) for each in changed], **said}))
    elif keys:
        click.echo(
            f"Next: `cmbot plan {keys[0]}`, then move {keys[0]} to Launch: {edges.jira.url}/browse/{keys[0]}"
        )
