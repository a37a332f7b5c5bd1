"""The one call of PanDA's own API that a bot without its monitor needs: tasks changed since an instant.

``GET /api/v1/task/get_tasks_detailed_info_since`` with ``since``, ``n_tasks`` and ``filters`` (JSON), and the
headers of the relay. Source: reference/panda.md section 8 and the recorded answers.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from cmbot.sandbox.panda.faults import plain
from cmbot.sandbox.panda.issuer import TokenError
from cmbot.sandbox.panda.monitor import reading, taskpage
from cmbot.sandbox.panda.monitor.question import Question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.sandbox.panda.access import Access
    from cmbot.sandbox.panda.faults import Faults
    from cmbot.sandbox.panda.monitor.reading import Task
    from cmbot.sandbox.panda.rows import Row
    from cmbot.sandbox.panda.store import Store

_FURTHEST = timedelta(days=90)
_TASKS = 500
_REGULAR = re.compile(r"[\^$*+?{}\[\]\\|()]")
_PATTERN_LENGTH = 100
_SPELT = (
    *("jediTaskID", "taskName", "userName", "creationDate", "modificationTime", "startTime", "endTime"),
    *("frozenTime", "prodSourceLabel", "workingGroup", "coreCount", "taskType", "processingType"),
    *("taskPriority", "currentPriority", "transUses", "transHome", "transPath", "lockedBy", "lockedTime"),
    *("termCondition", "splitRule", "walltimeUnit", "outDiskCount", "outDiskUnit", "workDiskCount"),
    *("workDiskUnit", "ramCount", "ramUnit", "ioIntensity", "ioIntensityUnit", "workQueue_ID", "failureRate"),
    *("errorDialog", "reqID", "oldStatus", "countryGroup", "eventService", "ticketID", "ticketSystemType"),
    *("stateChangeTime", "superStatus", "cpuTime", "cpuTimeUnit", "cpuEfficiency", "baseWalltime"),
    *("ttcRequested", "ttcPredicted", "ttcPredictionDate", "requestType", "useJumbo", "diskIO", "diskIOUnit"),
    *("attemptNr",),
)
"""Fields whose names differ from the monitor's by their case."""
_SAME = (
    *("status", "vo", "architecture", "walltime", "progress", "cloud", "site", "parent_tid", "campaign"),
    *("nucleus", "gshare", "container_name", "framework"),
)
_ONLY_HERE = (
    *("mergeRamCount", "mergeRamUnit", "mergeWalltime", "mergeWalltimeUnit", "throttledTime", "numThrottled"),
    *("mergeCoreCount", "goal", "assessmentTime", "baseRamCount", "rescueTime", "memory_leak_core"),
    *("memory_leak_x2", "activatedTime", "queuedTime", "actionTime", "task_creation_arguments"),
)
_COUNTS = ("nFiles", "nFilesFinished", "nFilesFailed", "nFilesMissing", "pctFinished", "pctFailed")


class _Refused(Exception):
    """The server says ``success: false`` with this text."""


def router(store: Store, access: Access, faults: Faults) -> APIRouter:
    """Make the route.

    Parameters
    ----------
    store : `Store`
        The store.
    access : `Access`
        Who may ask.
    faults : `Faults`
        Outages of the server, which are the relay's.

    Returns
    -------
    router : `fastapi.APIRouter`
        One route.
    """
    routes = APIRouter()

    @routes.get("/api/v1/task/get_tasks_detailed_info_since")
    def get_tasks_detailed_info_since(request: Request) -> Response:
        outage = faults.outage_answer(None)
        if outage is not None:
            return outage
        try:
            caller = access.caller(request.headers.get("authorization", ""), request.headers.get("origin"))
        except TokenError as error:
            return plain(f"ERROR : Token authentication failed. {error}", status_code=403)
        try:
            found = _tasks(store, caller, request.query_params)
        except _Refused as error:
            return JSONResponse({"success": False, "message": str(error), "data": None})
        return JSONResponse({"success": True, "message": "", "data": found})

    return routes


def _tasks(store: Store, caller: str, asked: Mapping[str, str]) -> list[Row]:
    """Tasks of somebody, the oldest first, cut before patterns are looked at."""
    filters, now = _filters(asked.get("filters", "")), store.clock()
    owner = filters.pop("userName", caller)
    since = _since(asked.get("since", ""), now)
    number = asked.get("n_tasks", str(_TASKS))
    if not re.fullmatch(r"[0-9]{1,9}", number):
        raise _Refused(f"n_tasks {number[:40]!r} is no number")
    question = Question({}, wants_json=True, now=now)
    with store.transaction() as db:
        everything = reading.tasks(db, now.isoformat(timespec="microseconds"))
        kept = [task for task in everything[::-1] if task.row["updated"] >= since]
        rows = [_row(task, question) for task in kept if _fits(owner, task.row["username"])]
    plain = {key: value for key, value in filters.items() if not _REGULAR.search(value)}
    exact = [row for row in rows if all(str(row.get(key, value)) == value for key, value in plain.items())]
    cut = exact[: int(number)]
    patterns = {key: value for key, value in filters.items() if key not in plain}
    return [row for row in cut if all(_fits(value, str(row.get(key))) for key, value in patterns.items())]


def _filters(text: str) -> dict[str, str]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        raise _Refused("filters are no JSON") from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise _Refused("filter values must be strings")
    return found


def _since(text: str, now: datetime) -> str:
    """First instant, as it is stored; 90 days back at most, and without limit if nothing is sent."""
    if not text:
        return ""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise _Refused(f"since {text[:40]!r} is no time") from error
    instant = max(found.replace(tzinfo=UTC), now - _FURTHEST)
    return instant.isoformat(timespec="microseconds")


def _fits(pattern: str, text: str) -> bool:
    """Equality, or a search for a pattern; one that is none, or too long, is compared as it stands."""
    if not _REGULAR.search(pattern) or len(pattern) > _PATTERN_LENGTH:
        return pattern == text
    try:
        return bool(re.search(pattern, text))
    except re.error:
        return pattern == text


def _row(task: Task, question: Question) -> Row:
    page = taskpage.single_task(task, question)
    shown, parameters = page["task"], page["taskparams"]
    if not isinstance(shown, dict) or not isinstance(parameters, dict):
        raise TypeError(shown)
    counts = shown["dsinfo"]
    return {
        **dict.fromkeys(_ONLY_HERE),
        **{name: shown[name] for name in _SAME},
        **{name: shown[name.lower()] for name in _SPELT},
        **{name: counts[name.lower()] for name in _COUNTS},
        "eventService": 0,
        "baseRamCount": 0,
        "resource_type": shown["resourcetype"],
        "job_execution_params": task.row["executable"],
        "raw_task_params": parameters,
    }
