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

_READY = """
SELECT jobs.*, request_id, tasks.name AS task, label, executable, cores, tasks.site, tasks.queue,
    requests.name AS run, (SELECT count(*) FROM attempts WHERE job_id = jobs.id) AS earlier
FROM jobs JOIN tasks ON tasks.id = task_id JOIN requests ON requests.id = request_id
WHERE state = 'activated' AND status = 'Transforming'
ORDER BY priority DESC, request_id, jobs.id
"""


@dataclass(frozen=True)
class Placement:
    """A job that may begin."""

    job: sqlite3.Row
    """Row of the job, with its task, label, run, and how many attempts there were."""
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
        fitting = (n for n, trouble in known.items() if trouble.fits(dict(job), queue, job["earlier"] + 1))
        number = next(fitting, None)
        trouble = None if number is None else known[number]
        if trouble is not None and trouble.stuck:
            continue
        if number is not None:
            troubles.hit(db, number)
        return Placement(job, queue, trouble)
    return None


def problem(db: sqlite3.Connection, task: sqlite3.Row) -> str:
    """Why no job of a task finds a queue; empty when it does.

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
    (memory,) = db.execute(
        "SELECT min(memory) FROM jobs WHERE task_id = ? AND state = 'activated'", (task["id"],)
    ).fetchone()
    if memory is None:
        return ""
    return queues.choose(queues.load(db), task["queue"], task["site"], memory, task["cores"]).problem
