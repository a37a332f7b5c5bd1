"""What a site begins with: a seed that people wrote, or the export of another site; and starting over."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from . import seeding, snapshot
from .seed import Seed
from .snapshot import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from .store import Store

Beginning = Seed | Snapshot
_KEPT = "beginning"
_READER: dict[bool, TypeAdapter[Any]] = {False: TypeAdapter(Seed), True: TypeAdapter(Snapshot)}


def read(raw: Any) -> Beginning:
    """A seed in either form.

    Raises
    ------
    ValueError
        Raised with one line for every mistake.
    """
    try:
        found: Beginning = _READER[isinstance(raw, dict) and "tables" in raw].validate_python(raw)
    except ValidationError as error:
        problems = error.errors()[:20]
        raise ValueError(
            "\n".join(f"{_place(one['loc'])}: {_text(one['msg'])}" for one in problems)
        ) from None
    return found


def load(path: Path) -> Beginning:
    """A seed file in either form.

    Raises
    ------
    ValueError
        Raised with one line for every mistake.
    """
    try:
        return read(json.loads(path.read_bytes()))
    except (ValueError, RecursionError) as error:
        raise ValueError("\n".join(f"{path.name}: {line}" for line in str(error).splitlines())) from None


def begin(store: Store, beginning: Beginning) -> bool:
    """Fill an empty store; returns False, and changes nothing, if it is not empty.

    Raises
    ------
    ValueError
        Raised for an export that does not fit.
    """
    with store.transaction():
        if store.row("SELECT 1 FROM users") is not None:
            return False
        _fill(store, beginning)
        return True


def start_over(store: Store, beginning: Beginning | None) -> None:
    """Empty the store and fill it again, or change nothing.

    Parameters
    ----------
    store : `Store`
        The store.
    beginning : `Beginning`, optional
        What to begin with; what the site began with last if not given.

    Raises
    ------
    ValueError
        Raised for an export that does not fit.
    """
    with store.transaction():
        if beginning is None:
            row = store.row("SELECT value FROM sandbox_state WHERE key = ?", _KEPT)
            beginning = seeding.DEFAULT if row is None else read(json.loads(row["value"]))
        store.empty()
        _fill(store, beginning)


def _fill(store: Store, beginning: Beginning) -> None:
    try:
        if isinstance(beginning, Snapshot):
            snapshot.restore(store, beginning)
        else:
            seeding.apply(store, beginning)
    except sqlite3.Error as error:
        raise ValueError(f"the seed does not fit together: {error}") from None
    kept = beginning.model_dump_json(by_alias=True, exclude_unset=True)
    store.run("INSERT OR REPLACE INTO sandbox_state (key, value) VALUES (?, ?)", _KEPT, kept)


def _place(place: tuple[int | str, ...]) -> str:
    return ".".join(map(str, place)) or "seed"


def _text(message: str) -> str:
    return message.removeprefix("Value error, ")
