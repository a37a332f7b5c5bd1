"""Milestones are told where they belong, once each, with the cause and what comes next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.handlers.campaign import decide
from cmbot.models.attempts import AttemptState
from cmbot.models.campaign import PausePolicy
from cmbot.models.issues import Level, Status
from cmbot.models.notices import NoticeKind
from cmbot.models.views import PlanState

if TYPE_CHECKING:
    from cmbot.handlers.actions import Decision
    from cmbot.models.notices import Notice

S = AttemptState
K = NoticeKind


def told(decision: Decision) -> dict[tuple[str, str], Notice]:
    """Notices by kind and issue; one of a kind on an issue."""
    found = {(notice.kind, notice.issue.key): notice for notice in decision.notices}
    assert len(found) == len(decision.notices)
    return found


@pytest.mark.covers("V14")
def test_a_launch_is_told_where_it_was_made_with_what_it_started(build: Any) -> None:
    first = build.cause(1, 1)
    groups = [build.group(f"g{n:03}", build.attempt(S.RESERVED, first)) for n in range(1, 13)]
    view = build.campaign(build.launched(), build.step(build.issue(2), *groups))
    [notice] = told(decide(view)).values()
    assert (notice.kind, notice.issue.key, notice.marker) == (K.LAUNCHED, "CM-1", "launched:move:1:1")
    assert notice.cause is not None
    assert notice.cause.by == build.anna
    [line] = notice.happened
    assert line.startswith("step1 (CM-2): g001 a1, g002 a1")
    assert line.endswith("g010 a1 and 2 more")


def test_a_launch_that_has_started_nothing_is_not_told(build: Any) -> None:
    view = build.campaign(build.launched(), build.step(build.issue(2), build.group("g001")))
    assert decide(view).notices == ()


def test_every_launch_has_a_marker_of_its_own(build: Any) -> None:
    second = [(3, build.bot, Status.PAUSED), (4, build.anna, Status.LAUNCH), (5, build.bot, Status.RUNNING)]
    epic = build.issue(
        1, (1, build.anna, Status.LAUNCH), (2, build.bot, Status.RUNNING), *second, level=Level.CAMPAIGN
    )
    attempts = [build.attempt(S.FAILED, build.cause(1, 1)), build.attempt(S.RUNNING, build.cause(1, 4))]
    view = build.campaign(epic, build.step(build.running(2), build.group("g001", *attempts)))
    [notice] = told(decide(view)).values()
    assert notice.marker == "launched:move:1:4"
    assert notice.happened == ("step1 (CM-2): g001 a2",)


@pytest.mark.covers("V12")
def test_a_failed_group_is_told_on_its_sub_task_with_the_way_on(build: Any) -> None:
    sub_task = build.issue(5, (2, build.bot, Status.RUNNING), level=Level.GROUP)
    attempt = replace(build.attempt(S.FAILED, build.cause(1, 1)), summary="3 of 10 quanta failed")
    group = replace(build.group("g001", attempt, issue=sub_task), details=("isr: no overscan",))
    decision = decide(build.campaign(build.running(), build.step(build.running(2), group)))
    notice = told(decision)[K.FAILED, "CM-5"]
    assert notice.marker == "failed:2:g001:1"
    assert notice.cause is not None
    assert notice.happened == ("step1 g001 a1: failed", "3 of 10 quanta failed", "isr: no overscan")
    assert "Move CM-5 to Launch" in notice.coming


@pytest.mark.parametrize("state", [state for state in AttemptState if not state.ended_badly])
def test_what_did_not_fail_is_not_told_as_failed(build: Any, state: AttemptState) -> None:
    sub_task = build.issue(5, (2, build.bot, Status.RUNNING), level=Level.GROUP)
    group = build.group("g001", build.attempt(state, build.cause(1, 1)), issue=sub_task)
    decision = decide(build.campaign(build.running(), build.step(build.running(2), group)))
    assert (K.FAILED, "CM-5") not in told(decision)


@pytest.mark.covers("D8")
def test_a_pause_says_what_is_done_and_what_the_next_launch_starts(build: Any) -> None:
    done = build.group("g001", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    step1 = build.step(build.running(2), done)
    step2 = build.step(build.issue(3), build.group("g000"), name="step2", after=("step1",))
    view = build.campaign(build.running(), step1, step2, pause=PausePolicy.AFTER_EACH_STEP)
    notices = told(decide(view))
    assert (K.COMPLETED, "CM-2") in notices
    pause = notices[K.PAUSED, "CM-1"]
    assert pause.happened == ("step1 (CM-2) is completed: 1 of 1 groups, 0 of 0 quanta",)
    assert pause.coming == "Move CM-1 to Launch to start step2 (CM-3)."
    assert pause.cause == build.cause(1, 1)


def test_a_pause_after_a_failure_says_what_a_launch_would_retry(build: Any, problem: Any) -> None:
    attempt = replace(build.attempt(S.PARTIAL, build.cause(1, 1)), summary="97 of 100 quanta")
    step1 = build.step(build.running(2), build.group("g001", attempt))
    asked = build.step(build.issue(3), plan=PlanState.REFUSED, problems=(problem,), name="other")
    pause = told(decide(build.campaign(build.running(), step1, asked)))[K.PAUSED, "CM-1"]
    assert pause.happened == ("step1 g001: partial. 97 of 100 quanta",)
    assert pause.problems == (problem,)
    assert "retry what failed in step1 (CM-2)" in pause.coming


def test_the_same_pause_has_one_marker_and_the_next_pause_another(build: Any) -> None:
    def paused(*more: Any) -> Notice:
        moves = [(1, build.anna, Status.LAUNCH), (2, build.bot, Status.RUNNING), *more]
        epic = build.issue(1, *moves, level=Level.CAMPAIGN)
        attempts = [build.attempt(S.FAILED, build.cause(1, moves[-2][0]))]
        view = build.campaign(epic, build.step(build.issue(2), build.group("g001", *attempts)))
        assert decide(view) == decide(view)
        return told(decide(view))[K.PAUSED, "CM-1"]

    again = [(3, build.bot, Status.PAUSED), (4, build.anna, Status.LAUNCH), (5, build.bot, Status.RUNNING)]
    assert paused().marker == "paused:1:2"
    assert paused(*again).marker == "paused:1:5"


def test_completion_is_told_on_the_campaign_and_on_the_step_once_each(build: Any) -> None:
    done = build.group("g001", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    notices = told(decide(build.campaign(build.running(), build.step(build.running(2), done))))
    assert set(notices) == {(K.COMPLETED, "CM-1"), (K.COMPLETED, "CM-2"), (K.LAUNCHED, "CM-1")}
    assert notices[K.COMPLETED, "CM-1"].happened == notices[K.COMPLETED, "CM-2"].happened
    assert notices[K.COMPLETED, "CM-1"].coming.startswith("A person judges the data")
