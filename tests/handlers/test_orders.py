"""What becomes of retry, restart and cancel, by what their attempts are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.handlers.campaign import decide
from cmbot.handlers.orders import refusal
from cmbot.models.attempts import AttemptState as S
from cmbot.models.attempts import Cause, Changes, Order, OrderState, Recorded, Try, TryState, Verb
from cmbot.models.campaign import PausePolicy
from cmbot.models.issues import Level, Status
from cmbot.models.notices import NoticeKind
from cmbot.models.systems import System

if TYPE_CHECKING:
    from cmbot.models.views import GroupView


def ordered(build: Any, verb: Verb, *states: S, number: int = 1, **more: Any) -> GroupView:
    """A group with attempts, of one of which something is asked."""
    attempts = [build.attempt(state, build.cause(1, minute)) for minute, state in enumerate(states, start=1)]
    group: GroupView = build.group("g001", *attempts)
    cause = Cause("request:abc", build.anna, build.at(30), f"ran cmbot {verb} CM-2")
    order = Order(5, cause, verb, "2", "g001", number, **more)
    tried = tuple(
        replace(attempt, orders=(order,)) if attempt.number == number else attempt
        for attempt in group.attempts
    )
    return replace(group, attempts=tried)


def decided(build: Any, group: GroupView, **more: Any) -> Any:
    return decide(build.campaign(build.running(), build.step(build.running(2), group), **more))


@pytest.mark.covers("D6")
@pytest.mark.parametrize("pause", PausePolicy)
def test_a_retry_makes_the_next_attempt_as_it_was_asked_for(build: Any, pause: PausePolicy) -> None:
    changes = Changes(fresh=True, memory={"isr": 9000})
    decision = decided(build, ordered(build, Verb.RETRY, S.FAILED, changes=changes), pause=pause)
    (submit,) = decision.submits
    assert (submit.number, submit.cause.id, submit.changes) == (2, "request:abc", changes)
    assert submit.order is not None
    assert decision.settles == ()


def test_a_retry_is_asked_for_also_where_nothing_is_launched(build: Any) -> None:
    group = ordered(build, Verb.RETRY, S.PARTIAL)
    epic = build.issue(1, (1, build.anna, Status.LAUNCH), (2, build.bot, Status.PAUSED), level=Level.CAMPAIGN)
    step = build.issue(2, (2, build.bot, Status.PAUSED))
    decision = decide(build.campaign(epic, build.step(step, group)))
    assert [item.number for item in decision.submits] == [2]


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        ((S.FAILED, S.RUNNING), "a1 is not the newest attempt any more: a2 is"),
        ((S.RUNNING,), "a1 is running; cancel it first, or wait for its end"),
        ((S.SUCCEEDED,), "a1 has its result, or was accepted by a person"),
    ],
)
def test_a_retry_of_what_is_not_there_any_more_is_refused_with_the_reason(
    build: Any, states: tuple[S, ...], reason: str
) -> None:
    decision = decided(build, ordered(build, Verb.RETRY, *states))
    assert decision.submits == ()
    (settle,) = decision.settles
    assert (settle.state, settle.note) == (OrderState.REFUSED, reason)


def test_what_was_refused_is_told_once_where_it_was_asked(build: Any) -> None:
    group = ordered(build, Verb.RESTART, S.FAILED, state=OrderState.REFUSED, note="PanDA said no")
    decision = decided(build, group)
    assert (decision.steers, decision.settles) == ((), ())
    (notice,) = [each for each in decision.notices if each.kind is NoticeKind.REFUSED]
    assert notice.marker == "order:request:abc:2:g001"
    assert str(notice.problems[0]).startswith("restart of step1 g001 a1: PanDA said no")


def test_what_runs_is_cancelled_and_nothing_else_starts_under_its_launch(build: Any) -> None:
    group = ordered(build, Verb.CANCEL, S.RUNNING)
    step = build.step(build.running(2), group, build.group("g002"))
    decision = decide(build.campaign(build.launched(), step, pause=PausePolicy.AFTER_EACH_STEP))
    assert [steer.order.verb for steer in decision.steers] == [Verb.CANCEL]
    assert decision.submits == ()


def test_a_cancel_is_done_when_what_it_was_for_has_ended(build: Any) -> None:
    (settle,) = decided(build, ordered(build, Verb.CANCEL, S.CANCELLED, sent=2)).settles
    assert settle.state is OrderState.DONE
    (settle,) = decided(build, ordered(build, Verb.CANCEL, S.PARTIAL)).settles
    assert (settle.state, settle.note) == (OrderState.REFUSED, "a1 has ended: partial")


def test_a_paused_campaign_runs_again_when_a_request_of_it_was_restarted(build: Any) -> None:
    group = ordered(build, Verb.RESTART, S.RUNNING, state=OrderState.DONE, sent=1)
    paused = build.issue(
        1, (1, build.anna, Status.LAUNCH), (9, build.anna, Status.PAUSED), level=Level.CAMPAIGN
    )
    decision = decide(build.campaign(paused, build.step(build.running(2), group)))
    assert [(move.issue.id, move.target) for move in decision.moves] == [("1", Status.RUNNING)]


def to_restart(build: Any, by: str = "request:abc", sent: int = 0) -> GroupView:
    """A group whose request is to begin again, asked in the fifth minute."""
    group = executed(build, S.FAILED)
    cause = Cause(by, build.anna, build.at(5), "asked for it")
    order = Order(5, cause, Verb.RESTART, "2", "g001", 1, sent=sent)
    return replace(group, attempts=(replace(group.attempts[0], orders=(order,)),))


LAUNCHES = ("move:1:5", "rule:2:g001:1")


@pytest.mark.parametrize("by", ["request:abc", *LAUNCHES])
@pytest.mark.parametrize("status", [Status.COMPLETED, Status.ABANDONED])
@pytest.mark.parametrize("closed", [1, 2, 9])
def test_what_was_closed_is_not_restarted(build: Any, by: str, status: Status, closed: int) -> None:
    levels = {1: Level.CAMPAIGN, 2: Level.STEP, 9: Level.GROUP}
    issues = {
        number: build.issue(number, (5, build.anna, Status.LAUNCH), level=level)
        for number, level in levels.items()
    }
    issues[closed] = build.issue(
        closed, (5, build.anna, Status.LAUNCH), (6, build.anna, status), level=levels[closed]
    )
    group = replace(to_restart(build, by), issue=issues[9])
    decision = decide(build.campaign(issues[1], build.step(issues[2], group)))
    assert decision.steers == ()
    (settle,) = decision.settles
    assert settle.state is OrderState.REFUSED
    assert settle.note


@pytest.mark.parametrize("target", [Status.PAUSED, Status.FAILED])
@pytest.mark.parametrize("relaunched", [False, True])
def test_a_restart_ends_with_the_launch_that_led_to_it(
    build: Any, target: Status, *, relaunched: bool
) -> None:
    moves = [(5, build.anna, Status.LAUNCH), (6, build.anna, target)]
    moves += [(7, build.anna, Status.LAUNCH)] if relaunched else []
    epic = build.issue(1, *moves, level=Level.CAMPAIGN)
    for by in LAUNCHES:
        decision = decide(build.campaign(epic, build.step(build.running(2), to_restart(build, by, sent=1))))
        assert decision.steers == ()
        (settle,) = decision.settles
        assert settle.state is OrderState.REFUSED
        assert settle.note == (
            "that was stopped after Anna asked for it; PanDA was told before, so it may begin"
        )
    # What a person asked for by name is done also in what is paused.
    decision = decide(build.campaign(epic, build.step(build.running(2), to_restart(build))))
    assert len(decision.steers) == 1
    assert decision.settles == ()


@pytest.mark.parametrize("by", ["request:abc", *LAUNCHES])
def test_a_restart_waits_while_an_issue_is_not_followed(build: Any, by: str) -> None:
    epic = build.issue(1, (5, build.anna, Status.LAUNCH), level=Level.CAMPAIGN)
    for frozen, steers in (("", 1), ("is gone; bring it back", 0)):
        step = build.step(replace(build.running(2), frozen=frozen), to_restart(build, by))
        decision = decide(build.campaign(epic, step))
        assert (len(decision.steers), decision.settles) == (steers, ())


def executed(build: Any, state: S, size: int = 10, **more: Any) -> GroupView:
    """A group with one attempt, executed somewhere."""
    attempt = build.attempt(state, Cause("request:abc", build.anna, build.at(0), "ran cmbot"))
    usual = Try(1, 1, "0a1b2c3d", "run", TryState.SUBMITTED, "tries/run", "here", build.at(1), request_id=7)
    group: GroupView = build.group("g001", replace(attempt, tries=(replace(usual, **more),)))
    return replace(group, size=size)


@pytest.mark.covers("D17")
def test_what_its_system_cannot_do_is_refused_with_a_way_out(build: Any) -> None:
    parsl = executed(build, S.FAILED, wms=System.PARSL)
    assert "leave it to its end" in refusal(Verb.CANCEL, executed(build, S.RUNNING, wms=System.PARSL))
    assert "then retry it" in refusal(Verb.RESTART, parsl)
    assert refusal(Verb.RETRY, parsl) == ""
    for system in (System.PANDA, System.HTCONDOR):
        assert refusal(Verb.CANCEL, executed(build, S.RUNNING, wms=system)) == ""
        assert refusal(Verb.RESTART, executed(build, S.FAILED, wms=system)) == ""


@pytest.mark.covers("A6")
def test_what_others_ran_is_not_steered_and_a_group_made_for_it_never_submitted(build: Any) -> None:
    recorded = Recorded("u/anna/run", expected={"isr": 2})
    own = executed(build, S.FAILED, recorded=recorded)
    assert "run by somebody else" in refusal(Verb.CANCEL, executed(build, S.RUNNING, recorded=recorded))
    assert "run by somebody else" in refusal(Verb.RESTART, own)
    # A group of the step's own data may be made good by cmbot; one that was made for the record may not.
    made = executed(build, S.FAILED, size=0, recorded=recorded)
    assert refusal(Verb.RETRY, own) == ""
    assert "run by somebody else" in refusal(Verb.RETRY, made)
    assert [submit.number for submit in decided(build, own).submits] == [2]
    assert decided(build, made).submits == ()
