"""``cmbot plan``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.operations.plan import StepPlan


_SHOWN = 5
"""Collections of a step that are shown, beside the last two; `--json` has all."""


@click.command("plan", short_help="Show what a launch would do: groups, collections, YAML. Writes nothing.")
@click.argument("key")
@settings_option
@click.option("--yaml", "show_yaml", is_flag=True, help="Also print the BPS YAML of each step's first group.")
@json_option
@told
def command(key: str, settings_file: Path, *, show_yaml: bool, as_json: bool) -> None:
    """Show what launching a campaign or step would do now: groups, collections, BPS YAML.

    It asks the Butler what each step's query selects, and says what will be done to collections: what is
    tagged before, and the chains of groups, step and campaign when there are results. A step whose inputs do
    not exist yet is named with what is missing. Nothing is written anywhere.
    """
    import json
    from dataclasses import asdict

    from cmbot.operations.plan import plan
    from cmbot.reconcile.opening import open_edges

    edges = open_edges(load(settings_file), lasting=False)
    plans = plan(edges, key, lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(json.dumps([asdict(item) for item in plans]))
        return
    for item in plans:
        _show(item, show_yaml=show_yaml)


def _show(item: StepPlan, *, show_yaml: bool) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    console.print(
        f"[bold]{item.key} {escape(item.name)}[/]  {', '.join(item.inputs)} -> {item.output}", highlight=False
    )
    for lacking in item.missing:
        console.print(f"  {escape(item.site)} runs {item.wms}: {lacking}", highlight=False, soft_wrap=True)
    for file in item.prepared:
        console.print(f"  prepared: {escape(file)}", highlight=False, soft_wrap=True)
    for problem in item.problems:
        console.print(f"  not now: {escape(str(problem))}", highlight=False, soft_wrap=True)
    if item.groups:
        table = Table("group", "values", "selection", box=None, pad_edge=True)
        for group in item.groups[:20]:
            table.add_row(group.name, str(group.size), escape(group.predicate["where"] or "table of DataIds"))
        console.print(table)
        console.print(f"  {len(item.groups)} groups, selected: {item.selected}")
        for line in (*item.collections[:_SHOWN], *item.collections[_SHOWN:][-2:]):
            console.print(f"  {escape(line)}", highlight=False, soft_wrap=True)
    if item.warning:
        console.print(f"  warning: {escape(item.warning)}", highlight=False, soft_wrap=True)
    if show_yaml and item.yaml:
        console.print(item.yaml, markup=False, highlight=False, soft_wrap=True)
