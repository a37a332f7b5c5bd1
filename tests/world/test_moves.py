"""Moves that cannot be followed, moves of several people, and words of people that stand."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cmbot.demo import world as demo
from cmbot.demo.seed import seed
from cmbot.models.issues import Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Bot, Human, Panda

pytestmark = pytest.mark.long

ONE_GROUP = "instrument = 'DemoCam' AND skymap = 'demo' AND visit = 1 AND detector = 0"
MARKUP = "{quote}[evil|http://evil.example] !http://evil.example/x.png! *b* h1. || {color:red}"


def _seed() -> dict[str, Any]:
    """The project of the demonstration, with a user whose name is markup."""
    world = seed()
    world["users"].append({"name": "mallory", "displayName": MARKUP, "email": "mallory@example.org"})
    return world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, raw_repository: Path) -> Iterator[demo.World]:
    state = tmp_path_factory.mktemp("world")
    shutil.copytree(raw_repository, state / "repo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "seed", _seed)
        with demo.world(state, lambda _: None) as running:
            settings = yaml.safe_load(running.settings.read_text())
            variables = settings["environments"]["sandbox"]["variables"] | {"PATH": "/usr/bin:/bin"}
            settings["environments"]["bare"] = {"python": sys.executable, "variables": variables}
            running.settings.write_text(yaml.safe_dump(settings))
            yield running


def test_a_step_launched_before_its_turn_is_moved_back_once(bot: Bot, alice: Human, panda: Panda) -> None:
    epic, step1, step2 = bot.create_two_steps("early")
    alice.launch(step2)
    bot.settle()
    bot.turn()
    (text,) = alice.told(step2)
    assert f"step2 comes too early: step1 ({step1}) is not completed, it is Draft" in text
    assert "complete that first" in text
    assert alice.moves(step2) == [("alice", Status.LAUNCH), ("cmbot", Status.DRAFT)]
    assert alice.told(epic) == alice.told(step1) == []
    assert panda.requests() == []


def test_only_cmbot_sets_running(bot: Bot, alice: Human, panda: Panda) -> None:
    epic, step = bot.create(name="running")
    for key in (epic, step):
        alice.move(key, Status.RUNNING)
    bot.settle()
    bot.turn()
    for key in (epic, step):
        (text,) = alice.told(key)
        assert "only cmbot sets Running; move it to Launch" in text
        assert alice.moves(key) == [("alice", Status.RUNNING), ("cmbot", Status.DRAFT)]
    assert panda.requests() == []


def test_markup_from_people_stays_text(bot: Bot, world: demo.World, alice: Human) -> None:
    epic, step = bot.create(name="markup")
    mallory = type(alice)(world, "mallory")
    mallory.edit(epic, {"summary": MARKUP, "Reason": MARKUP, "Environment": MARKUP})
    mallory.edit(step, {"Data query": f"visit = '{MARKUP}'", "BPS options": f"'{MARKUP}': 1"})
    mallory.launch(epic)
    bot.settle()
    assert len(alice.told(epic)) == 1
    rendered = alice.get(f"issue/{epic}/comment", expand="renderedBody")["comments"]
    assert len(rendered) == 2
    for comment in rendered:
        # An address stays an address, which Jira links as such; no other name, and nothing else works.
        assert "[evil|" in comment["renderedBody"]
        assert ">evil<" not in comment["renderedBody"]
        assert not any(tag in comment["renderedBody"] for tag in ("<img", "<blockquote", "<h1", "<b>b<"))


@pytest.mark.covers("D9", "G1")
def test_people_and_cmbot_take_turns(bot: Bot, alice: Human, bob: Human, panda: Panda) -> None:
    epic, step1, step2 = bot.create_two_steps("turns")
    for step in (step1, step2):
        alice.edit(step, {"Split rule": None, "Data query": ONE_GROUP})
    alice.edit(step2, {"Environment": "bare"})
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.PAUSED)
    bot.settle()
    assert f"Move {epic} to Launch to start step2 ({step2})" in alice.told(epic, "Paused")[0]

    # What is completed is not launched again.
    alice.launch(step1)
    bot.settle()
    assert "every group is completed" in alice.told(step1, "Not done")[0]
    assert alice.status(step1) == Status.COMPLETED

    # The second step cannot start here; a person looks at the data of the first meanwhile.
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.PAUSED)
    bot.settle()
    (group,) = alice.groups(step2)
    bob.edit(step1, {"Verdict": {"value": "bad"}})
    alice.edit(step2, {"Environment": "sandbox"})
    alice.launch(group)
    bot.settle()
    bot.turn()
    (text,) = alice.told(group, "Not done")
    assert f"step2 comes too early: the data of step1 ({step1}) were judged bad" in text
    assert alice.status(group) == Status.FAILED

    # Two people, one group: it is submitted once, and the comment names who did it.
    bob.edit(step1, {"Verdict": {"value": "good"}})
    panda.control("executor", paused=True)
    bob.launch(group)
    alice.launch(step2)
    bot.until(lambda: [item for item in panda.requests() if "_step2_" in item["name"]])
    bot.settle()
    (request,) = [item for item in panda.requests() if "_step2_" in item["name"]]
    assert "_g000_a2_" in request["name"]
    assert {alice.status(key) for key in (epic, step2, group)} == {Status.RUNNING}

    # A person closes the running group: the word stands, what runs is followed to its end.
    bob.move(group, Status.COMPLETED)
    bot.settle()
    assert alice.moves(group)[-1] == ("bob", Status.COMPLETED)
    panda.control("executor", paused=False)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert {alice.status(step1), alice.status(step2)} == {Status.COMPLETED}
    assert alice.field(group, "Quanta done") == 1
    assert alice.moves(group)[-1] == ("bob", Status.COMPLETED)

    # Nothing is left to launch.
    alice.launch(epic)
    bot.settle()
    bot.turn()
    (text,) = alice.told(epic, "Not done")
    assert "every step is completed" in text
    assert alice.moves(epic)[-2:] == [("alice", Status.LAUNCH), ("cmbot", Status.COMPLETED)]
