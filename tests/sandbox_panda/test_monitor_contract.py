"""Key by key: what the sandbox's monitor answers, and what a real one answered (recorded)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Build = Callable[..., dict[str, Any]]

NUMBER = {"int", "float"}

SOMETIMES = {
    "job.cpuefficiency": "only where the job took a second or more",
    "job.transformerrordiag": "only where the payload's exit code is not 0",
    "job.errorinfo": "only of failed and holding jobs",
    "job.error_desc": "only of failed and holding jobs",
    "job.error_category": "only of failed and holding jobs",
    "page.job.cpuefficiency": "only where the job took a second or more",
}
"""Keys that may be there or not, in the recorded answers as well, with the reason."""


@pytest.fixture(scope="module")
def recorded(pytestconfig: pytest.Config) -> Callable[[str], Any]:
    folder = pytestconfig.rootpath.parent / "shared" / "samples" / "panda" / "bigmon"
    if not folder.is_dir():
        pytest.skip("no recorded samples beside the checkout")
    return lambda name: json.loads((folder / f"{name}.json").read_text())


@pytest.fixture(scope="module")
def request_id(shared: Any, workflow: Build) -> int:
    """A request with a failed payload, one killed for its memory, a pruned job, and one that runs."""
    hungry = {"task": "isr", "job": "hungry", "memory": 4096, "run": "contract"}
    shared.order("/sandbox/troubles", **hungry)
    command = "echo 'RuntimeError: no catalogs' >&2; test ${IN/L} != bad && test ${IN/L} != slow || exit 1"
    inputs: dict[str, list[str]] = {"good": [], "bad": [], "hungry": []}
    number: int = shared.result(
        "submit",
        workflow(
            "contract",
            isr={"command": command, "jobs": inputs, "attempts": 2, "step": 1024, "maximum": 1024},
            coadd={"jobs": {"a": ["isr/good"], "b": ["isr/bad"]}},
            finalJob={},
        ),
    )
    assert shared.ended(number) == "SubFinished"
    return number


def _differences(ours: Any, theirs: Any, place: str) -> list[str]:
    """Keys and types that differ; null fits everything, and a number is a number."""
    if ours is None or theirs is None:
        return []
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if place.endswith("errors"):  # its keys are data
            samples = zip(ours.values(), theirs.values(), strict=False)
            return [line for pair in samples for line in _differences(*pair, f"{place}.*")]
        apart = {key for key in set(ours) ^ set(theirs) if f"{place}.{key}" not in SOMETIMES}
        missing = [f"{place}.{key}: {'missing' if key in theirs else 'added'}" for key in apart]
        common = (_differences(ours[key], theirs[key], f"{place}.{key}") for key in set(ours) & set(theirs))
        return missing + [line for lines in common for line in lines]
    if isinstance(theirs, list) and isinstance(ours, list):
        return _differences(ours[0], theirs[0], f"{place}[]") if ours and theirs else []
    same = type(ours) is type(theirs) or {type(ours).__name__, type(theirs).__name__} <= NUMBER
    return [] if same else [f"{place}: {type(ours).__name__}, recorded {type(theirs).__name__}"]


def _row(rows: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    return next(row for row in rows if all(row[key] == value for key, value in wanted.items()))


def test_workflows_are_listed_as_recorded(shared: Any, request_id: int, recorded: Any) -> None:
    rows = shared.json("/idds/wfprogress/?json")
    theirs = recorded("wfprogress_two_running")
    ours = _row(rows, request_id=request_id)
    assert _differences(ours, theirs[0] | {"tasks_statuses": ours["tasks_statuses"]}, "row") == []
    assert list(ours) == list(theirs[0])


@pytest.mark.parametrize("status", ["running", "pending"])
def test_tasks_are_listed_as_recorded(shared: Any, request_id: int, recorded: Any, status: str) -> None:
    rows = shared.json(f"/tasks/?json&reqid={request_id}")
    theirs = _row(recorded("tasks_by_taskname"), status=status)
    for ours in rows:
        assert _differences(ours, theirs, "task") == []


def test_one_task_is_shown_as_recorded(shared: Any, request_id: int, recorded: Any) -> None:
    number = shared.json(f"/tasks/?json&reqid={request_id}")[-1]["jeditaskid"]
    ours, theirs = shared.json(f"/task/{number}/?json"), recorded("task_1")
    assert _differences(ours, theirs, "page") == []
    kinds = {dataset["type"]: dataset for dataset in theirs["datasets"]}
    for dataset in ours["datasets"]:
        assert _differences(dataset, kinds[dataset["type"]], dataset["type"]) == []
    log = shared.json(f"/taskstatuslog/{number}/?json")
    assert _differences(log, recorded("taskstatuslog_1"), "log") == []
    assert [step["status"] for step in log] == ["defined", "ready", "running", "finished"]


def test_jobs_of_one_task_are_listed_as_recorded(shared: Any, request_id: int, recorded: Any) -> None:
    number = shared.json(f"/tasks/?json&reqid={request_id}")[-1]["jeditaskid"]
    ours = shared.json(f"/jobs/?json&jeditaskid={number}&mode=nodrop")
    theirs = recorded("jobs_one_task_nodrop")
    assert list(ours) == list(theirs)
    failed = _row(theirs["jobs"], pandaid=14)
    for job in ours["jobs"]:
        assert _differences(job, failed, "job") == []
        assert ("errorinfo" in job) is (job["jobstatus"] == "failed")
    fields = [part["field"] for part in ours["selectionsummary"]]
    assert fields == [part["field"] for part in theirs["selectionsummary"]]
    assert _differences(ours["errsByCount"], theirs["errsByCount"], "errsByCount") == []


def test_jobs_of_no_particular_task_are_listed_as_recorded(
    shared: Any, request_id: int, recorded: Any
) -> None:
    ours = shared.json(f"/jobs/?json&reqid={request_id}&jobstatus=finished")["jobs"][0]
    theirs = _row(recorded("jobs_window_three_rows")["jobs"], pandaid=21)
    assert _differences(ours, theirs, "job") == []


def test_one_job_is_shown_as_recorded(shared: Any, request_id: int, recorded: Any) -> None:
    failed = shared.json(f"/jobs/?json&reqid={request_id}&jobstatus=failed")["jobs"]
    number = next(job["pandaid"] for job in failed if job["piloterrorcode"] == 1305)
    for address in (f"/job?pandaid={number}&json", f"/job/{number}/?json"):
        ours, theirs = shared.json(address), recorded("job_9")
        assert _differences(ours, theirs, "page") == []
        for mine, real in zip(ours["files"], theirs["files"], strict=True):
            assert _differences(mine, real, real["type"]) == []
        assert ours["job"]["transexitcode"] == "1"
        assert ours["job"]["errorinfo"] == (
            "executor:1 payload failed pilot:1305 Failed to execute payload:RuntimeError: no catalogs"
            " transform:1 Unknown transformation exit code 1 "
        )


def test_errors_are_summed_up_as_recorded(shared: Any, request_id: int, recorded: Any) -> None:
    ours, theirs = shared.json(f"/errors/?json&reqid={request_id}&days=7"), recorded("errors_by_reqid")
    assert _differences(ours, theirs, "errors") == []
    assert [part["field"] for part in ours["jobSummary"]] == [part["field"] for part in theirs["jobSummary"]]
    (task,) = ours["errsByTask"]
    assert _differences(task["errorlist"], theirs["errsByTask"][0]["errorlist"], "errorlist") == []
    # two attempts of a failed payload and two of one killed for its memory, three components each
    assert (task["toterrors"], task["toterrjobs"]) == (12, 4)


def test_short_answers_are_the_recorded_ones(
    shared: Any, request_id: int, recorded: Any, samples: Path
) -> None:
    bad = shared.ask("GET", "/tasks/?json&jeditaskid=abc")
    assert (bad.status_code, bad.json()) == (400, recorded("bad_parameter_400"))
    assert shared.json("/idds/wfprogress/?json&status=Running") == recorded("wfprogress_bad_status_filter")
    assert shared.json("/jobs/?json&taskname=contract*") == recorded("jobs_by_taskname_empty")
    assert shared.json("/api/joberrordescriptions/?json") == recorded("joberrordescriptions_empty")
    text = (samples / "panda" / "bigmon" / "job_unknown_200.http").read_text()
    unknown = shared.ask("GET", "/job?pandaid=99999&json")
    assert unknown.status_code == 200
    assert unknown.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<title>PanDA job" in text
    assert "<title>PanDA job" in unknown.text
