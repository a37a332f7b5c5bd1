"""Lists of jobs: ``/jobs/`` (reference/panda.md 3.4)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from cmbot.sandbox.panda.monitor import errors, jobrows, reading
from cmbot.sandbox.panda.rows import task_id_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from cmbot.sandbox.panda.monitor.question import Question
    from cmbot.sandbox.panda.rows import Row
    from cmbot.sandbox.panda.settings import Settings

_WEEK = 7 * 24
_LIMIT, _LIFTED_LIMIT = 5000, 999_999
_LIFTS = ("jeditaskid", "pandaid", "jobname")
_ARCHIVE = timedelta(days=3)
"""Ended jobs that are older are in another table."""
_TEXT_FILTERS = ("jobstatus", "computingsite", "jobname", "produsername")
_SUMMED = (
    "actualcorecount",
    "attemptnr",
    "cloud",
    "computingelement",
    "computingsite",
    "container_name",
    "corecount",
    "durationmin",
    "eventservice",
    "gshare",
    "harvesterinstance",
    "homepackage",
    "inputfileproject",
    "inputfiletype",
    "jeditaskid",
    "jobstatus",
    "jobsubstatus",
    "minramcount",
    "neventsrange",
    "noutputdatafiles",
    "nucleus",
    "outputfiletype",
    "pilotversion",
    "priorityrange",
    "processingtype",
    "processor_type",
    "prodsourcelabel",
    "produsername",
    "reqid",
    "resourcetype",
    "specialhandling",
    "transformation",
    "workinggroup",
)
_NONE = "Not specified"


def answer(db: sqlite3.Connection, question: Question, settings: Settings, logs: str) -> Row:
    """Answer of ``/jobs/``: summary, jobs and errors.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.
    question : `Question`
        Filters ``jeditaskid``, ``reqid``, ``pandaid``, ``jobstatus``, ``computingsite``, ``jobname``, the
        window, ``limit`` (of each table), ``mode=nodrop``, ``fields``, ``outputs``.
    settings : `Settings`
        What the monitor knows of.
    logs : `str`
        URL of the log store.

    Returns
    -------
    answer : `dict`
        ``selectionsummary``, ``jobs``, ``errsByCount``, as far as ``outputs`` names them.
    """
    found = attempts(db, question, settings)
    as_text = question.integers("jeditaskid") is not None
    jobs = [jobrows.listed_job(row, question.now, logs, memory_as_text=as_text) for row in found]
    wanted = set(question.parameters.get("outputs", "").split(",")) - {""}
    blocks = {
        "selectionsummary": summary(jobs, _SUMMED) if jobs else [],
        "jobs": [_trimmed(job, question) for job in jobs],
        "errsByCount": errors.by_count(found),
    }
    return {name: block for name, block in blocks.items() if not wanted or name in wanted}


def failed(db: sqlite3.Connection, question: Question, settings: Settings, hours: float) -> list[sqlite3.Row]:
    """Failed attempts that an error summary counts; ``taskname`` is ignored.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.
    question : `Question`
        Filters ``reqid``, ``jeditaskid``, ``computingsite``, and the window.
    settings : `Settings`
        What the monitor knows of.
    hours : `float`
        Window when nothing is said.

    Returns
    -------
    attempts : `list` [`sqlite3.Row`]
        The newest first.
    """
    since, until = question.window(hours, lifted_by=("jeditaskid",))
    matches = question.matcher("computingsite")
    return [
        row
        for row in _read(db, question, settings)
        if row["ended"] is not None
        and jobrows.status(row) == "failed"
        and since <= row["ended"] <= until
        and (matches is None or matches(row["place"]))
    ]


def _read(db: sqlite3.Connection, question: Question, settings: Settings) -> list[sqlite3.Row]:
    """Attempts by the numbers that are asked for."""
    task_ids = question.integers("jeditaskid")
    transforms = None if task_ids is None else {task_id_of(number) for number in task_ids}
    known, ids = reading.known_before(settings, question.now), question.integers("pandaid")
    return reading.attempts(db, known, question.integers("reqid"), transforms, ids)


def attempts(db: sqlite3.Connection, question: Question, settings: Settings) -> list[sqlite3.Row]:
    """Jobs that pass the filters; ``taskname`` finds none, and a limit counts for each table."""
    if question.parameters.get("taskname"):
        return []
    found, task_ids = _read(db, question, settings), question.integers("jeditaskid")
    if task_ids is not None and len(task_ids) == 1 and question.parameters.get("mode") != "nodrop":
        found = [row for row in found if row["id"] == row["last"]]
    since, until = question.window(_WEEK, lifted_by=_LIFTS)
    inside = [row for row in found if row["ended"] is None or since <= row["ended"] <= until]
    return _limited([row for row in inside if _passes(row, question)], question)


def summary(jobs: list[Row], names: Iterable[str]) -> list[Row]:
    """How often each value of some fields occurs; in one field some counts are texts."""
    return [_summed(name, jobs) for name in names]


def _passes(row: sqlite3.Row, question: Question) -> bool:
    values = {
        "jobstatus": jobrows.status(row),
        "computingsite": row["place"],
        "jobname": reading.job_name(row),
        "produsername": row["username"],
    }
    tests = ((values[name], question.matcher(name)) for name in _TEXT_FILTERS)
    return all(test is None or test(value) for value, test in tests)


def _limited(found: list[sqlite3.Row], question: Question) -> list[sqlite3.Row]:
    limit = question.integer("limit")
    if limit is None:
        lifted = any(question.parameters.get(name) for name in _LIFTS)
        limit = _LIFTED_LIMIT if lifted else _LIMIT
    old = (question.now - _ARCHIVE).isoformat()
    seen: Counter[str] = Counter()
    kept = []
    for row in found:
        table = "active" if row["ended"] is None else "old" if row["ended"] < old else "archived"
        seen[table] += 1
        if seen[table] <= limit:
            kept.append(row)
    return kept


def _trimmed(job: Row, question: Question) -> Row:
    fields = question.parameters.get("fields", "")
    if not fields:
        return job
    return {name: job[name] for name in fields.split(",") if name in job}


def _summed(name: str, jobs: list[Row]) -> Row:
    counted = Counter(value for job in jobs for value in _values(name, job))
    listed = [{"kname": value, "kvalue": counted[value]} for value in sorted(counted, key=str)]
    if name == "durationmin" and len(listed) > 1:
        listed[1:] = [pair | {"kvalue": str(pair["kvalue"])} for pair in listed[1:]]
    stats: Row = {}
    if name == "actualcorecount" and any(job[name] for job in jobs):
        stats = {"stats": {"sum": sum(_number(job[name]) for job in jobs)}}
    elif name == "minramcount":
        asked = sum(_number(job[name]) for job in jobs) / 1000
        stats = {"stats": {"sum": round(asked, 2), "sum_allocated": round(asked / 0.9, 2)}}
    return {"field": name, "list": listed} | stats


def _values(name: str, job: Row) -> list[object]:
    """Values of a field that are counted, in ranges where there would be too many."""
    if name == "durationmin":
        minutes = _number(job[name])
        return ["0-0" if minutes < 1 else f"{minutes}-{minutes}"]
    if name == "minramcount":
        gigabytes = _number(job[name]) // 1000
        return [f"{gigabytes}-{gigabytes + 1}GB"]
    if name == "neventsrange":
        return ["0-0"]
    if name == "specialhandling":
        return list(str(job[name]).split(","))
    value = job.get(name)
    return [_NONE if value is None or value == "" else value]


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
