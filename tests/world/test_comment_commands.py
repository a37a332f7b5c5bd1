"""People steer a campaign with comments: each command acts once, by those who may, and is answered (W22)."""

from __future__ import annotations

import re
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


@pytest.mark.calm("long enough without; the story above is told in strange mode")
@pytest.mark.covers("G1", "G2", "D4")
def test_bad_data_are_removed_and_what_was_made_of_them_is_made_again(
    bot: Bot, alice: Human, panda: Panda
) -> None:
    epic, first, second = bot.create_two_steps(pause="only on errors and checkpoints")
    bot.settle()
    alice.say(epic, "/cmbot launch")
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    before = len(panda.requests())

    alice.say(first, "/cmbot invalidate the flats were wrong")
    bot.until(lambda: alice.told(first, "Answer"))
    bot.settle()
    (said,) = alice.told(first, "Answer")
    assert alice.field(first, "Verdict")["value"] == "bad"
    assert alice.field(first, "Verdict reason") == "the flats were wrong"
    assert alice.field(first, "Verdict by")["name"] == "alice"
    assert "*Stale:*" in alice.status_comment(second)
    confirmation = re.search(r"invalidate confirm ([0-9a-f]{12})", said)
    assert confirmation
    runs = _runs(bot, "step1")
    assert runs

    alice.say(first, f"/cmbot {confirmation[0]}")
    bot.until(lambda: not _runs(bot, "step1"))
    bot.settle()
    assert _runs(bot, "step2")

    # Nothing is made of bad data; what is made anew and judged good may be used again.
    alice.say(first, "/cmbot retry")
    bot.until(
        lambda: len(bot.attempts(first)) == 4 and not any(one.state.live for one in bot.attempts(first))
    )
    bot.settle()
    alice.say(second, "/cmbot reject what it was made of was bad")
    bot.until(lambda: {item.state for item in bot.attempts(second)} == {S.REJECTED})
    bot.settle()
    alice.say(second, "/cmbot retry")
    bot.until(lambda: len(alice.told(second, "Answer")) == 2)
    assert "were judged bad" in alice.told(second, "Answer")[1]
    alice.say(first, "/cmbot validate")
    bot.until(lambda: (alice.field(first, "Verdict") or {}).get("value") == "good")
    # Its chains are made again first.
    bot.settle()
    alice.say(second, "/cmbot retry")
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert "*Stale:*" not in alice.status_comment(second)
    assert len(panda.requests()) == before + 3


def _runs(bot: Bot, step: str) -> list[str]:
    """Output runs of a step that the Butler holds."""
    from lsst.daf.butler import Butler, CollectionType  # noqa: PLC0415 - slow; the processes need it first

    with Butler.from_config(str(bot.world.repo)) as butler:
        found = butler.collections.query("DemoCam/runs/*", collection_types=CollectionType.RUN)
        return [name for name in found if f"/{step}/" in name]
