"""What the sandbox PanDA remembers: requests, tasks, jobs and attempts, in SQLite.

The file survives a restart and a killed server. Tests count submissions here, with `requests`, and not
through the look-up by name, which merges requests of one name as iDDS's does.
"""

from __future__ import annotations

import gzip
import json
import logging
import re
import sqlite3
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cmbot.sandbox.panda import schema
from cmbot.sandbox.panda.clock import Clock
from cmbot.sandbox.panda.workflow import Workflow, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

USERNAME = "Sandbox"
"""Owner of what is asked with the token of the start."""


@dataclass(frozen=True)
class Request:
    """One accepted submission."""

    id: int
    """iDDS request id."""
    name: str
    """Run name."""
    status: str
    """Name of the iDDS request status."""
    created: datetime
    """When it was accepted, UTC."""


def database(state: Path) -> Path:
    """Path of the SQLite file in a state directory."""
    return state / "panda.sqlite"


def requests(state: Path) -> list[Request]:
    """Read every accepted submission, without a server and without changing anything.

    Parameters
    ----------
    state : `pathlib.Path`
        State directory of the sandbox PanDA.

    Returns
    -------
    requests : `list` [`Request`]
        In the order of their ids.

    Raises
    ------
    FileNotFoundError
        If no sandbox PanDA was ever started on this directory.
    """
    path = database(state)
    if not path.exists():
        raise FileNotFoundError(path)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT id, name, status, created FROM requests ORDER BY id").fetchall()
    return [Request(row[0], row[1], row[2], datetime.fromisoformat(row[3])) for row in rows]


def now(db: sqlite3.Connection) -> str:
    """Present instant of the sandbox's clock, as it is stored."""
    return str(db.execute("SELECT instant()").fetchone()[0])


class Store:
    """One connection, shared by the threads of the server.

    Parameters
    ----------
    state : `pathlib.Path`
        State directory; the file is made where it does not exist.

    Raises
    ------
    ValueError
        If another version of the sandbox made the file.
    """

    def __init__(self, state: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(database(state), isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing
        self._db.execute("PRAGMA foreign_keys = ON")
        schema.prepare(self._db, database(state))
        self.clock = Clock(self._db)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the store for some statements that take effect together or not at all."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, sql: str, *parameters: object) -> list[sqlite3.Row]:
        """Rows of one query."""
        with self._lock:
            return self._db.execute(sql, parameters).fetchall()

    def submit(self, posted: object, username: str = USERNAME) -> int:
        """Accept a workflow; two of the same name are two requests, as in iDDS.

        Parameters
        ----------
        posted : `object`
            The workflow as JSON.
        username : `str`, optional
            Who owns it.

        Returns
        -------
        request_id : `int`
            Id of the new request.

        Raises
        ------
        WorkflowError
            If it cannot be run; nothing is stored then.
        """
        workflow = parse(posted)
        first = workflow.works[0]
        body = gzip.compress(json.dumps(posted).encode(), compresslevel=3, mtime=0)
        with self.transaction() as db:
            instant = now(db)
            cursor = db.execute(
                "INSERT INTO requests (name, username, status, substatus, site, cloud, queue, created,"
                " updated, body) VALUES (?, ?, 'New', 'New', ?, ?, ?, ?, ?, ?)",
                (workflow.name, username, first.site, first.cloud, first.queue, instant, instant, body),
            )
            request_id = int(cursor.lastrowid or 0)
        log.info("request %d: New, %s, %d tasks", request_id, workflow.name, len(workflow.works))
        return request_id

    def register(self, request_id: int, command: str) -> bool:
        """Note a command to be carried out later; until then it shows nowhere.

        Parameters
        ----------
        request_id : `int`
            Request it is for.
        command : `str`
            ``abort`` or ``retry``.

        Returns
        -------
        known : `bool`
            Whether there is such a request.
        """
        with self.transaction() as db:
            changed = db.execute(
                "UPDATE requests SET command = ? WHERE id = ?", (command, request_id)
            ).rowcount
        if changed:
            log.info("request %d: %s registered", request_id, command)
        return bool(changed)

    def ids_by_name(self, pattern: str) -> dict[str, int]:
        """Look requests up by name, with iDDS's own semantics.

        Parameters
        ----------
        pattern : `str`
            Operand of SQL's LIKE: ``_`` is any character, ``%`` any text, a backslash escapes; ``*``
            stands for ``%``. Case counts.

        Returns
        -------
        ids : `dict` [`str`, `int`]
            Id by name; of several requests with one name the latest.
        """
        like = re.compile(_like(pattern.replace("*", "%")), re.DOTALL)
        found = self.rows("SELECT id, name FROM requests WHERE archived = 0 ORDER BY id")
        return {row["name"]: row["id"] for row in found if like.fullmatch(row["name"])}


def posted_workflow(db: sqlite3.Connection, request_id: int) -> Workflow:
    """Read the workflow of a request again.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection of the store.
    request_id : `int`
        Request.

    Returns
    -------
    workflow : `Workflow`
        As it was accepted.
    """
    (body,) = db.execute("SELECT body FROM requests WHERE id = ?", (request_id,)).fetchone()
    return parse(json.loads(gzip.decompress(body)))


def _like(pattern: str) -> str:
    """Translate an operand of LIKE to a regular expression."""
    wild = {"%": ".*", "_": "."}
    tokens = re.findall(r"\\.|.", pattern, re.DOTALL)
    return "".join(wild.get(token) or re.escape(token[-1]) for token in tokens)
