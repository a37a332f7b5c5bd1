"""Attempts are followed by what PanDA says, together and not all the time; only data complete them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmbot.children import Run
from cmbot.exceptions import CmbotError, NotFound, RemoteError
from cmbot.handlers import telling
from cmbot.mirror import events, journal, orders, reports
from cmbot.models.attempts import AS_DEFINED, Attempt, AttemptState, Cause, Verb
from cmbot.models.campaign import CampaignDefinition, StepDefinition
from cmbot.models.issues import Issue, Level, Person, Status
from cmbot.models.notices import NoticeKind
from cmbot.models.views import CampaignView, GroupView, StepView
from cmbot.reconcile import follow, polling, waiting
from cmbot.wms.judgement import workflow_state
from cmbot.wms.port import Look, TaskReport, WmsReport
from cmbot.wms.states import _IDDS_REQUEST, TaskState, WorkflowState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from cmbot.reconcile.edges import Edges
    from tests.reconcile.conftest import Watcher

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
EPIC = Issue("10001", "CM-1", Level.CAMPAIGN, Status.RUNNING, "mini", START)
STEP = Issue("10002", "CM-2", Level.STEP, Status.RUNNING, "step1", START)
TOLERANCE = {"calibrate": 0.1}
DEFINITION = StepDefinition("step1", "DRP.yaml#x", "visit > 0", tolerance=TOLERANCE)
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
    lsst_version="w",
    steps=(DEFINITION,),
)


@dataclass
class Butler:
    """Data reports: each child says what the Butler held when it was started."""

    done: dict[str, int] = field(default_factory=lambda: {"isr": 10, "calibrate": 10})
    """Quanta of each task that made their outputs, of ten."""
    reports: int = 0

    def start(self, directory: Path, *_: Any) -> None:
        self.reports += 1
        directory.mkdir(parents=True)
        tasks = {}
        for label, done in self.done.items():
            numbers = dict.fromkeys(("failed", "blocked", "wonky"), 0)
            numbers |= {"successful": done, "unknown": 10 - done, "expected": 10}
            lists: dict[str, Any] = {"failed_quanta": [], "recovered_quanta": [], "caveats": {}}
            tasks[label] = {f"n_{kind}": number for kind, number in numbers.items()} | lists
        (directory / "report.json").write_text(json.dumps({"tasks": tasks}))

    def look(self, _: Path) -> Run:
        return Run(alive=False, code=0, started=True)

    def stop(self, _: Path) -> None:
        raise AssertionError("nothing runs")


@dataclass
class World:
    """One group with one attempt, a PanDA that says what the test wants, and a clock."""

    edges: Edges
    butler: Butler
    said: dict[int, WmsReport | CmbotError] = field(default_factory=dict)
    others: dict[int, str] = field(default_factory=dict)
    asked: list[Mapping[int, str]] = field(default_factory=list)
    now: datetime = START

    def __post_init__(self) -> None:
        cause = Cause("move:10002:1", Person("anna"), START, "moved CM-2 to Launch")
        with self.edges.mirror.writing() as connection:
            attempt = journal.add_attempt(connection, STEP.id, "g001", 1, cause, "spec", START)
            name, directory = "CM-2_step1_g001_a1_0a1b2c3d", self.edges.tries / "one"
            item = journal.add_try(connection, attempt, "0a1b2c3d", name, str(directory), START)
            journal.set_try(connection, item, request_id=7, state="submitted")
            journal.move_attempt(connection, attempt, AttemptState.SUBMITTED, START)
        graph = self.edges.submit_path(name)
        graph.mkdir(parents=True)
        (graph / "x.qg").touch()
        self.name = name

    def command(self, verb: Verb) -> None:
        """Let a person ask for something, and PanDA be told."""
        number = len(self.attempt.orders)
        cause = Cause(f"request:{number}", Person("anna"), self.now, f"ran cmbot {verb}")
        with self.edges.mirror.writing() as connection:
            order = orders.add(connection, verb, cause, (STEP.id, "g001", 1), AS_DEFINED)
            orders.sent(connection, order, self.now)

    def statuses(self, names: Mapping[int, str], since: datetime) -> Look:
        assert since == START
        self.asked.append(dict(names))
        reports = {number: found for number, found in self.said.items() if number in names}
        return Look(reports, self.others)

    def failures(self, _: Any) -> dict[int, tuple[()]]:
        return {}

    def view(self) -> CampaignView:
        found = journal.attempts(self.edges.mirror, STEP.id)["g001"]
        group = GroupView("g001", 1, "all", attempts=found)
        step = StepView(STEP, "step1", DEFINITION, (group,), waiting=waiting.read(self.edges, STEP))
        return CampaignView(EPIC, Person("cmbot"), CAMPAIGN, steps=(step,))

    @property
    def attempt(self) -> Attempt:
        return self.view().attempts[0]

    def turn(self, **time: float) -> Attempt:
        """Do what a pass does for the campaign, some time later."""
        self.now += timedelta(**time or {"minutes": 6})
        seen = polling.everything(self.edges, self.now)
        follow.campaign(self.edges, self.view(), seen, self.now)
        return self.attempt

    def say(self, status: str, done: int = 0, failed: int = 0, *, total: int = 10, **more: Any) -> None:
        """Let PanDA say how the request is."""
        state = TaskState.DONE if done == total else TaskState.RUNNING
        tasks = (TaskReport(1, "isr", state, total, done=done, failed=failed, **more),)
        judged = workflow_state(status, tasks, cancel_asked=False)
        self.said[7] = WmsReport(7, self.name, status, judged, tasks)

    def told(self) -> list[tuple[NoticeKind, str, str]]:
        found = telling.needing_attention(self.view())
        return [(notice.kind, notice.marker, notice.happened[0]) for notice in found]

    def happened(self) -> list[str]:
        return [event.what for event in events.of(self.edges.mirror, ("CM-2",))]


def make(watcher: Watcher) -> World:
    butler = Butler()
    world = World(replace(watcher.edges, runner=cast("Any", butler)), butler)
    world.edges = replace(world.edges, wms=cast("Any", world))
    return world


@pytest.fixture
def world(watcher: Watcher) -> World:
    return make(watcher)


# ------------------------------------------------------------------------------------------ following


@pytest.mark.covers("E7")
def test_panda_is_asked_once_a_cycle(world: World) -> None:
    world.say("Transforming")
    for _ in range(10):
        world.turn(minutes=1)
    assert world.asked == [{7: world.name}] * 2
    assert world.attempt.state is AttemptState.RUNNING


@pytest.mark.covers("W6")
def test_a_workflow_that_ended_is_complete_when_its_data_are(world: World) -> None:
    world.say("Finished", 10)
    assert world.turn().state is AttemptState.MERGE_PENDING
    world.turn(minutes=1)
    assert world.turn(minutes=1).state is AttemptState.SUCCEEDED


@pytest.mark.covers("W6")
def test_an_end_whose_counts_do_not_add_up_is_none_and_is_told_once(world: World) -> None:
    world.say("Finished", 9)
    for _ in range(60):
        assert world.turn().state is AttemptState.SUBMITTED
    ((kind, _, said),) = world.told()
    assert kind is NoticeKind.ATTENTION
    assert "PanDA ended it as Finished, and the counts of its jobs do not add up" in said
    assert world.happened() == ["step1 g001 a1 needs a person"]
    # They do later.
    world.say("Finished", 10)
    assert world.turn().attention == ""
    assert world.attempt.state is AttemptState.MERGE_PENDING


def test_a_request_of_another_name_is_not_followed(world: World) -> None:
    world.say("Finished", 10)
    world.said[7] = replace(cast("WmsReport", world.said[7]), name="somebody_elses")
    assert world.turn().state is AttemptState.SUBMITTED
    assert "is called somebody_elses" in waiting.read(world.edges, STEP)


# ------------------------------------------------------------------------------------------ deadlines


@pytest.mark.covers("W5")
def test_what_makes_no_progress_is_told_once_with_panda_s_reason(world: World) -> None:
    world.say("Transforming", 3, dialog="insufficient inputs are ready")
    world.turn()
    for _ in range(100):
        world.turn(hours=1)
    ((kind, marker, said),) = world.told()
    assert kind is NoticeKind.ATTENTION
    assert "running since 2026-11-20 08:06 UTC: nothing of it has changed in PanDA" in said
    assert "insufficient inputs are ready" in said
    world.say("Transforming", 4)
    world.turn()
    assert world.told() == []
    for _ in range(100):
        world.turn(hours=1)
    ((_, again, _),) = world.told()
    assert again != marker


@pytest.mark.covers("W5")
@pytest.mark.parametrize(
    ("status", "hours", "words"),
    [("New", 7, "started nothing"), ("Suspended", 25, "suspended"), ("Cancelling", 3, "cancel")],
)
def test_every_transient_state_has_a_deadline(world: World, status: str, hours: int, words: str) -> None:
    world.say(status)
    world.turn()
    assert world.turn(hours=hours - 2).attention == ""
    assert words in world.turn(hours=3).attention


@pytest.mark.covers("W5")
def test_tasks_that_never_come_are_told_sooner_than_jobs_that_do_not_move(world: World) -> None:
    world.said[7] = WmsReport(7, world.name, "Transforming", WorkflowState.RUNNING)
    assert world.turn().state is AttemptState.RUNNING
    assert "PanDA has started nothing of it" in world.turn(hours=7).attention


@pytest.mark.covers("W5", "W8")
def test_a_request_that_panda_has_not_any_more_is_told_after_an_hour(world: World) -> None:
    world.say("Transforming")
    world.turn()
    world.said[7] = NotFound("request 7", "PanDA has no such request", "look in the monitor")
    assert world.turn(minutes=30).attention == ""
    assert "has not had request 7 since 2026-11-20 08:06 UTC" in world.turn(minutes=40).attention
    assert world.attempt.state is AttemptState.RUNNING
    world.say("Transforming", 1)
    world.turn()
    assert world.told() == []


@pytest.mark.covers("W1")
def test_a_second_request_of_the_same_attempt_is_noticed(world: World) -> None:
    world.say("Transforming")
    world.others = {8: "cm-2_step1_g001_a1_ffffffff", 9: "CM-2_step1_g002_a1_0a1b2c3d", 10: world.name}
    assert "PanDA also has 8, 10 of that name" in world.turn().attention
    assert world.attempt.state is AttemptState.RUNNING
    world.others = {}
    assert world.turn().attention == ""


def test_a_request_that_is_only_counted_any_more_is_no_second_one(world: World) -> None:
    world.say("Finished", 10)
    assert world.turn().state is AttemptState.MERGE_PENDING
    # Other attempts are asked about meanwhile; the monitor lists this one's own request beside them.
    seen = polling.Seen(others={"cm-2_step1_g001_a1": (7,)})
    follow.campaign(world.edges, world.view(), seen, world.now)
    assert world.attempt.attention == ""
    assert world.told() == []


# ------------------------------------------------------------------------------------------ old data


@pytest.mark.covers("H1")
def test_what_is_old_is_said_when_it_lasts_with_an_instant(world: World) -> None:
    world.say("Transforming", 3)
    world.turn()
    world.said[7] = RemoteError("PanDA", "get_requests got no answer (ConnectionError)")
    world.turn()
    assert waiting.read(world.edges, STEP) == ""
    said = set()
    for _ in range(10):
        world.turn()
        said.add(waiting.read(world.edges, STEP))
    trouble = "PanDA: get_requests got no answer (ConnectionError)"
    assert said == {"", f"what is shown of request 7 is of 2026-11-20 08:06 UTC: {trouble}"}
    assert world.attempt.state is AttemptState.RUNNING
    world.say("Transforming", 3)
    world.turn()
    assert waiting.read(world.edges, STEP) == ""


# ------------------------------------------------------------------------------------------ reopened


def ended(world: World, done: int = 8) -> None:
    world.butler.done["isr"] = done
    world.say("SubFinished", 8, 2)
    for _ in range(3):
        world.turn(minutes=6)
    assert world.attempt.state is AttemptState.PARTIAL


@pytest.mark.covers("W8")
def test_what_a_person_restarts_in_panda_goes_on_is_told_and_counted_anew(world: World) -> None:
    ended(world)
    world.say("Transforming", 8)
    assert world.turn(hours=2).state is AttemptState.RUNNING
    ((kind, _, said),) = world.told()
    assert kind is NoticeKind.REOPENED
    assert "request 7 goes on in PanDA after its end" in said
    world.butler.done["isr"] = 10
    world.say("Finished", 10)
    for _ in range(3):
        world.turn()
    assert world.attempt.state is AttemptState.SUCCEEDED
    assert world.butler.reports == 2
    assert "step1 g001 a1 is running again" in world.happened()


def test_a_restart_that_was_over_before_the_next_look_is_counted_too(world: World) -> None:
    ended(world)
    world.butler.done["isr"] = 10
    world.say("Finished", 10)
    world.turn(hours=2)
    for _ in range(3):
        world.turn()
    assert world.attempt.state is AttemptState.SUCCEEDED


@pytest.mark.covers("H2", "H3")
def test_what_has_ended_is_looked_at_slowly_and_not_for_ever(world: World) -> None:
    ended(world)
    world.asked.clear()
    for _ in range(10 * 24 * 6):
        world.turn(minutes=10)
    assert 7 * 20 <= len(world.asked) <= 7 * 24 + 2
    assert world.attempt.state is AttemptState.PARTIAL
    assert world.told() == []


def test_an_answer_that_is_unknown_reopens_nothing(world: World) -> None:
    ended(world)
    for found in (RemoteError("PanDA", "no answer"), NotFound("request 7", "PanDA has no such request")):
        world.said[7] = found
        assert world.turn(hours=2).state is AttemptState.PARTIAL
    world.say("Finished", 9)
    assert world.turn(hours=2).state is AttemptState.PARTIAL


# ------------------------------------------------------------------------------------------ the law

tasks = st.builds(
    TaskReport,
    order=st.integers(1, 3),
    label=st.sampled_from(["isr", "calibrate", "finalJob"]),
    state=st.sampled_from(TaskState),
    expected=st.none() | st.integers(0, 10),
    done=st.integers(0, 10),
    failed=st.integers(0, 10),
    pruned=st.integers(0, 10),
)


@st.composite
def answers(draw: st.DrawFn) -> WmsReport | CmbotError | None:
    """Whatever PanDA may say: any status with any counts, an error, or nothing."""
    error = st.sampled_from([RemoteError("PanDA", "no"), NotFound("request 7", "no")])
    if found := draw(st.none() | error):
        return found
    status, reports = draw(st.sampled_from(sorted(_IDDS_REQUEST))), tuple(draw(st.lists(tasks, max_size=3)))
    state = workflow_state(status, reports, cancel_asked=draw(st.booleans()))
    return WmsReport(7, "CM-2_step1_g001_a1_0a1b2c3d", status, state, reports)


moves = st.tuples(
    answers(),
    st.integers(0, 10),
    st.integers(0, 10),
    st.sampled_from([1, 6, 70]),
    st.none() | st.sampled_from([Verb.CANCEL, Verb.RESTART]),
)


@pytest.mark.covers("W6", "G7")
@settings(max_examples=100)
@given(st.lists(moves, max_size=12))
def test_nothing_is_ever_completed_with_less_than_its_tolerance_whatever_panda_says(
    new_watcher: Callable[[], AbstractContextManager[Watcher]], story: list[Any]
) -> None:
    with new_watcher() as watcher:
        world = make(watcher)
        for answer, isr, calibrate, minutes, verb in story:
            if verb is not None:
                world.command(verb)
            world.said = {} if answer is None else {7: answer}
            world.butler.done = {"isr": isr, "calibrate": calibrate}
            before = world.attempt.state
            attempt = world.turn(minutes=minutes)
            if attempt.state is AttemptState.SUCCEEDED and before is not AttemptState.SUCCEEDED:
                item = attempt.last_try
                assert item is not None
                data = reports.read(world.edges.mirror, item.id, "data")
                assert data is not None
                made = {task["label"]: task["successful"] for task in data["report"]["tasks"]}
                wms = reports.read(world.edges.mirror, item.id, "wms")
                assert wms is not None
                assert wms["status"] in {"Finished", "SubFinished", "Failed", "Expired", "Cancelled"}
                assert made["isr"] == 10
                assert made["calibrate"] >= 9
                assert made["calibrate"] == 10 or wms["merged"]
