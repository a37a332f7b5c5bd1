"""What a launch starts, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.handlers.campaign import decide
from cmbot.models.attempts import AttemptState
from cmbot.models.campaign import PausePolicy
from cmbot.models.failures import Action, Explained, Failure, Flavour, JobError
from cmbot.models.issues import Level, Status, Verdict
from cmbot.models.views import PlanState

if TYPE_CHECKING:
    from cmbot.handlers.actions import Decision
    from cmbot.models.views import CampaignView

S = AttemptState
LIVE = [state for state in AttemptState if state.live]
BAD = [state for state in AttemptState if state.ended_badly]


def started(decision: Decision) -> list[str]:
    """What is submitted, as people say it: step1 g001 a1."""
    return [f"{item.step.name} {item.group.name} a{item.number}" for item in decision.submits]


def two_steps(build: Any, first: Any, epic: Any = None, **second: Any) -> CampaignView:
    """A campaign of step1 with the given groups, and step2 after it."""
    step1 = build.step(build.issue(2), *first)
    step2 = build.step(build.issue(3), build.group("g000"), name="step2", after=("step1",), **second)
    return build.campaign(epic or build.running(), step1, step2)


def test_a_launch_starts_the_groups_of_ready_steps_only(build: Any) -> None:
    view = two_steps(build, [build.group("g001"), build.group("g002")], build.launched())
    assert started(decide(view)) == ["step1 g001 a1", "step1 g002 a1"]


def test_without_a_launch_nothing_starts(build: Any) -> None:
    view = two_steps(build, [build.group("g001")], build.issue(1, level=Level.CAMPAIGN))
    decision = decide(view)
    assert decision.submits == decision.plans == decision.moves == ()


def test_a_launch_by_cmbot_itself_starts_nothing(build: Any) -> None:
    epic = build.issue(1, (1, build.bot, Status.LAUNCH), level=Level.CAMPAIGN)
    assert decide(two_steps(build, [build.group("g001")], epic)).submits == ()


def test_a_launch_asks_the_butler_about_unsplit_ready_steps_only(build: Any) -> None:
    step1 = build.step(build.issue(2), plan=PlanState.UNASKED)
    step2 = build.step(build.issue(3), plan=PlanState.UNASKED, name="step2", after=("step1",))
    decision = decide(build.campaign(build.launched(), step1, step2))
    assert decision.plans == (step1,)
    assert decision.submits == ()


@pytest.mark.parametrize("plan", [PlanState.UNASKED, PlanState.ASKED, PlanState.REFUSED])
def test_nothing_is_submitted_before_the_split_is_known(build: Any, plan: PlanState) -> None:
    step = build.step(build.issue(2), build.group("g001"), plan=plan)
    assert decide(build.campaign(build.launched(), step)).submits == ()


@pytest.mark.covers("D5")
def test_the_next_step_starts_when_the_first_is_completed(build: Any) -> None:
    done = build.attempt(S.SUCCEEDED, build.cause(1, 1))
    assert started(decide(two_steps(build, [build.group("g001", done)]))) == ["step2 g000 a1"]


def test_a_step_waits_until_the_chain_of_the_one_before_is_written(build: Any) -> None:
    done = build.attempt(S.SUCCEEDED, build.cause(1, 1))
    step1 = build.step(build.issue(2), build.group("g001", done), chained=False)
    step2 = build.step(build.issue(3), build.group("g000"), name="step2", after=("step1",))
    assert decide(build.campaign(build.running(), step1, step2)).submits == ()


@pytest.mark.covers("G2", "D15")
def test_bad_data_never_feed_a_later_step(build: Any) -> None:
    done = build.group("g001", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    step2 = build.step(build.issue(3), build.group("g000"), name="step2", after=("step1",))
    for verdict in Verdict:
        step1 = build.step(build.issue(2, (2, build.bot, Status.COMPLETED), Verdict=str(verdict)), done)
        decision = decide(build.campaign(build.running(), step1, step2))
        assert bool(decision.submits) is (verdict is not Verdict.BAD)


def test_a_definition_with_problems_starts_nothing(build: Any, problem: Any) -> None:
    step = build.step(build.issue(2), build.group("g001"))
    assert decide(build.campaign(build.launched(), step, problems=(problem,))).submits == ()
    assert decide(build.campaign(build.launched(), step)).submits != ()


# ---------------------------------------------------------------------------------------- causes


@pytest.mark.covers("W1", "B19")
@pytest.mark.parametrize("state", list(AttemptState))
def test_a_cause_acts_once_whatever_became_of_its_attempt(build: Any, state: AttemptState) -> None:
    attempt = build.attempt(state, build.cause(1, 1))
    step = build.step(build.issue(2), build.group("g001", attempt))
    assert decide(build.campaign(build.running(), step)).submits == ()


@pytest.mark.covers("G7")
@pytest.mark.parametrize("status", [Status.COMPLETED, Status.ABANDONED])
def test_a_launch_of_the_campaign_leaves_alone_what_a_person_accepted_or_gave_up(
    build: Any, status: Status
) -> None:
    moved = build.issue(9, (4, build.anna, status), level=Level.GROUP)
    failed = build.attempt(S.PARTIAL, build.cause(1, 1))
    groups = build.group("g001", failed, issue=moved), build.group("g002", failed)
    moves = (1, build.anna, Status.LAUNCH), (2, build.bot, Status.RUNNING), (3, build.bot, Status.PAUSED)
    epic = build.issue(1, *moves, (5, build.anna, Status.LAUNCH), level=Level.CAMPAIGN)
    view = build.campaign(epic, build.step(build.issue(2), *groups))
    assert started(decide(view)) == ["step1 g002 a2"]


@pytest.mark.covers("D6", "A5", "B19")
def test_paused_and_launched_again_retries_what_failed_and_nothing_else(build: Any) -> None:
    first = build.cause(1, 1)
    epic = build.issue(
        1,
        (1, build.anna, Status.LAUNCH),
        (2, build.bot, Status.RUNNING),
        (3, build.bot, Status.PAUSED),
        (4, build.anna, Status.LAUNCH),
        level=Level.CAMPAIGN,
    )
    groups = [
        build.group("g001", build.attempt(S.SUCCEEDED, first)),
        build.group("g002", build.attempt(S.FAILED, first)),
        build.group("g003", build.attempt(S.RUNNING, first)),
        build.group("g004"),
    ]
    decision = decide(two_steps(build, groups, epic))
    assert started(decision) == ["step1 g002 a2", "step1 g004 a1"]
    assert {submit.cause.id for submit in decision.submits} == {"move:1:4"}


@pytest.mark.parametrize("state", LIVE)
def test_what_may_still_be_running_is_never_started_again(build: Any, state: AttemptState) -> None:
    epic = build.launched(minute=9)
    step = build.step(build.issue(2), build.group("g001", build.attempt(state, build.cause(1, 1))))
    assert decide(build.campaign(epic, step)).submits == ()


def test_a_cause_older_than_the_newest_attempt_makes_no_attempt(build: Any) -> None:
    # Somebody retried the group by itself after the campaign was launched: the older launch has had its say.
    newer = build.attempt(S.FAILED, build.cause(2, 9))
    step = build.step(build.issue(2), build.group("g001", newer))
    assert decide(build.campaign(build.running(minute=1), step)).submits == ()


def test_a_launch_of_a_step_starts_that_step_alone(build: Any) -> None:
    step1 = build.step(build.launched(2), build.group("g001"))
    other = build.step(build.issue(3), build.group("g000"), name="other")
    epic = build.issue(1, level=Level.CAMPAIGN)
    assert started(decide(build.campaign(epic, step1, other))) == ["step1 g001 a1"]


@pytest.mark.covers("D6")
def test_a_launch_of_a_group_retries_that_group_alone(build: Any) -> None:
    first = build.cause(1, 1)
    sub_task = build.issue(
        5,
        (2, build.bot, Status.RUNNING),
        (3, build.bot, Status.FAILED),
        (4, build.anna, Status.LAUNCH),
        level=Level.GROUP,
    )
    groups = [
        build.group("g001", build.attempt(S.FAILED, first), issue=sub_task),
        build.group("g002", build.attempt(S.FAILED, first)),
    ]
    decision = decide(two_steps(build, groups))
    assert started(decision) == ["step1 g001 a2"]
    assert decision.submits[0].cause.id == "move:5:4"


def test_the_newest_launch_is_the_cause(build: Any) -> None:
    step = build.step(build.launched(2, minute=5), build.group("g001"))
    [submit] = decide(build.campaign(build.running(minute=1), step)).submits
    assert submit.cause.id == "move:2:5"


@pytest.mark.parametrize("target", [Status.DRAFT, Status.PAUSED, Status.FAILED, Status.ABANDONED, None])
def test_a_launch_is_withdrawn_by_moving_the_campaign_elsewhere(build: Any, target: Status | None) -> None:
    epic = build.issue(
        1,
        (1, build.anna, Status.LAUNCH),
        (2, build.anna, target),
        level=Level.CAMPAIGN,
        status=Status.PAUSED,
    )
    assert decide(two_steps(build, [build.group("g001")], epic)).submits == ()


@pytest.mark.parametrize("target", [Status.PAUSED, Status.FAILED, Status.ABANDONED])
def test_a_step_taken_back_after_the_launch_of_its_campaign_does_not_start(
    build: Any, target: Status
) -> None:
    back = build.step(build.issue(2, (5, build.anna, target)), build.group("g001"))
    goes_on = build.step(build.issue(3), build.group("g000"), name="other")
    assert started(decide(build.campaign(build.running(), back, goes_on))) == ["other g000 a1"]
    # Taken back before the launch: the launch is the newer word.
    earlier = build.step(build.issue(2, (1, build.anna, Status.PAUSED)), build.group("g001"))
    assert started(decide(build.campaign(build.running(minute=3), earlier))) == ["step1 g001 a1"]


@pytest.mark.covers("D14")
def test_a_campaign_paused_by_a_person_stops_the_steps_launched_before(build: Any) -> None:
    def epic(*moves: Any) -> Any:
        return build.issue(1, (1, build.anna, Status.LAUNCH), *moves, level=Level.CAMPAIGN)

    step = build.step(build.launched(2, minute=3), build.group("g001"))
    paused = epic((2, build.bot, Status.RUNNING), (5, build.anna, Status.PAUSED))
    assert decide(build.campaign(paused, step)).submits == ()
    # Launched by itself after the pause, the step is what the person wants now.
    later = build.step(build.launched(2, minute=7), build.group("g001"))
    assert started(decide(build.campaign(paused, later))) == ["step1 g001 a1"]
    # A pause by cmbot is no person's word: the step's own launch is answered by the pause policy.
    by_policy = epic((2, build.bot, Status.RUNNING), (5, build.bot, Status.PAUSED))
    assert started(decide(build.campaign(by_policy, step))) == ["step1 g001 a1"]


def test_a_refused_launch_starts_nothing_and_leaves_the_earlier_one_in_force(build: Any) -> None:
    first = build.cause(1, 1)
    again = [
        (1, build.anna, Status.LAUNCH),
        (2, build.bot, Status.RUNNING),
        (3, build.anna, Status.LAUNCH),  # from Running: the table refuses it
    ]
    for moves in (again, [*again, (4, build.bot, Status.RUNNING)]):
        epic = build.issue(1, *moves, level=Level.CAMPAIGN)
        groups = [build.group("g001", build.attempt(S.FAILED, first)), build.group("g002")]
        step = build.step(build.issue(2), *groups)
        view = build.campaign(epic, step, pause=PausePolicy.AFTER_EACH_STEP)
        decision = decide(view)
        assert started(decision) == ["step1 g002 a1"]
        assert decision.submits[0].cause == first


def test_a_refused_move_to_draft_does_not_end_the_launch(build: Any) -> None:
    epic = build.issue(
        1,
        (1, build.anna, Status.LAUNCH),
        (2, build.bot, Status.RUNNING),
        (3, build.anna, Status.DRAFT),  # refused: what runs is no draft
        (4, build.bot, Status.RUNNING),
        level=Level.CAMPAIGN,
    )
    assert started(decide(two_steps(build, [build.group("g001")], epic))) == ["step1 g001 a1"]


def test_a_campaign_that_runs_again_for_one_step_is_not_under_its_old_launch(build: Any) -> None:
    # Paused, then one step launched alone: the campaign is shown as running, and nobody launched the rest.
    epic = build.issue(
        1,
        (1, build.anna, Status.LAUNCH),
        (2, build.bot, Status.RUNNING),
        (3, build.bot, Status.PAUSED),
        (6, build.bot, Status.RUNNING),
        level=Level.CAMPAIGN,
    )
    alone = build.step(build.running(2, minute=4), build.group("g001"))
    rest = build.step(build.issue(3), build.group("g000"), name="other")
    assert started(decide(build.campaign(epic, alone, rest))) == ["step1 g001 a1"]


def test_nothing_starts_while_a_refused_move_is_not_turned_back_yet(build: Any) -> None:
    epic = build.issue(
        1,
        (1, build.anna, Status.LAUNCH),
        (2, build.bot, Status.RUNNING),
        (3, build.anna, Status.DRAFT),
        level=Level.CAMPAIGN,
    )
    assert decide(two_steps(build, [build.group("g001")], epic)).submits == ()


def test_a_step_called_completed_while_it_runs_feeds_nothing_yet(build: Any) -> None:
    said = build.issue(2, (3, build.anna, Status.COMPLETED))
    for state in (S.RUNNING, S.FAILED):
        step1 = build.step(said, build.group("g001", build.attempt(state, build.cause(1, 1))))
        step2 = build.step(build.issue(3), build.group("g000"), name="step2", after=("step1",))
        view = build.campaign(build.running(), step1, step2, pause=PausePolicy.AFTER_EACH_STEP)
        assert started(decide(view)) == ([] if state.live else ["step2 g000 a1"])


# ---------------------------------------------------------------------------------- pause policy


def held(build: Any, pause: PausePolicy, state: AttemptState) -> list[str]:
    """What still starts under a launch of which one attempt has come to a state."""
    groups = [build.group("g001", build.attempt(state, build.cause(1, 1))), build.group("g002")]
    other = build.step(build.issue(3), build.group("g000"), name="other")
    step = build.step(build.issue(2), *groups)
    return started(decide(build.campaign(build.running(), step, other, pause=pause)))


@pytest.mark.covers("D8", "B20")
def test_after_each_workflow_nothing_new_starts_once_one_has_ended(build: Any) -> None:
    for state in AttemptState:
        expected = ["step1 g002 a1", "other g000 a1"] if state.live else []
        assert held(build, PausePolicy.AFTER_EACH_WORKFLOW, state) == expected


def test_on_errors_only_what_ended_badly_stops_new_work(build: Any) -> None:
    for state in AttemptState:
        expected = [] if state.ended_badly else ["step1 g002 a1", "other g000 a1"]
        assert held(build, PausePolicy.ON_ERRORS, state) == expected


@pytest.mark.covers("B21", "D8")
def test_after_each_step_the_rest_of_a_step_goes_on_and_the_next_waits(build: Any) -> None:
    first = build.cause(1, 1)
    done, rest = build.group("g001", build.attempt(S.SUCCEEDED, first)), build.group("g002")

    def decided(*groups: Any) -> list[str]:
        step2 = build.step(build.issue(3), build.group("g000"), name="step2", after=("step1",))
        view = build.campaign(
            build.running(), build.step(build.issue(2), *groups), step2, pause=PausePolicy.AFTER_EACH_STEP
        )
        return started(decide(view))

    assert decided(done, rest) == ["step1 g002 a1"]
    assert decided(done) == []


@pytest.mark.covers("D8")
@pytest.mark.parametrize("pause", list(PausePolicy))
def test_the_next_launch_goes_on_after_a_pause(build: Any, pause: PausePolicy) -> None:
    epic = build.issue(
        1,
        (1, build.anna, Status.LAUNCH),
        (2, build.bot, Status.RUNNING),
        (3, build.bot, Status.PAUSED),
        (4, build.anna, Status.LAUNCH),
        level=Level.CAMPAIGN,
    )
    done = build.group("g001", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    step1 = build.step(build.issue(2), done)
    step2 = build.step(build.issue(3), build.group("g000"), name="step2", after=("step1",))
    assert started(decide(build.campaign(epic, step1, step2, pause=pause))) == ["step2 g000 a1"]


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.ABANDONED])
def test_closed_things_start_nothing(build: Any, status: Status) -> None:
    closed = build.issue(2, status=status)
    groups = build.group("g001")
    assert decide(build.campaign(build.launched(), build.step(closed, groups))).submits == ()
    epic = build.issue(1, level=Level.CAMPAIGN, status=status)
    assert decide(build.campaign(epic, build.step(build.launched(2), groups))).submits == ()


@pytest.mark.parametrize("state", [S.SUCCEEDED, S.RUNNING])
@pytest.mark.parametrize(("action", "expected"), [(Action.PAUSE, []), (Action.REVIEW, ["step1 g002 a1"])])
def test_a_critical_failure_stops_new_submissions_under_any_policy(
    build: Any, action: Action, expected: list[str], state: AttemptState
) -> None:
    error = JobError("transform", 139)
    crash = Explained(error, "isr", 1, 10, Failure("isr", (error,), 139), action, Flavour.CRITICAL, "crash")
    first = build.group("g001", build.attempt(state, build.cause(1, 1)))
    step = build.step(build.running(2), replace(first, failures=(crash,)), build.group("g002"))
    view = build.campaign(build.launched(), step, pause=PausePolicy.AFTER_EACH_STEP)
    assert started(decide(view)) == expected


def test_after_a_person_launched_again_an_earlier_critical_failure_stops_nothing(build: Any) -> None:
    error = JobError("transform", 139)
    crash = Explained(error, "isr", 1, 10, Failure("isr", (error,), 139), Action.PAUSE)
    moves = [(2, build.bot, Status.PAUSED), (3, build.anna, Status.LAUNCH)]
    epic = build.issue(1, (1, build.anna, Status.LAUNCH), *moves, level=Level.CAMPAIGN)
    first = build.group("g001", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    step = build.step(build.running(2), replace(first, failures=(crash,)), build.group("g002"))
    view = build.campaign(epic, step, pause=PausePolicy.AFTER_EACH_STEP)
    assert started(decide(view)) == ["step1 g002 a1"]


@pytest.mark.covers("B10")
def test_a_definition_is_saved_executed_or_discarded(build: Any) -> None:
    def planned(*moved: tuple[int, Any, Status]) -> tuple[int, int]:
        epic = build.issue(1, *moved, level=Level.CAMPAIGN)
        decision = decide(build.campaign(epic, build.step(build.issue(2), plan=PlanState.UNASKED)))
        return len(decision.plans), len(decision.moves)

    assert planned() == (0, 0)
    assert planned((1, build.anna, Status.LAUNCH)) == (1, 0)
    assert planned((1, build.anna, Status.ABANDONED)) == (0, 0)
