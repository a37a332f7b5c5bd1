"""``cmbot workflows`` and ``cmbot jobs``: what PanDA's own pages list, for what cmbot runs."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest
import responses

from cmbot.mirror import journal, reports
from cmbot.wms.port import TaskReport
from cmbot.wms.states import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.models.attempts import Try

MONITOR = "https://bigmon.example.org"
RUN = "CM-2_step1_g001_a1_0a1b2c3d"
TASKS = (
    TaskReport(1, "isr", TaskState.PARTLY, 10, done=7, failed=3, ids=(71,)),
    TaskReport(2, "calibrate", TaskState.DONE, 7, done=7, ids=(72,)),
)
WMS = {
    "status": "SubFinished",
    "counts": {"total": 17, "done": 14, "failed": 3, "running": 0},
    "tasks": [asdict(task) for task in TASKS],
}
SAYS = "Execution of task 'isr' on quantum x failed. Exception ValueError: no stars"


def row(number: int, attempt: int = 1, **more: Any) -> dict[str, Any]:
    known = {"pandaid": number, "jeditaskid": 71, "jobname": f"job.{number}", "jobstatus": "failed"}
    return known | {"attemptnr": attempt, "computingsite": "SLAC_Rubin", "transexitcode": "1"} | more


JOBS = [
    row(11, 2, piloterrorcode=1305, piloterrordiag="ValueError: no stars", minramcount=1843, maxrss=921600)
    | {"pilotid": "https://logs.example.org/11/pilotlog.txt|x|y"},
    row(12, piloterrorcode=1305, piloterrordiag="payload failed"),
    row(13, piloterrorcode=1099, piloterrordiag="stage-in <b>failed</b>", transexitcode=None),
]


def learn(terminal: Any, kind: str, body: dict[str, Any]) -> Try:
    with closing(terminal.mirror()) as mirror, mirror.writing() as connection:
        ((attempt,),) = journal.attempts(mirror, "10002").values()
        item: Try = attempt.last_try
        reports.save(connection, item.id, kind, body, attempt.created_at)
    return item


@pytest.fixture
def failed(followed: Any) -> Any:
    """Three of ten jobs of CM-3 have failed, and five quanta, of which two said the same as a job."""
    followed.write_settings(
        panda={"relay": "http://127.0.0.1:1/server/panda", "monitor": MONITOR}, sites={"laptop": {}}
    )
    learn(followed, "wms", WMS)
    quanta = [
        {"label": "isr", "data_id": {"visit": visit}, "message": message, "run": "u/a1"}
        for visit, message in enumerate([SAYS, SAYS, "KeyError: 'x'", "", ""], 1)
    ]
    counts = {"total": 10, "done": 5, "failed": 5, "running": 0}
    report = {"tasks": [], "failed_quanta": quanta}
    learn(followed, "data", {"counts": counts, "details": [], "report": report})
    return followed


@pytest.fixture
def monitor() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as server:
        yield server


@pytest.mark.covers("F8", "F13")
@pytest.mark.parametrize("key", ["CM-1", "CM-2", "CM-3"])
def test_workflows_are_listed_as_panda_lists_them(failed: Any, key: str) -> None:
    item = learn(failed, "wms", WMS)
    [found] = json.loads(failed.run("workflows", key, "--json").output)
    assert (found["request"], found["status"], found["name"]) == (4711, "SubFinished", RUN)
    assert found["created"] == item.reserved_at.isoformat()
    assert found["tasks"] == {"done": 1, "partly": 1}
    assert (found["remaining"], found["jobs"]["done"], found["jobs"]["total"]) == (0, 14, 17)
    heading, _, line = failed.run("workflows", key).output.splitlines()
    assert heading.split()[:4] == ["request", "status", "created", "tasks"]
    assert " ".join(line.split()) == (
        f"4711 SubFinished 2026-11-20 08:15 2 1 done, 1 partly 0 14 3 17 step1 g001 a1 {RUN}"
    )


@pytest.mark.covers("F8")
def test_a_workflow_of_which_panda_said_nothing_yet_is_listed(followed: Any) -> None:
    [found] = json.loads(followed.run("workflows", "CM-1", "--json").output)
    assert (found["status"], found["state"], found["tasks"]) == ("", "failed", {})
    assert "4711" in followed.run("workflows", "CM-1", "--group", "g001").output
    (line,) = followed.refused("workflows", "CM-1", "--group", "g002")
    assert "has no workflow yet" in line


@pytest.mark.covers("F9", "F11", "F12", "H1")
@pytest.mark.parametrize("key", ["CM-1", "CM-3"])
def test_every_failed_job_is_listed_with_what_it_ran_on_where_and_why(
    failed: Any, monitor: responses.RequestsMock, key: str
) -> None:
    monitor.get(f"{MONITOR}/jobs/", json={"jobs": JOBS})
    first, second, third = json.loads(failed.run("jobs", key, "--json").output)
    assert len(monitor.calls) == 1
    assert (first["task"], first["job"], first["number"], first["site"]) == ("isr", 11, 2, "SLAC_Rubin")
    assert (first["error"], first["diag"], first["exit_code"]) == ("pilot:1305", "ValueError: no stars", 1)
    assert (first["memory"], first["used"]) == (1843, 900)
    assert first["page"] == f"{MONITOR}/job/11/"
    assert first["log"] == "https://logs.example.org/11/payload.stderr"
    # Two quanta said what this job says; the next says only that it failed; the last never ran any.
    assert first["data_ids"] == ["visit=1", "visit=2"]
    assert second["data_ids"] == [f"visit={number}" for number in range(1, 6)]
    assert (third["data_ids"], third["exit_code"], third["log"]) == ([], None, "")
    shown = failed.run("jobs", key, "--task", "isr").output.splitlines()
    assert shown[:5] == [
        "step1 g001 a1 isr: job 11, attempt 2 at SLAC_Rubin, exit 1, 900 of 1843 MB",
        "    pilot:1305 ValueError: no stars",
        "    one of 2: visit=1; visit=2",
        f"    {MONITOR}/job/11/",
        "    https://logs.example.org/11/payload.stderr",
    ]
    assert "    one of 5: visit=1; visit=2; visit=3 …" in shown
    assert failed.run("jobs", key, "--most", "1").output.splitlines()[-1] == "and 2 more (--most)"
    assert "no job is known to have failed" in failed.run("jobs", key, "--task", "calibrate").output


@pytest.mark.covers("H1")
def test_a_monitor_that_refuses_or_is_none_is_said_plainly(
    failed: Any, monitor: responses.RequestsMock
) -> None:
    monitor.get(f"{MONITOR}/jobs/", status=429, json={"error": "too many requests per hour"})
    (line,) = failed.refused("jobs", "CM-1")
    assert "too many requests in the last hour" in line
    failed.write_settings()
    (line,) = failed.refused("jobs", "CM-1")
    assert line.startswith("panda.monitor: is not set")


def test_where_nothing_failed_nobody_is_asked(failed: Any) -> None:
    learn(failed, "wms", WMS | {"tasks": [asdict(TASKS[1])]})
    assert "no job is known to have failed" in failed.run("jobs", "CM-1").output
