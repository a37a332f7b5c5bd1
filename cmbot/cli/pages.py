"""``cmbot pages``."""

from __future__ import annotations

from pathlib import Path

import click

from cmbot.cli.doing import load, settings_option, told


@click.command("pages", short_help="Write the pages of campaigns as files, for a file server or to keep.")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.argument("keys", nargs=-1)
@settings_option
@told
def command(directory: Path, keys: tuple[str, ...], settings_file: Path) -> None:
    """Write the pages that `cmbot sync` serves (web.pages) into DIRECTORY, each with its JSON twin.

    Begin at index.html. Without KEYS all campaigns are written that are active or changed in the last two
    weeks, else these. It reads the mirror and asks nobody; pages of an earlier time are written over, and
    those of campaigns that are not written now stay.
    """
    from datetime import UTC, datetime

    from cmbot.web.static import write

    def now() -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - a door reads the clock

    def progress(path: str) -> None:
        click.echo(path, err=True)

    count = write(load(settings_file), directory, keys, now, progress)
    click.echo(f"{count} pages in {directory}; begin at {directory / 'index.html'}")
