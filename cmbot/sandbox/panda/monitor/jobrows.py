"""Jobs as the monitor lists them, key by key after the recorded ones (reference/panda.md 3.4)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cmbot.sandbox.panda.components import COMPONENTS, columns
from cmbot.sandbox.panda.monitor.reading import job_name
from cmbot.sandbox.panda.rows import workload_id
from cmbot.sandbox.panda.times import clock_face, listed, seconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime

    from cmbot.sandbox.panda.components import Errors
    from cmbot.sandbox.panda.rows import Row

PILOT = "3.7.0.36"
LOG_TYPE = "PR"
_KILOBYTES = 1024
_TAKEN = 0.9
"""Jobs ask for so much of what the task requests (reference/panda.md 13)."""
_ERRORINFO_LIMIT = 300
_STATUS = {"lost": "failed"}
"""Status of a job in PanDA, where it has another name than the attempt's state."""
_EMPTY = (
    "schedulerid",
    "creationhost",
    "homepackage",
    "maxcpuunit",
    "commandtopilot",
    "computingelement",
    "proddblock",
    "dispatchdblock",
    "grid",
    "cpuconversion",
    "sourcesite",
    "destinationsite",
    "transfertype",
    "pilottiming",
    "ninputfiles",
    "countrygroup",
    "parentid",
    "ninputdatafiles",
    "inputfiletype",
    "inputfileproject",
    "inputfilebytes",
    "outputfiletype",
    "jobmetrics",
    "nucleus",
    "jobsubstatus",
    "maxvmem",
    "maxswap",
    "avgrss",
    "avgvmem",
    "avgswap",
    "avgpss",
    "totrchar",
    "totwchar",
    "totrbytes",
    "totwbytes",
    "raterchar",
    "ratewchar",
    "raterbytes",
    "ratewbytes",
    "diskio",
    "memoryleak",
    "memoryleakx2",
    "container_name",
    "meancorecount",
    "gco2_regional",
    "gco2_global",
    "cpu_architecture_level",
)
_CONSTANT: Row = {
    "jobdefinitionid": 0,
    "atlasrelease": "",
    "transformation": "bash-c-enc-new",
    "prodserieslabel": "pandatest",
    "prodsourcelabel": "managed",
    "gshare": "root",
    "maxcpucount": 0,
    "maxdiskcount": 300,
    "maxdiskunit": "MB  ",
    "ipconnectivity": "yes  ",
    "minramunit": "MB",
    "nevents": 0,
    "cmtconfig": "",
    "lockedby": "jedi",
    "relocationflag": 1,
    "jobexecutionid": 0,
    "vo": "wlcg",
    "workinggroup": "Rubin",
    "processingtype": "Rubin",
    "specialhandling": "NULL,ej,pc",
    "noutputdatafiles": 0,
    "outputfilebytes": 0,
    "workqueue_id": 2,
    "hs06": 10,
    "maxwalltime": 0,
    "resourcetype": "Undefined",
    "eventservice": "ordinary",
    "job_label": "managed",
    "category": "run",
    "jobinfo": "",
    "processor_type": "CPU",
}


def status(attempt: sqlite3.Row) -> str:
    """Status of a job in PanDA."""
    state = str(attempt["state"])
    return _STATUS.get(state, state)


def errors(attempt: sqlite3.Row) -> Errors:
    """What components say of an attempt, in the monitor's order."""
    found = json.loads(attempt["errors"])
    names = (component.name for component in COMPONENTS)
    return {name: (found[name][0], _diag(name, *found[name])) for name in names if name in found}


def listed_job(attempt: sqlite3.Row, now: datetime, logs: str, *, memory_as_text: bool) -> Row:
    """One job as ``/jobs/`` lists it.

    Parameters
    ----------
    attempt : `sqlite3.Row`
        Row of the attempt.
    now : `datetime.datetime`
        The sandbox's clock.
    logs : `str`
        URL of the log store.
    memory_as_text : `bool`
        Whether ``maxpss`` is a text in MB, as when a task is asked for, or a number in kB.

    Returns
    -------
    row : `dict`
        The job.
    """
    job = described(attempt, now, logs, listed)
    if memory_as_text and attempt["max_rss"] is not None:
        job["maxpss"] = f"{attempt['max_rss']:.2f}"
    return job | {"consumer": None, "pilotversion": PILOT if job["pilotid"] else "Not specified"}


def log_url(attempt: sqlite3.Row, logs: str, name: str) -> str:
    """Address of one log file of a job."""
    return f"{logs}/{log_place(attempt)}/PandaJob_{attempt['id']}/{name}"


def log_place(attempt: sqlite3.Row) -> str:
    """Folder of a queue in the log store; queues are named by what is posted, so not every name is one."""
    place = attempt["place"] or ""
    return place if re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}", place) else "sandbox"


def described(
    attempt: sqlite3.Row, now: datetime, logs: str, time: Callable[[str | None], str | None]
) -> Row:
    """Fields that lists and pages share; they write times differently."""
    job = {
        **dict.fromkeys(_EMPTY),
        **_CONSTANT,
        **columns(errors(attempt)),
        **_identity(attempt, logs),
        **_instants(attempt, time),
        **_measures(attempt, now),
    }
    if "transform" in errors(attempt):
        job["transformerrordiag"] = errors(attempt)["transform"][1]
    if attempt["state"] in {"failed", "lost"}:
        job |= {
            "destinationse": "local",
            "errorinfo": _errorinfo(attempt),
            "error_desc": "",
            "error_category": "Uncategorized",
        }
    return job


def _identity(attempt: sqlite3.Row, logs: str) -> Row:
    """Which job it is, of which task, where, and how it stands."""
    task, priority = workload_id(attempt["task_id"]), attempt["priority"]
    return {
        "pandaid": attempt["id"],
        "pilotid": f"{log_url(attempt, logs, 'pilotlog.txt')}|{LOG_TYPE}|{PILOT}",
        "modificationhost": "wn001.example.org",
        "produserid": attempt["username"],
        "produsername": attempt["username"],
        "assignedpriority": priority,
        "currentpriority": priority,
        "attemptnr": attempt["number"],
        "maxattempt": attempt["number"],  # it is so in every recorded attempt
        "jobstatus": status(attempt),
        "jobname": job_name(attempt),
        "transexitcode": None if attempt["exit_code"] is None else str(attempt["exit_code"]),
        "computingsite": attempt["place"],
        "destinationdblock": f"PandaJob_#{{pandaid}}.{2 * attempt['task_id']}.{2 * attempt['task_id']}",
        "destinationse": None,
        "cloud": attempt["cloud"],
        "homecloud": attempt["cloud"],
        "taskid": task,
        "jeditaskid": task,
        "reqid": attempt["request_id"],
        "jobsetid": attempt["request_id"],
        "batchid": "123456.0",
        "failedattempt": attempt["number"] - 1,
        "wn": "wn001.example.org",
        "priorityrange": f"{priority // 100 * 100}:{priority // 100 * 100 + 99}",
        "jobsetrange": "0:99",
    }


def _instants(attempt: sqlite3.Row, time: Callable[[str | None], str | None]) -> Row:
    """When it did what."""
    ended = attempt["ended"]
    return {
        "creationtime": time(attempt["created"]),
        "modificationtime": time(ended or attempt["started"]),
        "starttime": time(attempt["started"]),
        "endtime": time(ended),
        "statechangetime": time(ended or attempt["started"]),
        "proddbupdatetime": listed(attempt["created"]),
    }


def _measures(attempt: sqlite3.Row, now: datetime) -> Row:
    """How long it took and waited, and what it used."""
    ended, cores = attempt["ended"], attempt["cores"]
    duration = seconds(attempt["started"], ended or now.isoformat())
    waited = max(seconds(attempt["created"], attempt["started"]), 0.0)
    memory = None if attempt["max_rss"] is None else int(attempt["max_rss"] * _KILOBYTES)
    found = {
        "minramcount": int(attempt["memory"] * _TAKEN),
        "cpuconsumptiontime": round(duration, 1) if ended else 0.0,
        "cpuconsumptionunit": "s" if ended else None,
        "corecount": cores,
        "actualcorecount": cores if ended else None,
        "maxrss": memory,
        "maxpss": memory,
        "hs06sec": int(duration * 10),
        "durationsec": round(duration, 1),
        "durationmin": int(duration // 60),
        "duration": clock_face(duration),
        "waittimesec": waited,
        "waittime": clock_face(waited),
    }
    if memory is not None:
        found["maxpssgbpercore"] = round(memory / 2**20 / cores, 2)
    if ended and round(duration) > 0:
        found["cpuefficiency"] = 100.0
    return found


def _errorinfo(attempt: sqlite3.Row) -> str:
    """All components in one text; with a supervisor error the task buffer's words are a repetition."""
    found = errors(attempt)
    texts = (
        f"{name}:{code} {'' if name == 'taskbuffer' and 'supervisor' in found else diag or ''} "
        for name, (code, diag) in found.items()
    )
    return "".join(texts)[:_ERRORINFO_LIMIT]


def _diag(component: str, code: int, diag: str | None) -> str | None:
    """Text of a component; transform has only its code."""
    return f"Unknown transformation exit code {code}" if component == "transform" else diag
