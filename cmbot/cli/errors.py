"""``cmbot errors``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told
from cmbot.cli.tables import lined_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from cmbot.operations.errors import RuleTotal


@click.command("errors", short_help="Add up why jobs failed: by step, site and day, and by rule.")
@click.argument("key", required=False, default="")
@settings_option
@json_option
@told
def command(key: str, settings_file: Path, *, as_json: bool) -> None:
    """Add up why jobs failed: error by step, by site and by day, for all campaigns or the one of KEY.

    All attempts that have ended count, also those that a later one mended. Below stand the rules of the error
    catalogue: whether a rule is active or passive, for how many inputs it decided, and for how many a passive
    one would have: a new rule starts passive, and its count says what it would do.
    """
    import json

    from cmbot.operations.errors import BY, totals
    from cmbot.reconcile.opening import open_local

    found = totals(open_local(load(settings_file)), key)
    if as_json:
        click.echo(json.dumps(found.to_json()))
        return
    for what in BY:
        _matrix(what, found.by(what))
    if not found.cells:
        click.echo("nothing has failed")
    _print(("rule", "", "flavour", "action", "decided", "would have"), map(_rule, found.rules))


def _rule(rule: RuleTotal) -> tuple[str, ...]:
    does = ("active", str(rule.decided), "") if rule.active else ("passive", "", str(rule.would))
    return (rule.name, does[0], rule.flavour, rule.action, *does[1:])


def _matrix(what: str, matrix: Mapping[str, Mapping[str, int]]) -> None:
    columns = sorted({column for row in matrix.values() for column in row})
    if matrix:
        rows = [
            (error, *(str(row.get(column, "")) for column in columns), str(sum(row.values())))
            for error, row in matrix.items()
        ]
        _print((f"error by {what}", *(column or "unknown" for column in columns), "total"), rows)
        click.echo()


def _print(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    for line in lined_up([headings, *rows]):
        click.echo(line.rstrip())
