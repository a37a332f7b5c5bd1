"""What an administrator does to a request or a task by hand.

The functions take a connection inside a transaction of the store and tell whether there is such a thing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cmbot.sandbox.panda.progress import move, run_again
from cmbot.sandbox.panda.store import now

if TYPE_CHECKING:
    import sqlite3

log = logging.getLogger(__name__)


def hide(db: sqlite3.Connection, request_id: int, *, hidden: bool) -> bool:
    """Let the monitor lose a request, or find it again."""
    log.info("request %d: %s the monitor", request_id, "hidden from" if hidden else "shown in")
    return bool(db.execute("UPDATE requests SET hidden = ? WHERE id = ?", (hidden, request_id)).rowcount)


def archive(db: sqlite3.Connection, request_id: int, *, archived: bool) -> bool:
    """Let iDDS put a request into its archive, where nobody finds it, or take it back.

    PanDA's own tasks and jobs are not touched: jobs that PanDA has go on, and iDDS starts no others.
    """
    log.info("request %d: %s iDDS's archive", request_id, "put into" if archived else "taken out of")
    return bool(db.execute("UPDATE requests SET archived = ? WHERE id = ?", (archived, request_id)).rowcount)


def reopen(db: sqlite3.Connection, request_id: int, *, everything: bool) -> bool:
    """Let an ended request go on, as a retry by a person in PanDA does, whoever owns it.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.
    request_id : `int`
        The request.
    everything : `bool`
        Whether finished jobs run again as well.

    Returns
    -------
    known : `bool`
        Whether there is such a request.
    """
    if everything:
        db.execute(
            "UPDATE jobs SET state = 'cancelled' WHERE state = 'finished'"
            " AND task_id IN (SELECT id FROM tasks WHERE request_id = ?)",
            (request_id,),
        )
    known = bool(db.execute("SELECT 1 FROM requests WHERE id = ?", (request_id,)).fetchone())
    if known:
        run_again(db, request_id)
    return known


def force(db: sqlite3.Connection, request_id: int, status: str) -> bool:
    """Write a status, as with SQL in iDDS's tables; jobs begin only while it is Transforming.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.
    request_id : `int`
        The request.
    status : `str`
        Name of a request status.

    Returns
    -------
    known : `bool`
        Whether there is such a request.
    """
    known = bool(db.execute("SELECT 1 FROM requests WHERE id = ?", (request_id,)).fetchone())
    if known:
        move(db, request_id, status)
    return known


def force_task(db: sqlite3.Connection, task_id: int, status: str | None, dialog: str | None) -> bool:
    """Let the monitor show another status of a task than its jobs have; iDDS goes on by the jobs.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.
    task_id : `int`
        The transform.
    status : `str` or `None`
        Name of a PanDA task status; `None` for that of its jobs again.
    dialog : `str` or `None`
        The reason in words.

    Returns
    -------
    known : `bool`
        Whether there is such a task.
    """
    changed = db.execute(
        "UPDATE tasks SET forced = ?, dialog = ?, updated = ? WHERE id = ?",
        (status, dialog, now(db), task_id),
    ).rowcount
    return bool(changed)
