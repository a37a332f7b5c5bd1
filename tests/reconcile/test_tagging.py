"""A set of DataIds that names a dataset type is tagged before it is asked how its step splits."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.butler.questions import Selection
from cmbot.children import Run
from cmbot.dataids import DataIdSet
from cmbot.mirror import events, plans
from cmbot.models.campaign import SplitRule, StepDefinition
from cmbot.models.views import PlanState
from cmbot.reconcile import planning
from tests.reconcile.conftest import IDS

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.models.views import StepView
    from tests.reconcile.conftest import MemoryJira, Watcher

GOOD = DataIdSet.of({"instrument": "LSSTCam", "visit": visit} for visit in (1, 3))
NAME = f"u/anna/mini/inputs/{GOOD.sha256[:8]}"
FIELD = "file: good.json\nreason: clear sky\ndataset_type: raw\ncollections: [raw/all]\n"


@dataclass
class Butler:
    """Tags, and says how a step splits."""

    problem: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)

    def start(self, directory: Path, *_: Any) -> None:
        request = json.loads((directory / "request.json").read_text())
        self.asked.append(request)
        done = "error" if self.problem else "made"
        said: dict[str, Any] = {
            "items": [{"name": one["name"], "done": done, "problem": self.problem} for one in request["plan"]]
        } if "plan" in request else {
            "selected": {"visit": [1, 3]}, "existing": {"visit": [1, 3]}, "counts": [[1, 2], [3, 2]],
            "tasks": 1, "labels": [], "dataset_type": "raw", "instrument": "LSSTCam", "skymap": None,
            "steps": {}, "present": [],
        }  # fmt: skip
        (directory / "response.json").write_text(json.dumps(said))

    def look(self, _: Path) -> Run:
        return Run(alive=False, code=0, started=True)


@pytest.fixture
def butler() -> Butler:
    return Butler()


@pytest.fixture
def launched(jira: MemoryJira, defined: Watcher, butler: Butler, monkeypatch: pytest.MonkeyPatch) -> Watcher:
    """CM-2 was moved to Launch; it includes the two visits of the set."""
    monkeypatch.setattr(
        jira, "attachment", lambda *_: GOOD.to_json().encode(), raising=False
    )  # the gateway's
    monkeypatch.setattr(planning.submissions, "lint", lambda *_: ())
    jira.touch("10002", **{IDS["DataIds included"]: FIELD + f"sha256: {GOOD.sha256}"})
    jira.move("10002", "Launch")
    defined.look()
    defined.edges = replace(defined.edges, runner=cast("Any", butler))
    return defined


def step(watcher: Watcher) -> StepView:
    return watcher.campaign().steps[0]


def pass_by(watcher: Watcher, passes: int = 2) -> None:
    for _ in range(passes):
        planning.collect(watcher.edges, watcher.campaign(), step(watcher), watcher.now)


@pytest.mark.covers("A10", "C4", "C6")
def test_it_is_tagged_then_asked_and_the_groups_repeat_nothing(launched: Watcher, butler: Butler) -> None:
    planning.ask(launched.edges, launched.campaign(), step(launched), launched.now)
    (tag,) = butler.asked[0]["plan"]
    assert (tag["name"], tag["dataset_type"], tag["collections"]) == (NAME, "raw", ["raw/all"])
    assert (len(tag["data_ids"]), tag["beside"]) == (2, ["raw"])
    assert len(butler.asked) == 1
    pass_by(launched)
    assert butler.asked[1]["collections"] == [NAME, "raw"]
    assert step(launched).plan is PlanState.READY
    (group,) = plans.groups_of(launched.edges.mirror, "10002")
    # Visit 2 is not in the collection, so the range means exactly the two.
    assert (group.predicate["where"], group.predicate["table"]) == ("visit IN (1..3)", "")
    (event,) = [one for one in events.of(launched.edges.mirror, ("CM-2",)) if one.why == "clear sky"]
    assert event.what == f"included 2 DataIds of good.json, sha256 {GOOD.sha256}, tagged as raw in {NAME}"


def test_what_cannot_be_tagged_is_told_and_nothing_more_is_asked(launched: Watcher, butler: Butler) -> None:
    butler.problem = "1 of 2 DataIds mean no raw: {'visit': 3}"
    planning.ask(launched.edges, launched.campaign(), step(launched), launched.now)
    pass_by(launched)
    (problem,) = step(launched).problems
    assert (problem.field, problem.problem) == ("DataIds included", f"{NAME}: {butler.problem}")
    assert len(butler.asked) == 1


@pytest.mark.covers("B17", "W23")
def test_the_groups_of_a_file_are_kept_with_the_question(
    jira: MemoryJira, launched: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = b"[[3], [1]]"
    monkeypatch.setattr(jira, "attachment", lambda *_: groups, raising=False)
    jira.touch("10002", **{IDS["DataIds included"]: "", IDS["Split rule"]: "dimension: visit\nfile: g.json"})
    launched.look()
    planning.ask(launched.edges, launched.campaign(), step(launched), launched.now)
    # What is attached since is for the next launch.
    monkeypatch.setattr(jira, "attachment", lambda *_: b"[[1, 3]]", raising=False)
    pass_by(launched)
    rows = plans.groups_of(launched.edges.mirror, "10002")
    assert [row.predicate["parts"]["visit"] for row in rows] == [[3], [1]]


def test_groups_of_another_file_than_the_rule_means_are_refused(
    jira: MemoryJira, launched: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jira, "attachment", lambda *_: b"[[3], [1]]", raising=False)
    rule = f"dimension: visit\nfile: g.json\nsha256: {'a' * 64}"
    jira.touch("10002", **{IDS["DataIds included"]: "", IDS["Split rule"]: rule})
    launched.look()
    planning.ask(launched.edges, launched.campaign(), step(launched), launched.now)
    (problem,) = step(launched).problems
    assert "holds other groups than the split rule means" in problem.problem


def test_a_set_without_its_hash_has_no_name_to_be_tagged_by(
    jira: MemoryJira, launched: Watcher, butler: Butler
) -> None:
    jira.touch("10002", **{IDS["DataIds included"]: FIELD})
    launched.look()
    planning.ask(launched.edges, launched.campaign(), step(launched), launched.now)
    (problem,) = step(launched).problems
    assert problem.remedy == f"add sha256: {GOOD.sha256}"
    assert butler.asked == []


@pytest.mark.covers("C11")
def test_the_mirror_keeps_ranges_and_no_list_of_visits() -> None:
    visits = tuple(range(1000))
    found = Selection({"visit": visits}, {"visit": visits}, {}, 1, (), "raw", "LSSTCam", None)
    rule = StepDefinition("step1", "p.yaml#isr", "visit >= 0", split=SplitRule("visit", 500))
    first, second = planning.groups_of("10002", rule, found)
    assert first.predicate == {"where": "visit IN (0..499)", "table": "", "parts": {"visit": ["0..499"]}}
    assert second.predicate["parts"] == {"visit": ["500..999"]}
