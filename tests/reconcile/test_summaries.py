"""The Butler is asked once what an ended step holds; the rest of its summary is recomputed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.children import Run
from cmbot.handlers.actions import Decision
from cmbot.mirror import definitions, journal, plans, reports
from cmbot.models.attempts import AttemptState, Cause
from cmbot.models.campaign import CampaignDefinition, StepDefinition
from cmbot.models.data_report import FailedQuantum, TaskCount
from cmbot.models.issues import Issue, Level, Person, Status
from cmbot.models.views import CampaignView, Counts, GroupView, StepView
from cmbot.reconcile import summaries, tell
from cmbot.reconcile.summaries import Ended

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.reconcile.edges import Edges
    from tests.reconcile.conftest import Watcher

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
STEP = StepDefinition("step1", "DRP.yaml#step1", "visit > 0")
CAMPAIGN = CampaignDefinition(
    name="mini",
    production="DP9",
    reason="a test",
    butler="/repo",
    inputs=("raw",),
    output="u/anna/mini",
    environment="w",
    site="SLAC",
    steps=(STEP,),
)
ISR = TaskCount("isr", 10, 9, 1, 0, 0, 0)


@dataclass
class Butler:
    """Says what collections hold, or why it does not."""

    requests: list[Any] = field(default_factory=list)
    busy_: int = 0
    silent: bool = False
    problem: str = ""

    def start(self, directory: Path, *_: Any) -> None:
        request = json.loads((directory / "request.json").read_text())
        self.requests.append(request)
        kinds = {"dataset_type": "postISRCCD", "label": "isr", "count": 9}
        usage = {"quanta": 9, "sampled": 9, "wall": 7200.0, "cpu": 3600.0, "memory": 400.0}
        answer: dict[str, Any] = {
            "types": [kinds | {"groups": dict.fromkeys(request["groups"], 9)}],
            "usage": {"isr": usage},
        }
        if self.problem:
            answer = {"error": {"field": "inCollection", "problem": self.problem, "remedy": "look"}}
        if not self.silent:
            (directory / "response.json").write_text(json.dumps(answer))

    def look(self, _: Path) -> Run:
        return Run(alive=False, code=0, started=True)

    def busy(self) -> int:
        return self.busy_


@pytest.fixture
def butler() -> Butler:
    return Butler()


@pytest.fixture
def edges(watcher: Watcher, butler: Butler) -> Edges:
    return replace(watcher.edges, runner=cast("Any", butler))


@pytest.fixture
def view(edges: Edges) -> CampaignView:
    """A campaign that is completed: one quantum of its ten failed, which was tolerated."""
    cause = Cause("move:10002:1", Person("anna"), NOW, "moved CM-2 to Launch")
    quantum = FailedQuantum("isr", {"exposure": 3}, "NaN", "run")
    body = {"counts": {}, "report": {"failed_quanta": [asdict(quantum)]}}
    with edges.mirror.writing() as connection:
        attempt = journal.add_attempt(connection, "10002", "g001", 1, cause, "spec", NOW)
        item = journal.add_try(connection, attempt, "0a1b2c3d", "CM-2_step1_g001_a1_0a1b2c3d", "x", NOW)
        end = NOW + timedelta(hours=2)
        journal.move_attempt(connection, attempt, AttemptState.SUCCEEDED, end, ended_at=end)
        reports.save(connection, item, "data", body, NOW)
        used = {"campaign": {"Environment": "w", "LSST version": "w_2026_47"}, "step": {}}
        definitions.keep(connection, "10002", "spec", used, NOW)
    row = plans.GroupRow("10002", "g001", 10, {"where": "", "table": ""}, "", "")
    plans.freeze_groups(edges.mirror, "10002", [row])
    attempts = journal.attempts(edges.mirror, "10002")["g001"]
    group = GroupView("g001", 10, "all", attempts=attempts, quanta=Counts(10, 9, 1), tasks=(ISR,))
    step = StepView(Issue("10002", "CM-2", Level.STEP, Status.COMPLETED, "", NOW), "step1", STEP, (group,))
    epic = Issue("10001", "CM-1", Level.CAMPAIGN, Status.COMPLETED, "mini", NOW)
    return CampaignView(epic, Person("cmbot"), CAMPAIGN, steps=(step,))


def passes(edges: Edges, view: CampaignView, number: int, since: datetime = NOW, apart: int = 1) -> Ended:
    """What the last of several passes, some minutes apart, gives."""
    for pause in range(number):
        now = since + timedelta(minutes=apart * pause)
        ended = summaries.keep(edges, view, now)
        tell.campaign(edges, view, Decision(), ended, now)
    return ended


def told(edges: Edges, kind: str) -> list[tuple[str, str, dict[str, Any]]]:
    rows = edges.mirror.db["outbox"].rows_where("kind = ?", [kind], order_by="id")
    return [(row["issue_key"], row["marker"], json.loads(row["body"])) for row in rows]


@pytest.mark.covers("E13", "E14")
def test_a_completed_campaign_is_summed_up_attached_and_shown(
    edges: Edges, view: CampaignView, butler: Butler
) -> None:
    ended = passes(edges, view, 3)
    assert ended.whole
    assert ended.campaign is not None
    [request] = butler.requests
    assert request["collection"] == "u/anna/mini/step1"
    assert request["groups"] == {"g001": "u/anna/mini/step1/g001"}
    step = ended.steps["CM-2"]
    assert ended.campaign.steps == (step,)
    assert (step.totals.datasets, step.totals.core_hours, step.totals.wall_hours) == (9, 2.0, 2.0)
    assert step.software == ("Environment w, LSST version w_2026_47",)
    assert step.coverage[0].missing[0].why == "NaN"
    attached = told(edges, "attachment")
    assert [(key, body["name"]) for key, _, body in attached] == [
        ("CM-2", "cmbot-summary.json"),
        ("CM-2", "cmbot-summary.md"),
        ("CM-1", "cmbot-summary.json"),
        ("CM-1", "cmbot-summary.md"),
    ]
    content = json.loads(attached[2][2]["text"])
    assert (content["collection"], content["totals"]["produced"]) == ("u/anna/mini", 9)
    assert "| 9 | postISRCCD | isr |" in attached[3][2]["text"]
    comments = [body["text"] for _, _, body in told(edges, "status comment")]
    assert all("*Summary*" in text and "of u/anna/mini" in text and "9 datasets" in text for text in comments)


def test_the_same_state_is_asked_and_told_once(edges: Edges, view: CampaignView, butler: Butler) -> None:
    passes(edges, view, 3)
    before = told(edges, "attachment")
    edges.mirror.connection.execute("UPDATE outbox SET state = 'told'")
    passes(edges, view, 5, NOW + timedelta(hours=1))
    assert told(edges, "attachment") == before
    assert len(butler.requests) == 1
    assert not list(edges.mirror.db["outbox"].rows_where("state <> 'told'"))


def test_what_has_not_ended_has_no_summary_and_asks_nothing(
    edges: Edges, view: CampaignView, butler: Butler
) -> None:
    step = replace(view.steps[0], issue=replace(view.steps[0].issue, status=Status.RUNNING))
    running = replace(view, issue=replace(view.issue, status=Status.RUNNING), steps=(step,))
    assert passes(edges, running, 3) == Ended()
    assert butler.requests == []
    assert summaries.kept(edges, view.issue) is None


@pytest.mark.covers("E14")
def test_a_summary_is_kept_until_the_campaign_goes_on(edges: Edges, view: CampaignView) -> None:
    ended = passes(edges, view, 3)
    assert ended.campaign is not None
    assert summaries.kept(edges, view.issue) == ended.campaign
    passes(
        edges, replace(view, issue=replace(view.issue, status=Status.RUNNING)), 1, NOW + timedelta(hours=1)
    )
    assert summaries.kept(edges, view.issue) is None


def test_other_collections_are_asked_for_again(edges: Edges, view: CampaignView, butler: Butler) -> None:
    passes(edges, view, 3)
    other = replace(view, definition=replace(CAMPAIGN, output="u/anna/other"))
    ended = passes(edges, other, 3, NOW + timedelta(hours=1))
    assert [each["collection"] for each in butler.requests] == ["u/anna/mini/step1", "u/anna/other/step1"]
    assert ended.campaign is not None
    assert ended.campaign.collection == "u/anna/other"


def test_while_other_children_run_the_butler_is_not_asked_and_nothing_is_told_yet(
    edges: Edges, view: CampaignView, butler: Butler
) -> None:
    butler.busy_ = edges.settings.work.max_children
    assert passes(edges, view, 3) == Ended(pending=frozenset({"CM-1", "CM-2"}), whole=False)
    assert butler.requests == []
    assert told(edges, "attachment") == []
    assert told(edges, "status comment") == []
    assert summaries.kept(edges, view.issue) is None


@pytest.mark.parametrize("silent", [True, False])
def test_a_butler_that_does_not_answer_is_asked_some_times_and_the_summary_goes_without(
    edges: Edges, view: CampaignView, butler: Butler, *, silent: bool
) -> None:
    butler.silent, butler.problem = silent, "there is no collection u/anna/mini/step1"
    ended = passes(edges, view, 5)
    assert not ended.whole
    assert ended.steps["CM-2"].totals.datasets is None
    assert len(butler.requests) == 1
    ended = passes(edges, view, 12, NOW + timedelta(hours=1), apart=31)
    assert ended.whole
    assert len(butler.requests) == 5
    totals = ended.steps["CM-2"].totals
    assert (totals.datasets, totals.produced) == (None, 9)
    assert "not known" in told(edges, "attachment")[1][2]["text"]
