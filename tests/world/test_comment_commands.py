"""People steer a campaign with comments: each command acts once, by those who may, and is answered (W22)."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cmbot.demo import world as demo
from cmbot.demo.seed import seed
from cmbot.models.attempts import AttemptState as S
from cmbot.models.attempts import Verb
from cmbot.models.issues import Status
from cmbot.operations.commands import obey
from cmbot.reconcile import commanding, observe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Bot, Human, Panda

pytestmark = pytest.mark.long


def _seed() -> dict[str, Any]:
    world = seed()
    for user in world["users"]:
        user["groups"] = ["cm-operators"] if user["name"] == "alice" else []
    return world


@pytest.fixture
def world(tmp_path: Path, raw_repository: Path) -> Iterator[demo.World]:
    shutil.copytree(raw_repository, tmp_path / "world" / "repo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "seed", _seed)
        with demo.world(tmp_path / "world", lambda _: None) as running:
            settings = yaml.safe_load(running.settings.read_text())
            settings["jira"]["roles"] = {"operator": {"groups": ["cm-operators"]}}
            running.settings.write_text(yaml.safe_dump(settings))
            yield running


@pytest.mark.covers("W22", "W8", "D4", "W13")
def test_two_people_steer_a_campaign_in_comments_while_the_bot_forgets_everything(
    bot: Bot, alice: Human, bob: Human, panda: Panda
) -> None:
    epic, step = bot.create()
    bot.settle()
    bob.say(epic, "/cmbot launch")
    bot.settle()
    (said,) = alice.told(epic, "Answer")
    assert "only people with the role operator may launch a campaign" in said
    assert "[~bob]" in said
    assert panda.requests() == []

    alice.say(epic, "all set\n/cmbot launch the night is over\n{quote}\n/cmbot cancel\n{quote}")
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert len(panda.requests()) == 1
    assert {who for who, _ in alice.moves(epic)} == {"cmbot"}
    assert Status.LAUNCH not in {target for _, target in alice.moves(epic)}
    (attempt,) = bot.attempts(step)
    assert attempt.cause.by.account == "alice"
    assert attempt.cause.what == f"wrote /cmbot launch the night is over on {epic}"
    assert len(alice.told(epic, "Answer")) == 2

    alice.say(step, "/cmbot reject the flats were wrong")
    bot.until(lambda: alice.status(step) == Status.PAUSED)
    bot.settle()
    (group,) = alice.groups(step)
    assert alice.status(group) == Status.FAILED
    assert [item.state for item in bot.attempts(step)] == [S.REJECTED]

    # Killed after it has acted and before it could say so, and its mirror is lost: it does not act again.
    alice.say(group, "/cmbot retry")
    while not _heard(bot, step):
        pass
    bot.stop()
    shutil.rmtree(bot.edges.state)
    bot.start()
    bot.settle()
    assert [item.state for item in bot.attempts(step)] == [S.REJECTED]
    assert len(panda.requests()) == 1
    (said,) = alice.told(group, "Answer")
    assert "lost its notes" in said

    alice.say(group, "/cmbot retry\n/cmbot status")
    bot.until(lambda: [item.state for item in bot.attempts(step)] == [S.REJECTED, S.SUCCEEDED])
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert len(panda.requests()) == 2
    assert bot.attempts(step)[1].changes.fresh
    assert len(alice.told(group, "Answer")) == 2
    assert len(alice.told(epic, "Answer")) == 2


def _heard(bot: Bot, step: str) -> bool:
    """Have the bot act on what was said, and tell nothing; whether it has."""
    bot.go_by(bot.edges.settings.work.poll)
    observe.changes(bot.edges, bot.now())
    commanding.everything(bot.edges, obey, bot.now(), [])
    return any(item.asked(Verb.RETRY) for item in bot.attempts(step))
