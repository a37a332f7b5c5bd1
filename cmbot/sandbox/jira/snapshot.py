"""A whole site in one JSON file: the second form of a seed, which ``GET /sandbox/export`` writes.

The first form (`seed.Seed`) is what people write: how a site is set up. This one is what a site has become,
table by table with all its ids, histories, passwords (hashed) and webhooks' secrets, so that a copy answers
like the original. The sandbox's own state (its clock) is left out, and so is what webhooks wait to tell.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from . import schema
from .loading import load

if TYPE_CHECKING:
    from .store import Store

_PEOPLE = (
    ("issues", "creator"),
    ("issues", "archived_by"),
    ("histories", "author"),
    ("comments", "author"),
    ("comments", "update_author"),
    ("attachments", "author"),
    ("watchers", "user"),
    ("views", "user"),
    ("projects", "lead"),
    ("projects", "archived_by"),
    ("webhooks", "updated_by"),
    ("webhook_failures", "app"),
)
"""Where people are named; the tables keep names, which no foreign key watches."""
LEFT_OUT = frozenset({"sandbox_state", "deliveries"})
_BLOB = "base64"
Cell = str | int | float | dict[str, str] | None
"""A value; bytes are ``{"base64": ...}``."""


class Rows(BaseModel):
    """A table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: tuple[str, ...]
    """Names of its columns."""
    rows: tuple[tuple[Cell, ...], ...]
    """Its rows."""
    last: Annotated[int, Field(ge=0)] | None = None
    """Last id that was given, where ids are counted."""


class Snapshot(BaseModel):
    """A whole site."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sandbox_jira: int
    """Version of the tables."""
    tables: dict[str, Rows]
    """By name."""


def take(store: Store) -> Snapshot:
    """The site as it is now."""
    with store.transaction():
        return Snapshot(
            sandbox_jira=schema.VERSION,
            tables={name: _read(store, name) for name in store.tables() if name not in LEFT_OUT},
        )


def restore(store: Store, snapshot: Snapshot) -> None:
    """Fill an empty store.

    Raises
    ------
    ValueError
        Raised for a snapshot of another version, and for one that does not fit together.
    """
    if snapshot.sandbox_jira != schema.VERSION:
        raise ValueError(
            f"the export has tables of version {snapshot.sandbox_jira}; here it is {schema.VERSION}"
        )
    known = {name: store.columns(name) for name in store.tables() if name not in LEFT_OUT}
    given = {name: table.columns for name, table in snapshot.tables.items()}
    if given != known:
        different = sorted(name for name in {*known, *given} if known.get(name) != given.get(name))
        raise ValueError(f"the export has other tables or columns than this version: {', '.join(different)}")
    with store.transaction():
        store.run("PRAGMA defer_foreign_keys = ON")
        for name, table in snapshot.tables.items():
            _write(store, name, table)
        if store.row("PRAGMA foreign_key_check") is not None:
            raise ValueError("the export names things that are not in it")
        if store.row("SELECT 1 FROM issues WHERE NOT json_valid(fields)") is not None:
            raise ValueError("the export has issues whose fields are no JSON")
        for place, column in _PEOPLE:
            sql = f"SELECT {column} FROM {place} WHERE {column} NOT IN (SELECT name FROM users)"  # noqa: S608 - from the table above
            if store.row(sql) is not None:
                raise ValueError(f"the export names people in {place}.{column} who are not in it")
        try:
            if not any(user.admin and user.active for user in load(store).users.values()):
                raise ValueError("the export has no administrator")
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"the export is no site: {error!r}") from None


def _read(store: Store, name: str) -> Rows:
    columns = store.columns(name)
    rows = store.rows(f"SELECT {', '.join(columns)} FROM {name} ORDER BY rowid")  # noqa: S608 - names from the schema
    last = store.row("SELECT seq FROM sqlite_sequence WHERE name = ?", name)
    return Rows(
        columns=columns,
        rows=tuple(tuple(_out(value) for value in row) for row in rows),
        last=None if last is None else last["seq"],
    )


def _write(store: Store, name: str, table: Rows) -> None:
    if any(len(row) != len(table.columns) for row in table.rows):
        raise ValueError(f"table {name}: a row is longer or shorter than its columns")
    sql = f"INSERT INTO {name} ({', '.join(table.columns)}) VALUES ({', '.join('?' * len(table.columns))})"  # noqa: S608 - names compared with the schema's
    for row in table.rows:
        store.run(sql, *(_in(name, value) for value in row))
    if table.last is not None:
        store.count_from(name, table.last)


def _out(value: Any) -> Cell:
    found: Cell = {_BLOB: base64.b64encode(value).decode()} if isinstance(value, bytes) else value
    return found


def _in(name: str, value: Cell) -> Any:
    if not isinstance(value, dict):
        return value
    try:
        return base64.b64decode(value[_BLOB], validate=True)
    except (KeyError, binascii.Error) as error:
        raise ValueError(f"table {name}: a file is not {_BLOB}: {error!r}") from None
