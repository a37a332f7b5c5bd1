"""Workflows as the monitor shows them: ``/idds/wfprogress/`` (reference/panda.md 3.1)."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from cmbot.sandbox.panda.monitor import reading
from cmbot.sandbox.panda.monitor.question import Question
from cmbot.sandbox.panda.rows import file_counts, processing_status
from cmbot.sandbox.panda.times import single
from cmbot.sandbox.panda.vocabulary import REQUEST_STATUS

if TYPE_CHECKING:
    import sqlite3

    from cmbot.sandbox.panda.monitor.reading import Task
    from cmbot.sandbox.panda.rows import Row
    from cmbot.sandbox.panda.settings import Settings

_WEEK = 7 * 24


def rows(db: sqlite3.Connection, question: Question, settings: Settings) -> list[Row]:
    """Answer of ``wfprogress``: a list, empty also for what went wrong.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.
    question : `Question`
        Filters ``days``, ``requestid``, ``username``, ``status``; no other time limit reaches the query.
    settings : `Settings`
        Which release answers.

    Returns
    -------
    rows : `list` [`dict`]
        One for each workflow.
    """
    days, number = (question.parameters.get(name, "") for name in ("days", "requestid"))
    if not all(re.fullmatch(r"[0-9]{0,18}", text) for text in (days, number)):
        return []
    known = reading.known_before(settings, question.now)
    limits = {"days": days} if days else {}
    since, _ = Question(limits, wants_json=True, now=question.now).window(_WEEK)
    found = db.execute(
        "SELECT * FROM requests WHERE hidden = 0 AND archived = 0 AND created <= ? AND created >= ?"
        " AND (? = '' OR id = ?) ORDER BY id",
        (known, since, number, int(number or 0)),
    ).fetchall()
    chosen = [row for row in found if _asked_for(row, question)]
    tasks: dict[int, list[Task]] = {row["id"]: [] for row in chosen}
    for task in reading.tasks(db, known, requests=tasks):
        tasks[task.row["request_id"]].append(task)
    shown = {"today": _today, "lower case": _lower_case, "counts": _counts}[settings.workflows]
    return [shown(row, tasks[row["id"]]) for row in chosen]


def _asked_for(row: sqlite3.Row, question: Question) -> bool:
    """Whether a request passes the filters; a status that is not exactly an iDDS name fails the query."""
    status = question.parameters.get("status", "")
    if status and (status not in REQUEST_STATUS or row["status"] != status):
        return False
    matches = question.matcher("username")
    return matches is None or matches(row["username"] or "Not set")


def _today(row: sqlite3.Row, tasks: list[Task]) -> Row:
    total, files = sum(task.files for task in tasks), _files(tasks)
    statuses = Counter(processing_status(task.transform, task.counts) for task in tasks)
    return {
        "request_id": row["id"],
        "r_status": row["status"],
        "created_at": single(row["created"]),
        "total_tasks": len(tasks) or 1,  # the outer join has one row without a task
        "tasks_statuses": dict(statuses) or {"N/A": 1},
        "finished_files": percent(sum(task.counts["finished"] for task in tasks), total),
        "failed_files": percent(sum(task.counts["failed"] for task in tasks), total),
        "unreleased_files": files["input_new_files"],
        "released_files": files["input_processed_files"],
        "processing_files": files["input_processing_files"],
        "total_files": files["input_total_files"],
        "total_jedi_files": total,
        "transform_type": "Workflow",
        "transform_tag": "lsst",
        "campaign": "",
        "r_name": row["name"],
        "cloud": row["cloud"],
        "site": row["site"],
        "username": row["username"],
    }


def _lower_case(row: sqlite3.Row, tasks: list[Task]) -> Row:
    """Before 2022-12-13: texts in lower case, but for the names of statuses that are counted."""
    return {
        key: value.lower() if isinstance(value, str) else value for key, value in _today(row, tasks).items()
    }


def _counts(row: sqlite3.Row, tasks: list[Task]) -> Row:
    """2021-12 to 2023-06: counts instead of percents, and a fraction of seconds."""
    now = _lower_case(row, tasks)
    kept = ("request_id", "r_status", "total_tasks", "tasks_statuses", "r_name", "username")
    links: dict[str, list[str]] = {}
    for task in tasks:
        links.setdefault(processing_status(task.transform, task.counts), []).append(str(task.id))
    total = sum(task.files for task in tasks)
    processed = sum(task.counts["finished"] for task in tasks)
    return {key: now[key] for key in kept} | {
        "created_at": row["created"][:26].replace("T", " "),
        "tasks_links": {status: "|".join(ids) for status, ids in links.items()},
        "tasks_links_all": "|".join(str(task.id) for task in tasks),
        "remaining_files": total - processed,
        "processed_files": processed,
        "processing_files": now["processing_files"],
        "total_files": total,
    }


def _files(tasks: list[Task]) -> Counter[str]:
    """Counters of all input and output collections, added up."""
    return sum((Counter(file_counts(task.counts)) for task in tasks), Counter())


def percent(part: int, whole: int) -> int | float:
    """Part of a whole in percent: an integer, but near the ends exact enough not to look like 0 or 100."""
    if not whole:
        return 0
    exact = 100 * part / whole
    if exact in {0.0, 100.0} or 1 <= exact <= 99:
        return int(exact)
    return min(max(round(exact, 2), 0.01), 99.99)
