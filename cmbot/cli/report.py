"""``cmbot report``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told
from cmbot.cli.tables import lined_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cmbot.models.failures import Explained
    from cmbot.operations.report import Report

_UNKNOWN = "UNK"


@click.command("report", short_help="Show tasks by state, as `bps report` does, and why jobs failed.")
@click.argument("key")
@click.option("--group", default="", help="Only this group of the step: g001.")
@settings_option
@json_option
@told
def command(key: str, group: str, settings_file: Path, *, as_json: bool) -> None:
    """Show the jobs of a campaign, step or group by task and state, in pipeline order.

    The newest attempts of all its groups are added up. Below stand the quanta, once a data report was made,
    and why jobs failed: what the error catalogue knows and what it would do.
    """
    import json

    from cmbot.operations.report import report
    from cmbot.reconcile.opening import open_local

    reports = report(open_local(load(settings_file)), key, group)
    if as_json:
        click.echo(json.dumps([each.to_json() for each in reports]))
        return
    for each in reports:
        requests = ", ".join(map(str, each.requests[:10])) + (" …" if len(each.requests) > 10 else "")
        click.echo(f"{each.name}: request {requests}\n")
        for line in (*jobs(each), *_quanta(each), *_failures(each.failures)):
            click.echo(line.rstrip())
        click.echo()


def jobs(report: Report) -> Iterator[str]:
    """Write the table of ``bps report``.

    Parameters
    ----------
    report : `~cmbot.operations.report.Report`
        The report.

    Yields
    ------
    line : `str`
        Header, total, and a line for each task.
    """
    from cmbot.operations.report import STATES

    cells = [["", *STATES, "EXPECTED"]]
    for row in (report.total, *report.tasks):
        expected = _UNKNOWN if row.expected is None else str(row.expected)
        cells.append([row.label, *(str(row.states[state]) for state in STATES), expected])
    lines = list(lined_up(cells))
    yield from (*lines[:3], lines[1], *lines[3:])


def _quanta(report: Report) -> Iterator[str]:
    if report.quanta:
        names = list(next(iter(report.quanta.values())))
        yield ""
        yield from lined_up(
            [["quanta", *names], *([label, *map(str, row.values())] for label, row in report.quanta.items())]
        )


def _failures(failures: Sequence[Explained]) -> Iterator[str]:
    from cmbot.models.failures import share

    for each in failures:
        part = f" of {each.expected} ({share(each.count, each.expected)})" if each.expected else ""
        rule = f"{each.rule}, {each.flavour}" if each.rule else "no rule"
        yield ""
        yield f"{each.count}{part} {each.label}: {each.error.name} {each.error.diag}"
        yield f"    {each.action} ({rule}){f': {each.note}' if each.note else ''} {' '.join(each.tickets)}"
        if each.would:
            yield f"    passive {each.would} would: {each.would_do}"
        if each.example.job is not None:
            yield f"    for example job {each.example.job} {each.example.log} {each.example.data_id}"
