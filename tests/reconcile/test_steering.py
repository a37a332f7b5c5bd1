"""Cancel and restart: told until they work, read back, and never believed for having been registered."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.children import Run
from cmbot.exceptions import NotFound, OutcomeUnknown, Refused, RemoteError
from cmbot.handlers import changing, rescuing, telling
from cmbot.handlers import orders as rules
from cmbot.handlers.actions import Accept
from cmbot.handlers.campaign import decide
from cmbot.mirror import events, journal, orders
from cmbot.models.attempts import AS_DEFINED, Attempt, AttemptState, Cause, Order, OrderState, Verb
from cmbot.models.campaign import CampaignDefinition, RetryPolicy, StepDefinition
from cmbot.models.issues import Issue, Level, Person, Status
from cmbot.models.notices import NoticeKind
from cmbot.models.views import CampaignView, GroupView, PlanState, StepView
from cmbot.reconcile import follow, holdings, polling, steering, tell
from cmbot.wms.judgement import workflow_state
from cmbot.wms.port import Look, TaskReport, WmsReport
from cmbot.wms.states import TaskState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cmbot.reconcile.edges import Edges
    from tests.reconcile.conftest import MemoryJira, Watcher

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
LINDA = Person("linda", "Linda")
EPIC = Issue("10001", "CM-1", Level.CAMPAIGN, Status.RUNNING, "mini", START)
STEP = Issue("10002", "CM-2", Level.STEP, Status.RUNNING, "step1", START)
DEFINITION = StepDefinition("step1", "DRP.yaml#x", "visit > 0")
CAMPAIGN = CampaignDefinition(
    name="mini",
    reason="a test",
    kind="DataProc",
    stage="development",
    mode="test",
    butler="/repo",
    inputs=("raw",),
    output="u/anna/mini",
    environment="w",
    wms="PanDA",
    site="SLAC",
    steps=(DEFINITION,),
)


@dataclass
class World:
    """One group with one attempt, whose request PanDA lets be steered."""

    edges: Edges
    done: int = 0
    """Quanta of ten that the Butler holds."""
    commands: list[tuple[str, int]] = field(default_factory=list)
    trouble: Exception | None = None
    gone: bool = False
    """Whether iDDS has put the request into its archive."""
    asked_in_vain: int = 0
    report: WmsReport | None = None
    now: datetime = START
    name: str = "CM-2_step1_g001_a1_0a1b2c3d"

    def begin(self, request: int | None = 7) -> None:
        cause = Cause("move:10002:1", Person("anna"), START, "moved CM-2 to Launch")
        with self.edges.mirror.writing() as connection:
            attempt = journal.add_attempt(connection, STEP.id, "g001", 1, cause, "spec", START)
            item = journal.add_try(
                connection, attempt, "0a1b2c3d", self.name, str(self.edges.tries / "one"), START
            )
            if request:
                journal.set_try(connection, item, request_id=request, state="submitted")
                journal.move_attempt(connection, attempt, AttemptState.SUBMITTED, START)
        graph = self.edges.submit_path(self.name)
        graph.mkdir(parents=True)
        (graph / "x.qg").touch()
        self.say("Transforming")

    # ------------------------------------------------------------------------------ PanDA and Butler

    def say(self, status: str, done: int = 0, failed: int = 0) -> None:
        state = TaskState.DONE if done == 10 else TaskState.RUNNING
        tasks = (TaskReport(1, "isr", state, 10, done=done, failed=failed),)
        self.report = WmsReport(
            7, self.name, status, workflow_state(status, tasks, cancel_asked=False), tasks
        )

    def statuses(self, names: Mapping[int, str], _: datetime) -> Look:
        found = {} if self.gone or not self.report else dict.fromkeys(names, self.report)
        return Look(found, {})

    def status(self, request_id: int) -> WmsReport:
        assert request_id == 7
        if self.gone:
            self.asked_in_vain += 1
            raise NotFound("request 7", "there is none")
        assert self.report is not None
        return self.report

    def cancel(self, request_id: int) -> None:
        self.commands.append(("cancel", request_id))
        if self.trouble:
            raise self.trouble

    def restart(self, request_id: int) -> None:
        self.commands.append(("restart", request_id))
        if self.trouble:
            raise self.trouble

    def start(self, directory: Path, *_: Any) -> None:
        directory.mkdir(parents=True)
        numbers = dict.fromkeys(("failed", "blocked", "wonky"), 0)
        numbers |= {"successful": self.done, "unknown": 10 - self.done, "expected": 10}
        lists: dict[str, Any] = {"failed_quanta": [], "recovered_quanta": [], "caveats": {}}
        task = {f"n_{kind}": number for kind, number in numbers.items()} | lists
        (directory / "report.json").write_text(json.dumps({"tasks": {"isr": task}}))

    def look(self, _: Path) -> Run:
        return Run(alive=False, code=0, started=True)

    # ------------------------------------------------------------------------------------------ cmbot

    def view(self) -> CampaignView:
        found = journal.attempts(self.edges.mirror, STEP.id)["g001"]
        step = StepView(STEP, "step1", DEFINITION, (GroupView("g001", 1, "all", attempts=found),))
        return CampaignView(EPIC, Person("cmbot"), CAMPAIGN, steps=(step,))

    @property
    def attempt(self) -> Attempt:
        return self.view().attempts[0]

    @property
    def order(self) -> Order:
        return self.attempt.orders[-1]

    def ask(self, verb: Verb) -> None:
        cause = Cause(f"request:{len(self.attempt.orders)}", LINDA, self.now, f"ran cmbot {verb} CM-2")
        with self.edges.mirror.writing() as connection:
            orders.add(connection, verb, cause, (STEP.id, "g001", 1), AS_DEFINED)

    def turn(self, minutes: float = 6) -> Attempt:
        """Do what a pass does, some time later."""
        self.now += timedelta(minutes=minutes)
        seen = polling.everything(self.edges, self.now)
        follow.campaign(self.edges, self.view(), seen, self.now)
        for settle in tuple(rules.settled(self.view())):
            steering.settle(self.edges, settle, self.now)
        for judge in tuple(rules.to_judge(self.view())):
            steering.judge(self.edges, judge, self.now)
        for steer in tuple(rules.to_steer(self.view())):
            with suppress(RemoteError):
                steering.steer(self.edges, self.view(), steer, self.now)
        return self.attempt

    def until_ended(self) -> Attempt:
        for _ in range(10):
            if not self.turn().state.live:
                break
        return self.turn()

    def told(self) -> list[str]:
        return [
            notice.problems[0].problem
            for notice in rules.not_done(self.view())
            if notice.kind is NoticeKind.REFUSED
        ]


@pytest.fixture
def world(watcher: Watcher, campaign: dict[str, str]) -> World:
    assert (campaign["epic"], campaign["step"]) == (EPIC.id, STEP.id)
    made = World(watcher.edges)
    made.edges = replace(watcher.edges, wms=cast("Any", made), runner=cast("Any", made))
    made.begin()
    return made


@pytest.mark.covers("W8")
def test_an_abort_is_told_again_until_the_request_has_ended(world: World) -> None:
    world.turn()
    world.ask(Verb.CANCEL)
    world.turn()
    assert world.commands == [("cancel", 7)]
    # PanDA registered it and goes on as if nothing was.
    assert world.turn().state is AttemptState.CANCELLING
    for _ in range(5):
        world.turn()
    assert world.commands == [("cancel", 7)] * 4
    assert world.attempt.state is AttemptState.CANCELLING
    world.say("Cancelled", 3)
    world.done = 3
    ended = world.until_ended()
    assert ended.state is AttemptState.CANCELLED
    assert ended.summary.startswith("Linda ran cmbot cancel CM-2; isr: 7 of 10 quanta missing")
    assert (world.order.state, world.order.sent) == (OrderState.DONE, 4)
    assert world.told() == []


def test_a_cancel_that_panda_ends_as_failed_is_a_cancel(world: World) -> None:
    world.ask(Verb.CANCEL)
    world.turn()
    world.say("Failed", 0, 10)
    assert world.until_ended().state is AttemptState.CANCELLED


def test_what_was_complete_when_the_cancel_came_is_a_success(world: World) -> None:
    world.ask(Verb.CANCEL)
    world.turn()
    world.say("Finished", 10)
    world.done = 10
    assert world.until_ended().state is AttemptState.SUCCEEDED
    assert world.order.state is OrderState.DONE


def test_a_cancel_that_comes_too_late_is_told(world: World) -> None:
    world.say("SubFinished", 8, 2)
    world.done = 8
    world.turn()
    world.ask(Verb.CANCEL)
    assert world.until_ended().state is AttemptState.PARTIAL
    assert world.commands == []
    assert world.told() == ["a1 has ended: partial"]


def test_a_request_of_another_name_is_never_aborted(world: World) -> None:
    assert world.report is not None
    world.report = replace(world.report, name="somebody_elses")
    world.ask(Verb.CANCEL)
    world.turn()
    assert world.commands == []
    assert world.told() == ["request 7 is called somebody_elses, not CM-2_step1_g001_a1_0a1b2c3d"]


@pytest.mark.parametrize("error", [Refused("request 7", "no permission"), NotFound("request 7", "is gone")])
def test_what_panda_refuses_is_told_and_not_tried_again(world: World, error: Exception) -> None:
    world.trouble = error
    world.ask(Verb.CANCEL)
    for _ in range(5):
        world.turn()
    assert world.commands == [("cancel", 7)]
    assert len(world.told()) == 1
    assert world.attempt.state is AttemptState.RUNNING


def test_an_answer_that_was_lost_is_asked_for_again(world: World) -> None:
    world.trouble = OutcomeUnknown("request 7", "the answer was lost")
    world.ask(Verb.CANCEL)
    for _ in range(5):
        world.turn()
    assert len(world.commands) == 3
    assert world.order.state is OrderState.OPEN


@pytest.mark.covers("W5", "W8")
def test_a_cancel_gives_up_what_panda_has_lost_and_the_data_decide(world: World) -> None:
    world.turn()
    world.gone, world.done = True, 3
    world.ask(Verb.CANCEL)
    for _ in range(4):
        world.turn(3)
    # It may be an error of iDDS's, which is not asked at each pass.
    assert (world.attempt.state, world.order.sent, world.asked_in_vain) == (AttemptState.RUNNING, 0, 1)
    world.turn(60 * 24 * 30)
    assert world.attempt.state is AttemptState.MERGE_PENDING
    ended = world.until_ended()
    assert ended.state is AttemptState.CANCELLED
    assert ended.summary.startswith("Linda ran cmbot cancel CM-2; isr: 7 of 10 quanta missing")
    assert world.commands == []
    assert world.told() == []
    assert world.order.state is OrderState.DONE
    (event,) = [each for each in events.of(world.edges.mirror, ("CM-2",)) if "given up" in each.what]
    assert "PanDA has not had request 7 since" in event.why


def test_a_restart_of_what_panda_has_lost_is_refused(world: World) -> None:
    world.say("SubFinished", 8, 2)
    world.done = 8
    world.until_ended()
    world.gone = True
    world.ask(Verb.RESTART)
    world.turn(60 * 24 * 30)
    (said,) = world.told()
    assert "it was lost or put into an archive" in said
    assert world.commands == []


@pytest.mark.covers("W11")
def test_a_restart_keeps_the_attempt_and_its_request(world: World) -> None:
    world.say("SubFinished", 8, 2)
    world.done = 8
    assert world.until_ended().state is AttemptState.PARTIAL
    world.ask(Verb.RESTART)
    world.turn()
    assert world.commands == [("restart", 7)]
    # Not done before PanDA shows it.
    assert world.turn().state is AttemptState.PARTIAL
    world.say("Transforming", 8)
    assert world.turn().state is AttemptState.RUNNING
    assert world.order.state is OrderState.DONE
    # Nobody is told that somebody restarted it.
    assert list(telling.needing_attention(world.view())) == []
    world.say("Finished", 10)
    world.done = 10
    assert world.until_ended().state is AttemptState.SUCCEEDED
    assert world.attempt.number == 1
    assert len(world.attempt.tries) == 1


def test_a_restart_that_never_begins_ends_with_a_question(world: World) -> None:
    world.say("SubFinished", 8, 2)
    world.done = 8
    world.until_ended()
    world.ask(Verb.RESTART)
    for _ in range(30):
        world.turn()
    assert world.commands == [("restart", 7)] * 2
    assert world.told() == [
        "PanDA was told 2 times; it ended as before, or did not begin: look at the request"
    ]
    assert world.attempt.state is AttemptState.PARTIAL


@pytest.mark.parametrize("number", ["epic", "step"])
def test_what_was_closed_meanwhile_is_not_restarted(
    world: World, jira: MemoryJira, campaign: dict[str, str], number: str
) -> None:
    world.say("SubFinished", 8, 2)
    world.done = 8
    world.until_ended()
    world.ask(Verb.RESTART)
    # No search has shown it yet.
    jira.move(campaign[number], "Abandoned")
    for _ in range(5):
        world.turn()
    assert world.commands == []
    assert (world.order.state, world.order.sent) == (OrderState.OPEN, 0)


def test_jira_remembers_a_restart_before_panda_is_told(
    world: World, jira: MemoryJira, campaign: dict[str, str]
) -> None:
    world.say("SubFinished", 8, 2)
    world.done = 8
    world.until_ended()
    world.ask(Verb.RESTART)
    world.trouble = OutcomeUnknown("request 7", "the answer was lost")
    world.turn()
    assert world.commands == [("restart", 7)]
    # Nothing comes after an answer that was lost.
    (entry,) = jira.issues_[campaign["step"]]["properties"][tell.PROPERTY]["attempts"]
    assert [each["cause"] for each in entry["restarts"]] == [world.order.cause.id]
    assert entry["state"] == AttemptState.SUBMITTED


def test_a_restart_that_makes_nothing_says_so(world: World) -> None:
    world.say("SubFinished", 8, 2)
    world.done = 8
    world.until_ended()
    world.ask(Verb.RESTART)
    world.turn()
    world.say("Transforming", 8)
    world.turn()
    world.say("SubFinished", 8, 2)
    ended = world.until_ended()
    assert ended.summary.startswith("nothing more was made: 8 of 10 quanta, as before")


def test_every_act_is_in_the_history_with_who_and_why(world: World) -> None:
    world.ask(Verb.CANCEL)
    world.turn()
    (event,) = [each for each in events.of(world.edges.mirror, ("CM-2",)) if "asked of PanDA" in each.what]
    assert (event.what, event.why) == ("cancel of request 7 is asked of PanDA", "Linda ran cmbot cancel CM-2")


@pytest.mark.covers("G7")
def test_what_a_rule_accepts_is_completed_chained_and_said(world: World) -> None:
    world.say("SubFinished", 9, 1)
    world.done = 9
    assert world.until_ended().state is AttemptState.PARTIAL
    assert holdings.wanted(world.edges, world.view()) == ()
    (step,) = world.view().steps
    why = "accepted by noisy: quanta missing of isr: 1 of 10"
    steering.accept(world.edges, Accept(step, step.groups[0], why), world.now)
    assert (world.attempt.state, world.attempt.summary) == (AttemptState.SUCCEEDED, why)
    group, whole, _ = holdings.wanted(world.edges, world.view())
    assert (group.name, group.children) == ("u/anna/mini/step1/g001", ("u/anna/mini/step1/g001/a1_0a1b2c3d",))
    assert whole.children == (group.name,)
    (event,) = [each for each in events.of(world.edges.mirror, ("CM-2",)) if each.why == why]
    assert event.what == "step1 g001 a1 is succeeded"
    planned = [replace(step, plan=PlanState.READY) for step in world.view().steps]
    view = replace(world.view(), steps=tuple(planned))
    decision = decide(view)
    assert {move.issue.key: move.target for move in decision.moves} == {
        "CM-1": Status.COMPLETED,
        "CM-2": Status.COMPLETED,
    }
    assert decision.accepts == ()
    told = [notice.issue.key for notice in decision.notices if notice.kind is NoticeKind.COMPLETED]
    assert told == ["CM-2", "CM-1"]
    assert why in world.edges.comments.step(view, view.steps[0])


@pytest.mark.covers("D4", "W13")
def test_a_person_accepts_what_ended_without_its_whole_result(world: World) -> None:
    world.ask(Verb.ACCEPT)
    world.turn()
    assert world.order.state is OrderState.REFUSED
    assert "a1 is running" in world.told()[0]
    world.done = 7
    world.say("SubFinished", done=7, failed=3)
    assert world.until_ended().state is AttemptState.PARTIAL
    world.ask(Verb.ACCEPT)
    assert world.turn().state is AttemptState.SUCCEEDED
    assert world.attempt.summary == "Linda ran cmbot accept CM-2"
    assert world.order.state is OrderState.DONE
    assert world.view().steps[0].status is Status.COMPLETED


@pytest.mark.covers("D4", "W13")
def test_a_person_rejects_a_result_and_the_next_attempt_makes_it_anew(world: World) -> None:
    world.done = 10
    world.say("Finished", done=10)
    assert world.until_ended().state is AttemptState.SUCCEEDED
    world.ask(Verb.REJECT)
    assert world.turn().state is AttemptState.REJECTED
    assert world.turn().state is AttemptState.REJECTED
    view = world.view()
    (step,) = view.steps
    (group,) = step.groups
    assert step.status is Status.PAUSED
    assert changing.changes(view, step, group).fresh
    assert holdings.wanted(world.edges, view) == ()
    # Also where a person had moved it to Completed, and where cmbot may rescue by itself.
    closed = replace(STEP, id="10004", level=Level.GROUP, status=Status.COMPLETED)
    assert replace(group, issue=closed).effective is Status.FAILED
    automatic = replace(view, definition=replace(CAMPAIGN, retry=RetryPolicy.AUTOMATIC))
    assert rescuing.decisions(automatic) == {}
