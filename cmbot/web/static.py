"""The same pages as files: for a file server, or to keep (requirement F18)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cmbot.exceptions import UserError
from cmbot.resources import resource
from cmbot.web import rendering, site
from cmbot.web.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from cmbot.pages.campaign import CampaignPage
    from cmbot.settings import Settings
    from cmbot.web.desk import Reading

_SAFE = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9_.+-]*")
"""What may become part of the name of a file."""
_WHOLE = {"rows": "10000"}
"""A file cannot be asked for the next page."""
_GRID = _WHOLE | {"all": "1"}


def write(
    settings: Settings,
    directory: Path,
    keys: Sequence[str],
    now: Callable[[], datetime],
    progress: Callable[[str], None],
) -> int:
    """Write pages into a directory, over those of an earlier time.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.
    directory : `pathlib.Path`
        Made if it does not exist.
    keys : `~collections.abc.Sequence` [`str`]
        Campaigns; empty for those of the first page.
    now : `~collections.abc.Callable`
        Gives the time.
    progress : `~collections.abc.Callable`
        Is given the address of each campaign.

    Returns
    -------
    count : `int`
        Pages written.

    Raises
    ------
    UserError
        If a campaign is not known, or the directory cannot be written.
    RemoteError
        If there is no mirror yet.
    """
    render, count = rendering.Rendering(settings), 0
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in rendering.ASSETS:
            (directory / name).write_bytes((resource("templates/web") / name).read_bytes())
        with Desk(settings, now).reading() as reading:
            for path in _paths(reading, keys):
                if path.startswith("campaign/"):
                    progress(path)
                if all(_SAFE.fullmatch(part) for part in path.split("/") if path):
                    _write(directory, render, site.page(reading, path, _words(path)), path)
                    count += 1
    except OSError as error:
        raise UserError(
            str(directory), f"cannot be written ({error.strerror})", "name another directory"
        ) from error
    return count


def _words(path: str) -> dict[str, str]:
    match path.partition("/")[0]:
        case "campaign":
            return _GRID
        case "" | "step":
            return _WHOLE
        case _:
            return {}


def _paths(reading: Reading, keys: Sequence[str]) -> Iterator[str]:
    """Every page, from the first one down."""
    yield from ("", "errors", "sites", "system")
    first = site.page(reading, "", _WHOLE).model
    for key in keys or [row.key for row in (*first.active, *first.recent)]:
        yield f"campaign/{key}"
        campaign: CampaignPage = site.page(reading, f"campaign/{key}", _GRID).model
        yield from (f"step/{column.key}" for column in campaign.columns)
        for cell in (cell for row in campaign.rows for cell in row.cells if cell):
            group = f"{cell.step}/{cell.group}"
            yield f"group/{group}"
            report = site.page(reading, f"group/{group}", {}).model.report
            yield from (f"task/{group}/{row.label}" for row in report.tasks)


def _write(directory: Path, render: rendering.Rendering, page: site.Page, path: str) -> None:
    text = render.html(page.template, page.model, path, {}, live=False)
    for kind, content in (("html", text.encode()), ("json", rendering.json(page.model))):
        file = directory / f"{path or 'index'}.{kind}"
        file.parent.mkdir(parents=True, exist_ok=True)
        # Whoever reads it meanwhile sees the page before or after.
        fresh = file.with_name(f".{file.name}")
        fresh.write_bytes(content)
        fresh.replace(file)
