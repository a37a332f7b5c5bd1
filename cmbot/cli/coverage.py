"""``cmbot coverage``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path

_SHOWN = 20
"""Reasons of one group; `--json` has all."""


@click.command("coverage", short_help="Show which inputs were processed, and which were not and why.")
@click.argument("key")
@click.option("--group", default="", help="Only this group of the step: g001.")
@click.option("--all", "everything", is_flag=True, help="Also list the groups that were processed whole.")
@settings_option
@json_option
@told
def command(key: str, group: str, settings_file: Path, *, everything: bool, as_json: bool) -> None:
    """Show what became of the inputs of a campaign, step or group, as the last pass left it.

    Inputs are to be processed, in processing, processed, flagged bad (judged so, rejected, taken back) or not
    processed; of the last it says why, down to single DataIds where the data report names them. Numbers are
    values of the split dimension, or groups where nothing is split.
    """
    import json

    from cmbot.operations.coverage import Kind, lines, totals
    from cmbot.reconcile.opening import open_local

    found = lines(open_local(load(settings_file)), key, group)
    if as_json:
        click.echo(json.dumps([line.to_json() for line in found]))
        return
    for step, counts in totals(found).items():
        click.echo(f"{step}: " + ", ".join(f"{counts[kind]} {kind}" for kind in Kind if counts[kind]))
    for line in found:
        if everything or line.why or line.kind is not Kind.PROCESSED:
            quanta = f", {line.produced} of {line.expected} quanta" if line.expected else ""
            click.echo(f"{line.key} {line.step} {line.group} {line.selection}: {line.kind}{quanta}")
            more = len(line.why) - _SHOWN
            for why in (*line.why[:_SHOWN], *((f"… {more} more: --json",) if more > 0 else ())):
                click.echo(f"    {why}")
