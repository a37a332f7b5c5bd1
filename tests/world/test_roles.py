"""Only people with a role have work done, and what they may is read from Jira's groups (requirement V16)."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cmbot.demo import world as demo
from cmbot.demo.seed import seed
from cmbot.mirror import events
from cmbot.models.issues import Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Bot, Human, Panda

pytestmark = pytest.mark.long


def _seed() -> dict[str, Any]:
    world = seed()
    for user in world["users"]:
        user["groups"] = {"alice": ["cm-operators"], "bob": ["cm-definers"]}.get(user["name"], [])
    world["users"].append({"name": "carol", "displayName": "Carol", "email": "carol@example.org"})
    return world


@pytest.fixture
def world(tmp_path: Path, raw_repository: Path) -> Iterator[demo.World]:
    shutil.copytree(raw_repository, tmp_path / "world" / "repo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "seed", _seed)
        with demo.world(tmp_path / "world", lambda _: None) as running:
            settings = yaml.safe_load(running.settings.read_text())
            roles = {"operator": {"groups": ["cm-operators"]}, "definer": {"groups": ["cm-definers"]}}
            settings["jira"]["roles"] = roles
            running.settings.write_text(yaml.safe_dump(settings))
            yield running


@pytest.mark.covers("V16", "W13")
def test_a_move_without_the_role_is_turned_back_once_and_an_operators_stands(
    bot: Bot, world: demo.World, alice: Human, bob: Human, panda: Panda
) -> None:
    carol = type(alice)(world, "carol")
    epic = bot.create()[0]
    bob.launch(epic)
    bot.settle()
    bot.turn()
    (text,) = alice.told(epic, "Not done")
    assert "only people with the role operator move a campaign to Launch" in text
    assert "Bob Example moved" in text
    assert alice.status(epic) == Status.DRAFT
    assert panda.requests() == []

    panda.control("executor", paused=True)
    alice.launch(epic)
    bot.until(panda.requests)
    bot.settle()
    # Whoever has no role stops nothing; a definer may stop.
    carol.move(epic, Status.PAUSED)
    bot.settle()
    assert "only people with the role definer or operator" in alice.told(epic, "Not done")[1]
    assert alice.status(epic) == Status.RUNNING
    bob.move(epic, Status.PAUSED)
    bot.settle()
    assert alice.status(epic) == Status.PAUSED
    alice.launch(epic)
    panda.control("executor", paused=False)

    # Who leaves the group later has launched it all the same, also for a cmbot that has forgotten everything.
    bot.until(lambda: alice.status(epic) == Status.RUNNING)
    alice._ask("DELETE", "group/user?groupname=cm-operators&username=alice")
    bot.stop()
    shutil.rmtree(bot.edges.state)
    bot.start()
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert len(panda.requests()) == 1
    assert [who for who, target in alice.moves(epic) if target == Status.DRAFT] == ["cmbot"]
    assert len(alice.told(epic, "Not done")) == 2
    # Who judges and why is in the history of the issue, and in the events.
    said = events.of(bot.edges.mirror, (epic,))
    assert ("Bob Example", f"moved {epic} from Draft to Launch") in {(item.who, item.what) for item in said}
    assert all(item.why for item in said if item.who != "cmbot")
