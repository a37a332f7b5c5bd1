"""What is in the store, for pages and scripts: requests, tasks, jobs, attempts."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from cmbot.sandbox.panda.progress import state_counts, task_status
from cmbot.sandbox.panda.rows import workload_id

if TYPE_CHECKING:
    import sqlite3

STATES = ("pending", "activated", "running", "finished", "failed", "missing", "cancelled")
"""States of a job, in the order of the tables."""

_REQUEST = ("id", "name", "username", "status", "substatus", "created")


def requests(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """All requests with their jobs by state."""
    listed = []
    for row in db.execute("SELECT * FROM requests ORDER BY id").fetchall():
        total: Counter[str] = sum(state_counts(db, row["id"]).values(), Counter())
        listed.append(_described(row) | {"jobs": {state: total[state] for state in STATES}})
    return listed


def request(db: sqlite3.Connection, request_id: int) -> dict[str, Any] | None:
    """One request with its tasks, jobs and attempts; `None` if there is none."""
    row = db.execute("SELECT * FROM requests WHERE id = ?", (request_id,)).fetchone()
    if row is None:
        return None
    counts = state_counts(db, request_id)
    found = db.execute("SELECT * FROM tasks WHERE request_id = ? ORDER BY number", (request_id,)).fetchall()
    return _described(row) | {"tasks": [_task(db, task, counts[task["id"]]) for task in found]}


def _described(row: sqlite3.Row) -> dict[str, Any]:
    return _columns(row, *_REQUEST) | {flag: bool(row[flag]) for flag in ("hidden", "archived")}


def _task(db: sqlite3.Connection, task: sqlite3.Row, counts: Counter[str]) -> dict[str, Any]:
    """One task with its jobs; an attempt's id is its PandaID."""
    jobs = {
        row["id"]: _columns(row, "id", "name", "state") | {"attempts": []}
        for row in db.execute("SELECT * FROM jobs WHERE task_id = ? ORDER BY id", (task["id"],))
    }
    for row in db.execute(
        "SELECT attempts.* FROM attempts JOIN jobs ON jobs.id = job_id"
        " WHERE task_id = ? ORDER BY attempts.id",
        (task["id"],),
    ):
        attempt = dict(row)
        attempt["errors"] = json.loads(attempt["errors"])
        jobs[attempt.pop("job_id")]["attempts"].append(attempt)
    return _columns(task, "id", "name", "label", "memory", "max_attempt", "site", "queue") | {
        "workload_id": workload_id(task["id"]),
        "status": task_status(counts),
        "states": {state: counts[state] for state in STATES},
        "jobs": list(jobs.values()),
    }


def _columns(row: sqlite3.Row, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}
