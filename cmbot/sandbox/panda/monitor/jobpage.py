"""One job as the monitor shows it: ``/job/<id>/``, ``/jobstatuslog/<id>/`` (reference/panda.md 3.5, 3.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.sandbox.panda.monitor.jobrows import described, status
from cmbot.sandbox.panda.rows import workload_id
from cmbot.sandbox.panda.times import clock_face, listed, seconds, single

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from cmbot.sandbox.panda.rows import Row


def single_job(attempt: sqlite3.Row, now: datetime, logs: str) -> Row:
    """Answer of ``/job/<id>/``."""
    job = described(attempt, now, logs, single)
    return {
        "files": [_log_file(attempt), _input_file(attempt)],
        "job": job
        | {
            "harvesterInfo": {},
            "file_summary_str": "input: 0, size: 0.0GB, #events: 0; output: 0; pseudo_input: 1; log: 1",
            "days_since_creation": 1 + int(seconds(attempt["created"], now.isoformat()) // 86400),
        },
        "dsfiles": [],
    }


def status_log(attempt: sqlite3.Row) -> list[Row]:
    """Answer of ``/jobstatuslog/<id>/``: what the job went through."""
    steps = [("activated", attempt["created"]), ("running", attempt["started"])]
    if attempt["ended"]:
        steps.append((status(attempt), attempt["ended"]))
    ends = [instant for _, instant in steps[1:]]
    return [
        {
            "pandaid": attempt["id"],
            "modificationtime": listed(instant),
            "modificationhost": "localhost",
            "status": word,
            "attemptnr": attempt["number"],
            "reason": None,
            "duration": clock_face(seconds(instant, ends[place])) if place < len(ends) else "---",
            "modiftime_str": single(instant),
        }
        for place, (word, instant) in enumerate(steps)
    ]


def _log_file(attempt: sqlite3.Row) -> Row:
    number = 2 * attempt["task_id"]
    name = f"PandaJob_#{{pandaid}}.{number}.{number}"
    return _file(attempt, "log.tgz", "log", name) | {
        "row_id": 2 * attempt["id"],
        "status": "failed" if attempt["state"] in {"failed", "lost"} else "ready",
        "destinationdblock": name,
        "destinationdblocktoken": "local",
        "destinationse": "local",
        "datasetid": number,
        "attemptnr": 0,
        "destinationdblock_vis": name.removeprefix("PandaJob_"),
    }


def _input_file(attempt: sqlite3.Row) -> Row:
    return _file(attempt, attempt["input"].partition("+")[0], "pseudo_input", "pseudo_dataset") | {
        "row_id": 2 * attempt["id"] - 1,
        "status": "unknown",
        "proddblock": "pseudo_dataset",
        "datasetid": 2 * attempt["task_id"] - 1,
        "attemptnr": attempt["number"] - 1,
    }


def _file(attempt: sqlite3.Row, name: str, kind: str, dataset: str) -> Row:
    empty = ("guid", "proddblock", "proddblocktoken", "dispatchdblock", "dispatchdblocktoken", "md5sum")
    also_empty = ("destinationdblock", "destinationdblocktoken", "destinationse", "checksum", "scope")
    changed = single(attempt["ended"] or attempt["started"])
    return dict.fromkeys((*empty, *also_empty), "") | {
        "pandaid": attempt["id"],
        "modificationtime": changed,
        "lfn": name,
        "type": kind,
        "dataset": dataset,
        "fsize": 0,
        "jeditaskid": workload_id(attempt["task_id"]),
        "fileid": attempt["id"],
        "fsizemb": 0.0,
        "creationdate": changed,
        "datasetname": dataset,
        "ruciodatasetname": dataset,
        "oldfiletable": 1,
        "ddmsite": "All",
    }
