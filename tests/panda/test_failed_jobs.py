"""Failed jobs are asked for together, and what a later attempt mended is no failure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import responses

from cmbot.panda.failed_jobs import failed
from cmbot.panda.monitor import Monitor
from cmbot.settings import PandaSettings
from cmbot.wms.port import Failing, TaskReport
from cmbot.wms.states import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from panda.conftest import Purse

RUN = "u_sandbox_w_2026_46_DM-1234_20261120T055000Z"
JOBS = "https://bigmon.test:8443/jobs/"


class Listing:
    """A monitor that lists jobs as the real one does: for several tasks it hides no attempt."""

    def __init__(self, server: responses.RequestsMock) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []
        server.add_callback("GET", JOBS, self._answer, content_type="application/json")

    def _answer(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.asked.append(request.params)
        tasks = {int(number) for number in request.params["jeditaskid"].split("|")}
        found = [job for job in self.jobs if job["jeditaskid"] in tasks]
        if wanted := request.params.get("jobstatus"):
            found = [job for job in found if job["jobstatus"] == wanted]
        fields = request.params["fields"].split(",")
        rows = [{name: job[name] for name in fields if name in job} for job in found]
        return 200, {}, json.dumps({"jobs": rows})


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as server:
        yield server


@pytest.fixture
def listing(server: responses.RequestsMock) -> Listing:
    return Listing(server)


@pytest.fixture
def monitor(purse: Purse) -> Monitor:
    settings = PandaSettings(relay="https://panda.test/server/panda", monitor="https://bigmon.test:8443/")
    return Monitor(settings, None, purse)


def failing(request_id: int, failures: int, *task_ids: int) -> Failing:
    good = TaskReport(1, "isr", TaskState.DONE, 9, done=9, ids=(900 + request_id,))
    bad = TaskReport(2, "calibrate", TaskState.PARTLY, 9, failed=failures, ids=task_ids)
    return Failing(request_id, RUN, (good, bad), datetime(2026, 11, 20, tzinfo=UTC))


def job(number: int, task: int, name: str, status: str = "failed", attempt: int = 1) -> dict[str, Any]:
    row = {"pandaid": number, "jeditaskid": task, "jobname": name, "jobstatus": status, "attemptnr": attempt}
    return row | {"piloterrorcode": 1305, "piloterrordiag": "ValueError: no"}


def test_the_recorded_attempts_are_the_failures_that_idds_counts(
    monitor: Monitor, listing: Listing, samples: Path
) -> None:
    recorded = json.loads((samples / "panda/bigmon/jobs_one_task_nodrop.json").read_text())
    listing.jobs = recorded["jobs"]
    found = failed(monitor, [failing(1, 4, 1)], 30)[1]
    assert [(each.job, each.errors[0].name) for each in found] == [
        (11, "dataservice:200"),
        (12, "dataservice:200"),
        (13, "pilot:1235"),
        (14, "pilot:1305"),
    ]
    assert {(each.request_id, each.run, each.label) for each in found} == {(1, RUN, "calibrate")}
    assert len(listing.asked) == 2


@pytest.mark.covers("H1", "H2")
def test_many_workflows_are_asked_about_at_once_and_only_their_failed_tasks(
    monitor: Monitor, listing: Listing
) -> None:
    workflows = [failing(number, 2, 10 * number, 10 * number + 1) for number in range(1, 21)]
    listing.jobs = [
        job(10 * task + n, task, f"{task}.{n}")
        for each in workflows
        for task in each.tasks[1].ids
        for n in (1,)
    ]
    found = failed(monitor, workflows, 30)
    assert {number: len(each) for number, each in found.items()} == dict.fromkeys(range(1, 21), 2)
    assert len(listing.asked) == 1
    asked = {int(number) for number in listing.asked[0]["jeditaskid"].split("|")}
    assert asked == {task for each in workflows for task in each.tasks[1].ids}
    assert (listing.asked[0]["days"], listing.asked[0]["outputs"]) == ("30", "jobs")


def test_an_input_whose_retry_succeeded_did_not_fail(monitor: Monitor, listing: Listing) -> None:
    listing.jobs = [
        job(1, 10, "a"),
        job(2, 10, "a", attempt=2),
        job(3, 10, "b"),
        job(4, 10, "b", "finished", attempt=2),
    ]
    found = failed(monitor, [failing(1, 1, 10)], 30)[1]
    assert [(each.job, each.attempt) for each in found] == [(2, 2)]


def test_what_the_monitor_does_not_know_yet_is_not_made_up(monitor: Monitor, listing: Listing) -> None:
    listing.jobs = [job(1, 10, "a")]
    assert len(failed(monitor, [failing(1, 3, 10), failing(2, 1)], 30)[1]) == 1
    assert len(listing.asked) == 1
