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
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cmbot.sandbox.panda.workflow import Workflow, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

USERNAME = "Sandbox"
"""Owner of every request: the ``name`` claim of a token, each word capitalised (reference/panda.md 1)."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    username TEXT NOT NULL,
    status TEXT NOT NULL,              -- iDDS request status
    substatus TEXT NOT NULL,           -- the last command that was registered
    command TEXT,                      -- registered and not yet carried out: abort, retry
    site TEXT NOT NULL,
    cloud TEXT NOT NULL,
    queue TEXT NOT NULL,
    created TEXT NOT NULL,             -- UTC, ISO 8601; all times
    updated TEXT NOT NULL,
    body BLOB NOT NULL                 -- the posted workflow, gzip of JSON
);
CREATE TABLE IF NOT EXISTS tasks (     -- iDDS transform and PanDA task in one
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id INTEGER NOT NULL REFERENCES requests (id),
    name TEXT NOT NULL,
    label TEXT NOT NULL,
    number INTEGER NOT NULL,
    executable TEXT NOT NULL,
    final INTEGER NOT NULL,
    memory INTEGER NOT NULL,           -- MB; all memories
    memory_step REAL NOT NULL,
    memory_offset REAL NOT NULL,
    memory_max INTEGER NOT NULL,
    max_attempt INTEGER NOT NULL,
    cores INTEGER NOT NULL,
    site TEXT NOT NULL,
    queue TEXT NOT NULL,
    priority INTEGER NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS tasks_request ON tasks (request_id);
CREATE TABLE IF NOT EXISTS jobs (      -- one per pseudo input
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER NOT NULL REFERENCES tasks (id),
    name TEXT NOT NULL,
    state TEXT NOT NULL,               -- pending, activated, running, finished, failed, cancelled, missing
    tries INTEGER NOT NULL DEFAULT 0,  -- attempts that count against max_attempt
    memory INTEGER NOT NULL            -- limit of the next attempt
);
CREATE INDEX IF NOT EXISTS jobs_task ON jobs (task_id, state);
CREATE INDEX IF NOT EXISTS jobs_state ON jobs (state);
CREATE TABLE IF NOT EXISTS dependencies (
    child INTEGER NOT NULL REFERENCES jobs (id),
    parent INTEGER NOT NULL REFERENCES jobs (id),
    PRIMARY KEY (child, parent)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dependencies_parent ON dependencies (parent);
CREATE TABLE IF NOT EXISTS attempts (  -- one PanDA job: its id is the PandaID
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL REFERENCES jobs (id),
    number INTEGER NOT NULL,
    state TEXT NOT NULL,               -- running, finished, failed, cancelled, lost
    memory INTEGER NOT NULL,           -- limit
    max_rss REAL,                      -- largest resident size seen of the process group
    exit_code INTEGER,
    reason TEXT,                       -- why it ended, where the exit code does not tell
    started TEXT NOT NULL,
    ended TEXT
);
CREATE INDEX IF NOT EXISTS attempts_job ON attempts (job_id);
CREATE INDEX IF NOT EXISTS attempts_state ON attempts (state);
"""


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


def now() -> str:
    """Present instant as it is stored."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Store:
    """One connection, shared by the threads of the server.

    Parameters
    ----------
    state : `pathlib.Path`
        State directory; the file is made where it does not exist.
    """

    def __init__(self, state: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(database(state), isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(SCHEMA)

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

    def submit(self, posted: object) -> int:
        """Accept a workflow; two of the same name are two requests, as in iDDS.

        Parameters
        ----------
        posted : `object`
            The workflow as JSON.

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
        first, instant = workflow.works[0], now()
        body = gzip.compress(json.dumps(posted).encode(), compresslevel=3, mtime=0)
        with self.transaction() as db:
            cursor = db.execute(
                "INSERT INTO requests (name, username, status, substatus, site, cloud, queue, created,"
                " updated, body) VALUES (?, ?, 'New', 'New', ?, ?, ?, ?, ?, ?)",
                (workflow.name, USERNAME, first.site, first.cloud, first.queue, instant, instant, body),
            )
            request_id = int(cursor.lastrowid or 0)
        log.info("request %d: New, %s, %d tasks", request_id, workflow.name, len(workflow.works))
        return request_id

    def register(self, request_id: int, command: str) -> bool:
        """Note a command to be carried out later; it says nothing about its success.

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
        substatus = {"abort": "ToCancel", "retry": "ToResume"}[command]
        with self.transaction() as db:
            changed = db.execute(
                "UPDATE requests SET command = ?, substatus = ?, updated = ? WHERE id = ?",
                (command, substatus, now(), request_id),
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
        found = self.rows("SELECT id, name FROM requests ORDER BY id")
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
