"""``cmbot doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cmbot.operations.diagnosis import Line

_COLOURS = {"ok": "green", "unchecked": "cyan", "degraded": "yellow", "broken": "red"}
_STATUS = {"ok": 0, "unchecked": 0, "degraded": 1, "broken": 2}


@click.command("doctor", short_help="Check everything that cmbot depends on.")
@settings_option
@click.option(
    "--butler",
    "repositories",
    multiple=True,
    metavar="REPO",
    help="Butler repository to reach from every environment, besides those of open campaigns. "
    "May be repeated.",
)
@click.option(
    "--timeout",
    "limit",
    type=click.FloatRange(1, 3600),
    default=60.0,
    show_default=True,
    help="Seconds that a check may take.",
)
@json_option
@told
def command(settings_file: Path, repositories: tuple[str, ...], limit: float, *, as_json: bool) -> None:
    """Check Jira, PanDA, Butler, the environments and this machine, and say what to do about what is wrong.

    Each line is ok, degraded, broken, or unchecked because something that it needs is broken. Nothing is
    changed anywhere.

    The status is 0 if all is well, 1 if something is degraded, 2 if something is broken.
    """
    import json
    import sys

    from cmbot.operations.diagnosis import worst

    lines = []
    for line in _lines(settings_file, repositories, limit):
        lines.append(line)
        if not as_json:
            _show(line)
    health = worst(lines)
    if as_json:
        click.echo(json.dumps({"health": health, "checks": [line.to_json() for line in lines]}))
    sys.exit(_STATUS[health])


def _lines(settings_file: Path, repositories: tuple[str, ...], limit: float) -> Iterator[Line]:
    from cmbot.exceptions import DefinitionError, UserError
    from cmbot.operations.diagnosis import Health, Line, failed
    from cmbot.operations.doctor import Doctor

    try:
        settings = load(settings_file)
    except DefinitionError as error:
        for problem in error.problems:
            found = f"{problem.field}: {problem.problem}"
            yield Line(f"settings {settings_file}", Health.BROKEN, found, problem.remedy)
        return
    except UserError as error:
        yield failed("settings", error)
        return
    yield Line("settings", Health.OK, str(settings_file))
    yield from Doctor(settings, repositories, limit).lines()


def _show(line: Line) -> None:
    health = click.style(f"{line.health:<10}", fg=_COLOURS[line.health])
    click.echo(f"{health} {line.check}: {line.found}")
    if line.health != "ok":
        click.echo(f"{'':<10} -> {line.remedy}")
