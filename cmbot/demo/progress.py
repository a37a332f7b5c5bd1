"""What the person at the terminal sees while the world turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cmbot.exceptions import UserError
from cmbot.operations.status import status
from cmbot.reconcile.opening import load_settings, open_local

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.operations.status import Line


def lines(settings: Path, key: str) -> tuple[Line, ...]:
    """Read how a campaign is, from the mirror.

    Parameters
    ----------
    settings : `pathlib.Path`
        Settings file of the bot.
    key : `str`
        The campaign.

    Returns
    -------
    lines : `tuple` [`~cmbot.operations.status.Line`, ...]
        Empty before the first pass.
    """
    try:
        local = open_local(load_settings(settings))
        try:
            return status(local, key)
        finally:
            local.mirror.close()
    except UserError:
        return ()


def picture(shown: tuple[Line, ...], said: str = "") -> Group:
    """Draw a campaign.

    Parameters
    ----------
    shown : `tuple` [`~cmbot.operations.status.Line`, ...]
        How it is.
    said : `str`, optional
        A line below it.

    Returns
    -------
    picture : `rich.console.Group`
        For `rich.live.Live`.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    indent = {"campaign": "", "step": "  ", "group": "    "}
    for line in shown:
        jobs, quanta = line.jobs, line.quanta
        bar = ProgressBar(total=jobs.total or 1, completed=jobs.done, width=30)
        numbers = f"{jobs.done}/{jobs.total} jobs, {quanta.done}/{quanta.total} quanta" if jobs.total else ""
        table.add_row(f"{indent[line.level]}{line.key} {escape(line.name)}", line.status, bar, numbers)
    return Group(table, Text(said, style="dim"))
