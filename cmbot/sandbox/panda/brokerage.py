"""Which job is next, and where it runs: priorities, queues, troubles.

The functions take a connection inside a transaction of the store.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmbot.sandbox.panda import queues, troubles

if TYPE_CHECKING:
    import sqlite3

    from cmbot.sandbox.panda.troubles import Trouble

_JOBS = """
SELECT jobs.*, request_id, tasks.name AS task, label, executable, cores, tasks.site, tasks.queue,
    requests.name AS run
FROM jobs JOIN tasks ON tasks.id = task_id JOIN requests ON requests.id = request_id
WHERE state = 'activated'
"""
_READY = f"{_JOBS} AND status = 'Transforming' ORDER BY priority DESC, request_id, jobs.id"
_READY_OF_TASK = f"{_JOBS} AND task_id = ? ORDER BY memory, jobs.id"


@dataclass(frozen=True)
class Placement:
    """A job that may begin."""

    job: sqlite3.Row
    """Row of the job, with its task, label and run."""
    number: int
    """Which attempt of the job begins, from 1."""
    queue: str
    """Where it runs."""
    trouble: Trouble | None
    """What is to go wrong with it."""


def next_job(db: sqlite3.Connection) -> Placement | None:
    """Choose the job that begins next; a trouble that hits it is counted.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.

    Returns
    -------
    placement : `Placement` or `None`
        `None` when nothing may begin.
    """
    table, known = queues.load(db), troubles.load(db)
    busy = Counter({row["queue"]: row["jobs"] for row in db.execute(
        "SELECT queue, count(*) AS jobs FROM attempts WHERE state = 'running' GROUP BY queue"
    )})  # fmt: skip
    for job in db.execute(_READY):
        choice = queues.choose(table, job["queue"], job["site"], job["memory"], job["cores"])
        full = choice.queue and choice.queue.jobs is not None and busy[choice.queue.name] >= choice.queue.jobs
        if choice.problem or full:
            continue
        queue = choice.queue.name if choice.queue else job["queue"] or job["site"]
        number, hit = _attempt(db, job["id"]), None
        if known:
            hit = next((n for n, trouble in known.items() if trouble.fits(dict(job), queue, number)), None)
        if hit is None:
            return Placement(job, number, queue, None)
        if not known[hit].stuck:
            troubles.hit(db, hit)
            return Placement(job, number, queue, known[hit])
    return None


def may_hold(db: sqlite3.Connection) -> bool:
    """Whether there is anything that could be in a job's way: a queue, or a trouble."""
    found = db.execute("SELECT EXISTS (SELECT 1 FROM queues) OR EXISTS (SELECT 1 FROM troubles)")
    return bool(found.fetchone()[0])


def problem(db: sqlite3.Connection, task: sqlite3.Row) -> str:
    """Why no job of a task begins: no queue takes it, or it is stuck; empty when nothing is in its way.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection.
    task : `sqlite3.Row`
        Row of the task.

    Returns
    -------
    problem : `str`
        In the broker's words.
    """
    job = db.execute(f"{_READY_OF_TASK} LIMIT 1", (task["id"],)).fetchone()
    if job is None:
        return ""
    choice = queues.choose(queues.load(db), job["queue"], job["site"], job["memory"], job["cores"])
    if choice.problem:
        return choice.problem
    queue = choice.queue.name if choice.queue else job["queue"] or job["site"]
    for number, trouble in troubles.load(db).items():
        if trouble.fits(dict(job), queue, _attempt(db, job["id"])):
            return f"no candidates: held back by trouble {number}" if trouble.stuck else ""
    return ""


def _attempt(db: sqlite3.Connection, job_id: int) -> int:
    """Which attempt of a job is the next one, from 1."""
    return 1 + int(db.execute("SELECT count(*) FROM attempts WHERE job_id = ?", (job_id,)).fetchone()[0])
