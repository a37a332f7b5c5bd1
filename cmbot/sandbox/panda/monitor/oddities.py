"""Answers made strange on purpose, as far as the settings say: foreign rows, numbers that are none."""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmbot.sandbox.panda.rows import Row
    from cmbot.sandbox.panda.settings import Settings

_STRANGER, _FAR = "Somebody Else", 1_000_000
_NAMES = {"r_name", "taskname", "jobname"}
_NUMBERS = {"request_id", "reqid", "jeditaskid", "pandaid", "taskid", "parent_tid"}
_NOT_NUMBERS = {
    "finished_files": nan,
    "failed_files": inf,
    "duration_days": nan,
    "pctfinished": nan,
    "durationsec": inf,
    "waittimesec": nan,
}


def disturbed(rows: list[Row], settings: Settings) -> list[Row]:
    """Rows of an answer with what the settings add.

    Parameters
    ----------
    rows : `list` [`dict`]
        The right answer.
    settings : `Settings`
        The settings in force.

    Returns
    -------
    rows : `list` [`dict`]
        The answer that is given.
    """
    if settings.foreign and rows:
        rows = [*rows, _foreign(rows[0])]
    if settings.not_a_number:
        rows = [{key: _NOT_NUMBERS.get(key, value) for key, value in row.items()} for row in rows]
    return rows


def _foreign(row: Row) -> Row:
    """A row of somebody else that looks like one of those asked for."""
    strange = {key: f"u_somebody_else_{value}" for key, value in row.items() if key in _NAMES}
    far = {key: value + _FAR for key, value in row.items() if key in _NUMBERS and isinstance(value, int)}
    names = {key: _STRANGER for key in ("username", "produsername", "produserid") if key in row}
    return row | strange | far | names
