"""What bps said when it submitted nothing is found where a person looks for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.children import Run
from cmbot.mirror import events, journal
from cmbot.models.attempts import AttemptState, Cause, TryState
from cmbot.models.issues import Person
from cmbot.reconcile import recover

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.models.attempts import Attempt
    from tests.reconcile.conftest import Watcher

NAME = "CM-2_step1_g001_a1_0a1b2c3d"


@dataclass
class Failed:
    """A child that has ended with status 1."""

    def look(self, _: Path) -> Run:
        return Run(alive=False, code=1, started=True)


def after(watcher: Watcher, step_id: str, stderr: str) -> tuple[Attempt, list[events.Event]]:
    """The attempt, and what happened to its step, once bps has ended and left that text."""
    edges = replace(watcher.edges, runner=cast("Any", Failed()))
    directory = edges.tries / NAME
    directory.mkdir(parents=True)
    (directory / "stderr").write_text(stderr)
    cause = Cause("move:10002:1", Person("anna"), watcher.now, "moved CM-2 to Launch")
    with edges.mirror.writing() as connection:
        attempt = journal.add_attempt(connection, step_id, "g001", 1, cause, "spec", watcher.now)
        journal.add_try(connection, attempt, "0a1b2c3d", NAME, str(directory), watcher.now)
    view = watcher.campaign()
    (step,) = [step for step in view.steps if step.issue.id == step_id]
    (item,) = journal.attempts(edges.mirror, step_id)["g001"]
    assert recover.attempt(edges, view, step, item, watcher.now)
    (item,) = journal.attempts(edges.mirror, step_id)["g001"]
    return item, list(events.of(edges.mirror, ("CM-2",)))


@pytest.mark.covers("W16")
def test_the_end_of_the_log_of_bps_is_in_the_history(watcher: Watcher, campaign: dict[str, str]) -> None:
    lines = [f"lsst.x INFO: line {number}" for number in range(60)]
    said = "\n".join(["KeyError: 'computeSite'", *lines, "RuntimeError: the job log is missing"])
    item, happened = after(watcher, campaign["step"], said)
    assert item.state is AttemptState.FAILED
    assert item.summary.startswith("not submitted: KeyError: 'computeSite'")
    (told,) = [event.why for event in happened if event.what.endswith(f"{NAME} was not submitted")]
    assert told.startswith("KeyError: 'computeSite'")
    assert told.splitlines()[-40:] == [*lines[-39:], "RuntimeError: the job log is missing"]


@pytest.mark.covers("W16")
def test_what_is_tried_again_leaves_its_log_too(watcher: Watcher, campaign: dict[str, str]) -> None:
    item, happened = after(watcher, campaign["step"], "ConnectionRefusedError: Connection refused\n")
    assert [each.state for each in item.tries] == [TryState.NOT_SUBMITTED]
    assert item.state is not AttemptState.FAILED
    assert any("Connection refused" in event.why for event in happened)
