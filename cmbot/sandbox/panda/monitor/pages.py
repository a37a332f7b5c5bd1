"""The monitor's addresses as pages for people."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from cmbot.sandbox.panda import logs, overview, rendering
from cmbot.sandbox.panda.monitor import errors, jobrows, jobs, reading, tasks
from cmbot.sandbox.panda.rows import task_id_of
from cmbot.sandbox.panda.vocabulary import ENDED

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from starlette.responses import Response

    from cmbot.sandbox.panda.monitor.question import Question
    from cmbot.sandbox.panda.settings import Settings

_SHOWN = 200
"""Jobs or tasks on one page, the interesting ones first."""
_ERRORS_HOURS = 7 * 24
_INTEREST = ("failed", "lost", "running", "finished", "cancelled")


class MonitorPages:
    """Pages by address; an address without one, or of something unknown, says so."""

    def page(self, path: str, question: Question, settings: Settings, db: sqlite3.Connection) -> Response:
        """Page of an address.

        Parameters
        ----------
        path : `str`
            The address.
        question : `Question`
            What was asked.
        settings : `Settings`
            The settings in force.
        db : `sqlite3.Connection`
            Connection inside a transaction.

        Returns
        -------
        response : `starlette.responses.Response`
            The page.
        """
        kind = path.strip("/").partition("/")
        first = kind[2].split("/")[0] if kind[0] == "idds" else kind[0]
        pages: dict[str, Callable[[Question, Settings, sqlite3.Connection], Response | None]] = {
            "wfprogress": _workflows,
            "daggraph": _workflows,
            "tasks": _tasks,
            "task": _task,
            "taskstatuslog": _task,
            "jobs": _jobs,
            "job": _job,
            "jobstatuslog": _job,
            "errors": _errors,
            "login": _login,
        }
        make = pages.get(first)
        found = make(question, settings, db) if make else None
        return found or self.unknown(path)

    def unknown(self, path: str) -> Response:
        """Page of what does not exist: 200, as the real one's."""
        kind, _, rest = path.strip("/").partition("/")
        what = f"PanDA {kind} {rest}".strip()
        return rendering.page("message.html", title=what, text="There is no such thing here.")


def _login(question: Question, settings: Settings, db: sqlite3.Connection) -> Response | None:
    del question, settings, db
    text = "Open the address that was printed at the start, with its token, or send the token in a header."
    return rendering.page("message.html", title="Login", text=text)


def _workflows(question: Question, settings: Settings, db: sqlite3.Connection) -> Response | None:
    del settings
    number = question.integer("requestid") or question.integer("idds_request_id")
    if number is None:
        listed = overview.requests(db)[::-1]
        return rendering.page("workflows.html", refresh=True, requests=listed)
    request = overview.request(db, number)
    if request is None:
        return None
    return rendering.page("workflow.html", refresh=request["status"] not in ENDED, request=request)


def _tasks(question: Question, settings: Settings, db: sqlite3.Connection) -> Response | None:
    rows = tasks.rows(db, question, settings)
    return rendering.page("tasks.html", tasks=rows[:_SHOWN], more=max(len(rows) - _SHOWN, 0))


def _task(question: Question, settings: Settings, db: sqlite3.Connection) -> Response | None:
    number = question.integer("jeditaskid")
    known = reading.known_before(settings, question.now)
    found = [] if number is None else reading.tasks(db, known, ids=[task_id_of(number)])
    if not found:
        return None
    (task,) = found
    attempts = reading.attempts(db, known, task_ids=[task.row["id"]])
    latest = [row for row in attempts if row["id"] == row["last"]]
    waiting = db.execute(
        "SELECT name, state FROM jobs WHERE task_id = ?"
        " AND NOT EXISTS (SELECT 1 FROM attempts WHERE job_id = jobs.id) ORDER BY state, id LIMIT ?",
        (task.row["id"], _SHOWN),
    ).fetchall()
    return rendering.page(
        "task.html",
        refresh=task.transform not in ENDED,
        task=task,
        counts=rendering.told(task.counts),
        jobs=_described(latest),
        more=max(len(latest) - _SHOWN, 0),
        waiting=waiting,
    )


def _jobs(question: Question, settings: Settings, db: sqlite3.Connection) -> Response | None:
    found = jobs.attempts(db, question, settings)
    return rendering.page("jobs.html", jobs=_described(found), more=max(len(found) - _SHOWN, 0))


def _job(question: Question, settings: Settings, db: sqlite3.Connection) -> Response | None:
    number = question.integer("pandaid")
    known = reading.known_before(settings, question.now)
    found = [] if number is None else reading.attempts(db, known, ids=[number])
    if not found:
        return None
    (attempt,) = found
    others = db.execute(
        "SELECT id, number, state FROM attempts WHERE job_id = ? ORDER BY id", (attempt["job_id"],)
    ).fetchall()
    return rendering.page(
        "job.html",
        refresh=attempt["ended"] is None,
        job=attempt,
        task_id=errors.task(attempt),
        status=jobrows.status(attempt),
        errors=jobrows.errors(attempt),
        others=others,
        logs=[(name, f"/read/{attempt['id']}/{quote(name)}") for name in logs.NAMES],
    )


def _errors(question: Question, settings: Settings, db: sqlite3.Connection) -> Response | None:
    found = jobs.failed(db, question, settings, _ERRORS_HOURS)
    return rendering.page("errors.html", errors=errors.by_count(found), jobs=len(found))


def _described(found: list[sqlite3.Row]) -> list[dict[str, object]]:
    """Jobs for a table: failed ones first, each with what its components say."""
    order = {state: place for place, state in enumerate(_INTEREST)}
    first = sorted(found, key=lambda row: (order.get(row["state"], len(order)), -row["id"]))[:_SHOWN]
    return [
        {
            **{key: row[key] for key in ("id", "number", "state", "label", "input", "exit_code", "memory")},
            "used": row["max_rss"],
            "status": jobrows.status(row),
            "place": row["place"],
            "errors": [f"{name}:{code}" for name, (code, _) in jobrows.errors(row).items()],
        }
        for row in first
    ]
