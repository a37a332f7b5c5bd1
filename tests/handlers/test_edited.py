"""Edits that are not used are told once; groups that contradict themselves are frozen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import Problem
from cmbot.handlers.campaign import decide
from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Edit, Level, Status
from cmbot.models.notices import NoticeKind
from cmbot.models.views import Difference, PlanState

if TYPE_CHECKING:
    from cmbot.handlers.actions import Decision
    from cmbot.models.notices import Notice

S = AttemptState


def told(decision: Decision, kind: NoticeKind) -> list[Notice]:
    return [notice for notice in decision.notices if notice.kind is kind]


def running(build: Any) -> Any:
    return build.group("g001", build.attempt(S.RUNNING, build.cause(1, 1)))


@pytest.mark.covers("V16")
def test_an_edit_that_is_not_used_is_told_with_the_way_out_and_one_that_is_used_is_not(build: Any) -> None:
    edit = Edit(9, build.at(9), build.anna, "Data query", "visit > 1", "visit > 2")
    refused = Difference("Data query", "visit > 1", "visit > 2", used=False, edit=edit)
    later = Difference("BPS options", "a: 1", "a: 2", used=True, edit=replace(edit, field="BPS options"))
    step = build.step(build.running(2), running(build), differences=(refused, later))
    view = build.campaign(build.running(), step)
    [notice] = told(decide(view), NoticeKind.REFUSED)
    assert (notice.issue.key, notice.marker) == ("CM-2", "edit:2:9:Data query")
    assert notice.cause is not None
    assert (notice.cause.by, notice.cause.what) == (build.anna, "changed Data query of CM-2")
    [problem] = notice.problems
    assert problem.field == "Data query"
    assert "visit > 1" in problem.problem
    assert problem.remedy == "set it back, or make a clone"
    # Of the campaign too; what cmbot itself wrote, or nobody knows who, is not answered.
    for by, count in ((build.anna, 1), (build.bot, 0)):
        one = replace(refused, edit=replace(edit, by=by))
        decision = decide(build.campaign(build.running(), step, differences=(one,)))
        assert len(told(decision, NoticeKind.REFUSED)) == 1 + count
    assert told(decide(replace(view, steps=(replace(step, differences=()),))), NoticeKind.REFUSED) == []


@pytest.mark.covers("V16")
def test_an_edit_of_a_group_names_the_step_to_edit(build: Any) -> None:
    def edit(number: int, by: Any, field: str) -> Edit:
        return Edit(number, build.at(number), by, field, "", "x")

    edits = (
        edit(5, build.bot, "Data query"),
        edit(6, build.anna, "Data query"),
        edit(7, build.anna, "Verdict"),
    )
    sub_task = replace(build.issue(9, level=Level.GROUP), edits=edits)
    step = build.step(build.running(2), replace(running(build), issue=sub_task))
    [notice] = told(decide(build.campaign(build.running(), step)), NoticeKind.REFUSED)
    assert (notice.issue.key, notice.marker) == ("CM-9", "edit:9:6:Data query")
    [problem] = notice.problems
    assert problem.remedy == "edit CM-2, which is for all its groups"


@pytest.mark.covers("W1")
def test_a_frozen_group_is_not_submitted_and_the_others_are(build: Any) -> None:
    problem = Problem("g001", "g001 a2 contradicts another attempt", "have it mended")
    sub_task = build.issue(5, (9, build.anna, Status.LAUNCH), level=Level.GROUP)
    frozen = replace(build.group("g001", issue=sub_task), distrusted=problem.problem)
    other = build.group("g002", build.attempt(S.FAILED, build.cause(1, 1)))
    epic = build.issue(1, (2, build.bot, Status.PAUSED), (3, build.anna, Status.LAUNCH), level=Level.CAMPAIGN)
    step = build.step(build.running(2), frozen, other, problems=(problem,), contradictions=(problem,))
    decision = decide(build.campaign(epic, step))
    assert [submit.group.name for submit in decision.submits] == ["g002"]
    [notice] = told(decision, NoticeKind.DISTRUSTED)
    assert (notice.issue.key, notice.problems) == ("CM-2", (problem,))
    [refused] = told(decision, NoticeKind.REFUSED)
    assert (refused.issue.key, refused.problems) == ("CM-5", (problem,))


@pytest.mark.covers("W1")
def test_a_step_whose_groups_are_not_all_known_is_never_completed(build: Any) -> None:
    problem = Problem("step1", "the property cmbot.split is not whole", "have it mended")
    done = build.group("g001", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    told_of = {"problems": (problem,), "contradictions": (problem,)}
    step = build.step(build.running(2), done, plan=PlanState.REFUSED, **told_of)
    assert step.status is Status.PAUSED
    decision = decide(build.campaign(build.running(), step))
    assert {move.target for move in decision.moves} == {Status.PAUSED}
    assert decision.submits == ()
    [notice] = told(decision, NoticeKind.DISTRUSTED)
    assert notice.problems == (problem,)


@pytest.mark.parametrize("groups", [0, 1])
def test_what_the_butler_refused_is_no_contradiction_and_is_told_at_the_pause(
    build: Any, groups: int
) -> None:
    problem = Problem("Butler", "does not answer", "launch again when it is mended")
    done = build.group("g001", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    step = build.step(build.running(2), *[done] * groups, plan=PlanState.REFUSED, problems=(problem,))
    decision = decide(build.campaign(build.running(), step))
    assert told(decision, NoticeKind.DISTRUSTED) == []
    if groups:
        [paused] = told(decision, NoticeKind.PAUSED)
        assert paused.problems == (problem,)
