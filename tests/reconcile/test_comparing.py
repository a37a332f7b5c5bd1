"""What `cmbot reconcile` shows is what a pass does, and showing it does nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.children import Run
from cmbot.exceptions import CmbotError, NotFound, UserError
from cmbot.mirror import journal
from cmbot.models.attempts import AttemptState, Cause, TryState
from cmbot.models.issues import Person
from cmbot.operations import reconcile
from cmbot.wms.port import Look, TaskReport, WmsReport
from cmbot.wms.states import TaskState, WorkflowState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.mirror import Mirror
    from cmbot.reconcile.edges import Edges
    from tests.reconcile.conftest import MemoryJira, Watcher

NAME = "CM-2_step1_g001_a1_0a1b2c3d"
LIVE = Run(alive=False, code=None, started=True)


@dataclass
class Panda:
    """A WMS that has what the test says."""

    said: dict[int, WmsReport | CmbotError] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)

    def statuses(self, names: Mapping[int, str], _: datetime) -> Look:
        return Look({number: self.said[number] for number in names if number in self.said}, {})

    def find(self, prefix: str) -> dict[str, int]:
        return {name: number for name, number in self.named.items() if name.startswith(prefix)}

    def says(self, status: str, state: WorkflowState, done: int) -> None:
        tasks = (TaskReport(1, "isr", TaskState.RUNNING, 10, done=done),)
        self.said[7] = WmsReport(7, NAME, status, state, tasks)


@pytest.fixture
def panda() -> Panda:
    return Panda()


@pytest.fixture
def edges(watcher: Watcher, campaign: dict[str, str], jira: MemoryJira, panda: Panda) -> Edges:
    """Group CM-4 of step CM-2 was submitted as request 7 an hour ago; Jira does not answer."""
    jira.down = True
    runner = SimpleNamespace(look=lambda _: LIVE, busy=lambda: 0)
    now = datetime.now(UTC) - timedelta(hours=1)
    cause = Cause("move:10002:1", Person("anna", "Anna"), now, "moved CM-2 to Launch")
    with watcher.edges.mirror.writing() as connection:
        attempt = journal.add_attempt(connection, campaign["step"], "g001", 1, cause, "spec", now)
        item = journal.add_try(connection, attempt, "0a1b2c3d", NAME, str(watcher.edges.tries / "x"), now)
        journal.set_try(connection, item, request_id=7, state=TryState.SUBMITTED)
        journal.move_attempt(connection, attempt, AttemptState.SUBMITTED, now)
    return replace(watcher.edges, wms=cast("Any", panda), runner=cast("Any", runner))


def everything(mirror: Mirror) -> list[str]:
    return list(mirror.connection.iterdump())


def rules(lines: tuple[reconcile.Line, ...]) -> list[tuple[str, str, str]]:
    return [(line.key, line.rule, line.does) for line in lines]


def state(edges: Edges) -> AttemptState:
    (attempt,) = journal.live_attempts(edges.mirror)
    return attempt.state


@pytest.mark.covers("W5", "W8")
def test_what_does_not_agree_is_shown_with_its_key_and_nothing_is_done(edges: Edges, panda: Panda) -> None:
    panda.says("Transforming", WorkflowState.RUNNING, 3)
    before = everything(edges.mirror)
    (line, *issues) = reconcile.examine(edges, "CM-4")
    assert (line.key, line.name, line.request) == ("CM-4", "step1 g001 a1", 7)
    assert (line.rule, line.does) == ("moved there", "take")
    assert line.says == "PanDA says Transforming, the journal submitted; cmbot takes it over"
    assert rules(tuple(issues)) == [("CM-4", "rolled up", "move")]
    assert everything(edges.mirror) == before
    assert line.to_json()["request"] == 7


def test_what_was_shown_is_what_a_pass_does(edges: Edges, panda: Panda) -> None:
    panda.says("Transforming", WorkflowState.RUNNING, 3)
    done = reconcile.run(edges)
    assert ("CM-4", "moved there", "take") in rules(done.lines)
    assert state(edges) is AttemptState.RUNNING
    assert "step1 g001 a1 is running" in [event.what for event in done.happened]
    assert any("does not answer" in error for error in done.errors)
    # Now that it was done, they agree; the status is told when Jira answers.
    assert rules(reconcile.examine(edges))[0] == ("CM-4", reconcile.AGREES, "")
    assert done.to_json()["happened"]


def test_a_submission_whose_outcome_is_unknown_is_looked_up_and_left_as_it_is(
    edges: Edges, panda: Panda
) -> None:
    with edges.mirror.writing() as connection:
        connection.execute("UPDATE tries SET state = 'reserved', request_id = NULL, host = ''")
        connection.execute("UPDATE attempts SET state = 'unknown'")
    (line, *_) = reconcile.examine(edges)
    assert (line.rule, line.does) == ("unfinished", "recover")
    assert "not seen in the WMS so far" in line.says
    panda.named[NAME] = 7
    before = everything(edges.mirror)
    (line, *_) = reconcile.examine(edges)
    assert line.says.endswith("(found in the WMS by its name); cmbot takes it over")
    assert everything(edges.mirror) == before


def test_a_request_that_is_gone_waits_for_a_person(edges: Edges, panda: Panda) -> None:
    panda.said[7] = NotFound("request 7", "PanDA has no such request")
    found = {line.rule: line.does for line in reconcile.examine(edges) if line.name}
    assert found == {"lost": "ask", "not heard of": "wait"}


def test_beside_a_running_service_nothing_is_done(edges: Edges, panda: Panda) -> None:
    panda.says("Transforming", WorkflowState.RUNNING, 3)
    until = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    edges.mirror.connection.execute(
        "INSERT OR REPLACE INTO lease VALUES (1, 'elsewhere:boot:1:1', 5, ?)", (until,)
    )
    with pytest.raises(UserError, match=r"cmbot sync: runs \(elsewhere.*; say --dry-run"):
        reconcile.run(edges)
    assert state(edges) is AttemptState.SUBMITTED
    assert reconcile.examine(edges)


def test_only_what_the_key_stands_for_is_shown(edges: Edges) -> None:
    assert [line.key for line in reconcile.examine(edges, "CM-3")] == []
    assert {line.key for line in reconcile.examine(edges, "CM-1")} >= {"CM-4"}
    with pytest.raises(UserError, match="CM-99: is not known here"):
        reconcile.examine(edges, "CM-99")
