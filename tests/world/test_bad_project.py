"""A Jira project that lacks something that cmbot needs: it is named, with the remedy."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.demo import world as demo
from cmbot.demo.seed import seed
from cmbot.exceptions import UserError
from cmbot.models.issues import Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Bot, Human, Panda


def _seed() -> dict[str, Any]:
    """The project of the demonstration without a field, and without a way to Running."""
    world = seed()
    world["fields"] = [field for field in world["fields"] if field["name"] != "Tolerance"]
    project = world["projects"][0]
    project["transitions"] = [way for way in project["transitions"] if way["to"] != Status.RUNNING]
    return world


@pytest.fixture
def world(tmp_path: Path, raw_repository: Path) -> Iterator[demo.World]:
    shutil.copytree(raw_repository, tmp_path / "world" / "repo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "seed", _seed)
        with demo.world(tmp_path / "world", lambda _: None) as running:
            yield running


def test_what_the_project_lacks_is_named(bot: Bot, alice: Human, panda: Panda) -> None:
    with pytest.raises(UserError, match="Tolerance") as caught:
        bot.create(name="demanding", text=_TOLERANT)
    assert "administrator" in str(caught.value)
    assert alice.statuses() == {}

    epic, step = bot.create()
    panda.control("executor", paused=True)
    alice.launch(epic)
    bot.until(panda.requests)
    bot.settle()
    for _ in range(3):
        bot.turn()
    (problem,) = alice.told(epic, "cmbot")
    assert "no move from Launch to Running" in problem
    assert "have an administrator add a global transition to Running" in problem
    assert len(alice.told(epic, "Launched")) == 1
    assert alice.status_comment(step)
    assert len(alice.told(epic)) == 2


_TOLERANT = """
name: {name}
reason: {pause}
butler: {repo}
inputs: [DemoCam/defaults]
output: DemoCam/runs/{name}
environment: sandbox
site: laptop
steps:
  - name: step1
    pipeline: $DEMO_PIPELINES/DRP.yaml#isr
    query: instrument = 'DemoCam'
    tolerance: {{isr: 0.5}}
"""
