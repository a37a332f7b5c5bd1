"""What the monitor reads from the store: tasks and jobs it knows of.

It does not know of requests that it has lost, nor of those it has not seen yet.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cmbot.sandbox.panda import brokerage
from cmbot.sandbox.panda.jobs import OPEN
from cmbot.sandbox.panda.rows import transform_status, workload_id

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection
    from datetime import datetime

    from cmbot.sandbox.panda.settings import Settings

_TASKS = """
SELECT tasks.*, requests.name AS run, username, status AS request_status, cloud,
    coalesce(nullif(tasks.queue, ''), tasks.site) AS place,
    (SELECT min(started) FROM attempts JOIN jobs ON jobs.id = job_id WHERE task_id = tasks.id) AS started
FROM tasks JOIN requests ON requests.id = request_id
WHERE hidden = 0 AND requests.created <= ?
    AND (? IS NULL OR request_id IN (SELECT value FROM json_each(?)))
    AND (? IS NULL OR tasks.id IN (SELECT value FROM json_each(?)))
ORDER BY tasks.id DESC
"""

_ATTEMPTS = """
SELECT attempts.*, jobs.name AS input, jobs.state AS job_state, task_id, request_id, tasks.name AS task,
    label, executable, username, cloud, priority, cores, tasks.created, requests.name AS run,
    coalesce(nullif(attempts.queue, ''), nullif(tasks.queue, ''), tasks.site) AS place,
    (SELECT min(id) FROM attempts AS a WHERE a.job_id = jobs.id) AS first,
    (SELECT max(id) FROM attempts AS a WHERE a.job_id = jobs.id) AS last
FROM attempts JOIN jobs ON jobs.id = job_id JOIN tasks ON tasks.id = task_id
    JOIN requests ON requests.id = request_id
WHERE hidden = 0 AND requests.created <= ?
    AND (? IS NULL OR request_id IN (SELECT value FROM json_each(?)))
    AND (? IS NULL OR task_id IN (SELECT value FROM json_each(?)))
    AND (? IS NULL OR attempts.id IN (SELECT value FROM json_each(?)))
ORDER BY attempts.id DESC
"""


@dataclass(frozen=True)
class Task:
    """One task with what is counted of it."""

    row: sqlite3.Row
    """Its row, with ``run``, ``username``, ``request_status``, ``cloud``, ``place``, ``started``."""
    counts: Counter[str]
    """Number of its jobs by state."""
    transform: str
    """Status of the transform in iDDS."""
    problem: str
    """Why no queue takes it, if so."""

    @property
    def id(self) -> int:
        """JEDI task id."""
        return workload_id(self.row["id"])

    @property
    def name(self) -> str:
        """Name in PanDA: that of the transform with request and transform id."""
        return task_name(self.row["name"], self.row["request_id"], self.row["id"])

    @property
    def files(self) -> int:
        """Inputs PanDA knows of: those that were pruned are left out."""
        return sum(self.counts.values()) - self.counts["missing"]

    @property
    def status(self) -> str:
        """Status of the PanDA task."""
        if self.row["forced"]:
            return str(self.row["forced"])
        if any(self.counts[state] for state in OPEN):
            return "aborting" if self.row["request_status"] == "Cancelling" else self._open_status()
        if self.transform == "Cancelled" or self.counts["cancelled"]:
            return "aborted"
        if not self.counts["finished"]:
            return "failed"
        return "finished" if self.counts["failed"] else "done"

    @property
    def dialog(self) -> str | None:
        """The reason in words; `None` when there is nothing to say."""
        if self.row["forced"]:
            return str(self.row["dialog"]) if self.row["dialog"] else None
        if self.status in {"aborting", "aborted"}:
            return f"kill by {self.row['username']}"
        if self.status != "pending":
            return None
        return self.problem or "insufficient inputs are ready. 0 files available, 1*1 files required"

    def _open_status(self) -> str:
        if self.counts["running"] or self.counts["finished"] or self.counts["failed"]:
            return "running"
        if self.counts["activated"]:
            return "pending" if self.problem else "ready"
        return "pending"


def task_name(transform: str, request_id: int, task_id: int) -> str:
    """Name of a PanDA task."""
    return f"{transform}_{request_id}_{task_id}"


def job_name(attempt: sqlite3.Row) -> str:
    """Name of a job, the same for all attempts of an input."""
    return f"{task_name(attempt['task'], attempt['request_id'], attempt['task_id'])}.{attempt['first']}"


def known_before(settings: Settings, now: datetime) -> str:
    """Instant of creation up to which the monitor knows of requests, as it is stored."""
    return (now - timedelta(seconds=settings.lag)).isoformat(timespec="microseconds")


def tasks(
    db: sqlite3.Connection,
    before: str,
    requests: Collection[int] | None = None,
    ids: Collection[int] | None = None,
) -> list[Task]:
    """Tasks the monitor knows of, the newest first.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.
    before : `str`
        As of `known_before`.
    requests, ids : collection of `int`, optional
        Only of these requests, only these transforms.

    Returns
    -------
    tasks : `list` [`Task`]
        The tasks.
    """
    some, these = _json(requests), _json(ids)
    rows = db.execute(_TASKS, (before, some, some, these, these)).fetchall()
    counts: dict[int, Counter[str]] = {row["id"]: Counter() for row in rows}
    for row in db.execute(
        "SELECT task_id, state, count(*) AS jobs FROM jobs"
        " WHERE task_id IN (SELECT value FROM json_each(?)) GROUP BY task_id, state",
        (_json(counts),),
    ):
        counts[row["task_id"]][row["state"]] = row["jobs"]
    held = brokerage.may_hold(db)
    return [_task(db, row, counts[row["id"]], held=held) for row in rows]


def attempts(
    db: sqlite3.Connection,
    before: str,
    requests: Collection[int] | None = None,
    task_ids: Collection[int] | None = None,
    ids: Collection[int] | None = None,
) -> list[sqlite3.Row]:
    """Jobs the monitor knows of, the newest first.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.
    before : `str`
        As of `known_before`.
    requests, task_ids, ids : collection of `int`, optional
        Only of these requests, only of these transforms, only these PandaIDs.

    Returns
    -------
    attempts : `list` [`sqlite3.Row`]
        One row for each attempt.
    """
    some, these, those = _json(requests), _json(task_ids), _json(ids)
    return db.execute(_ATTEMPTS, (before, some, some, these, these, those, those)).fetchall()


def _task(db: sqlite3.Connection, row: sqlite3.Row, counts: Counter[str], *, held: bool) -> Task:
    waits = held and counts["activated"] and not counts["running"]
    problem = brokerage.problem(db, row) if waits else ""
    return Task(row, counts, transform_status(row["request_status"], counts), problem)


def _json(numbers: Collection[int] | None) -> str | None:
    return None if numbers is None else json.dumps(list(numbers))
