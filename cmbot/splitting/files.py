"""Groups in a file: a list of values for each, which people or other programs made (requirement B17)."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from cmbot.dimensions import Value, check_value
from cmbot.exceptions import UserError
from cmbot.splitting.ranges import bounds

if TYPE_CHECKING:
    from collections.abc import Iterable

Lists = tuple[tuple[Value, ...], ...]
"""Values and ranges (``0..62``) of each group, in the order of the groups."""

_DIGITS = re.compile(r"\d{1,19}", re.ASCII)


def read(content: bytes, name: str, dimension: str, subject: str) -> Lists:
    """Read the groups of a file.

    Parameters
    ----------
    content : `bytes`
        The file.
    name : `str`
        Its name; ``.csv`` for CSV with the columns ``group`` and the dimension, else a JSON list of lists.
    dimension : `str`
        What is split.
    subject : `str`
        What an error is about.

    Returns
    -------
    lists : `tuple` [`tuple` [`int` or `str`, ...], ...]
        Of each group at least one value; whether they are all that is selected is seen when it is split.

    Raises
    ------
    UserError
        If it is something else: the group is named, counted from 1.
    """
    try:
        text = content.decode("utf-8-sig")
        listed = _csv(text, dimension) if name.lower().endswith(".csv") else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(subject, f"is no list of groups ({error})", _remedy(dimension)) from error
    if not isinstance(listed, list) or not listed or not all(isinstance(one, list) and one for one in listed):
        raise UserError(subject, "is no list of groups with something in each", _remedy(dimension))
    for number, group in enumerate(listed, start=1):
        for item in group:
            if not bounds(item):
                check_value(dimension, item, f"{subject}, group {number}")
    return tuple(map(tuple, listed))


def to_json(lists: Iterable[Iterable[Value]]) -> str:
    """Write groups in their exchange format; equal groups give equal text.

    Parameters
    ----------
    lists : `~collections.abc.Iterable`
        Values of each group.

    Returns
    -------
    text : `str`
        JSON, one group on a line.
    """
    lines = ",\n".join(json.dumps(list(group)) for group in lists)
    return f"[\n{lines}\n]\n"


def sha256(lists: Lists) -> str:
    """Hash groups.

    Parameters
    ----------
    lists : `tuple`
        Values of each group.

    Returns
    -------
    sha256 : `str`
        Of `to_json`, 64 hexadecimal digits.
    """
    return hashlib.sha256(to_json(lists).encode()).hexdigest()


def _csv(text: str, dimension: str) -> list[list[Any]]:
    head, *lines = [[cell.strip() for cell in line] for line in csv.reader(text.splitlines()) if line] or [[]]
    if sorted(head) != sorted(("group", dimension)):
        raise ValueError(f"its first line is {','.join(head)}")
    if any(len(line) != 2 for line in lines):
        raise ValueError("not every line has two values")
    groups: dict[str, list[Any]] = {}
    for line in lines:
        row = dict(zip(head, line, strict=True))
        value = row[dimension]
        groups.setdefault(row["group"], []).append(int(value) if _DIGITS.fullmatch(value) else value)
    return list(groups.values())


def _remedy(dimension: str) -> str:
    return f"write [[1, 2], [3]], or CSV with the first line group,{dimension}"
