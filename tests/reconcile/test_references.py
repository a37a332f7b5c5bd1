"""What a launch refers to in git is asked about first, once for each launch (requirement B9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.handlers.actions import Decision, Submit
from cmbot.handlers.campaign import decide
from cmbot.mirror import events
from cmbot.models.attempts import Cause
from cmbot.models.issues import Person, Status
from cmbot.models.notices import NoticeKind
from cmbot.models.views import GroupView
from cmbot.operations.commands import obey
from cmbot.reconcile import planning, references, waiting
from cmbot.reconcile.passes import Passes
from cmbot.settings import GitSettings
from tests.reconcile.conftest import IDS

if TYPE_CHECKING:
    from tests.reconcile.conftest import MemoryJira, Watcher

EPIC = "10001"


@dataclass
class Launches:
    """CM-1 refers to the tag v1 of a repository; it is launched, and passes are made."""

    jira: MemoryJira
    watcher: Watcher
    repository: Any
    asked: list[str]
    """Steps for which a Butler would have been asked."""

    def refer(self, sha: str) -> None:
        fields = {"Data specification": self.repository.link, "Data specification version": f"v1 {sha}"}
        self.jira.touch(EPIC, **{IDS[name]: value for name, value in fields.items()})

    def launch(self) -> None:
        self.jira.move(EPIC, "Launch")
        self.turn()

    def turn(self, minutes: float = 1) -> None:
        self.jira.down = False
        self.watcher.look(minutes)
        self.jira.down = True  # so that nothing is told there
        Passes(self.watcher.edges, obey).run(self.watcher.now)

    def said(self) -> list[str]:
        return [
            event.what for event in events.of(self.watcher.edges.mirror, ("CM-1",)) if event.who == "cmbot"
        ]


@pytest.fixture
def launches(
    jira: MemoryJira, defined: Watcher, repository: Any, monkeypatch: pytest.MonkeyPatch
) -> Launches:
    git = GitSettings(repositories=(f"file://{repository.place.parent}/",))
    settings = defined.edges.settings.model_copy(update={"git": git})
    defined.edges = replace(defined.edges, settings=settings)
    made = Launches(jira, defined, repository, [])
    monkeypatch.setattr(planning, "ask", lambda _, __, step, ___: made.asked.append(step.name))
    made.refer(repository.sha("v1"))
    return made


@pytest.mark.covers("B9")
def test_a_launch_goes_on_when_the_tag_means_what_was_written_down(launches: Launches) -> None:
    launches.launch()
    launches.turn()
    assert launches.asked == ["step1", "step1"]  # the stand-in keeps no plan
    link, sha = launches.repository.link, launches.repository.sha("v1")
    assert launches.said() == [f"git: {link} v1 is {sha}"]


@pytest.mark.covers("B9")
def test_a_moved_tag_turns_the_launch_back_with_both_shas_until_it_is_right(launches: Launches) -> None:
    old, new = launches.repository.sha("v1"), launches.repository.sha("later")
    launches.repository.move("v1", "later")
    launches.launch()
    assert launches.asked == []
    decision = decide(launches.watcher.campaign())
    (move,) = [move for move in decision.moves if move.issue.id == EPIC]
    assert move.target is Status.DRAFT
    (notice,) = [notice for notice in decision.notices if notice.kind is NoticeKind.REFUSED]
    assert [str(problem) for problem in notice.problems] == [
        f"Data specification version: v1 is {new} there, not {old}; find out why, and correct it"
    ]
    launches.jira.move(EPIC, "Draft", by="cmbot")
    launches.turn()
    assert launches.watcher.campaign().problems == notice.problems
    launches.repository.move("v1", old)
    launches.launch()
    assert launches.asked == ["step1"]
    assert launches.watcher.campaign().problems == ()


@pytest.mark.covers("B9")
def test_an_edited_reference_is_asked_about_again(launches: Launches) -> None:
    launches.launch()
    launches.refer(launches.repository.sha("later"))
    launches.turn()
    assert launches.asked == ["step1"]
    (problem,) = launches.watcher.campaign().problems
    assert launches.repository.sha("later") in problem.problem


def test_what_cmbot_does_by_itself_asks_nobody_again(launches: Launches) -> None:
    launches.launch()
    launches.repository.place.rename(launches.repository.place.parent / "away")
    view = launches.watcher.campaign()
    cause = Cause("rule:1:g001:1", Person("anna"), launches.watcher.now, "moved CM-1 to Launch")
    rescue = Decision(submits=(Submit(view.steps[0], GroupView("g001", 1, "all"), 2, cause),))
    now = launches.watcher.now
    assert references.cleared(launches.watcher.edges, view, rescue, now) == (rescue, {})


@pytest.mark.covers("B9", "W5")
def test_a_launch_waits_for_a_repository_that_does_not_answer(launches: Launches) -> None:
    hidden = launches.repository.place.rename(launches.repository.place.parent / "away")
    launches.launch()
    step = launches.watcher.campaign().steps[0].issue
    assert "git: " in waiting.read(launches.watcher.edges, step)
    hidden.rename(launches.repository.place)
    launches.turn(minutes=1)
    assert launches.asked == []
    launches.turn(minutes=timedelta(minutes=5) / timedelta(minutes=1))
    assert launches.asked == ["step1"]
    assert waiting.read(launches.watcher.edges, step) == ""
    assert launches.watcher.campaign().issue.status is Status.LAUNCH
