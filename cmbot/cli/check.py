"""``cmbot check``."""

from __future__ import annotations

from pathlib import Path

import click

from cmbot.cli.doing import told


@click.command("check", short_help="Check files before they are used.")
@click.option(
    "--errors",
    "errors_file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Error catalogue: what cmbot knows about failures.",
)
@told
def command(errors_file: Path) -> None:
    """Check an error catalogue and say everything that is wrong with it, a line each.

    A sound one is named by the setting `failures.catalogue`. Rules without `active: true` decide nothing;
    they count what they would have done.
    """
    from cmbot.reconcile.opening import load_catalogue

    rules = load_catalogue(str(errors_file)).rules
    active = sum(rule.active for rule in rules)
    click.echo(f"{errors_file}: sound; {active} rules are active, {len(rules) - active} passive")
