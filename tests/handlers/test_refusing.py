"""A move that cannot be followed is turned back once, with the reason and the way out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import Problem
from cmbot.handlers.campaign import decide
from cmbot.jira_schema.statuses import refusal
from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Level, Status
from cmbot.models.notices import NoticeKind
from cmbot.models.views import PlanState

if TYPE_CHECKING:
    from cmbot.handlers.actions import Decision
    from cmbot.models.notices import Notice

S = AttemptState


def refused(decision: Decision, key: str) -> tuple[Status, Notice]:
    """Where an issue is sent back to, and what is said."""
    [move] = [move for move in decision.moves if move.issue.key == key]
    [notice] = [notice for notice in decision.notices if notice.issue.key == key]
    assert notice.kind is NoticeKind.REFUSED
    return move.target, notice


def relaunched(build: Any, number: int, before: Status, level: Level = Level.STEP) -> Any:
    """An issue that cmbot had brought to a status and Anna then moved to Launch."""
    return build.issue(number, (7, build.bot, before), (8, build.anna, Status.LAUNCH), level=level)


@pytest.mark.covers("W13", "V16")
@pytest.mark.parametrize("source", list(Status))
@pytest.mark.parametrize("target", list(Status))
def test_the_table_says_who_may_move_what(build: Any, source: Status, target: Status) -> None:
    if source is target:
        return
    attempt = build.attempt(S.RUNNING, build.cause(1, 1))
    epic = build.issue(1, (2, build.bot, source), (3, build.anna, target), level=Level.CAMPAIGN)
    decision = decide(build.campaign(epic, build.step(build.issue(2), build.group("g001", attempt))))
    reason = refusal(Level.CAMPAIGN, source, target)
    if reason is None:
        assert all(notice.kind is not NoticeKind.REFUSED for notice in decision.notices)
    else:
        back, notice = refused(decision, "CM-1")
        assert back is source
        assert notice.problems == (Problem(f"move to {target}", reason, "nothing was changed"),)
        assert notice.cause is not None
        assert notice.cause.by == build.anna
        assert str(source) in notice.coming


def test_a_step_launched_too_early_goes_back_and_is_told_what_comes_first(build: Any) -> None:
    step1 = build.step(build.issue(2), build.group("g001"))
    step2 = build.step(build.launched(3), build.group("g000"), name="step2", after=("step1",))
    decision = decide(build.campaign(build.issue(1, level=Level.CAMPAIGN), step1, step2))
    back, notice = refused(decision, "CM-3")
    assert back is Status.DRAFT
    assert decision.submits == ()
    [problem] = notice.problems
    assert problem.field == "order"
    assert "step1 (CM-2) is not completed, it is Draft" in problem.problem
    assert problem.remedy == "complete that first"


def test_a_group_launched_before_its_step_may_run_goes_back(build: Any) -> None:
    sub_task = build.issue(5, (1, build.anna, Status.LAUNCH), level=Level.GROUP)
    step1 = build.step(build.issue(2), build.group("g001"))
    step2 = build.step(build.issue(3), build.group("g001", issue=sub_task), name="step2", after=("step1",))
    decision = decide(build.campaign(build.issue(1, level=Level.CAMPAIGN), step1, step2))
    back, notice = refused(decision, "CM-5")
    assert (back, notice.problems[0].field) == (Status.DRAFT, "order")


@pytest.mark.covers("V13", "B3")
def test_a_launch_of_an_incomplete_definition_names_every_problem(build: Any) -> None:
    problems = (Problem("Reason", "is empty", "write it"), Problem("WMS", "is empty", "choose one"))
    for epic, step, key in (
        (build.launched(), build.issue(2), "CM-1"),
        (build.issue(1, level=Level.CAMPAIGN), build.launched(2), "CM-2"),
    ):
        view = build.campaign(epic, build.step(step, build.group("g001")), problems=problems)
        back, notice = refused(decide(view), key)
        assert (back, notice.problems) == (Status.DRAFT, problems)


@pytest.mark.covers("B36")
def test_what_the_butler_refused_is_told_where_it_was_launched(build: Any, problem: Any) -> None:
    issue = build.launched(2)
    step = build.step(issue, plan=PlanState.REFUSED, problems=(problem,))
    back, notice = refused(decide(build.campaign(build.issue(1, level=Level.CAMPAIGN), step)), "CM-2")
    assert (back, notice.problems) == (Status.DRAFT, (problem,))

    below = build.step(build.issue(2), plan=PlanState.REFUSED, problems=(problem,))
    back, notice = refused(decide(build.campaign(build.launched(), below)), "CM-1")
    assert back is Status.DRAFT
    assert [item.field for item in notice.problems] == [f"CM-2 {problem.field}"]


def test_what_is_completed_is_not_launched_again(build: Any) -> None:
    done = build.attempt(S.SUCCEEDED, build.cause(1, 1))
    finished = build.issue(2, (7, build.bot, Status.COMPLETED))
    sub_task = relaunched(build, 5, Status.COMPLETED, Level.GROUP)
    epic = build.issue(1, (7, build.bot, Status.COMPLETED), level=Level.CAMPAIGN)
    cases = (
        (relaunched(build, 1, Status.COMPLETED, Level.CAMPAIGN), finished, None, "CM-1"),
        (epic, relaunched(build, 2, Status.COMPLETED), None, "CM-2"),
        (epic, finished, sub_task, "CM-5"),
    )
    for campaign, step, group, key in cases:
        view = build.campaign(campaign, build.step(step, build.group("g001", done, issue=group)))
        decision = decide(view)
        back, notice = refused(decision, key)
        assert back is Status.COMPLETED
        assert "completed" in notice.problems[0].problem
        assert decision.submits == ()


def test_a_campaign_whose_steps_all_wait_says_for_what(build: Any) -> None:
    done = build.group("g000", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    judged = build.step(build.issue(2, (2, build.bot, Status.COMPLETED), Verdict="bad"), done)
    step2 = build.step(build.issue(3), build.group("g000"), name="step2", after=("step1",))
    view = build.campaign(relaunched(build, 1, Status.PAUSED, Level.CAMPAIGN), judged, step2)
    back, notice = refused(decide(view), "CM-1")
    assert back is Status.PAUSED
    assert "the data of step1 (CM-2) were judged bad" in notice.problems[0].problem


def test_a_refusal_is_decided_once_and_names_its_move(build: Any) -> None:
    step1 = build.step(build.issue(2), build.group("g001"))
    epic = build.issue(1, level=Level.CAMPAIGN)

    def early(*more: Any) -> Any:
        issue = build.issue(3, (1, build.anna, Status.LAUNCH), *more)
        return build.step(issue, build.group("g000"), name="step2", after=("step1",))

    view = build.campaign(epic, step1, early())
    first, again = decide(view), decide(view)
    assert first == again
    assert refused(first, "CM-3")[1].marker == "refused:3:1"
    turned_back = decide(build.campaign(epic, step1, early((2, build.bot, Status.DRAFT))))
    assert turned_back.moves == turned_back.notices == ()
    later = decide(
        build.campaign(epic, step1, early((2, build.bot, Status.DRAFT), (9, build.anna, Status.LAUNCH)))
    )
    assert refused(later, "CM-3")[1].marker == "refused:3:9"


def test_an_issue_that_is_turned_back_is_moved_nowhere_else(build: Any) -> None:
    done = build.group("g001", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    epic = build.issue(
        1, (2, build.bot, Status.PAUSED), (3, build.anna, Status.RUNNING), level=Level.CAMPAIGN
    )
    decision = decide(build.campaign(epic, build.step(build.running(2), done)))
    assert [move.target for move in decision.moves if move.issue.key == "CM-1"] == [Status.PAUSED]


def test_a_launch_that_only_waits_is_not_refused(build: Any) -> None:
    # Nothing to do yet: the Butler is being asked, or what failed elsewhere is still running.
    asked = build.step(build.issue(2), plan=PlanState.ASKED)
    assert decide(build.campaign(build.launched(), asked)).notices == ()
    running = build.group("g001", build.attempt(S.RUNNING, build.cause(1, 1)))
    step1 = build.step(build.running(2), running)
    step2 = build.step(build.issue(3), build.group("g000"), name="step2", after=("step1",))
    decision = decide(build.campaign(relaunched(build, 1, Status.PAUSED, Level.CAMPAIGN), step1, step2))
    assert decision.notices == ()


def test_launched_again_while_everything_still_runs_it_is_shown_as_running(build: Any) -> None:
    first = build.cause(1, 1)
    moves = [
        (1, build.anna, Status.LAUNCH),
        (2, build.bot, Status.RUNNING),
        (3, build.anna, Status.PAUSED),
        (4, build.anna, Status.LAUNCH),
    ]
    epic = build.issue(1, *moves, level=Level.CAMPAIGN)
    sub_task = build.issue(5, *((n + 10, by, to) for n, by, to in moves), level=Level.GROUP)
    group = build.group("g001", build.attempt(S.RUNNING, first), issue=sub_task)
    decision = decide(build.campaign(epic, build.step(build.running(2), group)))
    assert {move.issue.key: move.target for move in decision.moves} == {
        "CM-1": Status.RUNNING,
        "CM-5": Status.RUNNING,
    }
    assert decision.submits == decision.notices == ()


def test_a_failed_group_that_is_launched_stays_in_launch_until_it_starts(build: Any) -> None:
    sub_task = relaunched(build, 5, Status.FAILED, Level.GROUP)
    group = build.group("g001", build.attempt(S.FAILED, build.cause(1, 1)), issue=sub_task)
    decision = decide(build.campaign(build.running(), build.step(build.running(2), group)))
    assert [submit.number for submit in decision.submits] == [2]
    assert "CM-5" not in [move.issue.key for move in decision.moves]


def test_a_move_from_a_status_of_somebody_else_counts_as_allowed(build: Any) -> None:
    epic = build.issue(1, (1, build.bot, None), (2, build.anna, Status.LAUNCH), level=Level.CAMPAIGN)
    decision = decide(build.campaign(epic, build.step(build.issue(2), build.group("g001"))))
    assert len(decision.submits) == 1
    assert decision.notices == ()
    # Refused for another reason, it goes to Draft: there is no status of ours to return to.
    step = replace(build.step(build.issue(2)), problems=(Problem("a", "b", "c"),), plan=PlanState.REFUSED)
    assert refused(decide(build.campaign(epic, step)), "CM-1")[0] is Status.DRAFT
