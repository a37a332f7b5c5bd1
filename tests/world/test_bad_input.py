"""Bad input gets a clear answer, once, and others go on (issue 2)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from itertools import count
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

NOTHING = "instrument = 'DemoCam' AND skymap = 'demo' AND visit > 900"
SOMETHING = "instrument = 'DemoCam' AND skymap = 'demo' AND visit = 1 AND detector = 0"
_numbers = count(1)


def _seed() -> dict[str, Any]:
    """The project of the demonstration, with a type and a status that are none of cmbot's."""
    world = seed()
    world["issue_types"].append({"name": "Nonsense", "level": 0})
    world["statuses"].append({"name": "On hold", "category": "indeterminate"})
    project = world["projects"][0]
    project["issue_types"].append("Nonsense")
    project["transitions"].append({"name": "On hold", "to": "On hold", "from": "*"})
    return world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, raw_repository: Path) -> Iterator[demo.World]:
    """One project for all stories: what is wrong in one must not touch the others."""
    state = tmp_path_factory.mktemp("world")
    shutil.copytree(raw_repository, state / "repo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "seed", _seed)
        with demo.world(state, lambda _: None) as running:
            _add_environments(running)
            yield running


def _add_environments(world: demo.World) -> None:
    settings = yaml.safe_load(world.settings.read_text())
    variables = settings["environments"]["sandbox"]["variables"]
    # The Butler's Python is there, bps is not on its PATH.
    bare = {"python": sys.executable, "variables": variables | {"PATH": "/usr/bin:/bin"}}
    settings["environments"]["bare"] = bare
    world.settings.write_text(yaml.safe_dump(settings))


@pytest.fixture(scope="module")
def told() -> dict[str, int]:
    """Comments of cmbot's by issue, for the last story of the module."""
    return {}


@pytest.fixture(scope="module")
def launched() -> list[str]:
    """Key of the healthy campaign, once there is one."""
    return []


@pytest.fixture(autouse=True)
def healthy(bot: Bot, alice: Human, launched: list[str]) -> str:
    """A campaign in which nothing is wrong, launched before all others."""
    if not launched:
        launched.append(bot.create(name="healthy")[0])
        alice.launch(launched[0])
        bot.turn()
    return launched[0]


def broken(bot: Bot, alice: Human, whose: str, change: dict[str, Any]) -> tuple[str, str]:
    """Launch a campaign after something in it was changed for the worse."""
    epic, step = bot.create(name=f"broken{next(_numbers)}")
    alice.edit(epic if whose == "epic" else step, change)
    alice.launch(epic)
    return epic, step


def answer(bot: Bot, alice: Human, key: str) -> str:
    """Wait for the answer, and see that there is one only."""
    bot.until(lambda: alice.told(key))
    bot.settle()
    bot.turn()
    (text,) = alice.told(key)
    return text


@pytest.mark.covers("B3", "V13", "V14")
@pytest.mark.parametrize(
    ("whose", "change", "words"),
    [
        ("epic", {"Reason": None}, ("Reason", "is empty", "write why")),
        ("epic", {"Environment": "w199901"}, ("Environment", "'w199901' is not known", "use bare, sandbox")),
        ("epic", {"Compute site": "Mars"}, ("Compute site", "'Mars' is not known", "use laptop")),
        ("epic", {"Input collections": "DemoCam/nowhere"}, ("Input coll", "no collection DemoCam/nowhere")),
        ("epic", {"Input collections": "DemoCam/raw/all"}, ("Input coll", "nothing makes camera", "add the")),
        ("step", {"Pipeline YAML": "$DEMO_PIPELINES/DRP.yaml#step9"}, ("Pipeline YAML", "step9", "subset")),
        ("step", {"Data query": NOTHING}, ("Data query", "it selects no raw", "correct it")),
        ("step", {"Data query": "nosuch = 1"}, ("Data query", "'nosuch'", "correct it")),
        ("step", {"Data query": "visit = bpsEval('x')"}, ("Data query", "BPS would execute", "correct it")),
        ("step", {"Data query": "visit = 1; rm {output}"}, ("Data query", "cannot be read at", "correct it")),
        ("step", {"BPS options": "executable: /bin/sh"}, ("BPS options", "executable is not", "use ")),
        ("step", {"BPS options": "queue: CHANGEME"}, ("queue", "placeholder CHANGEME", "fill it")),
        ("step", {"BPS options": "requestMemory: [1"}, ("BPS options", "is not valid YAML", "correct it")),
    ],
    ids=lambda value: json.dumps(value)[:50] if isinstance(value, dict) else "",
)
def test_a_definition_that_cannot_run_is_answered_once_and_moved_back(
    bot: Bot,
    alice: Human,
    panda: Panda,
    told: dict[str, int],
    whose: str,
    change: dict[str, Any],
    words: tuple[str, ...],
) -> None:
    epic, step = broken(bot, alice, whose, change)
    text = answer(bot, alice, epic)
    for word in (*words, "Alice Example moved", "[~alice]"):
        assert word in text
    assert alice.moves(epic) == [("alice", Status.LAUNCH), ("cmbot", Status.DRAFT)]
    assert alice.moves(step) == []
    assert not [item for item in panda.requests() if step in item["name"]]
    told[epic] = 1


@pytest.mark.covers("V13")
def test_everything_wrong_is_said_together(bot: Bot, alice: Human, told: dict[str, int]) -> None:
    epic, step = bot.create(name="allwrong")
    alice.edit(epic, {"Reason": None, "Environment": "w199901"})
    alice.edit(step, {"Data query": "visit = ;", "BPS options": "executable: /bin/sh"})
    alice.launch(epic)
    text = answer(bot, alice, epic)
    assert all(word in text for word in ("Reason", "Environment", "Data query", "BPS options"))
    told[epic] = 1


def test_a_corrected_definition_runs_when_it_is_launched_again(
    bot: Bot, alice: Human, panda: Panda, told: dict[str, int]
) -> None:
    epic, step = broken(bot, alice, "step", {"Data query": NOTHING})
    answer(bot, alice, epic)
    alice.edit(step, {"Data query": SOMETHING})
    bot.settle()
    assert alice.status(epic) == Status.DRAFT  # nothing starts without a person's word
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert [text.split("*")[1].strip(".:") for text in alice.told(epic)] == [
        "Not done",
        "Launched",
        "Completed",
    ]
    (request,) = [item for item in panda.requests() if step in item["name"]]
    assert "_a1_" in request["name"]
    told[epic] = 3


def test_what_was_missing_outside_is_asked_for_again_by_the_next_launch(
    bot: Bot, alice: Human, world: demo.World
) -> None:
    epic, _ = broken(bot, alice, "epic", {"Input collections": "DemoCam/late"})
    answer(bot, alice, epic)
    chain = [sys.executable.replace("python", "butler"), "collection-chain", str(world.repo), "DemoCam/late"]
    subprocess.run([*chain, "DemoCam/defaults"], check=True, capture_output=True)
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.RUNNING)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Environment": "bare"}, ("bps", "not found")),
        ({"Input collections": "DemoCam/raw/all"}, ("quantum graph",)),
    ],
    ids=["bps cannot start", "the graph is empty"],
)
def test_a_bps_that_fails_leaves_a_failed_group_with_the_reason(
    bot: Bot, alice: Human, panda: Panda, told: dict[str, int], change: dict[str, Any], words: tuple[str, ...]
) -> None:
    epic, step = bot.create(name=f"broken{next(_numbers)}")
    # Otherwise cmbot says before bps what is missing.
    alice.edit(step, {"Rule exception": "to see what bps says"})
    alice.edit(epic, change)
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.PAUSED)
    bot.settle()
    (group,) = alice.groups(step)
    (reason,) = alice.told(group)
    assert alice.status(group) == Status.FAILED
    assert alice.status(step) == Status.PAUSED
    for text in (reason, alice.told(epic)[-1], alice.status_comment(step)):
        assert "not submitted" in text
        assert all(word in text for word in words)
    assert f"Move {group} to Launch" in reason
    assert not [item for item in panda.requests() if step in item["name"]]
    told[group] = 1


def test_an_issue_of_another_type_is_left_alone(bot: Bot, alice: Human) -> None:
    key = alice.make({"summary": "nonsense", "issuetype": {"name": "Nonsense"}})
    bot.settle()
    alice.move(key, Status.LAUNCH)
    bot.settle()
    assert alice.comments(key) == []
    assert alice.moves(key) == [("alice", Status.LAUNCH)]


def test_a_foreign_status_is_named_once_and_gone_on_from_when_mended(
    bot: Bot, alice: Human, told: dict[str, int]
) -> None:
    epic, _ = bot.create(name="foreign")
    bot.settle()
    alice.move(epic, "On hold")
    text = answer(bot, alice, epic)
    assert "has status On hold, which is none of cmbot's" in text
    assert "move it to Draft" in text
    alice.move(epic, Status.DRAFT)
    bot.settle()
    assert "The definition is complete" in alice.status_comment(epic)
    assert alice.moves(epic) == [("alice", "On hold"), ("alice", Status.DRAFT)]
    # What it had said is put right in its place.
    (_, comment) = alice.comments(epic)
    assert comment.startswith("cmbot could not follow this issue for a while; it does again.")
    told[epic] = 0


def test_the_healthy_campaign_went_on_and_nothing_is_said_twice(
    bot: Bot, alice: Human, healthy: str, told: dict[str, int]
) -> None:
    bot.until(lambda: alice.status(healthy) == Status.COMPLETED)
    bot.settle()
    assert [text.split("*")[1].strip(".:") for text in alice.told(healthy)] == ["Launched", "Completed"]
    for _ in range(3):
        bot.ahead += timedelta(days=1)
        bot.settle()
    assert {key: len(alice.told(key)) for key in told} == told
