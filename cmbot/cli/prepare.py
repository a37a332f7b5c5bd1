"""``cmbot prepare``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.operations.prepare import Prepared


@click.command("prepare", short_help="Write the BPS files of the next launch, to look at and edit.")
@click.argument("key")
@click.option("--group", default="", help="Only this group of the step: g001.")
@click.option("--anew", is_flag=True, help="Render all files again; what was edited in them is lost.")
@click.option("--dry-run", is_flag=True, help="Say what would be written; write nothing.")
@settings_option
@json_option
@told
def command(key: str, group: str, settings_file: Path, *, anew: bool, dry_run: bool, as_json: bool) -> None:
    """Write the BPS files that launching a campaign, step or group would submit: the launching area.

    Each attempt has a directory below what the setting work.launch says. Launch then submits exactly these
    files, edited or not; only the digits 00000000 and the operator are filled in. What was edited is
    recorded: in the history, in the step's comment, and in the archive (edits.diff). Names, collections, data
    query, Butler, site and WMS cannot be edited: such a file is not launched, and the step says why.

    Run it again to see and check the edits: an edited file is kept. When the definition, the settings or what
    earlier attempts made have changed meanwhile, files without edits are rendered again; one with edits is
    not launched until you say --anew, or remove its directory to launch what is defined. The exit status is
    1 if something cannot be launched as it is.

    An example:

        cmbot prepare CM-2
    """
    import json
    from dataclasses import asdict

    from cmbot.exceptions import DefinitionError
    from cmbot.operations.prepare import prepare
    from cmbot.reconcile.opening import open_edges

    edges = open_edges(load(settings_file))
    area = prepare(edges, key, group, lambda line: click.echo(line, err=True), anew=anew, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run} | asdict(area)))
    else:
        for each in area.files:
            _show(each, dry_run=dry_run)
        for step, found in area.unlike.items():
            for one in found:
                click.echo(f"{step} files of one step differ: {one}")
        for note in area.notes:
            click.echo(note)
    problems = (*area.problems, *(problem for each in area.files for problem in each.problems))
    if problems:
        raise DefinitionError(key, problems)


def _show(each: Prepared, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    said = {
        "new": f"{would}written",
        "there": "edited" if each.edits else "there, as rendered",
        "again": f"{would}rendered again",
        "stale": "edited, and older than the definition",
    }[each.done]
    click.echo(f"{each.key} {each.step} {each.group} {each.attempt}: {each.file} ({said})")
    for edit in each.edits:
        click.echo(f"    {edit}")
