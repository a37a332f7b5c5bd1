"""Failures are asked for once, kept, and explained over the whole step."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.exceptions import RemoteError
from cmbot.mirror import journal, reports
from cmbot.models.attempts import AttemptState, Cause
from cmbot.models.failures import Action, Failure, JobError
from cmbot.models.issues import Issue, Level, Person, Status
from cmbot.models.views import CampaignView, Counts, GroupView, StepView
from cmbot.reconcile import failures
from cmbot.wms.errors import distinct
from cmbot.wms.explaining import worst
from cmbot.wms.port import Failing, TaskReport
from cmbot.wms.states import TaskState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmbot.reconcile.edges import Edges

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
STEP = Issue("10002", "CM-2", Level.STEP, Status.RUNNING, "step1", NOW)
NAN = JobError("pilot", 1305, "Failed to execute payload:ValueError: cannot convert float NaN to integer")


class Jobs:
    """A WMS that knows why jobs failed, or has a trouble."""

    def __init__(self) -> None:
        self.known: tuple[Failure, ...] = ()
        self.trouble: RemoteError | None = None
        self.asked: list[tuple[str, ...]] = []

    def failures(self, asked: Sequence[Failing]) -> dict[int, tuple[Failure, ...]]:
        self.asked.append(tuple(task.label for each in asked for task in each.tasks if task.failed))
        if self.trouble:
            raise self.trouble
        return {each.request_id: self.known for each in asked}


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def edges(watcher: Any, jobs: Jobs) -> Edges:
    return replace(watcher.edges, wms=cast("Any", jobs))


def task(label: str, expected: int, failed: int) -> TaskReport:
    return TaskReport(1, label, TaskState.PARTLY, expected, done=expected - failed, failed=failed, ids=(9,))


def ended(
    edges: Edges,
    group: str,
    *tasks: TaskReport,
    quanta: Any = (),
    state: AttemptState = AttemptState.PARTIAL,
) -> GroupView:
    """A group whose first attempt has ended without its whole result, or is in another state."""
    cause = Cause("move:10002:1", Person("anna"), NOW, "moved CM-2 to Launch")
    with edges.mirror.writing() as connection:
        attempt = journal.add_attempt(connection, STEP.id, group, 1, cause, "spec", NOW)
        item = journal.add_try(connection, attempt, f"{group}0000", f"CM-2_step1_{group}", "", NOW)
        journal.set_try(connection, item, request_id=item, state="submitted")
        journal.set_attempt(connection, attempt, state=state)
        reports.save(connection, item, "wms", {"tasks": [asdict(each) for each in tasks]}, NOW)
        if quanta:
            reports.save(connection, item, "data", {"report": {"failed_quanta": quanta}}, NOW)
    attempts = journal.attempts(edges.mirror, STEP.id)[group]
    return GroupView(
        group, 1, "all", attempts=attempts, jobs=Counts(failed=sum(each.failed for each in tasks))
    )


def failure(label: str = "calibrate", error: JobError = NAN) -> Failure:
    return Failure(label, distinct([error]), 1, "SLAC", 233, 9, 3)


def step(*groups: GroupView) -> StepView:
    return StepView(STEP, "step1", None, groups)


def view(*groups: GroupView) -> CampaignView:
    return CampaignView(STEP, Person("cmbot"), steps=(step(*groups),))


def ask(edges: Edges, *groups: GroupView, minutes: float = 0) -> None:
    now = NOW + timedelta(minutes=minutes)
    failures.ask(edges, failures.due(edges, view(*groups), now), now)


@pytest.mark.covers("F12", "V4")
def test_a_failed_workflow_is_asked_about_once(edges: Edges, jobs: Jobs) -> None:
    group = ended(edges, "g001", task("isr", 10, 0), task("calibrate", 10, 2))
    jobs.known = (failure(), failure())
    assert failures.still_asked(edges, view(group))
    ask(edges, group)
    ask(edges, group, minutes=60)
    assert jobs.asked == [("calibrate",)]
    assert not failures.still_asked(edges, view(group))
    (each,) = failures.explained(edges, step(group)).groups[0].failures
    assert (each.count, each.expected, each.rule) == (2, 10, "calibration-without-stars")
    assert each.action is Action.REVIEW


def test_what_went_well_is_never_asked_about(edges: Edges, jobs: Jobs) -> None:
    group = ended(edges, "g001", task("isr", 10, 0))
    ask(edges, group)
    assert jobs.asked == []


def test_a_monitor_that_lags_or_is_down_is_asked_again_with_pauses_and_then_left_alone(
    edges: Edges, jobs: Jobs
) -> None:
    group = ended(edges, "g001", task("isr", 10, 3))
    jobs.trouble = RemoteError("PanDA's monitor", "is down")
    for minute in range(200):
        ask(edges, group, minutes=minute)
    assert len(jobs.asked) == 7
    jobs.trouble = None


def test_what_is_known_in_part_is_shown_and_asked_for_again(edges: Edges, jobs: Jobs) -> None:
    group = ended(edges, "g001", task("calibrate", 10, 3))
    jobs.known = (failure(),)
    ask(edges, group)
    assert [each.count for each in failures.explained(edges, step(group)).failures] == [1]
    jobs.known = (failure(), failure(), failure())
    ask(edges, group, minutes=6)
    assert [each.count for each in failures.explained(edges, step(group)).failures] == [3]


def test_a_request_that_a_person_restarted_is_asked_about_anew(edges: Edges, jobs: Jobs) -> None:
    group = ended(edges, "g001", task("calibrate", 10, 2))
    jobs.known = (failure(), failure())
    ask(edges, group)
    assert group.last is not None
    assert group.last.last_try is not None
    with edges.mirror.writing() as connection:
        body = {"tasks": [asdict(task("calibrate", 10, 1))]}
        reports.save(connection, group.last.last_try.id, "wms", body, NOW)
    jobs.known = (failure(),)
    ask(edges, group, minutes=6)
    assert [each.count for each in failures.explained(edges, step(group)).failures] == [1]


def test_without_a_monitor_failed_quanta_say_why(edges: Edges) -> None:
    message = (
        'Traceback (most recent call last):\n  File "x"\nValueError: cannot convert float NaN to integer\n'
    )
    quanta = [
        {"label": "calibrate", "data_id": {"visit": 7, "detector": 3}, "message": message, "run": "u/x"}
    ]
    group = ended(edges, "g001", task("calibrate", 10, 1), quanta=quanta)
    (each,) = failures.explained(edges, step(group)).failures
    assert (each.error.name, each.rule) == ("quantum:1", "calibration-without-stars")
    assert each.example.data_id == "detector=3, visit=7"


def test_a_job_is_shown_with_the_dataid_of_a_quantum_that_said_the_same(edges: Edges, jobs: Jobs) -> None:
    quanta = [
        {"label": "calibrate", "data_id": {"visit": 1}, "message": "KeyError: 'x'", "run": "u/x"},
        {
            "label": "calibrate",
            "data_id": {"visit": 2},
            "message": "ValueError: cannot convert float NaN to integer",
            "run": "u/x",
        },
    ]
    group = ended(edges, "g001", task("calibrate", 10, 1), quanta=quanta)
    jobs.known = (failure(),)
    ask(edges, group)
    (each,) = failures.explained(edges, step(group)).failures
    assert (each.example.job, each.example.data_id) == (233, "visit=2")


def test_payloads_that_only_say_that_they_failed_are_told_apart_by_their_quanta(
    edges: Edges, jobs: Jobs
) -> None:
    said = ["KeyError: 'x'", "ValueError: cannot convert float NaN to integer", "KeyError: 'x'"]
    quanta = [
        {"label": "calibrate", "data_id": {"visit": n}, "message": message, "run": "u/x"}
        for n, message in enumerate(said)
    ]
    group = ended(edges, "g001", task("calibrate", 10, 3), quanta=quanta)
    jobs.known = (failure(error=JobError("pilot", 1305, "One or more tasks failed")),) * 3
    ask(edges, group)
    one, other = failures.explained(edges, step(group)).failures
    assert (one.error, one.count, one.rule) == (JobError("pilot", 1305, "KeyError: 'x'"), 2, "payload-failed")
    assert (other.count, other.rule) == (1, "calibration-without-stars")
    # Which job said which is not known.
    assert (one.example.job, other.example.job) == (None, None)
    assert (one.example.data_id, other.example.data_id) == ("visit=2", "visit=1")


@pytest.mark.covers("G7")
def test_tolerances_count_over_all_groups_of_the_step(edges: Edges, jobs: Jobs) -> None:
    one = ended(edges, "g001", task("calibrate", 500, 1))
    other = ended(edges, "g002", task("calibrate", 1500, 1))
    jobs.known = (failure(),)
    ask(edges, one, other)
    assert len(jobs.asked) == 1
    together = failures.explained(edges, step(one, other))
    assert [(each.count, each.expected, each.action) for each in together.failures] == [
        (2, 2000, Action.ACCEPT)
    ]
    alone = failures.explained(edges, step(one))
    assert [each.action for each in alone.failures] == [Action.REVIEW]


def grown(edges: Edges, group: GroupView, failed: int) -> GroupView:
    """The same group when more jobs have failed."""
    assert group.last is not None
    assert group.last.last_try is not None
    with edges.mirror.writing() as connection:
        body = {"tasks": [asdict(task("calibrate", 10, failed))]}
        reports.save(connection, group.last.last_try.id, "wms", body, NOW)
    return replace(group, jobs=Counts(failed=failed))


@pytest.mark.covers("F12", "V4")
def test_a_running_workflow_is_explained_as_its_failures_grow_and_critical_ones_hold_what_is_next(
    edges: Edges, jobs: Jobs
) -> None:
    group = ended(edges, "g001", task("calibrate", 10, 1), state=AttemptState.RUNNING)
    jobs.known = (failure(),)
    for minute in range(5):
        ask(edges, group, minutes=minute)
    (each,) = failures.explained(edges, step(group)).groups[0].failures
    assert (each.rule, len(jobs.asked)) == ("calibration-without-stars", 1)
    # More fail while the monitor is away: what is known stays.
    group, jobs.trouble = grown(edges, group, 2), RemoteError("PanDA's monitor", "is down")
    for minute in range(5, 65):
        ask(edges, group, minutes=minute)
    assert [each.count for each in failures.explained(edges, step(group)).failures] == [1]
    assert len(jobs.asked) <= 13
    # However long that lasts, it is asked again.
    crash = replace(failure(error=JobError("pilot", 1305, "crashed")), exit_code=139)
    jobs.trouble, jobs.known = None, (failure(), crash)
    assert failures.still_asked(edges, view(group))
    ask(edges, group, minutes=70)
    assert not failures.still_asked(edges, view(group))
    shown = failures.explained(edges, step(group, GroupView("g002", 1, "all")))
    assert {each.rule for each in shown.failures} == {"calibration-without-stars", "segmentation-fault"}
    assert worst(shown.groups[0].failures) is Action.PAUSE
