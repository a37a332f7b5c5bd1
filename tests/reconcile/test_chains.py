"""A step whose collections cannot be arranged waits visibly, with the same words each time."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.children import Run
from cmbot.mirror import journal
from cmbot.models.attempts import AttemptState, Cause
from cmbot.models.campaign import CampaignDefinition, StepDefinition
from cmbot.models.issues import Issue, Level, Person, Status
from cmbot.models.views import CampaignView, GroupView, StepView
from cmbot.reconcile import chains
from tests.reconcile.conftest import IDS

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.reconcile.edges import Edges
    from tests.reconcile.conftest import MemoryJira, Watcher

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
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
class Butler:
    """Arranges collections, or says why it does not."""

    problem: str = ""

    def start(self, directory: Path, *_: Any) -> None:
        request = json.loads((directory / "request.json").read_text())
        done = "error" if self.problem else "made"
        rows = [{"name": chain["name"], "done": done, "problem": self.problem} for chain in request["plan"]]
        (directory / "response.json").write_text(json.dumps({"items": rows}))

    def look(self, _: Path) -> Run:
        return Run(alive=False, code=0, started=True)


@pytest.fixture
def butler(monkeypatch: pytest.MonkeyPatch) -> Butler:
    monkeypatch.setattr(chains, "_PAUSE", timedelta(0))
    return Butler()


@pytest.fixture
def edges(watcher: Watcher, butler: Butler) -> Edges:
    return replace(watcher.edges, runner=cast("Any", butler))


@pytest.fixture
def view(edges: Edges) -> CampaignView:
    """One step whose one group has its result."""
    cause = Cause("move:10002:1", Person("anna"), NOW, "moved CM-2 to Launch")
    with edges.mirror.writing() as connection:
        attempt = journal.add_attempt(connection, "10002", "g001", 1, cause, "spec", NOW)
        journal.add_try(connection, attempt, "0a1b2c3d", "CM-2_step1_g001_a1_0a1b2c3d", "x", NOW)
        journal.move_attempt(connection, attempt, AttemptState.SUCCEEDED, NOW, ended_at=NOW)
    group = GroupView("g001", 1, "all", attempts=journal.attempts(edges.mirror, "10002")["g001"])
    step = StepView(
        Issue("10002", "CM-2", Level.STEP, Status.RUNNING, "", NOW), "step1", DEFINITION, (group,)
    )
    epic = Issue("10001", "CM-1", Level.CAMPAIGN, Status.RUNNING, "mini", NOW)
    return CampaignView(epic, Person("cmbot"), CAMPAIGN, steps=(step,))


def after(edges: Edges, view: CampaignView, passes: int) -> StepView:
    """The step, some passes later."""
    for minute in range(passes):
        now = datetime.now(UTC) + timedelta(minutes=minute)
        chains.keep(edges, chains.marked(edges, view), now)
    return chains.marked(edges, view).steps[0]


def test_that_collections_are_arranged_is_news_of_the_same_pass(edges: Edges, view: CampaignView) -> None:
    now = datetime.now(UTC)
    minutes = (now + timedelta(minutes=minute) for minute in range(3))
    # Asked, then done; what depends on it is decided then, for no later pass may look at the campaign.
    assert [chains.keep(edges, chains.marked(edges, view), at) for at in minutes] == [True, True, False]
    assert chains.marked(edges, view).steps[0].chained


def test_what_keeps_collections_from_being_arranged_is_shown_while_it_lasts(
    edges: Edges, view: CampaignView, butler: Butler
) -> None:
    butler.problem = "u/anna/mini/step1 is no chain"
    said = {after(edges, view, passes).waiting for passes in (2, 1, 1, 1)}
    (text,) = said
    assert text.startswith("collections: ")
    assert "u/anna/mini/step1" in text
    assert text.endswith("is no chain")
    assert not after(edges, view, 1).chained
    butler.problem = ""
    mended = after(edges, view, 4)
    assert (mended.waiting, mended.chained) == ("", True)


def test_a_child_that_cannot_be_started_is_shown_too(edges: Edges, view: CampaignView) -> None:
    settings = edges.settings.model_copy(update={"environments": {}})
    step = after(replace(edges, settings=settings), view, 1)
    assert "'w' is not known" in step.waiting
    assert after(edges, view, 2).waiting == ""


def test_a_root_that_still_waits_for_its_key_is_told(jira: MemoryJira, defined: Watcher) -> None:
    jira.touch("10001", **{IDS["Output root"]: "runs/{key}"})
    defined.look()
    (problem,) = defined.campaign().problems
    assert (problem.field, problem.remedy) == (
        "Output root",
        "run `cmbot create` again, or write CM-1 there",
    )
