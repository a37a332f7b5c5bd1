"""Many workflows by few questions: what they cost, and that nothing but a confirmed end is an end."""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from cmbot.exceptions import CmbotError, Limited, NotFound, RemoteError
from cmbot.mirror import Mirror
from cmbot.mirror.budget import Budget
from cmbot.panda.monitor import Monitor
from cmbot.panda.service import PandaWms
from cmbot.settings import PandaSettings
from cmbot.wms.port import Failing, Look, WmsReport
from cmbot.wms.states import WorkflowState

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
BIGMON, SERVER = "bigmon.test", "panda.test"
SETTINGS = PandaSettings(relay=f"https://{SERVER}/server/panda", monitor=f"https://{BIGMON}", timeout=5)
LABELS = ("isr", "calibrate")


def name(number: int) -> str:
    return f"CM-2_step1_g{number:03}_a1_{number:08x}"


@dataclass
class Bigmon:
    """A monitor and a relay in memory, with a budget that the mirror keeps."""

    status: dict[int, str] = field(default_factory=dict)
    """By request id."""
    done: Counter[int] = field(default_factory=Counter)
    """Jobs of each task that are done, of ten."""
    failed: Counter[int] = field(default_factory=Counter)
    """Jobs of the first task that failed."""
    broken: dict[str, Any] = field(default_factory=dict)
    """Answer of a path of the monitor's instead of the right one."""
    changed: dict[int, dict[str, Any]] = field(default_factory=dict)
    """What rows of ``wfprogress`` say instead."""
    hidden: set[int] = field(default_factory=set)
    """Requests that the monitor does not list."""
    idds: dict[int, str] = field(default_factory=dict)
    """Requests that iDDS says something else of."""
    idds_down: bool = False
    now: datetime = START
    asked: Counter[str] = field(default_factory=Counter)
    """Requests by path; the relay's is ``relay``."""
    days: dict[str, int] = field(default_factory=dict)
    """How far back it was asked to look last, by path."""
    wms: PandaWms = field(init=False)
    budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        limits = {BIGMON: 500, SERVER: 3600}
        self.budget = Budget(Mirror(Path(":memory:")), limits, 50, clock=lambda: self.now)
        self.restart()

    def restart(self) -> None:
        monitor = Monitor(SETTINGS, None, self.budget)
        self.wms = PandaWms(SETTINGS, lambda: "0123456789", self.budget, monitor, lambda: self.now)

    def run(self, *numbers: int) -> None:
        for number in numbers:
            self.status[number] = "Transforming"

    def look(self, *numbers: int) -> Look:
        """Look at some requests, or at all; five minutes go by before."""
        self.now += timedelta(minutes=5)
        return self.wms.statuses({number: name(number) for number in numbers or self.status}, START)

    @property
    def monitor_requests(self) -> int:
        return sum(count for path, count in self.asked.items() if path != "relay")

    # ---------------------------------------------------------------------- what is answered

    def page(self, request: Any) -> tuple[int, dict[str, str], str]:
        path = request.path_url.partition("?")[0].strip("/")
        self.asked[path] += 1
        kind = {"Content-Type": "application/json"}
        if path in self.broken:
            status, body = self.broken[path]
            return status, kind if not str(body).startswith("<") else {"Content-Type": "text/html"}, body
        self.days[path] = int(request.params["days"])
        numbers = request.params.get("reqid") or request.params.get("jeditaskid") or ""
        wanted = [int(number) for number in numbers.split("|") if number]
        rows = {"idds/wfprogress": self.workflows, "tasks": self.tasks, "jobs": self.jobs}[path](wanted)
        return 200, kind, json.dumps(rows)

    def workflows(self, _: list[int]) -> list[dict[str, Any]]:
        rows = []
        for number, status in self.status.items():
            row = {"request_id": number, "r_name": name(number), "r_status": status, "total_tasks": 2}
            row |= {"tasks_statuses": {"Running": 2}, "finished_files": 10 * self.done[number]}
            row |= {"failed_files": 10 * self.failed[number], "total_jedi_files": 20, "total_files": 20}
            if number not in self.hidden:
                rows.append(row | self.changed.get(number, {}))
        return rows

    def tasks(self, wanted: list[int]) -> list[dict[str, Any]]:
        rows = []
        for number in reversed(wanted):
            for place, label in enumerate(LABELS, 1):
                task = f"{name(number)}_{place:02}_{label}_01_{number}_{place}"
                failed = self.failed[number] if place == 1 else 0
                counts = {"nfiles": 10, "nfilesfinished": self.done[number], "nfilesfailed": failed}
                row = {"jeditaskid": 10 * number + place, "reqid": number, "taskname": task}
                rows.append(row | {"status": "running", "dsinfo": counts | {"nfilesmissing": 0}})
        return rows

    def jobs(self, wanted: list[int]) -> dict[str, Any]:
        rows = []
        for task in wanted:
            for job in range(self.failed[task // 10] if task % 10 == 1 else 0):
                row = {"jeditaskid": task, "pandaid": 1000 * task + job, "jobname": f"{task}.{job}"}
                rows.append(row | {"jobstatus": "failed", "attemptnr": 1, "piloterrorcode": 1305})
        return {"jobs": rows}

    def relay(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.asked["relay"] += 1
        if self.idds_down:
            return 200, {}, json.dumps([True, [False, "Connection exception"]])
        number = json.loads(parse_qs(request.body)["kwargs"][0])["request_id"]
        return 200, {}, json.dumps([True, list(self.idds_rows(number))])

    def idds_rows(self, number: int) -> Iterator[dict[str, Any]]:
        if number not in self.status:
            return
        status = self.idds.get(number, self.status[number])
        named = {"attributes": {"_name_": status}}
        for place, label in enumerate(LABELS, 1):
            row = {"request_id": number, "name": name(number), "status": named, "substatus": None}
            row |= {"transform_id": place, "transform_name": f"{name(number)}_{place:02}_{label}_01"}
            row |= {"transform_status": named, "output_total_files": 10}
            row |= {"output_processed_files": self.done[number], "output_failed_files": 0}
            yield row | {"transform_workload_id": 10 * number + place}


@contextmanager
def serving() -> Iterator[Bigmon]:
    bigmon = Bigmon()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as server:
        server.add_callback(responses.GET, re.compile(f"https://{BIGMON}/.*"), bigmon.page)
        server.add_callback(responses.POST, re.compile(f"https://{SERVER}/.*"), bigmon.relay)
        yield bigmon


@pytest.fixture
def bigmon() -> Iterator[Bigmon]:
    with serving() as bigmon:
        yield bigmon


def states(look: Look) -> dict[int, WorkflowState]:
    return {number: found.state for number, found in look.reports.items() if isinstance(found, WmsReport)}


def troubles(look: Look) -> dict[int, type[CmbotError]]:
    return {number: type(found) for number, found in look.reports.items() if isinstance(found, CmbotError)}


# ------------------------------------------------------------------------------------------ measures


@pytest.mark.covers("H1")
def test_twenty_workflows_with_forty_five_failures_cost_five_requests_at_most(bigmon: Bigmon) -> None:
    bigmon.run(*range(1, 21))
    bigmon.failed.update({number: 2 + (number <= 5) for number in range(1, 21)})
    look = bigmon.look()
    found = [report for report in look.reports.values() if isinstance(report, WmsReport)]
    assert sum(len(report.tasks) for report in found) == 40
    asked = [Failing(report.request_id, report.name, report.tasks, START) for report in found]
    failures = bigmon.wms.failures(asked)
    assert sum(len(each) for each in failures.values()) == 45
    assert bigmon.monitor_requests <= 5
    assert bigmon.asked["relay"] == 0


@pytest.mark.covers("H1")
def test_a_thousand_workflows_that_all_move_cost_sixty_requests_in_an_hour_at_most(bigmon: Bigmon) -> None:
    bigmon.run(*range(1, 1001))
    for cycle in range(12):
        bigmon.done.update(dict.fromkeys(bigmon.status, 1 if cycle < 10 else 0))
        assert len(states(bigmon.look())) == 1000
    assert sum(bigmon.asked.values()) <= 60
    assert bigmon.budget.spent(BIGMON) == bigmon.monitor_requests


@pytest.mark.covers("H1", "H2")
def test_without_news_one_request_is_enough(bigmon: Bigmon) -> None:
    bigmon.run(*range(1, 301))
    first = bigmon.look()
    bigmon.asked.clear()
    assert bigmon.look() == first
    assert bigmon.asked == {"idds/wfprogress": 1}


def test_only_what_has_changed_is_asked_for(bigmon: Bigmon) -> None:
    bigmon.run(1, 2)
    bigmon.look()
    bigmon.done[2] = 4
    look = bigmon.look()
    found = look.reports[2]
    assert isinstance(found, WmsReport)
    assert (found.done, found.expected, [task.label for task in found.tasks]) == (8, 20, list(LABELS))
    assert bigmon.asked == {"idds/wfprogress": 2, "tasks": 2}


@pytest.mark.covers("H2", "H3")
def test_the_monitor_looks_back_no_further_than_it_must_and_seven_days_at_most(bigmon: Bigmon) -> None:
    bigmon.run(1)
    bigmon.failed[1] = 1
    bigmon.look()
    assert bigmon.days == {"idds/wfprogress": 1, "tasks": 1}
    bigmon.now += timedelta(days=3)
    bigmon.done[1] = 1
    bigmon.look()
    assert bigmon.days == {"idds/wfprogress": 4, "tasks": 4}
    bigmon.now += timedelta(days=30)
    bigmon.done[1] = 2
    # The real one would not list it any more; iDDS is asked then.
    bigmon.hidden.add(1)
    (report,) = bigmon.look().reports.values()
    assert (bigmon.days["idds/wfprogress"], bigmon.asked["relay"]) == (7, 1)
    # Of a failed job that is older everything is still known.
    assert isinstance(report, WmsReport)
    tasks = tuple(replace(task, failed=int(task.label == "isr")) for task in report.tasks)
    assert len(bigmon.wms.failures([Failing(1, name(1), tasks, START)])[1]) == 1
    assert bigmon.days["jobs"] == 34


# ------------------------------------------------------------------------------------------ what is believed


@pytest.mark.covers("W6")
def test_an_end_is_confirmed_at_idds_once(bigmon: Bigmon) -> None:
    bigmon.run(1, 2)
    bigmon.look()
    bigmon.status[1], bigmon.done[1] = "Finished", 10
    for _ in range(3):
        assert states(bigmon.look()) == {1: WorkflowState.ENDED_OK, 2: WorkflowState.RUNNING}
    assert bigmon.asked["relay"] == 1
    # Someone restarts it.
    bigmon.status[1] = "Transforming"
    assert states(bigmon.look())[1] is WorkflowState.RUNNING


@pytest.mark.covers("E5")
def test_the_monitor_s_own_rows_of_what_ended_come_with_the_question_about_what_moves(bigmon: Bigmon) -> None:
    bigmon.run(1, 2)
    assert bigmon.look().rows == {}
    bigmon.asked.clear()
    bigmon.status[1], bigmon.done[1], bigmon.done[2] = "Finished", 10, 3
    bigmon.changed[1] = {"cloud": "US", "note": "Bearer 0123456789"}
    rows = bigmon.look().rows
    assert bigmon.asked == {"idds/wfprogress": 1, "tasks": 1, "relay": 1}
    assert list(rows) == [1]
    workflow = {"request_id": 1, "r_status": "Finished", "cloud": "US", "note": "Bearer ***"}
    assert workflow.items() <= rows[1]["workflow"].items()
    tasks = [(row["reqid"], row["jeditaskid"], row["dsinfo"]["nfilesfinished"]) for row in rows[1]["tasks"]]
    assert sorted(tasks) == [(1, 11, 10), (1, 12, 10)]
    # Once.
    assert bigmon.look().rows == {}


@pytest.mark.covers("E5")
def test_rows_that_cannot_be_had_at_the_end_are_asked_for_at_the_next_look(bigmon: Bigmon) -> None:
    bigmon.run(1)
    bigmon.look()
    bigmon.status[1], bigmon.done[1] = "Finished", 10
    bigmon.broken["tasks"] = (500, "<html>")
    look = bigmon.look()
    assert (states(look), look.rows) == ({1: WorkflowState.ENDED_OK}, {})
    bigmon.broken.clear()
    # Rows of others, which a filter that was not understood lets through, are left out.
    bigmon.look()
    bigmon.broken["tasks"] = (200, json.dumps([*bigmon.tasks([1, 2]), {"reqid": 1, "jeditaskid": 7}]))
    bigmon.restart()
    assert {row["jeditaskid"] for row in bigmon.look().rows[1]["tasks"]} == {11, 12}


def test_an_end_that_idds_does_not_know_of_is_none(bigmon: Bigmon) -> None:
    bigmon.run(1)
    bigmon.status[1], bigmon.idds[1] = "Finished", "Transforming"
    assert states(bigmon.look()) == {1: WorkflowState.RUNNING}
    bigmon.idds_down = True
    assert troubles(bigmon.look()) == {1: RemoteError}


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("idds/wfprogress", (200, "[]")),
        ("idds/wfprogress", (200, "{}")),
        ("idds/wfprogress", (200, "[{")),
        ("idds/wfprogress", (200, "<html>")),
        ("idds/wfprogress", (500, "<html>")),
        ("idds/wfprogress", (429, '{"error": "too many requests per hour, please try later"}')),
        ("idds/wfprogress", (403, '{"error": "You are blacklisted, access denied"}')),
        ("tasks", (200, "[]")),
        ("tasks", (500, "<html>")),
    ],
)
def test_what_the_monitor_cannot_tell_idds_is_asked(bigmon: Bigmon, path: str, answer: Any) -> None:
    bigmon.run(1, 2)
    bigmon.broken[path] = answer
    assert states(bigmon.look()) == {1: WorkflowState.RUNNING, 2: WorkflowState.RUNNING}
    assert bigmon.asked["relay"] == 2


@pytest.mark.covers("H1")
def test_a_monitor_that_refuses_is_left_alone_for_a_while(bigmon: Bigmon) -> None:
    bigmon.run(1)
    bigmon.broken["idds/wfprogress"] = (429, "{}")
    for _ in range(4):
        bigmon.look()
    assert bigmon.monitor_requests < 4
    bigmon.broken.clear()
    bigmon.asked.clear()
    for _ in range(16):
        bigmon.look()
    assert bigmon.asked["idds/wfprogress"] > 4


@pytest.mark.parametrize(
    "row",
    [
        {"r_name": "somebody_elses"},
        {"r_name": None},
        {"request_id": "one"},
        {"request_id": None},
        {"r_status": "Finished"},
    ],
)
def test_a_row_that_does_not_belong_proves_nothing(bigmon: Bigmon, row: dict[str, Any]) -> None:
    bigmon.run(1, 2)
    bigmon.changed[1], bigmon.idds[1] = row, "Transforming"
    assert states(bigmon.look()) == {1: WorkflowState.RUNNING, 2: WorkflowState.RUNNING}
    assert bigmon.asked["relay"] == 1


def test_a_status_that_is_not_known_harms_its_own_workflow_only(bigmon: Bigmon) -> None:
    bigmon.run(1, 2)
    bigmon.changed[1] = {"r_status": "Dreaming"}
    look = bigmon.look()
    assert states(look) == {2: WorkflowState.RUNNING}
    assert "Dreaming" in str(look.reports[1])


def test_old_monitors_in_lower_case_and_ids_as_texts_are_understood(bigmon: Bigmon) -> None:
    bigmon.run(1)
    bigmon.changed[1] = {"r_status": "transforming", "r_name": name(1).lower(), "request_id": "1"}
    assert states(bigmon.look()) == {1: WorkflowState.RUNNING}
    assert bigmon.asked["relay"] == 0


@pytest.mark.covers("W1")
def test_other_requests_are_named(bigmon: Bigmon) -> None:
    bigmon.run(1, 2, 3)
    bigmon.status[3] = "Cancelled"
    assert bigmon.look(1).others == {2: name(2)}


# ------------------------------------------------------------------------------------------ one by one


def test_a_request_that_idds_does_not_know_is_told_as_such(bigmon: Bigmon) -> None:
    bigmon.run(1)
    look = bigmon.look(1, 7)
    assert states(look) == {1: WorkflowState.RUNNING}
    assert troubles(look) == {7: NotFound}


@pytest.mark.covers("H1")
def test_without_a_monitor_the_budget_is_shared_by_turns(bigmon: Bigmon) -> None:
    bigmon.run(*range(1, 1001))
    bigmon.broken["idds/wfprogress"] = (500, "<html>")
    seen: Counter[int] = Counter()
    for _ in range(12):
        look = bigmon.look()
        assert not troubles(look)
        seen.update(states(look).keys())
    assert bigmon.asked["relay"] <= 3600
    assert max(seen.values()) - min(seen.values()) <= 1
    assert set(seen) == set(bigmon.status)


def test_a_spent_budget_is_told_of_every_request(bigmon: Bigmon) -> None:
    bigmon.run(1, 2)
    bigmon.broken["idds/wfprogress"] = (500, "<html>")
    for _ in range(3550):
        bigmon.budget.spend(SERVER)
    assert troubles(bigmon.wms.statuses({1: name(1), 2: name(2)}, START)) == {1: Limited, 2: Limited}


def test_a_restart_forgets_nothing_that_matters(bigmon: Bigmon) -> None:
    bigmon.run(1, 2)
    bigmon.done.update({1: 3, 2: 5})
    before = bigmon.look()
    spent = bigmon.budget.spent(BIGMON)
    bigmon.restart()
    assert bigmon.look() == before
    assert bigmon.budget.spent(BIGMON) == 2 * spent


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
rows = st.dictionaries(
    st.sampled_from(["request_id", "r_name", "r_status", "tasks_statuses", "total_files", "reqid", "status"]),
    anything | st.sampled_from([1, "Finished", "SubFinished", name(1), "Transforming"]),
)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["idds/wfprogress", "tasks"]), st.lists(rows) | anything)))
def test_whatever_the_monitor_says_nothing_ends_that_goes_on_at_idds(said: list[tuple[str, Any]]) -> None:
    with serving() as bigmon:
        bigmon.run(1)
        for path, answer in said:
            bigmon.broken = {path: (200, json.dumps(answer))}
            assert not any(state.ended for state in states(bigmon.look()).values())
