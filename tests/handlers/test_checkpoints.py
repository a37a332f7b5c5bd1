"""At a checkpoint the campaign waits until a person has looked, and goes on by that person's act alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.handlers.campaign import decide
from cmbot.models.attempts import AttemptState
from cmbot.models.campaign import StepDefinition
from cmbot.models.issues import Level, Status
from cmbot.models.notices import NoticeKind
from cmbot.models.views import PlanState, StepView

if TYPE_CHECKING:
    from cmbot.handlers.actions import Decision
    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView

L, R, P, C, D = Status.LAUNCH, Status.RUNNING, Status.PAUSED, Status.COMPLETED, Status.DRAFT
S = AttemptState
ENDED = 10


def campaign(
    build: Any, *epic: Any, state: AttemptState = S.SUCCEEDED, look: Any = (), before: Any = ()
) -> CampaignView:
    """step1, launched in minute 1 and ended in minute 10; the checkpoint look; and step2 after it."""
    attempt = build.attempt(state, build.cause(1, 1))
    if not state.live:
        attempt = replace(attempt, ended_at=build.at(ENDED))
    step1 = build.step(build.issue(2, *before), build.group("g001", attempt))
    issue = build.issue(3, *look) if isinstance(look, tuple) else look
    issue = replace(issue, description="Look at the plots.\n\nThen decide.")
    look_ = StepView(issue, "look", StepDefinition("look", after=("step1",), checkpoint=True))
    step2 = build.step(
        build.issue(4), build.group("g000"), name="step2", after=("look",), plan=PlanState.READY
    )
    moves = ((1, build.anna, L), (2, build.bot, R), *epic)
    return build.campaign(build.issue(1, *moves, level=Level.CAMPAIGN), step1, look_, step2)


def moved(decision: Decision) -> dict[str, Status]:
    return {move.issue.key: move.target for move in decision.moves}


def told(decision: Decision, issue: Issue) -> list[tuple[str, ...]]:
    kinds = (one for one in decision.notices if one.kind is NoticeKind.PAUSED and one.issue == issue)
    return [(*one.happened, one.coming) for one in kinds]


@pytest.mark.covers("D8")
def test_a_checkpoint_pauses_the_campaign_when_what_comes_before_it_is_completed(build: Any) -> None:
    view = campaign(build)
    decision = decide(view)
    assert decision.submits == decision.plans == ()
    assert moved(decision) == {"CM-3": P, "CM-2": C, "CM-1": P}
    assert told(decision, view.steps[1].issue) == [
        (
            *("checkpoint look is reached: step1 completed", "Look at the plots.", "Then decide."),
            "Move CM-3 to Completed, or CM-1 to Launch, to go on.",
        )
    ]
    ((*_, coming),) = told(decision, view.issue)
    assert coming == "Move CM-1 to Launch to pass look (CM-3)."


@pytest.mark.covers("D8")
@pytest.mark.parametrize("state", [state for state in AttemptState if state is not S.SUCCEEDED])
def test_a_checkpoint_is_not_reached_before(build: Any, state: AttemptState) -> None:
    decision = decide(campaign(build, state=state))
    assert "CM-3" not in moved(decision)
    assert not any(one.issue.key == "CM-3" for one in decision.notices)


@pytest.mark.covers("D8", "W13")
def test_a_launch_after_it_was_reached_passes_it_and_what_follows_starts(build: Any) -> None:
    paused, again = (ENDED + 1, build.bot, P), (ENDED + 5, build.anna, L)
    reached = (ENDED + 1, build.bot, P)
    decision = decide(campaign(build, paused, again, look=(reached,), before=((ENDED + 1, build.bot, C),)))
    assert moved(decision) == {"CM-3": C}
    assert decision.notices == ()
    assert "moved CM-1 to Launch" in decision.moves[0].why
    look = (reached, (ENDED + 6, build.bot, C))
    following = decide(campaign(build, paused, again, look=look, before=((ENDED + 1, build.bot, C),)))
    assert [submit.step.name for submit in following.submits] == ["step2"]


@pytest.mark.covers("D8")
def test_a_person_may_complete_a_checkpoint_and_the_launch_goes_on(build: Any) -> None:
    decision = decide(campaign(build, look=((ENDED + 2, build.anna, C),)))
    assert [submit.step.name for submit in decision.submits] == ["step2"]


def test_a_launch_of_the_checkpoint_itself_passes_it(build: Any) -> None:
    look = (ENDED + 1, build.bot, P), (ENDED + 5, build.anna, L)
    paused = (ENDED + 1, build.bot, P)
    decision = decide(campaign(build, paused, look=look, before=((ENDED + 1, build.bot, C),)))
    assert moved(decision) == {"CM-3": C}


@pytest.mark.covers("D8", "G2")
def test_a_checkpoint_waved_through_too_early_lets_nothing_begin_on_data_that_are_not_there(
    build: Any,
) -> None:
    for state in (S.RUNNING, S.FAILED, S.PARTIAL):
        assert decide(campaign(build, state=state, look=((5, build.anna, C),))).submits == ()


def test_a_checkpoint_launched_too_early_is_turned_back_with_the_reason(build: Any) -> None:
    decision = decide(campaign(build, state=S.RUNNING, look=((5, build.anna, L),)))
    assert moved(decision)["CM-3"] is D
    (refused,) = [one for one in decision.notices if one.kind is NoticeKind.REFUSED]
    assert "comes too early: step1 (CM-2) is not completed" in str(refused.problems[0])


def test_a_checkpoint_that_was_reached_stays_reached_whoever_looks_when(build: Any) -> None:
    view = campaign(build, (ENDED + 1, build.bot, P), look=((ENDED + 1, build.bot, P),))
    again = replace(view, issue=replace(view.issue, updated=build.at(99) + timedelta(days=1)))
    markers = {one.marker for one in (*decide(view).notices, *decide(again).notices) if "CM-3" in one.coming}
    assert len(markers) == 1
    assert "CM-3" not in moved(decide(again))
