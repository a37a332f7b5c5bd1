"""Requests and tasks: made, told to stop or to go on, ended.

The functions take a connection inside a transaction of the store. Counts and the states of tasks are
computed from the jobs each time, never kept.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

from cmbot.sandbox.panda import settings
from cmbot.sandbox.panda.jobs import OPEN, activate
from cmbot.sandbox.panda.store import now, posted_workflow
from cmbot.sandbox.panda.vocabulary import ENDED

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from cmbot.sandbox.panda.workflow import Work

log = logging.getLogger(__name__)


def expand(db: sqlite3.Connection, request_id: int) -> None:
    """Make tasks and jobs of a new request, all but the final one."""
    workflow = posted_workflow(db, request_id)
    ids: dict[tuple[str, str], int] = {}
    for work in workflow.works:
        if not work.final:
            for name, job in _make_task(db, request_id, work).items():
                ids[work.name, name] = job
    links = [
        (ids[work.name, item.name], ids[parent])
        for work in workflow.works
        for item in work.inputs
        for parent in item.parents
    ]
    db.executemany("INSERT OR IGNORE INTO dependencies (child, parent) VALUES (?, ?)", links)
    activate(db, request_id)
    move(db, request_id, "Transforming")


def _make_task(db: sqlite3.Connection, request_id: int, work: Work) -> dict[str, int]:
    """Insert one task with its jobs; ids by input name."""
    instant = now(db)
    task_id = db.execute(
        "INSERT INTO tasks (request_id, name, label, number, executable, final, memory, memory_step,"
        " memory_offset, memory_max, max_attempt, cores, site, queue, priority, created, updated)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(request_id, work.name, work.label, work.number, work.executable, work.final),
            *(work.memory, work.memory_step, work.memory_offset, work.memory_max, work.max_attempt),
            *(work.cores, work.site, work.queue, work.priority, instant, instant),
        ),
    ).lastrowid
    state = "activated" if work.final else "pending"
    db.executemany(
        "INSERT INTO jobs (task_id, name, state, memory) VALUES (?, ?, ?, ?)",
        [(task_id, item.name, state, work.memory) for item in work.inputs],
    )
    return {
        row["name"]: row["id"]
        for row in db.execute("SELECT id, name FROM jobs WHERE task_id = ?", (task_id,))
    }


def carry_out_commands(db: sqlite3.Connection) -> None:
    """Do what was registered: abort and retry. An ended request is not aborted."""
    for row in db.execute("SELECT id, status, command FROM requests WHERE command IS NOT NULL").fetchall():
        if row["command"] == "retry" and row["status"] in {"New", "Cancelling"}:
            continue  # waits for its turn
        db.execute("UPDATE requests SET command = NULL WHERE id = ?", (row["id"],))
        if lost := settings.load(db).commands_lost:
            settings.change(db, settings.Settings(commands_lost=lost - 1))
            log.info("request %d: %s lost", row["id"], row["command"])
            continue
        if row["command"] == "retry":
            _note(db, row["id"], "ToResume")
            run_again(db, row["id"])
        elif row["status"] not in ENDED:
            _note(db, row["id"], "ToCancel")
            if settings.load(db).abort_ends != "Transforming" and row["status"] != "Cancelling":
                _abort(db, row["id"])


def _note(db: sqlite3.Connection, request_id: int, substatus: str) -> None:
    """Show the command that was taken up."""
    db.execute(
        "UPDATE requests SET substatus = ?, updated = ? WHERE id = ?", (substatus, now(db), request_id)
    )


def _abort(db: sqlite3.Connection, request_id: int) -> None:
    """Start to cancel; attempts that run are ended by the executor."""
    db.execute(
        "UPDATE jobs SET state = 'cancelled' WHERE state IN ('pending', 'activated')"
        " AND task_id IN (SELECT id FROM tasks WHERE request_id = ?)",
        (request_id,),
    )
    move(db, request_id, "Cancelling")


def run_again(db: sqlite3.Connection, request_id: int) -> None:
    """Re-activate what failed or did not run; what finished is left alone (reference/panda.md 9)."""
    if not db.execute("SELECT 1 FROM tasks WHERE request_id = ?", (request_id,)).fetchone():
        move(db, request_id, "New")  # it was cancelled before it had any
        return
    again = db.execute(
        "UPDATE jobs SET state = 'pending', tries = 0 WHERE state IN ('failed', 'missing', 'cancelled')"
        " AND task_id IN (SELECT id FROM tasks WHERE request_id = ?)",
        (request_id,),
    ).rowcount
    if again:
        activate(db, request_id)
        move(db, request_id, "Transforming")


def settle(db: sqlite3.Connection) -> None:
    """Start final jobs whose time has come, and end requests whose jobs have all ended."""
    rows = db.execute(
        "SELECT id, status FROM requests WHERE archived = 0 AND status IN ('Transforming', 'Cancelling')"
    ).fetchall()
    for row in rows:
        request_id = row["id"]
        if _count(db, request_id, final=False) & OPEN:
            continue
        final = _count(db, request_id, final=True)
        if (
            row["status"] == "Transforming"
            and (not final or "pending" in final)
            and _start_final(db, request_id)
        ):
            continue
        if not final & OPEN:
            move(db, request_id, _ended_status(db, request_id))


def _count(db: sqlite3.Connection, request_id: int, *, final: bool) -> frozenset[str]:
    """States that jobs of a request are in."""
    rows = db.execute(
        "SELECT DISTINCT state FROM jobs JOIN tasks ON tasks.id = task_id WHERE request_id = ? AND final = ?",
        (request_id, final),
    )
    return frozenset(row["state"] for row in rows)


def _start_final(db: sqlite3.Connection, request_id: int) -> bool:
    """Make or re-activate the final job; `False` where the workflow has none."""
    waiting = db.execute(
        "UPDATE jobs SET state = 'activated' WHERE state = 'pending'"
        " AND task_id IN (SELECT id FROM tasks WHERE request_id = ? AND final)",
        (request_id,),
    ).rowcount
    if waiting:
        return True
    final = posted_workflow(db, request_id).final
    if final is not None:
        _make_task(db, request_id, final)
        log.info("request %d: final task made", request_id)
    return final is not None


def task_status(counts: Mapping[str, int]) -> str:
    """Status of a transform, from its jobs.

    Parameters
    ----------
    counts : mapping [`str`, `int`]
        Number of jobs by state.

    Returns
    -------
    status : `str`
        Name of the transform status.
    """
    total = sum(counts.values())
    if any(counts.get(state) for state in OPEN):
        return "Transforming"
    if counts.get("cancelled"):
        return "Cancelled"
    finished = counts.get("finished", 0)
    if finished == total:
        return "Finished"
    return "SubFinished" if finished else "Failed"


def state_counts(db: sqlite3.Connection, request_id: int) -> dict[int, Counter[str]]:
    """Jobs of a request by state.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.
    request_id : `int`
        Request.

    Returns
    -------
    counts : `dict` [`int`, `collections.Counter`]
        Number of jobs by state, by task id.
    """
    counts: dict[int, Counter[str]] = {}
    for row in db.execute(
        "SELECT task_id, state, count(*) AS jobs FROM jobs JOIN tasks ON tasks.id = task_id"
        " WHERE request_id = ? GROUP BY task_id, state",
        (request_id,),
    ):
        counts.setdefault(row["task_id"], Counter())[row["state"]] = row["jobs"]
    return counts


def _ended_status(db: sqlite3.Connection, request_id: int) -> str:
    """Status of a request whose jobs have all ended."""
    statuses = {task_status(counts) for counts in state_counts(db, request_id).values()}
    if "Cancelled" in statuses or not statuses:
        return settings.load(db).abort_ends
    return statuses.pop() if len(statuses) == 1 else "SubFinished"


def move(db: sqlite3.Connection, request_id: int, status: str) -> None:
    """Give a request another status."""
    db.execute("UPDATE requests SET status = ?, updated = ? WHERE id = ?", (status, now(db), request_id))
    log.info("request %d: %s", request_id, status)
