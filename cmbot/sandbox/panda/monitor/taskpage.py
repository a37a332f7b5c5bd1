"""One task as the monitor shows it: ``/task/<id>/``, ``/taskstatuslog/<id>/`` (reference/panda.md 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.sandbox.panda.monitor.tasks import ENDED, counters, described
from cmbot.sandbox.panda.times import clock_face, listed, seconds, single

if TYPE_CHECKING:
    from cmbot.sandbox.panda.monitor.question import Question
    from cmbot.sandbox.panda.monitor.reading import Task
    from cmbot.sandbox.panda.rows import Row


def single_task(task: Task, question: Question) -> Row:
    """Answer of ``/task/<id>/``; here ``pctfinished`` is empty outside of ``dsinfo``."""
    counted = counters(task)
    more = {
        "dc_info": None,
        "dsinfo": counted["dsinfo"],
        "totev": 0,
        "totevproc": 0,
        "pctfinished": "",
        "totevhs06": None,
        "totevoutput": 0,
        "rating": -1,
        "rating_feedback": [],
        "kibanatimefrom": f"{task.row['created'][:19]}Z",
        "kibanatimeto": f"{question.now:%Y-%m-%dT%H:%M:%S}Z",
        "destination": "local",
        "brokerage": "analy_brokerage",
    }
    return {
        "task": described(task, question, single) | more,
        "taskparams": _parameters(task),
        "datasets": _single_datasets(task),
    }


def status_log(task: Task) -> list[Row]:
    """Answer of ``/taskstatuslog/<id>/``: what the task went through."""
    row = task.row
    steps = [("defined", row["created"]), ("ready", row["created"])]
    if row["started"]:
        steps.append(("running", row["started"]))
    if task.status in ENDED:
        steps.append((task.status, row["updated"]))
    ends = [instant for _, instant in steps[1:]]
    return [
        {
            "jeditaskid": task.id,
            "modificationtime": listed(instant),
            "modificationhost": "localhost",
            "status": status,
            "attemptnr": 0,
            "reason": task.dialog if status == task.status else None,
            "duration": clock_face(seconds(instant, ends[place])) if place < len(ends) else "---",
            "modiftime_str": single(instant),
        }
        for place, (status, instant) in enumerate(steps)
    ]


def _single_datasets(task: Task) -> list[Row]:
    """The three datasets of a task's page; here nothing is null, but empty."""
    name, number = "PandaJob_#{pandaid}", 2 * task.row["id"]
    zero: Row = dict.fromkeys(("neventstobeused", "nevents", "neventsused", "nfileswaiting", "nfiles"), 0)
    none: Row = dict.fromkeys(("nfilesfinished", "nfilesmissing", "nfilesfailed"), 0)
    log: Row = {"jeditaskid": task.id, "masterid": "", "streamname": "LOG0", "storagetoken": "local"}
    failed: Row = {"nfilesfailed": task.counts["failed"]}
    inputs: Row = {
        "nfiles": task.files,
        "nfilesfinished": task.counts["finished"],
        "nfilesmissing": task.counts["missing"],
        "storagetoken": "",
        "streamname": "",
        "percentfinished": counters(task)["pctfinished"],
    }
    return [
        zero | none | log | dataset
        for dataset in (
            _dataset_of("log", f"{name}.{number}.{number}", number, name, "registered") | failed,
            _dataset_of("tmpl_log", f"{name}/", number, f"{name}/", "defined"),
            _dataset_of("pseudo_input", "pseudo_dataset", number - 1, "pseudo_dataset", "ready")
            | {"containername": "pseudo_dataset"}
            | inputs
            | failed,
        )
    ]


def _dataset_of(kind: str, name: str, number: int, scope: str, status: str) -> Row:
    return {
        "type": kind,
        "datasetname": name,
        "containername": "",
        "datasetid": number,
        "scope": scope,
        "status": status,
    }


def _parameters(task: Task) -> Row:
    """The submission of a task."""
    row = task.row
    return {
        "vo": "wlcg",
        "site": row["place"],
        "workingGroup": "Rubin",
        "nFilesPerJob": 1,
        "nFiles": sum(task.counts.values()),
        "noInput": True,
        "pfnList": [],
        "taskName": task.name,
        "userName": row["username"],
        "taskPriority": row["priority"],
        "architecture": "",
        "transUses": "",
        "transHome": None,
        "transPath": "bash-c-enc-new",
        "encJobParams": True,
        "processingType": "Rubin",
        "prodSourceLabel": "managed",
        "noWaitParent": True,
        "taskType": "test",
        "coreCount": row["cores"],
        "skipScout": True,
        "cloud": row["cloud"],
        "PandaSite": row["site"],
        "ramCount": float(row["memory"]),
        "ramUnit": "MBPerCoreFixed",
        "retryRamStep": float(row["memory_step"]),
        "retryRamMax": row["memory_max"],
        "prestagingRuleID": 123,
        "nChunksToWait": 1,
        "maxCpuCount": 1,
        "maxWalltime": 90000,
        "maxFailure": row["max_attempt"],
        "maxAttempt": row["max_attempt"],
        "log": {
            "destination": "local",
            "value": "${LOG0}",
            "dataset": "PandaJob_#{pandaid}/",
            "token": "local",
            "param_type": "log",
            "type": "template",
        },
        "jobParameters": [{"type": "constant", "value": row["executable"]}],
        "reqID": row["request_id"],
        "pushStatusChanges": True,
        "messageDriven": True,
        "cloudAsVO": True,
    }
