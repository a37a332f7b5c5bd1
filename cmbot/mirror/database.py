"""The database file, its transactions and the lease that guards them."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlite_utils import Database

from cmbot.exceptions import RemoteError
from cmbot.mirror import lease
from cmbot.mirror.migrations import MIGRATIONS, migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from pathlib import Path


def stamp(at: datetime) -> str:
    """Write an instant so that texts sort as times do.

    Parameters
    ----------
    at : `datetime.datetime`
        With a zone.

    Returns
    -------
    text : `str`
        UTC with microseconds.
    """
    return at.astimezone(UTC).isoformat(timespec="microseconds")


class Mirror:
    """The open database.

    Parameters
    ----------
    file : `pathlib.Path`
        Made if it does not exist.
    reading : `bool`, optional
        Whether it is only read, as it is now, while another process or thread writes to it.

    Raises
    ------
    RemoteError
        If the file was written by a newer cmbot, is no database or cannot be made.
    """

    def __init__(self, file: Path, *, reading: bool = False) -> None:
        self.file = file
        self._token = 0
        try:
            connection = _readable(file) if reading else _writable(file)
        except OSError as error:
            raise RemoteError(str(file), f"cannot be made ({error.strerror})", "see work.state") from error
        except sqlite3.DatabaseError as error:
            if _is_busy(error):
                raise _busy(file) from None
            raise RemoteError(
                str(file), f"cannot be used ({error})", "stop cmbot, then run cmbot mirror rebuild"
            ) from error
        connection.row_factory = sqlite3.Row
        self.connection = connection
        self.db = Database(connection)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, refused when another instance has taken the lease over.

        Inside another one it is a part of that, which may fail by itself.

        Yields
        ------
        connection : `sqlite3.Connection`
            Inside the transaction.

        Raises
        ------
        RemoteError
            If the lease is not held any more: nothing was written.
        """
        if self.connection.in_transaction:
            with self._part():
                yield self.connection
            return
        self._begin()
        try:
            row = self.connection.execute("SELECT token FROM lease").fetchone()
            if self._token and (row is None or row["token"] != self._token):
                raise RemoteError("lease", "another cmbot has taken over", "this one stops writing")
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _part(self) -> Iterator[None]:
        self.connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK TO part")
            raise
        finally:
            self.connection.execute("RELEASE part")

    def take_lease(self, now: datetime, length: timedelta) -> None:
        """Take or renew the lease.

        Parameters
        ----------
        now : `datetime.datetime`
            The time.
        length : `datetime.timedelta`
            How long it is good for without renewal.

        Raises
        ------
        RemoteError
            If another instance holds it and may be alive.
        """
        me = lease.this_process()
        self._begin()
        try:
            row = self.connection.execute("SELECT holder, token, expires_at FROM lease").fetchone()
            held = row is not None and row["holder"] != me and row["expires_at"] > stamp(now)
            if held and not lease.is_gone(row["holder"]):
                raise RemoteError(
                    "lease", f"held by {row['holder']} until {row['expires_at']}", "stop that cmbot"
                )
            mine = row is not None and row["holder"] == me and row["token"] == self._token
            self._token = row["token"] + (not mine) if row else 1
            self.connection.execute(
                "INSERT OR REPLACE INTO lease VALUES (1, ?, ?, ?)", (me, self._token, stamp(now + length))
            )
            self.connection.execute("COMMIT")
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise

    def leased(self) -> tuple[str, datetime | None]:
        """Tell who holds the lease, without taking it.

        Returns
        -------
        holder : `str`
            As `~cmbot.mirror.lease.this_process` names it; empty if nobody does.
        until : `datetime.datetime` or `None`
            How long it is good for.
        """
        row = self.connection.execute("SELECT holder, expires_at FROM lease").fetchone()
        if row is None or not row["holder"]:
            return "", None
        return str(row["holder"]), datetime.fromisoformat(row["expires_at"])

    def release_lease(self) -> None:
        """Give the lease back, so that the next instance need not wait."""
        # The row stays: tokens must go on growing, or one who slept since an earlier token could write again.
        self.connection.execute(
            "UPDATE lease SET holder = '', expires_at = '' WHERE token = ?", (self._token,)
        )
        self._token = 0

    def _begin(self) -> None:
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                raise _busy(self.file) from None
            raise

    def note(self, name: str) -> str:
        """Read a remembered value.

        Parameters
        ----------
        name : `str`
            Its name.

        Returns
        -------
        value : `str`
            Empty if nothing is remembered.
        """
        row = self.connection.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return str(row["value"]) if row else ""

    def remember(self, name: str, value: str) -> None:
        """Remember a value, if it differs from what is remembered.

        Parameters
        ----------
        name, value : `str`
            Name and value.
        """
        if self.note(name) != value:
            with self.writing() as connection:
                connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))


def _writable(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file, timeout=30, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    # A journal row must be on the disk before bps starts (predecessors.md 8.3, T0).
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # Without it INSERT OR REPLACE would get round the trigger that keeps events.
    connection.execute("PRAGMA recursive_triggers = ON")
    if _version(connection) > len(MIGRATIONS):
        raise RemoteError(str(file), f"is of version {_version(connection)}", "run a newer cmbot")
    migrate(connection)
    return connection


def _readable(file: Path) -> sqlite3.Connection:
    """One state of the database, whatever is written meanwhile; it may be closed by another thread."""
    address = f"{file.resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, timeout=5, isolation_level=None, uri=True, check_same_thread=False)
    if _version(connection) != len(MIGRATIONS):
        raise RemoteError(
            str(file), f"is of version {_version(connection)}", "start the service with this cmbot"
        )
    connection.execute("BEGIN")
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _is_busy(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode == sqlite3.SQLITE_BUSY


def _busy(file: Path) -> RemoteError:
    # Never "make it again": whoever holds it is about to write down what it did.
    return RemoteError(str(file), "another process has been writing to it for long", "see that it ends")
