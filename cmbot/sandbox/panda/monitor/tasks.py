"""Tasks as the monitor lists them: ``/tasks/``.

Key by key after the recorded answers (reference/panda.md 3.2); what the sandbox does not have is null
there as well.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cmbot.sandbox.panda.monitor import reading
from cmbot.sandbox.panda.rows import task_id_of
from cmbot.sandbox.panda.times import listed, seconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from cmbot.sandbox.panda.monitor.question import Question
    from cmbot.sandbox.panda.monitor.reading import Task
    from cmbot.sandbox.panda.rows import Row
    from cmbot.sandbox.panda.settings import Settings

_LIMIT = 5000
_WEEK = 7 * 24
_DAY = 86400
ENDED = frozenset({"done", "finished", "failed", "broken", "aborted", "exhausted"})
"""Statuses of a task that has ended."""
_TEXT_FILTERS = {
    "taskname": "taskname",
    "status": "status",
    "superstatus": "superstatus",
    "username": "username",
    "site": "site",
}
_EMPTY = (
    "frozentime",
    "transhome",
    "lockedby",
    "lockedtime",
    "termcondition",
    "walltimeunit",
    "outdiskunit",
    "workdiskunit",
    "iointensity",
    "iointensityunit",
    "progress",
    "failurerate",
    "countrygroup",
    "ticketid",
    "ticketsystemtype",
    "campaign",
    "cputime",
    "cputimeunit",
    "nucleus",
    "ttcrequested",
    "ttcpredicted",
    "ttcpredictiondate",
    "resquetime",
    "usejumbo",
    "diskio",
    "diskiounit",
    "container_name",
    "memoryleakcore",
    "memoryleakx2",
    "framework",
)
_CONSTANT: Row = {
    "prodsourcelabel": "managed",
    "workinggroup": "Rubin",
    "vo": "wlcg",
    "tasktype": "test",
    "processingtype": "Rubin",
    "architecture": "{}",
    "transuses": "",
    "transpath": "bash-c-enc-new",
    "walltime": 0,
    "outdiskcount": 0,
    "workdiskcount": 0,
    "ramunit": "MBPerCoreFixed",
    "workqueue_id": 2,
    "eventservice": "ordinary",
    "gshare": "root",
    "basewalltime": 600,
    "cpuefficiency": 90,
    "resourcetype": "Undefined",
    "attemptnr": 0,
    "owner": "Rubin",
    "category": "production",
}
_DATASET: Row = {
    **dict.fromkeys(
        ("cloud", "site", "masterid", "provenanceid", "statecheckexpiration", "frozentime", "lockedby")
    ),
    **dict.fromkeys(("lockedtime", "attributes", "streamname", "storagetoken", "destination", "templateid")),
    **dict.fromkeys(("nevents", "neventstobeused", "neventsused", "nfilesonhold", "nfileswaiting"), 0),
    "datasetname": "pseudo_dataset",
    "containername": "pseudo_dataset",
    "type": "pseudo_input",
    "vo": "wlcg",
}


def rows(db: sqlite3.Connection, question: Question, settings: Settings) -> list[Row]:
    """Answer of ``/tasks/``: the newest task first, cut at ``limit`` without a word.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.
    question : `Question`
        Filters ``reqid``, ``jeditaskid``, ``taskname``, ``status``, ``superstatus``, ``username``, ``site``,
        the window of modification times, ``limit``.
    settings : `Settings`
        What the monitor knows of.

    Returns
    -------
    rows : `list` [`dict`]
        One for each task.
    """
    since, until = question.window(_WEEK, lifted_by=("jeditaskid",))
    found = asked_for(db, question, settings)
    inside = [task for task in found if since <= task.row["updated"] <= until]
    filters = [(key, question.matcher(name)) for name, key in _TEXT_FILTERS.items()]
    shapes = (listed_task(task, question) for task in inside)
    chosen = [row for row in shapes if all(test is None or test(row[key]) for key, test in filters)]
    limit = question.integer("limit")
    return chosen[: _LIMIT if limit is None else limit]


def asked_for(db: sqlite3.Connection, question: Question, settings: Settings) -> list[Task]:
    """Tasks by ``reqid`` and ``jeditaskid``; all of them where neither is sent."""
    ids = question.integers("jeditaskid")
    transforms = None if ids is None else {task_id_of(number) for number in ids}
    known = reading.known_before(settings, question.now)
    return reading.tasks(db, known, question.integers("reqid"), transforms)


def listed_task(task: Task, question: Question) -> Row:
    """One task as the list shows it."""
    return described(task, question, listed) | counters(task) | {"datasets": [_dataset(task)]}


def idds(task: Task) -> Row:
    """The request of a task, as ``/idds/getiddsfortask/`` tells it."""
    return {
        "request_id": task.row["request_id"],
        "status": task.row["request_status"],
        "transform_id": task.row["id"],
        "transform_status": task.transform,
        "workload_id": task.id,
        "pctprocessed": counters(task)["pctfinished"],
    }


def described(task: Task, question: Question, time: Callable[[str | None], str | None]) -> Row:
    """Fields that lists and pages share; they write times differently."""
    row = task.row
    age = round(seconds(row["created"], question.now.isoformat()) / _DAY, 2)
    ended = row["updated"] if task.status in ENDED else None
    return {
        **dict.fromkeys(_EMPTY),
        **_CONSTANT,
        "jeditaskid": task.id,
        "taskname": task.name,
        "status": task.status,
        "username": row["username"],
        "creationdate": time(row["created"]),
        "reqid": row["request_id"],
        "oldstatus": "defined" if task.status == "pending" else None,
        "cloud": row["cloud"],
        "site": row["place"],
        "starttime": time(row["started"]),
        "endtime": time(ended),
        "corecount": row["cores"],
        "taskpriority": row["priority"],
        "currentpriority": row["priority"],
        "splitrule": _split_rule(row),
        "ramcount": row["memory"],
        "errordialog": task.dialog,
        "parent_tid": task.id,
        "statechangetime": time(ended or row["started"] or row["created"]),
        "superstatus": {"pending": "registered", "ready": "registered", "aborting": "running"}.get(
            task.status, task.status
        ),
        "requesttype": hashlib.md5(row["name"].encode(), usedforsecurity=False).hexdigest(),
        "modificationtime": time(row["updated"]),
        "age": age,
        "duration_days": round(seconds(row["created"], ended or question.now.isoformat()) / _DAY, 2),
    }


def _split_rule(row: sqlite3.Row) -> str:
    memory = f"RX={row['memory_offset']}," if row["memory_offset"] else ""
    memory += f"RY={row['memory_step']}," if row["memory_step"] else ""
    return f"NF=1,MW=90000,NT=1,{memory}RZ={row['memory_max']},PL=1,NW=1,EJ=1,PC=1,CV=1,MD=1,IT=1,IA=1"


def counters(task: Task) -> Row:
    """Counters, flat and again in ``dsinfo``; the pruned inputs are not part of the hundred."""
    counts, files = task.counts, task.files
    counted: Row = {
        "nfiles": files,
        "nfilesfinished": counts["finished"],
        "nfilesfailed": counts["failed"],
        "nfilesmissing": counts["missing"],
        "pctfinished": 100 * counts["finished"] // files if files else 0,
        "pctfailed": 100 * counts["failed"] // files if files else 0,
        "neventsTot": 0,
        "neventsUsedTot": 0,
        "neventsRemaining": 0,
        "neventsOutput": 0,
    }
    return {"dsinfo": dict(counted)} | counted


def _dataset(task: Task) -> Row:
    """The input dataset, as the list shows it."""
    row, used = task.row, task.files - task.counts["pending"]
    return {
        **_DATASET,
        "jeditaskid": task.id,
        "datasetid": 2 * row["id"] - 1,
        "creationtime": listed(row["created"]),
        "modificationtime": listed(row["updated"]),
        "status": "ready" if used else "defined",
        "state": "closed" if used == task.files else "mutable",
        "statechecktime": listed(row["updated"]),
        "nfiles": task.files,
        "nfilestobeused": used,
        "nfilesused": used,
        "nfilesfinished": task.counts["finished"],
        "nfilesfailed": task.counts["failed"],
        "nfilesmissing": task.counts["missing"],
    }
