"""Jobs and their attempts: claimed, ended, repeated with more memory, lost.

The functions take a connection inside a transaction of the store.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cmbot.sandbox.panda import brokerage
from cmbot.sandbox.panda.components import KILLED, KILLED_BY_SERVER, LOST_HEARTBEAT
from cmbot.sandbox.panda.store import now

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from cmbot.sandbox.panda.components import Errors
    from cmbot.sandbox.panda.troubles import Trouble

log = logging.getLogger(__name__)

OPEN = frozenset({"pending", "activated", "running"})
"""States of a job that has not ended."""

MEMORY = "memory"
"""Reason of an attempt that was killed for exceeding its request."""

_KILLED_ERRORS: Errors = {
    "pilot": (KILLED_BY_SERVER, "Job killed by panda server"),
    "taskbuffer": (KILLED, "killed by user request"),
}

_ACTIVATE = """
UPDATE jobs SET state = 'activated'
WHERE state = 'pending' AND task_id IN (SELECT id FROM tasks WHERE request_id = ? AND NOT final)
AND NOT EXISTS (
    SELECT 1 FROM dependencies JOIN jobs AS before ON before.id = parent
    WHERE child = jobs.id AND before.state <> 'finished')
"""

_ACTIVATE_BELOW = """
UPDATE jobs SET state = 'activated'
WHERE state = 'pending' AND id IN (SELECT child FROM dependencies WHERE parent = ?)
AND NOT EXISTS (
    SELECT 1 FROM dependencies JOIN jobs AS before ON before.id = parent
    WHERE child = jobs.id AND before.state <> 'finished')
"""

_PRUNE = """
WITH RECURSIVE below (id) AS (
    SELECT child FROM dependencies WHERE parent = ?
    UNION SELECT child FROM dependencies JOIN below ON parent = below.id)
UPDATE jobs SET state = 'missing' WHERE state = 'pending' AND id IN (SELECT id FROM below)
"""


@dataclass(frozen=True)
class Attempt:
    """One attempt of a job, claimed by a worker."""

    id: int
    """PandaID."""
    request_id: int
    """Request the job belongs to."""
    job_id: int
    """The job."""
    task: str
    """Name of its task."""
    number: int
    """Which attempt of the job, from 1."""
    command: str
    """Shell command."""
    memory: int
    """Limit in MB."""
    trouble: Trouble | None = None
    """What is to go wrong with it."""


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended."""

    exit_code: int | None
    """Exit code; 128 + N for a signal N; `None` where the payload never ended."""
    max_rss: float
    """Largest resident size seen, in MB."""
    reason: str | None = None
    """Why, where the exit code does not tell: `MEMORY`, or a message."""
    errors: Errors = field(default_factory=dict)
    """What the components of PanDA say about it."""


def activate(db: sqlite3.Connection, request_id: int) -> None:
    """Make every job ready that waits for nothing any more; the final one has its own time."""
    db.execute(_ACTIVATE, (request_id,))


def claim(db: sqlite3.Connection) -> Attempt | None:
    """Take the job that is to run next, and begin an attempt of it.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.

    Returns
    -------
    attempt : `Attempt` or `None`
        `None` when nothing is ready.
    """
    placement = brokerage.next_job(db)
    if placement is None:
        return None
    row, trouble, number = placement.job, placement.trouble, placement.number
    attempt_id = db.execute(
        "INSERT INTO attempts (job_id, number, state, memory, queue, trouble, started)"
        " VALUES (?, ?, 'running', ?, ?, ?, ?)",
        (
            *(row["id"], number, row["memory"], placement.queue),
            *(trouble and trouble.model_dump_json(exclude_defaults=True), now(db)),
        ),
    ).lastrowid
    db.execute("UPDATE jobs SET state = 'running' WHERE id = ?", (row["id"],))
    _touch(db, row["task_id"])
    return Attempt(
        id=int(attempt_id or 0),
        request_id=row["request_id"],
        job_id=row["id"],
        task=row["task"],
        number=number,
        command=row["executable"].replace("${IN/L}", row["name"]),
        memory=row["memory"],
        trouble=trouble,
    )


def finish(db: sqlite3.Connection, attempt: Attempt, outcome: Outcome) -> None:
    """Record how an attempt ended, and what follows for its job and those below.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.
    attempt : `Attempt`
        The attempt.
    outcome : `Outcome`
        How it ended.
    """
    row = db.execute(
        "SELECT jobs.*, tasks.memory AS asked, memory_step, memory_offset, memory_max, max_attempt, status"
        " FROM jobs JOIN tasks ON tasks.id = task_id JOIN requests ON requests.id = request_id"
        " WHERE jobs.id = ?",
        (attempt.job_id,),
    ).fetchone()
    tries, memory = row["tries"] + 1, row["memory"]
    if outcome.exit_code == 0:
        state = ended = "finished"
    elif row["status"] != "Transforming":
        state = ended = "cancelled"
        outcome = replace(outcome, errors=_KILLED_ERRORS)
    else:
        ended = "failed"
        state = "failed" if tries >= row["max_attempt"] else "activated"
        if outcome.reason == MEMORY:
            memory = grown_memory(row)
    _end_attempt(db, attempt.id, ended, outcome)
    db.execute(
        "UPDATE jobs SET state = ?, tries = ?, memory = ? WHERE id = ?",
        (state, tries, memory, attempt.job_id),
    )
    if state == "finished":
        db.execute(_ACTIVATE_BELOW, (attempt.job_id,))
    elif state == "failed":
        db.execute(_PRUNE, (attempt.job_id,))
    _touch(db, row["task_id"])
    log.info(
        "request %d: job %d of %s attempt %d %s, exit %s, %.0f of %d MB%s",
        *(attempt.request_id, attempt.job_id, attempt.task, attempt.number, ended, outcome.exit_code),
        *(outcome.max_rss, attempt.memory, f", {outcome.reason}" if outcome.reason else ""),
    )


def grown_memory(task: Mapping[str, float] | sqlite3.Row) -> int:
    """Memory of the next attempt after one was killed for its memory.

    Parameters
    ----------
    task : mapping
        ``memory`` of the last attempt, ``asked`` by the task, ``memory_step``, ``memory_offset``,
        ``memory_max``; all in MB.

    Returns
    -------
    memory : `int`
        In MB: the present one times step / request, or plus the offset, up to the maximum and never less
        than before (reference/panda.md 13).
    """
    memory = task["memory"]
    if task["memory_step"]:
        grown = memory * task["memory_step"] / task["asked"]
    else:
        grown = memory + task["memory_offset"]
    return int(max(memory, min(grown, task["memory_max"])))


def lose(db: sqlite3.Connection, reason: str, attempt_id: int | None = None) -> int:
    """Mark running attempts lost; their jobs run again, which does not count against their attempts.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.
    reason : `str`
        Why they were lost.
    attempt_id : `int`, optional
        Only this one.

    Returns
    -------
    lost : `int`
        How many.
    """
    rows = db.execute(
        "SELECT attempts.id, job_id, status FROM attempts JOIN jobs ON jobs.id = job_id"
        " JOIN tasks ON tasks.id = task_id JOIN requests ON requests.id = request_id"
        " WHERE attempts.state = 'running' AND (? IS NULL OR attempts.id = ?)",
        (attempt_id, attempt_id),
    ).fetchall()
    for row in rows:
        errors: Errors = {"jobdispatcher": (LOST_HEARTBEAT, f"lost heartbeat : {now(db)[:19]}")}
        _end_attempt(db, row["id"], "lost", Outcome(None, max_rss=0, reason=reason, errors=errors))
        state = "activated" if row["status"] == "Transforming" else "cancelled"
        db.execute("UPDATE jobs SET state = ? WHERE id = ?", (state, row["job_id"]))
        log.info("job %d: attempt %d lost, %s", row["job_id"], row["id"], reason)
    return len(rows)


def unwanted(db: sqlite3.Connection) -> list[int]:
    """Attempts that run although their request is being cancelled.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.

    Returns
    -------
    attempt_ids : `list` [`int`]
        Their ids.
    """
    rows = db.execute(
        "SELECT attempts.id FROM attempts JOIN jobs ON jobs.id = job_id JOIN tasks ON tasks.id = task_id"
        " JOIN requests ON requests.id = request_id"
        " WHERE attempts.state = 'running' AND status = 'Cancelling'"
    )
    return [row["id"] for row in rows]


def _end_attempt(db: sqlite3.Connection, attempt_id: int, state: str, outcome: Outcome) -> None:
    db.execute(
        "UPDATE attempts SET state = ?, exit_code = ?, max_rss = ?, reason = ?, errors = ?, ended = ?"
        " WHERE id = ?",
        (
            *(state, outcome.exit_code, outcome.max_rss, outcome.reason),
            *(json.dumps(outcome.errors), now(db), attempt_id),
        ),
    )


def _touch(db: sqlite3.Connection, task_id: int) -> None:
    """Note that something of a task changed."""
    instant = now(db)
    db.execute("UPDATE tasks SET updated = ? WHERE id = ?", (instant, task_id))
    db.execute(
        "UPDATE requests SET updated = ? WHERE id = (SELECT request_id FROM tasks WHERE id = ?)",
        (instant, task_id),
    )
