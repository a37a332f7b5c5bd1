"""Each rule for what Jira, journal and WMS do not agree on holds under its condition, and only there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import NotFound, RemoteError
from cmbot.handlers.facts import Does, Facts, Finding, Standing, acting, findings
from cmbot.handlers.inconsistencies import ATTEMPTS, ISSUES, attention
from cmbot.handlers.recovery import Outcome
from cmbot.handlers.recovery import Verb as Recovery
from cmbot.models.attempts import (
    Attempt,
    AttemptState,
    Cause,
    Order,
    OrderState,
    Try,
    TryState,
    Verb,
)
from cmbot.models.issues import Issue, Level, Move, Person, Status
from cmbot.settings import DEADLINES
from cmbot.wms.port import TaskReport, WmsReport
from cmbot.wms.states import TaskState, WorkflowState

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
ANNA, BOT = Person("anna", "Anna"), Person("cmbot")
EPIC = Issue("1", "CM-1", Level.CAMPAIGN, Status.RUNNING, "mini", START)
STEP = Issue("2", "CM-2", Level.STEP, Status.RUNNING, "step1", START)
GROUP = Issue("4", "CM-4", Level.GROUP, Status.RUNNING, "step1 g001", START)
CAUSE = Cause("move:2:1", ANNA, START, "moved CM-2 to Launch")
NAME = "CM-2_step1_g001_a1_0a1b2c3d"
TRY = Try(1, 1, "0a1b2c3d", NAME, TryState.SUBMITTED, "d", "host", START, request_id=7, seen_at=START)
RUNNING = Attempt(1, "2", "g001", 1, AttemptState.RUNNING, CAUSE, START, since=START, tries=(TRY,))
TESTED: set[str] = set()


def row(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Say which row a test is of."""
    TESTED.add(name)
    return lambda test: test


def says(status: str, state: WorkflowState, done: int = 3) -> dict[str, Any]:
    """What the WMS says now, and the form in which it would be kept."""
    report = WmsReport(7, NAME, status, state, (TaskReport(1, "isr", TaskState.RUNNING, 10, done=done),))
    kept = {"status": status, "counts": {"done": done, "running": 10 - done}, "tasks": [{"expected": 10}]}
    return {"report": report, "said": kept | {"unsettled": state is WorkflowState.UNKNOWN}}


AS_KEPT = says("Transforming", WorkflowState.RUNNING)


def facts(attempt: Attempt = RUNNING, minutes: float = 5, **more: Any) -> Facts:
    """A group that runs, and of which PanDA says what the journal does."""
    usual: dict[str, Any] = {"known": AS_KEPT["said"], "changed_at": START, **AS_KEPT}
    now = START + timedelta(minutes=minutes)
    return Facts((EPIC, STEP, GROUP), attempt, now, DEADLINES.__getitem__, **usual | more)


def found(known: Facts) -> list[tuple[str, Does]]:
    return [(each.rule, each.does) for each in findings(ATTEMPTS, known)]


def only(known: Facts) -> Finding:
    (finding,) = findings(ATTEMPTS, known)
    return finding


def test_nothing_is_done_about_what_agrees() -> None:
    assert found(facts()) == []
    assert found(facts(report=None, said={})) == []
    assert acting(ATTEMPTS, facts()) is None


# ------------------------------------------------------------------------------------------ attempts


@row("unfinished")
@pytest.mark.covers("W8")
def test_a_submission_without_a_request_id_is_recovered() -> None:
    reserved = replace(TRY, state=TryState.RESERVED, request_id=None)
    attempt = replace(RUNNING, state=AttemptState.RESERVED, tries=(reserved,))
    known = facts(attempt, report=None, known={}, said={})
    assert (only(known).rule, only(known).does) == ("unfinished", Does.RECOVER)
    looked = replace(known, outcome=Outcome(Recovery.LOOK_UP, note="bps submit was killed"))
    assert only(looked).says.endswith("(bps submit was killed); cmbot looks for its name")
    assert found(facts(replace(attempt, tries=()), report=None)) == [("unfinished", Does.RECOVER)]


@row("ended")
@pytest.mark.covers("W6")
def test_a_workflow_that_ended_here_is_counted_whatever_panda_says() -> None:
    attempt = replace(RUNNING, state=AttemptState.MERGE_PENDING)
    for more in ({}, says("Transforming", WorkflowState.RUNNING, 9), {"report": NotFound("request 7", "no")}):
        assert acting(ATTEMPTS, facts(attempt, **more)) is Does.COUNT


@row("called otherwise")
def test_a_request_of_another_name_is_refused_and_nothing_of_it_taken() -> None:
    said = says("Finished", WorkflowState.ENDED_OK, 10)
    finding = only(facts(**said | {"report": replace(said["report"], name="somebody_elses")}))
    assert finding.does is Does.REFUSE
    assert finding.says == f"request 7 is called somebody_elses, not {NAME}"
    upper = replace(AS_KEPT["report"], name=NAME.upper())
    assert found(facts(report=upper)) == []


@row("not heard of")
def test_an_answer_that_does_not_come_changes_nothing() -> None:
    for trouble in (RemoteError("PanDA", "no answer"), NotFound("request 7", "PanDA has no such request")):
        finding = only(facts(report=trouble, said={}))
        assert (finding.rule, finding.does) == ("not heard of", Does.WAIT)
        assert str(trouble) in finding.says


@row("lost")
@pytest.mark.covers("W5")
def test_a_request_that_panda_has_not_for_an_hour_is_asked_about() -> None:
    missing = NotFound("request 7", "PanDA has no such request")
    assert found(facts(minutes=59, report=missing)) == [("not heard of", Does.WAIT)]
    known = facts(minutes=60, report=missing)
    assert found(known) == [("lost", Does.ASK), ("not heard of", Does.WAIT)]
    assert "has not had request 7 since 2026-11-20 08:00 UTC" in attention(known)
    assert attention(facts(minutes=60, report=RemoteError("PanDA", "no answer"))) == ""
    # It stays the reason, word for word, when every deadline has passed.
    assert attention(facts(minutes=60 * 24 * 30, report=missing)) == attention(known)


@row("goes on")
@pytest.mark.covers("W8")
def test_a_request_that_goes_on_after_its_end_is_followed_again() -> None:
    ended = replace(RUNNING, state=AttemptState.PARTIAL)
    kept = says("SubFinished", WorkflowState.ENDED_PARTLY, 8)
    assert found(facts(ended, **AS_KEPT | {"known": kept["said"]})) == [("goes on", Does.TAKE)]
    # Restarted and over between two looks.
    again = says("Finished", WorkflowState.ENDED_OK, 10)
    assert found(facts(ended, **again | {"known": kept["said"]})) == [("goes on", Does.TAKE)]
    assert found(facts(ended, **kept | {"known": kept["said"]})) == []
    unsettled = says("Finished", WorkflowState.UNKNOWN, 9)
    assert found(facts(ended, **unsettled | {"known": kept["said"]})) == []


@row("ended there")
def test_an_end_in_panda_is_taken_over_for_the_data_report() -> None:
    ends = (WorkflowState.ENDED_OK, WorkflowState.ENDED_PARTLY, WorkflowState.ENDED_FAILED)
    for state in (*ends, WorkflowState.CANCELLED):
        known = facts(**says("SubFinished", state, 8))
        assert (only(known).rule, only(known).does) == ("ended there", Does.TAKE)
        assert known.state is AttemptState.MERGE_PENDING


@row("moved there")
def test_another_state_and_other_counts_are_taken_over() -> None:
    held = facts(**says("Suspended", WorkflowState.HELD))
    assert (only(held).rule, held.state) == ("moved there", AttemptState.HELD)
    assert found(facts(**says("Transforming", WorkflowState.RUNNING, 4))) == [("moved there", Does.TAKE)]
    # An end whose counts do not add up is kept, and is no end.
    unsettled = facts(**says("Finished", WorkflowState.UNKNOWN, 9))
    assert (only(unsettled).does, unsettled.state) == (Does.TAKE, AttemptState.RUNNING)


@row("to be cancelled")
@pytest.mark.covers("W8")
def test_a_cancel_is_told_until_the_request_has_ended() -> None:
    order = Order(1, replace(CAUSE, what="cancelled CM-4"), Verb.CANCEL, "2", "g001", 1, sent=3)
    attempt = replace(RUNNING, state=AttemptState.CANCELLING, orders=(order,))
    known = facts(attempt)
    assert found(known) == [("to be cancelled", Does.CANCEL)]
    assert "PanDA was told 3 times" in only(known).says
    # It need not show in PanDA's status.
    assert known.state is AttemptState.CANCELLING
    assert found(facts(replace(attempt, orders=(replace(order, state=OrderState.DONE),)))) != found(known)
    assert found(facts(replace(attempt, state=AttemptState.CANCELLED), report=None)) == []


@row("twice")
@pytest.mark.covers("W1")
def test_a_second_request_of_its_name_is_asked_about() -> None:
    known = facts(others=(8, 10))
    assert found(known) == [("twice", Does.ASK)]
    assert "PanDA also has 8, 10 of that name" in attention(known)
    assert found(facts(replace(RUNNING, state=AttemptState.SUCCEEDED), report=None, others=(8,))) == []


def test_the_request_that_bps_has_made_and_not_yet_reported_is_no_second_one() -> None:
    reserved = replace(TRY, state=TryState.RESERVED, request_id=None)
    attempt = replace(RUNNING, state=AttemptState.RESERVED, tries=(reserved,))
    assert attention(facts(attempt, report=None, known={}, said={}, others=(7,))) == ""


@row("overdue")
@pytest.mark.covers("W5")
@pytest.mark.parametrize("state", sorted(DEADLINES))
def test_whatever_stays_in_a_transient_state_beyond_its_deadline_is_asked_about(state: AttemptState) -> None:
    length = DEADLINES[state] / timedelta(minutes=1)
    attempt = replace(RUNNING, state=state)
    assert attention(facts(attempt, minutes=length - 1, report=None)) == ""
    late, later = (
        attention(facts(attempt, minutes=minutes, report=None)) for minutes in (length, 9 * length)
    )
    assert late.startswith(f"{state} since 2026-11-20 08:00 UTC: ")
    assert later == late


def test_progress_that_is_just_seen_is_not_overdue() -> None:
    late = DEADLINES[AttemptState.RUNNING] / timedelta(minutes=1)
    assert "overdue" in dict(found(facts(minutes=late)))
    assert "overdue" not in dict(found(facts(minutes=late, **says("Transforming", WorkflowState.RUNNING, 4))))


@pytest.mark.covers("W5")
def test_every_state_that_is_none_for_ever_has_a_deadline() -> None:
    # Of several requests a person was told when they were found: nothing goes on before that is settled.
    transient = {state for state in AttemptState if state.live} - {AttemptState.DUPLICATE}
    assert set(DEADLINES) == transient


@row("closed")
@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.ABANDONED])
def test_what_a_person_closed_while_it_runs_is_said_and_left_alone(status: Status) -> None:
    known = replace(facts(), path=(EPIC, STEP, replace(GROUP, status=status)))
    assert (only(known).rule, only(known).does) == ("closed", Does.SAY)
    assert f"CM-4 was moved to {status} while it is running with 7 jobs running" in only(known).says
    over = replace(known, attempt=replace(RUNNING, state=AttemptState.SUCCEEDED), report=None)
    assert found(over) == []


@row("frozen")
def test_what_is_frozen_is_followed_and_said() -> None:
    known = replace(facts(), path=(EPIC, replace(STEP, frozen="is gone, or hidden from cmbot"), GROUP))
    assert (only(known).does, only(known).says[:34]) == (Does.SAY, "CM-2 is gone, or hidden from cmbot")
    assert ("moved there", Does.TAKE) in found(replace(known, **says("Suspended", WorkflowState.HELD)))


@row("edited")
def test_an_edit_takes_effect_at_the_next_attempt() -> None:
    assert only(facts(edited=("Data query", "Priority"))).says == (
        "Data query, Priority edited since it was submitted; the next attempt uses that"
    )


@row("distrusted")
def test_what_contradicts_itself_submits_nothing_more() -> None:
    assert found(facts(distrusted="has two requests of one attempt")) == [("distrusted", Does.SAY)]


@row("moved back")
def test_what_was_moved_back_to_draft_after_its_end_starts_nothing() -> None:
    known = replace(
        facts(replace(RUNNING, state=AttemptState.SUCCEEDED), report=None),
        path=(EPIC, STEP, replace(GROUP, status=Status.DRAFT)),
    )
    assert (only(known).rule, only(known).does) == ("moved back", Does.SAY)


# ------------------------------------------------------------------------------------------ issues


def standing(status: Status, target: Status, by: Person, *acts: int) -> Standing:
    """An issue that somebody moved in minute 10 to where it is."""
    at = START + timedelta(minutes=10)
    move = Move("2", "CM-2", 1, at, by, Status.RUNNING, status)
    issue = replace(STEP, status=status, moves=(move,))
    return Standing(issue, target, [START + timedelta(minutes=minute) for minute in acts], BOT)


@row("a person's word")
def test_a_person_s_word_stands_until_a_person_asks_for_more() -> None:
    said = standing(Status.COMPLETED, Status.RUNNING, ANNA, 5)
    (finding,) = findings(ISSUES, said)
    assert (finding.rule, finding.does) == ("a person's word", Does.WAIT)
    assert finding.says == "Anna moved CM-2 to Completed, which stands; what is below is Running"
    assert acting(ISSUES, standing(Status.COMPLETED, Status.RUNNING, ANNA, 5, 11)) is Does.MOVE
    assert acting(ISSUES, standing(Status.COMPLETED, Status.RUNNING, BOT, 5)) is Does.MOVE
    assert acting(ISSUES, standing(Status.LAUNCH, Status.RUNNING, ANNA)) is Does.MOVE


@row("rolled up")
def test_a_status_that_its_children_do_not_amount_to_is_set() -> None:
    (finding,) = findings(ISSUES, standing(Status.RUNNING, Status.COMPLETED, BOT))
    assert (
        finding.says == "CM-2 is Running, and what is below amounts to Completed; cmbot moves it to Completed"
    )
    assert acting(ISSUES, standing(Status.RUNNING, Status.RUNNING, BOT)) is None
    # What was never begun, and what cmbot may not do.
    assert acting(ISSUES, standing(Status.RUNNING, Status.DRAFT, BOT)) is None
    assert acting(ISSUES, standing(Status.ABANDONED, Status.RUNNING, BOT)) is None


# ------------------------------------------------------------------------------------------ the law

answers = st.none() | st.sampled_from([RemoteError("PanDA", "no"), NotFound("request 7", "no")])
answers |= st.builds(
    WmsReport,
    request_id=st.just(7),
    name=st.sampled_from([NAME, NAME.upper(), "somebody_elses"]),
    raw_status=st.sampled_from(["Finished", "Transforming"]),
    state=st.sampled_from(WorkflowState),
)


@pytest.mark.covers("W6")
@given(
    state=st.sampled_from(AttemptState),
    of_try=st.none() | st.sampled_from(TryState),
    answer=answers,
    minutes=st.integers(0, 10_000),
    statuses=st.lists(st.sampled_from(Status), min_size=3, max_size=3),
    others=st.sampled_from([(), (8,)]),
)
def test_whatever_is_known_one_thing_is_done_and_no_answer_ends_an_attempt(
    state: AttemptState,
    of_try: TryState | None,
    answer: Any,
    minutes: int,
    statuses: list[Status],
    others: tuple[int, ...],
) -> None:
    tries = () if of_try is None else (replace(TRY, state=of_try),)
    attempt = replace(RUNNING, state=state, tries=tries)
    said = says("Finished", WorkflowState.ENDED_OK)["said"] if isinstance(answer, WmsReport) else {}
    path = tuple(replace(one, status=to) for one, to in zip((EPIC, STEP, GROUP), statuses, strict=True))
    known = replace(facts(attempt, minutes, report=answer, said=said, others=others), path=path)
    found = list(findings(ATTEMPTS, known))
    acts = [each.does for each in found if each.does.acts]
    assert len(acts) <= 1
    assert all(each.says for each in found)
    # Ended is what the data report says, not what the WMS says.
    assert known.state.live or known.state is state
    if Does.TAKE in acts:
        assert of_try is TryState.SUBMITTED
        assert isinstance(answer, WmsReport)
        assert answer.name.lower() == NAME.lower()
    if state.live and of_try is not TryState.SUBMITTED and state is not AttemptState.MERGE_PENDING:
        assert acts == [Does.RECOVER]


def test_every_row_has_a_test() -> None:
    names = [each.name for each in ATTEMPTS] + [each.name for each in ISSUES]
    assert len(names) == len(set(names))
    assert set(names) == TESTED
