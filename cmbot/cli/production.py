"""``cmbot production``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.operations.production import Campaign


@click.command("production", short_help="Show productions with their campaigns, rolled up.")
@click.argument("name", required=False, default="")
@settings_option
@json_option
@told
def command(name: str, settings_file: Path, *, as_json: bool) -> None:
    """Show all productions, or production NAME, with the kind, stage, status and counts of each campaign.

    A campaign belongs to the production in its field "Production", else to the issue that is its parent. NAME
    may also be a label. It reads the local mirror and asks nobody.
    """
    import json

    from cmbot.cli.tables import lined_up
    from cmbot.operations.production import productions
    from cmbot.reconcile.opening import open_local

    found = productions(open_local(load(settings_file)), name)
    if as_json:
        click.echo(json.dumps([each.to_json() for each in found]))
        return
    heads = ("campaign", "kind", "stage", "mode", "status", "steps", "jobs", "quanta", "failed")
    for each in found:
        click.echo(f"{each.name}: {each.line}")
        for line in lined_up([heads, *map(_cells, each.campaigns)]):
            click.echo(f"    {line}")
    if not found:
        click.echo("no campaign names a production")


def _cells(row: Campaign) -> tuple[str, ...]:
    jobs, quanta = (f"{each.done}/{each.total}" if each.total else "" for each in (row.jobs, row.quanta))
    status = f"{row.status}, failing" if row.failing else str(row.status)
    steps = f"{row.steps_done}/{row.steps}"
    failed = str(row.quanta.failed or row.jobs.failed or "")
    name = " ".join(f"{row.key} {row.name}".split())
    return (name, row.kind, row.stage, row.mode, status, steps, jobs, quanta, failed)
