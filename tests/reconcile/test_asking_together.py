"""What passes over many campaigns ask of PanDA's monitor (the measures of requirement H1)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.mirror import journal, plans, reports
from cmbot.models.attempts import AttemptState, Cause
from cmbot.models.issues import Person
from cmbot.operations.commands import obey
from cmbot.panda.service import PandaWms
from cmbot.reconcile import failures
from cmbot.reconcile.passes import Passes
from cmbot.wms.port import TaskReport, WmsReport
from cmbot.wms.states import TaskState, WorkflowState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.reconcile.conftest import MemoryJira, Watcher

EPIC_LINK = "customfield_10001"
START = datetime(2026, 11, 20, 12, tzinfo=UTC)


def name(number: int) -> str:
    return f"CM-2_step1_g{number:04}_a1_{number:08x}"


@dataclass
class Bigmon:
    """PanDA's monitor: two tasks a workflow, failures in the first."""

    numbers: range
    failed: Counter[int]
    """Failed jobs by request id."""
    status: str = "Transforming"
    done: int = 0
    soon: bool = False
    """Whether jobs fail while the others go on; of each failing task one more is tried again then."""
    over: set[int] = field(default_factory=set)
    """Those that have ended before the others."""
    asked: list[str] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)
    """Requests that iDDS was asked about."""

    def ask(self, path: str, /, *, days: int, **parameters: str | int) -> Any:
        self.asked.append(path)
        wanted = [int(each) for key in ("reqid", "jeditaskid") for each in _ids(parameters.get(key))]
        if path == "jobs/":
            return self.jobs(wanted, last="jobstatus" not in parameters)
        return {"idds/wfprogress/": self.workflows, "tasks/": self.tasks}[path](wanted)

    def workflows(self, _: list[int]) -> list[dict[str, Any]]:
        files = {"finished_files": self.done, "total_jedi_files": 20, "total_files": 20}
        row = {"total_tasks": 2, "tasks_statuses": {"Running": 2}} | files
        return [
            row
            | {"request_id": number, "r_name": name(number), "failed_files": self.bad(number)}
            | {"r_status": "SubFinished" if number in self.over else self.status}
            for number in self.numbers
        ]

    def bad(self, number: int) -> int:
        return self.failed[number] if self.soon else 0

    def tasks(self, wanted: list[int]) -> list[dict[str, Any]]:
        files = {"nfiles": 10, "nfilesfinished": self.done // 2, "nfilesmissing": 0}
        return [
            {"jeditaskid": 10 * number + place, "reqid": number, "status": "running"}
            | {"dsinfo": files | {"nfilesfailed": self.bad(number) if place == 1 else 0}}
            | {"taskname": f"{name(number)}_{place:02}_{label}_01_{number}_{place}"}
            for number in wanted
            for place, label in enumerate(("isr", "calibrate"), 1)
        ]

    def jobs(self, wanted: list[int], *, last: bool) -> dict[str, Any]:
        row = {"jobstatus": "failed", "attemptnr": 1, "piloterrorcode": 1305}
        rows = [
            row | {"jeditaskid": task, "pandaid": 1000 * task + job, "jobname": f"{task}.{job}"}
            for task in wanted
            for job in range(self.failed[task // 10] + self.soon)
        ]
        if last and self.soon:
            again = {"jobstatus": "running", "attemptnr": 2, "piloterrorcode": 0}
            rows += [
                row | again | {"pandaid": row["pandaid"] + 500}
                for task in wanted
                for row in rows
                if row["jobname"] == f"{task}.{self.failed[task // 10]}"
            ]
        return {"jobs": rows}

    def idds(self, number: int) -> WmsReport:
        self.confirmed.append(number)
        bad = self.failed[number]
        isr = TaskReport(1, "isr", TaskState.PARTLY, 10, done=10 - bad, failed=bad, ids=(10 * number + 1,))
        calibrate = TaskReport(2, "calibrate", TaskState.DONE, 10, done=10, ids=(10 * number + 2,))
        state = WorkflowState.ENDED_PARTLY
        return WmsReport(number, name(number), "SubFinished", state, (isr, calibrate))


def _ids(text: str | int | None) -> list[str]:
    return str(text).split("|") if text else []


def world(
    watcher: Watcher, jira: MemoryJira, campaigns: int, groups: int, failing: int
) -> tuple[Passes, Bigmon, list[str]]:
    """Campaigns of one step each, all of whose groups were submitted."""
    numbers = range(1, campaigns * groups + 1)
    bad = Counter({number: failing // len(numbers) for number in numbers})
    bad.update(list(numbers)[: failing - bad.total()])
    bigmon = Bigmon(numbers, bad)
    panda = watcher.edges.settings.panda
    wms = PandaWms(panda, lambda: "", watcher.edges.budget, cast("Any", bigmon), lambda: START)
    cast("Any", wms).status = bigmon.idds
    steps = []
    for epic in range(campaigns):
        jira.add(1000 * epic + 1, "Epic", "Running")
        steps.append(jira.add(1000 * epic + 2, status="Running", **{EPIC_LINK: f"CM-{1000 * epic + 1}"}))
    while watcher.look().more:
        pass
    jira.down = True
    cause = Cause("move:1:1", Person("anna"), START, "moved CM-1 to Launch")
    edges, number = watcher.edges, 0
    for step in steps:
        names = [f"g{group:04}" for group in range(groups)]
        rows = [plans.GroupRow(step, group, 1, {"where": "", "table": ""}, "", "") for group in names]
        plans.freeze_groups(edges.mirror, step, rows)
        with edges.mirror.writing() as connection:
            for group in names:
                number += 1
                attempt = journal.add_attempt(connection, step, group, 1, cause, "spec", START)
                item = journal.add_try(connection, attempt, f"{number:08x}", name(number), "", START)
                journal.set_try(connection, item, request_id=number, state="submitted")
                journal.move_attempt(connection, attempt, AttemptState.SUBMITTED, START)
    return Passes(replace(edges, wms=wms), obey), bigmon, steps


def cycle(passes: Passes, bigmon: Bigmon, number: int, minutes: Iterable[int] = range(5)) -> int:
    """Do the passes of five minutes; what they asked of the monitor."""
    bigmon.asked.clear()
    for minute in minutes:
        passes.run(START + timedelta(minutes=5 * number + minute))
    return len(bigmon.asked)


@pytest.mark.covers("H1")
def test_twenty_workflows_of_four_campaigns_with_45_failures_cost_five_requests_a_cycle_at_most(
    watcher: Watcher, jira: MemoryJira
) -> None:
    passes, bigmon, steps = world(watcher, jira, campaigns=4, groups=5, failing=45)
    for number in range(4):
        bigmon.done = 2 * number
        assert cycle(passes, bigmon, number) <= 5
    bigmon.status = "SubFinished"
    for number in range(4, 12):
        assert cycle(passes, bigmon, number) <= 5
        # All twenty together.
        assert Counter(bigmon.asked)["jobs/"] <= 1
    found = [
        attempt for step in steps for (attempt,) in journal.attempts(watcher.edges.mirror, step).values()
    ]
    assert {attempt.state for attempt in found} == {AttemptState.FAILED}
    assert sum(kind.count for attempt in found for kind in failures.kinds(watcher.edges, attempt)) == 45


@pytest.mark.covers("H1", "F12")
def test_failures_that_grow_while_workflows_run_are_explained_within_the_same_measure(
    watcher: Watcher, jira: MemoryJira
) -> None:
    passes, bigmon, steps = world(watcher, jira, campaigns=4, groups=5, failing=0)
    mirror, bigmon.soon = watcher.edges.mirror, True
    for number in range(4):
        bigmon.done, bigmon.failed = 2 * number, Counter(dict.fromkeys(bigmon.numbers, number))
        assert cycle(passes, bigmon, number) <= 5
        assert Counter(bigmon.asked)["jobs/"] <= 2
    found = [attempt for step in steps for (attempt,) in journal.attempts(mirror, step).values()]
    assert {attempt.state for attempt in found} == {AttemptState.RUNNING}
    shown = [group for key in ("CM-1", "CM-3001") for group in watcher.campaign(key).steps[0].groups]
    assert [sum(each.count for each in group.failures) for group in shown] == [3] * 10
    # What is known is not asked about again, and nothing is said again.
    before = list(mirror.db["outbox"].rows)
    assert cycle(passes, bigmon, 4) == 1
    assert list(mirror.db["outbox"].rows) == before


# Long: twelve cycles over a thousand workflows that all change take half a minute of a processor.
@pytest.mark.long
@pytest.mark.covers("H1")
def test_a_thousand_workflows_that_move_fail_and_end_cost_sixty_requests_in_an_hour_at_most(
    watcher: Watcher, jira: MemoryJira
) -> None:
    passes, bigmon, steps = world(watcher, jira, campaigns=4, groups=250, failing=0)
    mirror, bigmon.soon, asked = watcher.edges.mirror, True, 0
    failing = list(bigmon.numbers)[:100]
    for number in range(12):
        # Everything moves; in a tenth one job more fails for good and another is tried again; five end.
        bigmon.done, bigmon.failed = number, Counter(dict.fromkeys(failing, number))
        bigmon.over = set(list(bigmon.numbers)[98 : 98 + 5 * number])
        asked += cycle(passes, bigmon, number, minutes=(0, 1))
    assert asked <= 60
    # Beside it iDDS is asked once about each end, and nothing else.
    assert Counter(bigmon.confirmed) == Counter(bigmon.over)
    found = [attempt for step in steps for (attempt,) in journal.attempts(mirror, step).values()]
    assert sum(not attempt.state.live for attempt in found) == len(bigmon.over) == 55
    assert mirror.db["reports"].count_where("kind = ?", [reports.MONITOR]) == 55
    shown = [group for group in watcher.campaign().steps[0].groups if group.failures]
    assert len(shown) == 100
