"""A run that others made never stands in the place of a split that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.butler.questions import Selection
from cmbot.definition import freeze
from cmbot.exceptions import UserError
from cmbot.mirror import journal, plans
from cmbot.models.attempts import Recorded
from cmbot.models.issues import Person
from cmbot.models.views import PlanState
from cmbot.operations import record_run
from cmbot.reconcile import asking, planning

if TYPE_CHECKING:
    from cmbot.models.views import CampaignView, StepView
    from tests.reconcile.conftest import MemoryJira, Watcher

ANNA = Person("anna", "Anna")


def record(watcher: Watcher, run: str = "prompt/one") -> None:
    found = record_run.find(watcher.edges, "CM-2", Recorded(run, expected={"isr": 2}))
    record_run.keep(watcher.edges, found, ANNA, "ran cmbot record-run")


def launch(jira: MemoryJira, watcher: Watcher, key: str = "10002") -> None:
    jira.move(key, "Launch")
    watcher.look()


def seen(watcher: Watcher) -> tuple[CampaignView, StepView]:
    view = watcher.campaign()
    return view, view.steps[0]


def ask(watcher: Watcher) -> None:
    planning.ask(watcher.edges, *seen(watcher), watcher.now)


def answer(watcher: Watcher, monkeypatch: pytest.MonkeyPatch, *visits: int) -> None:
    selection = Selection({"visit": visits}, {"visit": visits}, {}, 0, (), "raw", "LSSTCam", None)
    monkeypatch.setattr(asking, "finished", lambda *_: True)
    monkeypatch.setattr(asking, "answer", lambda *_: "")
    monkeypatch.setattr(planning, "parse_selection", lambda *_: selection)
    monkeypatch.setattr(planning.submissions, "lint", lambda *_: ())
    planning.collect(watcher.edges, *seen(watcher), watcher.now)


def names(watcher: Watcher) -> dict[str, bool]:
    """Groups, and whether others ran them."""
    return {group.name: bool(group.outside) for group in seen(watcher)[1].groups}


@pytest.mark.covers("A6")
def test_nothing_is_recorded_in_the_place_of_a_split_that_was_launched(
    jira: MemoryJira, defined: Watcher
) -> None:
    launch(jira, defined)
    with pytest.raises(UserError, match="anna moved CM-2 to Launch, and it is being split"):
        record(defined)
    ask(defined)
    assert seen(defined)[1].plan is PlanState.ASKED
    with pytest.raises(UserError, match="it is being split"):
        record(defined)
    assert names(defined) == {}
    assert journal.attempts(defined.edges.mirror, "10002") == {}


def test_what_is_asked_of_the_butler_meanwhile_keeps_a_run_from_being_recorded(
    defined: Watcher,
) -> None:
    found = record_run.find(defined.edges, "CM-2", Recorded("prompt/one", expected={"isr": 2}))
    view, step = seen(defined)
    assert view.definition is not None
    assert step.definition is not None
    spec = freeze.step_hash(view.definition, step.definition)
    plans.ask_plan(defined.edges.mirror, "10002", spec, "move:10002:1", "somewhere", defined.now)
    with pytest.raises(UserError, match="has changed meanwhile"):
        record_run.keep(defined.edges, found, ANNA, "ran cmbot record-run")
    # Neither group nor attempt is left of it.
    assert names(defined) == {}
    assert journal.attempts(defined.edges.mirror, "10002") == {}


@pytest.mark.covers("W23", "A6")
def test_a_growing_step_keeps_what_others_ran_beside_its_groups(
    jira: MemoryJira, defined: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(defined)
    record(defined, "prompt/two")
    assert names(defined) == {"g001": True, "g002": True}
    launch(jira, defined)
    ask(defined)
    answer(defined, monkeypatch, 1, 2, 3)
    assert names(defined) == {"g001": True, "g002": True, "g003": False, "g004": False}
    assert seen(defined)[1].plan is PlanState.READY
