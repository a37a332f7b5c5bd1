"""The store: one SQLite file that survives restarts and kills."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from . import schema

if TYPE_CHECKING:
    from pathlib import Path

Clock = Callable[[], dt.datetime]
"""Returns the present instant, aware, in any zone."""


def utc_now() -> dt.datetime:
    """The real time."""
    return dt.datetime.now(dt.UTC)


class Store:
    """Tables of one Jira site.

    One connection serves all threads behind a lock: requests are short, and one writer is what SQLite
    has anyway.

    Parameters
    ----------
    path : `pathlib.Path`, optional
        Database file; in memory if not given.
    clock : `Clock`, optional
        Where every time stamp comes from.

    Raises
    ------
    ValueError
        Raised if the file was written by another version of this store.
    """

    def __init__(self, path: Path | None = None, clock: Clock = utc_now) -> None:
        self.clock = clock
        self._lock = threading.RLock()
        #: Whether times are kept in whole seconds, as some installations do.
        self.whole_seconds = False
        self._depth = 0
        self._at_the_end: list[Callable[[], None]] = []
        self._afterwards: list[Callable[[], None]] = []
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")  # in WAL mode a killed process loses nothing
        self._db.execute("PRAGMA foreign_keys = ON")
        self._prepare(path)

    def _prepare(self, path: Path | None) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            with self.transaction():
                for statement in schema.TABLES.split(";"):
                    self._db.execute(statement)
                self._number()
                self._db.execute(f"PRAGMA user_version = {schema.VERSION:d}")
        elif version != schema.VERSION:
            self.close()
            raise ValueError(f"{path}: store version {version}, expected {schema.VERSION}; start a new one")

    def _number(self) -> None:
        for table in schema.NUMBERED_FROM_10000:
            self.count_from(table, 9999)

    def tables(self) -> list[str]:
        """The names of all tables."""
        sql = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        return [row["name"] for row in self.rows(f"{sql} ORDER BY rowid")]

    def columns(self, table: str) -> tuple[str, ...]:
        """The columns of a table."""
        return tuple(row["name"] for row in self.rows("SELECT name FROM pragma_table_info(?)", table))

    def count_from(self, table: str, last: int) -> None:
        """Let the next id of a table follow this one."""
        self.run("DELETE FROM sqlite_sequence WHERE name = ?", table)
        self.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table, last)

    def empty(self) -> None:
        """Remove every row, except the sandbox's own state, and count from the beginning."""
        with self.transaction():
            self.run("PRAGMA defer_foreign_keys = ON")
            for table in self.tables():
                if table != "sandbox_state":
                    self.run(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
            self.run("DELETE FROM sqlite_sequence")
            self._number()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside becomes true together or not at all; may be nested."""
        with self._lock:
            outermost = self._depth == 0
            if outermost:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                if outermost:
                    ends, self._at_the_end = self._at_the_end, []
                    for end in ends:
                        end()
            except BaseException:
                if outermost:
                    self._db.execute("ROLLBACK")
                    self._at_the_end.clear()
                    self._afterwards.clear()
                raise
            else:
                if outermost:
                    self._db.execute("COMMIT")
            finally:
                self._depth -= 1
            if outermost:
                calls, self._afterwards = self._afterwards, []
                for call in calls:
                    call()

    def before_commit(self, call: Callable[[], None]) -> None:
        """Have something done as the last part of the present transaction, which knows what has become."""
        self._at_the_end.append(call)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Have something done once the present transaction is true, before anybody else writes."""
        self._afterwards.append(call)

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """First row of a query, if any."""
        with self._lock:
            first: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
            return first

    def run(self, sql: str, *values: Any) -> int:
        """Run one writing statement; returns how many rows it touched."""
        with self.transaction():
            return self._db.execute(sql, values).rowcount

    def insert(self, table: str, **values: Any) -> int:
        """Add one row and return its id; table and column names come from the code, never from outside."""
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names from the code only
        with self.transaction():
            return int(self._db.execute(sql, tuple(values.values())).lastrowid or 0)

    def function(
        self, name: str, arguments: int, call: Callable[..., Any], *, deterministic: bool = True
    ) -> None:
        """Make a Python function callable from SQL."""
        self._db.create_function(name, arguments, call, deterministic=deterministic)

    @property
    def changes(self) -> int:
        """How many rows were written since the start; pages ask again when it moved."""
        return self._db.total_changes

    def now(self) -> int:
        """The clock's time in milliseconds since 1970."""
        now = int(self.clock().timestamp() * 1000)
        return now - now % 1000 if self.whole_seconds else now

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
