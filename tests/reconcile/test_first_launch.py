"""Before the first of a campaign starts, all of it must be connected (requirements B33, B34)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.handlers.campaign import decide
from cmbot.models.notices import NoticeKind
from cmbot.models.views import PlanState
from cmbot.reconcile import asking, planning

if TYPE_CHECKING:
    from tests.reconcile.conftest import MemoryJira, Watcher


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What Butlers are asked."""
    asked: list[dict[str, Any]] = []

    def start(_: object, question: asking.Question, directory: Any) -> None:
        directory.mkdir(parents=True)
        asked.append(json.loads(question.request))

    monkeypatch.setattr(asking, "start", start)
    monkeypatch.setattr(asking, "finished", lambda *_: True)
    monkeypatch.setattr(planning.submissions, "lint", lambda *_: ())
    return asked


def answered(watcher: Watcher, monkeypatch: pytest.MonkeyPatch, present: list[str]) -> None:
    """The Butler has visits 1 and 2; step1 needs raws and makes nothing that it needs."""
    content = {
        "selected": {"visit": [1, 2]},
        "existing": {"visit": [1, 2]},
        "counts": [[1, 3], [2, 3]],
        "tasks": 1,
        "labels": ["isr"],
        "dataset_type": "raw",
        "instrument": "LSSTCam",
        "skymap": None,
        "steps": {"step1": {"inputs": ["raw", "flat"], "outputs": ["calexp"], "dimensions": ["visit"]}},
        "present": present,
    }
    monkeypatch.setattr(asking, "answer", lambda *_: json.dumps(content))
    view = watcher.campaign()
    planning.collect(watcher.edges, view, view.steps[0], watcher.now)


def launch(jira: MemoryJira, watcher: Watcher) -> None:
    jira.move("10001", "Launch")
    watcher.look()
    view = watcher.campaign()
    planning.ask(watcher.edges, view, view.steps[0], watcher.now)


@pytest.mark.covers("B33", "B34")
def test_a_launch_of_what_is_not_connected_is_refused(
    jira: MemoryJira,
    defined: Watcher,
    requests: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    launch(jira, defined)
    assert requests[0]["pipelines"] == {"step1": "$DRP_DIR/DRP.yaml#step1"}
    answered(defined, monkeypatch, ["raw"])
    view = defined.campaign()
    assert view.steps[0].plan is PlanState.REFUSED
    (notice,) = [one for one in decide(view).notices if one.kind is NoticeKind.REFUSED]
    (problem,) = notice.problems
    assert problem.field == "CM-2 step1 Input collections"
    assert problem.problem.startswith("nothing makes flat, which it needs, and no input collection has it")


@pytest.mark.covers("B33", "V19")
def test_what_is_connected_is_split_and_its_counts_are_kept(
    jira: MemoryJira,
    defined: Watcher,
    requests: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    launch(jira, defined)
    answered(defined, monkeypatch, ["flat", "raw"])
    assert defined.campaign().steps[0].plan is PlanState.READY
    (row,) = defined.edges.mirror.connection.execute("SELECT answer FROM plans")
    assert json.loads(row["answer"]) == {"groups": 1, "selected": {"datasets": 6, "visit": 2}}
