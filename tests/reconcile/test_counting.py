"""Data reports of several attempts: none completes a group by knowing less than an earlier one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.children import Run
from cmbot.mirror import journal, reports
from cmbot.models.attempts import Attempt, AttemptState, Cause
from cmbot.models.campaign import CampaignDefinition, StepDefinition
from cmbot.models.issues import Issue, Level, Person, Status
from cmbot.models.views import CampaignView, GroupView, StepView
from cmbot.reconcile import follow, holdings, polling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.reconcile.conftest import Watcher

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
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
    """Two attempts of a group; of the first a report was made, the second has just ended."""

    watcher: Watcher
    counts: dict[str, tuple[int, int]] = field(default_factory=lambda: {"isr": (10, 10)})
    """Successful and expected quanta that the next report tells."""
    unregistered: str = ""
    """Nonce of a submission whose RUN the Butler does not have."""
    asked: list[list[str]] = field(default_factory=list)
    """Graphs of each report, by the run they are of."""
    now: datetime = START

    def __post_init__(self) -> None:
        self.edges = replace(self.watcher.edges, runner=cast("Any", self))
        for number, nonce in enumerate(("0a1b2c3d", "ffffffff"), start=1):
            cause = Cause(f"move:10002:{number}", Person("anna"), START, "moved CM-2 to Launch")
            name = f"CM-2_step1_g001_a{number}_{nonce}"
            with self.edges.mirror.writing() as connection:
                attempt = journal.add_attempt(connection, STEP.id, "g001", number, cause, "spec", START)
                directory = str(self.edges.tries / name)
                item = journal.add_try(connection, attempt, nonce, name, directory, START)
                journal.set_try(connection, item, request_id=number, state="submitted")
                state = AttemptState.CANCELLED if number == 1 else AttemptState.MERGE_PENDING
                journal.move_attempt(connection, attempt, state, START)
                reports.save(connection, item, "wms", {"merged": number == 2, "status": "Finished"}, START)
            graph = self.edges.submit_path(name)
            graph.mkdir(parents=True)
            (graph / f"{nonce}.qg").touch()

    def first_said(self, counts: dict[str, tuple[int, int]], *, tasks: bool = True) -> None:
        """Keep what the report of the first attempt told; a restored mirror knows no tasks."""
        done, total = (sum(number[place] for number in counts.values()) for place in (0, 1))
        body: dict[str, Any] = {"counts": {"total": total, "done": done, "failed": 0, "running": 0}}
        if tasks:
            body["report"] = {
                "tasks": [
                    {"label": label, "expected": all_, "successful": made, "failed": 0}
                    | {"blocked": 0, "unknown": all_ - made, "wonky": 0, "caveats": 0, "recovered": 0}
                    for label, (made, all_) in counts.items()
                ]
            }
        with self.edges.mirror.writing() as connection:
            reports.save(connection, 1, "data", body, START)

    def start(self, directory: Path, argv: Sequence[str], *_: Any) -> None:
        directory.mkdir(parents=True)
        graphs = [Path(word).stem for word in argv if word.endswith(".qg")]
        self.asked.append(graphs)
        if self.unregistered in graphs and len(graphs) > 1:
            run = f"u/anna/mini/step1/g001/a1_{self.unregistered}"
            said = f"lsst...MissingCollectionError: No collection with name '{run}' found.\n"
            (directory / "stderr").write_text(said)
            return
        lists: dict[str, Any] = {"failed_quanta": [], "recovered_quanta": [], "caveats": {}}
        tasks = {
            label: {"n_successful": made, "n_unknown": all_ - made, "n_expected": all_}
            | {"n_failed": 0, "n_blocked": 0, "n_wonky": 0}
            | lists
            for label, (made, all_) in self.counts.items()
        }
        (directory / "report.json").write_text(json.dumps({"tasks": tasks}))

    def look(self, _: Path) -> Run:
        return Run(alive=False, code=0, started=True)

    def view(self) -> CampaignView:
        found = journal.attempts(self.edges.mirror, STEP.id)["g001"]
        step = StepView(STEP, "step1", DEFINITION, (GroupView("g001", 1, "all", attempts=found),))
        return CampaignView(EPIC, Person("cmbot"), CAMPAIGN, steps=(step,))

    def count(self) -> Attempt:
        """Do passes until the second attempt has ended."""
        for _ in range(6):
            view = self.view()
            if not view.attempts[-1].state.live:
                break
            self.now += timedelta(minutes=1)
            follow.campaign(self.edges, view, polling.Seen(), self.now)
        return self.view().attempts[-1]


@pytest.fixture
def world(watcher: Watcher) -> World:
    return World(watcher)


@pytest.mark.covers("A8")
def test_all_graphs_are_counted_together_and_what_is_counted_is_chained(world: World) -> None:
    world.first_said({"isr": (4, 10)})
    assert world.count().state is AttemptState.SUCCEEDED
    assert world.asked == [["0a1b2c3d", "ffffffff"]]
    group = holdings.wanted(world.edges, world.view())[0]
    runs = [f"u/anna/mini/step1/g001/a{number}_{nonce}" for number, nonce in ((2, "f" * 8), (1, "0a1b2c3d"))]
    assert list(group.children) == runs


def test_an_attempt_that_made_nothing_is_not_counted(world: World) -> None:
    world.first_said({"isr": (0, 10)})
    assert world.count().state is AttemptState.SUCCEEDED
    assert world.asked == [["ffffffff"]]


def test_what_was_never_registered_is_left_out_and_the_rest_is_counted(world: World) -> None:
    world.first_said({"isr": (4, 10)})
    world.unregistered = "0a1b2c3d"
    assert world.count().state is AttemptState.SUCCEEDED
    assert world.asked == [["0a1b2c3d", "ffffffff"], ["ffffffff"]]


def test_an_attempt_that_was_never_registered_itself_has_failed(world: World) -> None:
    world.first_said({"isr": (4, 10)})
    world.unregistered = "ffffffff"
    ended = world.count()
    assert ended.state is AttemptState.FAILED
    assert "there is no run collection of it" in ended.summary


@pytest.mark.covers("W6")
@pytest.mark.parametrize("tasks", [True, False])
def test_a_report_that_knows_less_than_an_earlier_one_completes_nothing(world: World, tasks: bool) -> None:
    world.first_said({"isr": (4, 10), "calibrate": (0, 10)}, tasks=tasks)
    world.unregistered = "0a1b2c3d"
    ended = world.count()
    assert ended.state is AttemptState.PARTIAL
    lacking = "calibrate" if tasks else "other tasks"
    assert f"{lacking}: 10 of 10 quanta missing (0 failed, 0 blocked, 10 unknown)" in ended.summary
