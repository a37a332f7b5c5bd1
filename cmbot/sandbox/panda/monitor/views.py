"""What the monitor's addresses answer with, where nothing stands in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from cmbot.sandbox.panda.monitor import (
    errors,
    jobpage,
    jobrows,
    jobs,
    oddities,
    reading,
    taskpage,
    tasks,
    workflows,
)
from cmbot.sandbox.panda.rows import task_id_of

if TYPE_CHECKING:
    import sqlite3

    from cmbot.sandbox.panda.monitor.question import Question
    from cmbot.sandbox.panda.settings import Settings

_HOURS = 12


class NotFound(Exception):
    """There is no such task or job: the real one answers with a page, and 200."""


@dataclass(frozen=True)
class Asking:
    """What a view works with."""

    db: sqlite3.Connection
    """The store."""
    question: Question
    """What was asked."""
    settings: Settings
    """How the monitor behaves."""
    logs: str
    """Where logs are."""


def all_workflows(asking: Asking) -> object:
    """The rows of ``wfprogress``."""
    rows = workflows.rows(asking.db, asking.question, asking.settings)
    return oddities.disturbed(rows, asking.settings)


def all_tasks(asking: Asking) -> object:
    """The rows of ``tasks``."""
    extra = asking.question.parameters.get("extra", "")
    if "jobstatecount" in extra:  # fails on PostgreSQL, and always has (reference/panda.md 3.2)
        return HTMLResponse("<!DOCTYPE html><html><head><title>Server Error (500)</title></head></html>", 500)
    rows = tasks.rows(asking.db, asking.question, asking.settings)
    return oddities.disturbed(rows[:100] if "metastruct" in extra else rows, asking.settings)


def all_jobs(asking: Asking) -> object:
    """The rows of ``jobs``, with what sums them up."""
    answer = jobs.answer(asking.db, asking.question, asking.settings, asking.logs)
    listed = answer.get("jobs")
    if isinstance(listed, list):
        answer["jobs"] = oddities.disturbed(listed, asking.settings)
    return answer


def all_errors(asking: Asking) -> object:
    """What the failed jobs of the last hours have in common."""
    failed = jobs.failed(asking.db, asking.question, asking.settings, _HOURS)
    listed = [
        jobrows.listed_job(row, asking.question.now, asking.logs, memory_as_text=False) for row in failed
    ]
    blocks: dict[str, object] = {
        "jobSummary": jobs.summary(listed, errors.SUMMED),
        "errsByCount": errors.by_count(failed),
        "errsBySite": errors.grouped(failed, lambda row: row["place"]),
        "errsByUser": errors.grouped(failed, lambda row: row["username"]),
        "errsByTask": errors.grouped(failed, errors.task),
    }
    wanted = set(asking.question.parameters.get("fields", "").split(",")) - {""}
    return {name: block for name, block in blocks.items() if not wanted or name in wanted}


def _one_task(asking: Asking) -> reading.Task:
    number = asking.question.integer("jeditaskid")
    known = reading.known_before(asking.settings, asking.question.now)
    found = [] if number is None else reading.tasks(asking.db, known, ids=[task_id_of(number)])
    if not found:
        raise NotFound
    return found[0]


def _one_attempt(asking: Asking) -> sqlite3.Row:
    number = asking.question.integer("pandaid")
    known = reading.known_before(asking.settings, asking.question.now)
    found = [] if number is None else reading.attempts(asking.db, known, ids=[number])
    if not found:
        raise NotFound
    return found[0]


def task(asking: Asking) -> object:
    """One task."""
    return taskpage.single_task(_one_task(asking), asking.question)


def task_log(asking: Asking) -> object:
    """The states a task went through."""
    return taskpage.status_log(_one_task(asking))


def job(asking: Asking) -> object:
    """One attempt of a job."""
    return jobpage.single_job(_one_attempt(asking), asking.question.now, asking.logs)


def job_log(asking: Asking) -> object:
    """The states an attempt went through."""
    return jobpage.status_log(_one_attempt(asking))


def idds_for_task(asking: Asking) -> object:
    """The request of a task."""
    number = asking.question.integer("jeditaskid")
    ids = [] if number is None else [task_id_of(number)]
    found = reading.tasks(asking.db, reading.known_before(asking.settings, asking.question.now), ids=ids)
    return {"data": [tasks.idds(task) for task in found]}


def no_files(asking: Asking) -> object:
    """The refusal of the file browser: it knows other stores of logs."""
    del asking
    return {"error": "Log provider is not supported: only rucio and s3 are"}


def no_json(_: Asking) -> object:
    """Mark addresses that are pages whatever is asked."""
    raise NotFound
