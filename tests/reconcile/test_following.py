"""Attempts are followed by what PanDA says, together and not all the time; only data complete them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cmbot.children import Run
from cmbot.exceptions import CmbotError, NotFound, RemoteError
from cmbot.handlers import rescuing, telling
from cmbot.handlers.actions import Accept
from cmbot.mirror import events, journal, orders, reports
from cmbot.models.attempts import AS_DEFINED, Attempt, AttemptState, Cause, Changes, Verb
from cmbot.models.campaign import CampaignDefinition, RetryPolicy, StepDefinition
from cmbot.models.data_report import TaskCount
from cmbot.models.failures import Action, Explained, Failure, JobError
from cmbot.models.issues import Issue, Level, Person, Status
from cmbot.models.notices import NoticeKind
from cmbot.models.views import CampaignView, GroupView, PlanState, StepView
from cmbot.reconcile import follow, holdings, polling, steering, waiting
from cmbot.wms.judgement import workflow_state
from cmbot.wms.port import Look, TaskReport, WmsReport
from cmbot.wms.states import _IDDS_REQUEST, TaskState, WorkflowState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from cmbot.reconcile.edges import Edges
    from tests.reconcile.conftest import Watcher

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
EPIC = Issue("10001", "CM-1", Level.CAMPAIGN, Status.RUNNING, "mini", START)
STEP = Issue("10002", "CM-2", Level.STEP, Status.RUNNING, "step1", START)
TOLERANCE = {"calibrate": 0.1}
ERROR = JobError("transform", 1)
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
    others: dict[str, dict[str, int]] = field(default_factory=dict)
    """Those of each task that are failed, blocked or wonky."""
    gone: str = ""
    """Nonce of a submission whose RUN it does not have."""
    counted: list[str] = field(default_factory=list)
    """Nonces of the submissions that the newest report is about."""
    reports: int = 0

    def start(self, directory: Path, argv: Sequence[str], *_: Any) -> None:
        self.reports += 1
        directory.mkdir(parents=True)
        self.counted = [PurePath(word).stem for word in argv if word.endswith(".qg")]
        if self.gone in self.counted:
            said = f"MissingCollectionError: No collection with name 'u/anna/mini/x_{self.gone}' found.\n"
            (directory / "stderr").write_text(said)
            return
        tasks = {}
        for label, done in self.done.items():
            numbers = dict.fromkeys(("failed", "blocked", "wonky"), 0) | self.others.get(label, {})
            numbers |= {"successful": done, "unknown": 10 - done - sum(numbers.values()), "expected": 10}
            failed = {"data_id": {"visit": 1}, "runs": {"x": "FAILED"}, "messages": ["no"]}
            lists = {"failed_quanta": [failed] * numbers["failed"], "recovered_quanta": [], "caveats": {}}
            tasks[label] = {f"n_{kind}": number for kind, number in numbers.items()} | lists
        (directory / "report.json").write_text(json.dumps({"tasks": tasks}))

    def look(self, _: Path) -> Run:
        return Run(alive=False, code=0, started=True)

    def stop(self, _: Path) -> None:
        raise AssertionError("nothing runs")


@dataclass
class World:
    """One group with an attempt, a PanDA that says what the test wants, and a clock."""

    edges: Edges
    butler: Butler
    said: dict[int, WmsReport | CmbotError] = field(default_factory=dict)
    others: dict[int, str] = field(default_factory=dict)
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    asked: list[Mapping[int, str]] = field(default_factory=list)
    now: datetime = START

    def __post_init__(self) -> None:
        self.submit(1)

    def submit(self, number: int, *, fresh: bool = False) -> None:
        """Submit an attempt as the request with the number 6 higher."""
        cause = Cause(f"move:10002:{number}", Person("anna"), START, "moved CM-2 to Launch")
        nonce = f"{number - 1}a1b2c3d"
        name, changes = f"CM-2_step1_g001_a{number}_{nonce}", Changes(fresh=fresh)
        with self.edges.mirror.writing() as connection:
            attempt = journal.add_attempt(connection, STEP.id, "g001", number, cause, "x", START, changes)
            item = journal.add_try(connection, attempt, nonce, name, str(self.edges.tries / name), START)
            journal.set_try(connection, item, request_id=6 + number, state="submitted")
            journal.move_attempt(connection, attempt, AttemptState.SUBMITTED, START)
        graph = self.edges.submit_path(name)
        graph.mkdir(parents=True)
        (graph / f"{nonce}.qg").touch()
        self.name = name

    def command(self, verb: Verb) -> None:
        """Let a person ask for something, and PanDA be told."""
        number = f"{self.attempt.number}:{len(self.attempt.orders)}"
        cause = Cause(f"request:{number}", Person("anna"), self.now, f"ran cmbot {verb}")
        with self.edges.mirror.writing() as connection:
            order = orders.add(connection, verb, cause, (STEP.id, "g001", self.attempt.number), AS_DEFINED)
            orders.sent(connection, order, self.now)

    def statuses(self, names: Mapping[int, str], since: datetime) -> Look:
        assert since == START
        self.asked.append(dict(names))
        reports = {number: found for number, found in self.said.items() if number in names}
        return Look(reports, self.others, self.rows)

    def failures(self, _: Any) -> dict[int, tuple[()]]:
        return {}

    def view(self) -> CampaignView:
        found = journal.attempts(self.edges.mirror, STEP.id)["g001"]
        group = GroupView("g001", 1, "all", attempts=found)
        step = StepView(STEP, "step1", DEFINITION, (group,), waiting=waiting.read(self.edges, STEP))
        return CampaignView(EPIC, Person("cmbot"), CAMPAIGN, steps=(step,))

    @property
    def attempt(self) -> Attempt:
        return self.view().attempts[-1]

    def known(self, kind: str) -> Mapping[str, Any]:
        """What is known of the newest submission."""
        assert self.attempt.last_try is not None
        return reports.read(self.edges.mirror, self.attempt.last_try.id, kind) or {}

    def accept(self) -> bool:
        """Let a rule accept a tenth of what its tasks lack, if it may."""
        view = self.view()
        (step,) = view.steps
        counted = self.known("data").get("report", {}).get("tasks", ())
        rule = Explained(ERROR, "isr", 1, 10, Failure("isr", (ERROR,)), Action.ACCEPT, tolerance=0.1)
        tasks, merged = tuple(TaskCount(**task) for task in counted), bool(self.known("wms").get("merged"))
        group = replace(step.groups[0], failures=(rule,), merged=merged, tasks=tasks)
        step = replace(step, groups=(group,), plan=PlanState.READY)
        definition = replace(CAMPAIGN, retry=RetryPolicy.AUTOMATIC)
        action = rescuing.decided(replace(view, definition=definition, steps=(step,)), step, group)
        if isinstance(action, Accept):
            steering.accept(self.edges, action, self.now)
        return isinstance(action, Accept)

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


@pytest.mark.covers("E5")
def test_what_the_monitor_says_of_an_end_is_kept_once_for_each_end(world: World) -> None:
    world.rows = {7: {"workflow": {"r_status": "SubFinished", "age": 1}, "tasks": []}}
    world.say("Transforming", 3)
    world.turn()
    # It may be ahead of iDDS, whose word counts.
    assert world.known("monitor") == {}
    ended(world)
    kept = world.known("monitor")
    assert kept["workflow"] == {"r_status": "SubFinished", "age": 1}
    assert datetime.fromisoformat(kept["at"]) < world.now
    world.rows[7]["workflow"]["age"] = 2
    world.turn(hours=2)
    assert world.known("monitor") == kept
    world.rows = {}
    world.say("Transforming", 8)
    world.turn(hours=2)
    assert world.known("monitor") == {}
    # At the new end the monitor was away; it has it later.
    world.say("Finished", 10)
    for _ in range(3):
        world.turn()
    world.rows = {7: {"workflow": {"r_status": "Finished"}, "tasks": []}}
    world.turn(hours=2)
    assert world.known("monitor")["workflow"] == {"r_status": "Finished"}


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


def end(status: str, done: int) -> WmsReport:
    """An end with the final job run."""
    payload = TaskReport(1, "isr", TaskState.DONE, 10, done=done, failed=10 - done)
    ended = (payload, TaskReport(2, "finalJob", TaskState.DONE, 1, done=1))
    return WmsReport(7, "", status, workflow_state(status, ended, cancel_asked=status == "Cancelled"), ended)


@st.composite
def answers(draw: st.DrawFn) -> WmsReport | CmbotError | None:
    """Whatever PanDA may say: any status with any counts, an error, or nothing; half of it is an end."""
    if draw(st.booleans()):
        status = draw(st.sampled_from(["Finished", "SubFinished", "Cancelled"]))
        return end(status, draw(st.integers(8, 10)))
    error = st.sampled_from([RemoteError("PanDA", "no"), NotFound("request 7", "no")])
    if found := draw(st.none() | error):
        return found
    status, reports = draw(st.sampled_from(sorted(_IDDS_REQUEST))), tuple(draw(st.lists(tasks, max_size=3)))
    state = workflow_state(status, reports, cancel_asked=draw(st.booleans()))
    return WmsReport(7, "", status, state, reports)


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, dict[str, int]]:
    """Whatever a Butler may say of ten quanta, mostly that most of them are there."""
    parts, left = {}, draw(st.sampled_from([0, 0, 0, 0, 1, 1]) | st.integers(0, 10))
    done = 10 - left
    for kind in ("failed", "blocked", "wonky"):
        parts[kind] = draw(st.integers(0, left))
        left -= parts[kind]
    return done, parts


moves = st.tuples(
    answers(),
    counts(),
    counts(),
    st.sampled_from([[1], [6], [70], [6, 1, 1]]),
    st.sampled_from([None, Verb.CANCEL, Verb.RESTART, "accept", "next", "next", "next", "fresh"]),
    st.sampled_from(["", "", "", "", "0a1b2c3d", "1a1b2c3d"]),
)


@pytest.mark.covers("W6", "G7")
@settings(max_examples=100)
@given(st.lists(moves, min_size=3, max_size=12))
# What was registered of an attempt that was cancelled is in the chain, as it is counted.
@example(
    story=[
        (end("Cancelled", 4), (4, {}), (10, {}), [6, 1, 1], None, ""),
        (end("Finished", 10), (10, {}), (10, {}), [6, 1, 1], "next", ""),
    ]
)
def test_nothing_is_ever_completed_with_less_than_its_tolerance_whatever_panda_says(
    new_watcher: Callable[[], AbstractContextManager[Watcher]], story: list[Any]
) -> None:
    with new_watcher() as watcher:
        world = make(watcher)
        for answer, isr, calibrate, minutes, act, gone in story:
            number = world.attempt.number
            if isinstance(act, Verb):
                world.command(act)
            elif act in {"next", "fresh"} and world.attempt.state.ended_badly and number < 3:
                number += 1
                world.submit(number, fresh=act == "fresh")
            named = isinstance(answer, WmsReport)
            said = replace(answer, request_id=6 + number, name=world.name) if named else answer
            world.said = {} if said is None else {6 + number: said}
            world.butler.done = {"isr": isr[0], "calibrate": calibrate[0]}
            world.butler.others, world.butler.gone = {"isr": isr[1], "calibrate": calibrate[1]}, gone
            for each in minutes:
                before = world.attempt.state
                world.turn(minutes=each)
                accepted = act == "accept" and world.accept()
                if world.attempt.state is AttemptState.SUCCEEDED and before is not AttemptState.SUCCEEDED:
                    completed(world, accepted=accepted)


def completed(world: World, *, accepted: bool) -> None:
    """What is completed has its data, and all of them can be found."""
    tasks = {task["label"]: TaskCount(**task) for task in world.known("data")["report"]["tasks"]}
    wms = world.known("wms")
    assert wms["status"] in {"Finished", "SubFinished", "Failed", "Expired", "Cancelled"}
    assert tasks["isr"].successful >= (9 if accepted else 10)
    assert tasks["calibrate"].successful >= 9
    assert tasks["isr"].successful + tasks["calibrate"].successful == 20 or wms["merged"]
    assert tasks["isr"].wonky == tasks["calibrate"].wonky == 0
    group = holdings.wanted(world.edges, world.view())[0]
    assert [run.rpartition("_")[2] for run in reversed(group.children)] == world.butler.counted
