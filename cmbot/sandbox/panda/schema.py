"""Tables of the sandbox PanDA, in SQLite."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

VERSION = 4
"""Changes when tables do."""

TABLES = """
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    username TEXT NOT NULL,
    status TEXT NOT NULL,              -- iDDS request status
    substatus TEXT NOT NULL,           -- the last command that was taken up
    command TEXT,                      -- registered and not yet carried out: abort, retry
    site TEXT NOT NULL,
    cloud TEXT NOT NULL,
    queue TEXT NOT NULL,
    created TEXT NOT NULL,             -- UTC, ISO 8601; all times
    updated TEXT NOT NULL,
    body BLOB NOT NULL,                -- the posted workflow, gzip of JSON
    hidden INTEGER NOT NULL DEFAULT 0,   -- whether the monitor has lost it
    archived INTEGER NOT NULL DEFAULT 0  -- whether iDDS has lost it, or put it into its archive
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
    updated TEXT NOT NULL,
    forced TEXT,                       -- status in PanDA that an administrator wrote
    dialog TEXT                        -- the reason with it
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
    queue TEXT NOT NULL DEFAULT '',    -- where it was brokered to
    trouble TEXT,                      -- what was made to go wrong with it, JSON
    max_rss REAL,                      -- largest resident size seen of the process group
    exit_code INTEGER,                 -- null where the payload never ended
    reason TEXT,                       -- why it ended, where the exit code does not tell
    errors TEXT NOT NULL DEFAULT '{}', -- JSON: code and text by component of PanDA
    started TEXT NOT NULL,
    ended TEXT
);
CREATE INDEX IF NOT EXISTS attempts_job ON attempts (job_id);
CREATE INDEX IF NOT EXISTS attempts_state ON attempts (state);
CREATE TABLE IF NOT EXISTS queues (
    name TEXT PRIMARY KEY,
    body TEXT NOT NULL                 -- JSON
);
CREATE TABLE IF NOT EXISTS troubles (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hits INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL                 -- JSON
);
CREATE TABLE IF NOT EXISTS asked (     -- requests to the monitor
    host TEXT NOT NULL,
    instant TEXT NOT NULL,
    refused INTEGER NOT NULL           -- over the limit
);
CREATE INDEX IF NOT EXISTS asked_host ON asked (host, instant);
CREATE TABLE IF NOT EXISTS refresh_tokens (
    digest TEXT PRIMARY KEY,
    claims TEXT NOT NULL               -- JSON: for whom id tokens are made with it, and for how long
);
CREATE TABLE IF NOT EXISTS kept (      -- single values: settings, the clock, the issuer's key
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL                -- JSON
);
"""


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection.
    path : `pathlib.Path`
        The file, for the message.

    Raises
    ------
    ValueError
        If another version of the sandbox made the file.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and version != VERSION:
        raise ValueError(f"{path}: version {version}, expected {VERSION}; start with a new directory")
    db.executescript(f"{TABLES} PRAGMA user_version = {VERSION:d};")


def keep(db: sqlite3.Connection, key: str, value: object) -> None:
    """Keep one value, ready for JSON, under a name."""
    db.execute("INSERT OR REPLACE INTO kept (key, value) VALUES (?, ?)", (key, json.dumps(value)))


def kept(db: sqlite3.Connection, key: str) -> Any:
    """Value kept under a name; `None` if there is none."""
    row = db.execute("SELECT value FROM kept WHERE key = ?", (key,)).fetchone()
    return None if row is None else json.loads(row[0])
