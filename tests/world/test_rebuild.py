"""A lost mirror is made again from Jira and PanDA: the same logical state, and nothing is submitted."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from subprocess import run
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cmbot.exceptions import RemoteError
from cmbot.jira_schema import parse
from cmbot.mirror import seen
from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Status
from cmbot.operations.rebuild import rebuild
from cmbot.sandbox.butler import pipeline_path

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bot, Human, Panda

    from cmbot.demo.world import World

pytestmark = pytest.mark.long

#: What must be the same again, by table, besides the issues. Local numbers and times are not, nor are
#: `plans`, which groups replace once something was submitted, `requests` (a budget of the last hour) and
#: `movers` (roles are off here: tests/world/test_roles.py).
LOGICAL = {
    "groups": "SELECT * FROM groups",
    "definitions": "SELECT step_id, hash, fields, at FROM definitions",
    "contradictions": "SELECT * FROM contradictions",
    "causes": "SELECT * FROM causes",
    "attempts": """SELECT step_id, grp, number, state, cause_id, hash, created_at, ended_at, summary
        FROM attempts""",
    "tries": """SELECT step_id, grp, number, nonce, name, tries.state, directory, reserved_at, request_id
        FROM tries JOIN attempts ON attempts.id = attempt_id""",
    "reports": """SELECT name, kind, json_extract(body, '$.counts') AS counts,
        json_extract(body, '$.quanta') AS quanta, json_extract(body, '$.sha256') AS sha256
        FROM reports JOIN tries ON tries.id = try_id WHERE coalesce(counts, quanta, sha256) IS NOT NULL""",
    "outbox": """SELECT issue_id, issue_key, kind, marker, body, state, result FROM outbox
        WHERE kind IN ('comment', 'status comment')""",
    "events": "SELECT at, issue_key, who, what, why FROM events WHERE why LIKE 'history %'",
}


def logical(bot: Bot) -> dict[str, list[tuple[Any, ...]]]:
    def rows(query: str) -> list[tuple[Any, ...]]:
        return sorted((tuple(row) for row in bot.edges.mirror.connection.execute(query)), key=repr)

    found = {table: rows(query) for table, query in LOGICAL.items()}
    issues = [parse.issue(body, bot.edges.names) for body in seen.bodies(bot.edges.mirror)]
    # The property and the time of the last change: an issue is not read again for what cmbot itself wrote.
    found["issues"] = [(replace(issue, attempts=(), updated=issues[0].updated),) for issue in issues]
    return found


def same(before: dict[str, list[tuple[Any, ...]]], after: dict[str, list[tuple[Any, ...]]]) -> None:
    for table, rows in before.items():
        assert after[table] == rows, table


@pytest.fixture
def failing(world: World) -> Path:
    """A pipeline in which visit 1 fails in first attempts."""
    content = yaml.safe_load(pipeline_path().read_text())
    trouble = {"failWhen": "exposure=1", "onlyInRuns": "*/a1_*"}
    content["tasks"]["isr"] = {"class": content["tasks"]["isr"]["class"], "config": trouble}
    file = world.state / "trouble.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return file


def lose_the_mirror(bot: Bot) -> None:
    bot.stop()
    for file in bot.edges.state.glob("cmbot.sqlite*"):
        file.unlink()


def command(world: World, *arguments: str) -> Any:
    argv = [sys.executable, "-m", "cmbot", "mirror", "rebuild", "--settings", str(world.settings), *arguments]
    return run(argv, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.calm("compares what one command makes, which begins again when Jira does not answer")
@pytest.mark.covers("W1", "W8", "W19")
def test_campaigns_in_flight_go_on_after_the_mirror_is_lost(
    bot: Bot, world: World, alice: Human, panda: Panda, failing: Path
) -> None:
    failed, failed_step = bot.create(name="failed")
    alice.edit(failed_step, {"Pipeline YAML": f"{failing}#isr"})
    running, step1, step2 = bot.create_two_steps("running", "after each step")
    paused, paused_step = bot.create(name="paused")
    draft = bot.create(name="draft")[0]
    alice.launch(failed)
    alice.launch(running)
    bot.until(lambda: alice.status(failed) == alice.status(running) == Status.PAUSED)
    panda.control("executor", paused=True)
    alice.launch(running)
    alice.launch(paused)
    in_flight = [AttemptState.SUBMITTED, AttemptState.SUBMITTED]
    bot.until(lambda: [item.state for key in (step2, paused_step) for item in bot.attempts(key)] == in_flight)
    bot.settle()
    assert len(panda.requests()) == 5
    alice.move(paused, Status.PAUSED)
    bot.settle()
    expected = {failed: Status.PAUSED, running: Status.RUNNING, paused: Status.PAUSED, draft: Status.DRAFT}
    assert {key: alice.status(key) for key in expected} == expected
    before, comments = logical(bot), {key: alice.comments(key) for key in alice.statuses()}

    # While a cmbot holds the mirror it is refused; what it would restore can be looked at.
    refused = command(world)
    assert (refused.returncode, "held by" in refused.stderr) == (1, True)
    looked = command(world, "--dry-run", "--json")
    assert looked.returncode == 0, looked.stderr
    found = json.loads(looked.stdout)
    assert {name: found[name] for name in ("campaigns", "steps", "attempts", "live", "problems")} == {
        "campaigns": 4,
        "steps": 5,
        "attempts": 5,
        "live": 2,
        "problems": [],
    }

    lose_the_mirror(bot)
    alice.forget()
    made = command(world)
    assert made.returncode == 0, made.stderr
    assert "restored 4 campaigns, 5 steps, 5 groups, 5 attempts (2 live)" in made.stdout
    assert {method for method, _ in alice.asked()} <= {"GET"}
    bot.start()
    same(before, logical(bot))
    assert len(panda.requests()) == 5

    # What was in flight is followed at once, also under a campaign that a person has paused.
    bot.settle()
    assert len(panda.requests()) == 5
    assert {key: alice.status(key) for key in expected} == expected
    assert {key: alice.comments(key) for key in alice.statuses()} == comments
    panda.control("executor", paused=False)
    bot.until(lambda: alice.status(paused_step) == alice.status(step2) == Status.COMPLETED)
    bot.settle()
    assert alice.status(step1) == Status.COMPLETED
    assert len(panda.requests()) == 5
    # ... and people go on where they were.
    alice.launch(failed)
    bot.until(lambda: alice.status(failed) == Status.COMPLETED)
    bot.until(lambda: alice.status(running) == alice.status(paused) == Status.COMPLETED)
    bot.settle()
    names = [item["name"] for item in panda.requests()]
    assert len(names) == 6
    assert f"{failed_step}_step1_g000_a2_" in names[-1]
    for key in (failed, running, paused):
        assert len(alice.told(key, "Completed")) == 1


@pytest.mark.covers("W1", "W8")
def test_a_service_that_starts_without_its_mirror_follows_what_is_paused_and_keeps_the_split(
    bot: Bot, alice: Human, panda: Panda
) -> None:
    epic, step1, _ = bot.create_two_steps(pause="only on errors and checkpoints")
    alice.edit(step1, {"Max concurrent groups": 1})
    panda.control("executor", paused=True)
    alice.launch(epic)
    bot.until(panda.requests)
    bot.settle()
    alice.move(epic, Status.PAUSED)
    bot.settle()
    groups = logical(bot)["groups"]
    # Not only the mirror: all that cmbot itself had written down.
    bot.stop()
    shutil.rmtree(bot.edges.state)
    bot.start()
    panda.control("executor", paused=False)
    first, second = alice.groups(step1)
    bot.until(lambda: alice.status(first) == Status.COMPLETED)
    bot.settle()
    assert logical(bot)["groups"] == groups
    assert bot.edges.mirror.connection.execute("SELECT count(*) FROM plans").fetchone()[0] == 0
    assert alice.status(second) == Status.DRAFT
    assert len(panda.requests()) == 1
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    assert len(panda.requests()) == 3


@pytest.mark.covers("W1")
def test_properties_that_contradict_each_other_freeze_what_they_concern(
    bot: Bot, alice: Human, panda: Panda
) -> None:
    epic, step1, _ = bot.create_two_steps()
    panda.control("executor", paused=True)
    alice.launch(epic)
    bot.until(lambda: len(panda.requests()) == 2)
    bot.settle()
    # Somebody edits what cmbot keeps: the second group claims the submission of the first.
    path = f"issue/{step1}/properties/cmbot.attempts"
    kept = alice.get(path)["value"]
    first, second = kept["attempts"]
    second |= {"nonce": first["nonce"], "name": first["name"].replace("_g001_", "_g002_")}
    alice._ask("PUT", path, json=kept)
    lose_the_mirror(bot)
    bot.start()
    bot.settle()
    (text,) = alice.told(step1, "Stopped")
    assert "g002" in text
    assert "contradicts another attempt" in text
    panda.control("executor", paused=False)
    group1, group2 = alice.groups(step1)
    bot.until(lambda: alice.status(group1) == Status.COMPLETED)
    alice.move(group2, Status.PAUSED)
    alice.launch(group2)
    bot.settle()
    assert "contradicts another attempt" in alice.told(group2, "Not done")[0]
    assert len(panda.requests()) == 2
    assert len(alice.told(step1, "Stopped")) == 1


@pytest.mark.calm("rebuilds once, which begins again when Jira does not answer")
@pytest.mark.covers("W1")
def test_a_step_whose_split_is_not_kept_is_followed_and_submits_nothing(
    bot: Bot, alice: Human, panda: Panda
) -> None:
    epic, step1, _ = bot.create_two_steps(pause="only on errors and checkpoints")
    alice.edit(step1, {"Max concurrent groups": 1})
    panda.control("executor", paused=True)
    alice.launch(epic)
    bot.until(panda.requests)
    bot.settle()
    alice._ask(
        "PUT", f"issue/{step1}/properties/cmbot.split", json={"parts": 1, "data": "AAAA", "sha256": ""}
    )
    lose_the_mirror(bot)
    bot.start()
    found = rebuild(bot.edges, lambda _: None, bot.now())
    assert any("cmbot.split is not whole" in problem for problem in found.problems)
    assert found.live == 1
    panda.control("executor", paused=False)
    bot.until(lambda: not [item for item in bot.attempts(step1) if item.state.live])
    bot.settle()
    assert [item.state for item in bot.attempts(step1)] == [AttemptState.SUCCEEDED]
    assert len(panda.requests()) == 1
    # More groups than are known may be missing: it is not completed.
    assert alice.status(step1) == Status.PAUSED
    assert "cmbot.split is not whole" in alice.told(step1, "Stopped")[0]


@pytest.mark.calm("runs a command once")
def test_a_broken_mirror_is_put_aside(bot: Bot, world: World, alice: Human) -> None:
    bot.create()
    bot.settle()
    lose_the_mirror(bot)
    file = bot.edges.mirror.file
    file.write_text("no database " * 1000)
    with pytest.raises(RemoteError, match="cannot be used"):
        bot.start()
    assert command(world).returncode == 0
    bot.start()
    assert bot.settle().errors == []
    assert len(list(file.parent.glob("cmbot.sqlite.2*"))) == 1
    assert len(alice.statuses()) == 2


@pytest.mark.calm("runs a command once")
def test_a_rebuild_that_fails_leaves_the_old_mirror_in_its_place(bot: Bot, world: World) -> None:
    bot.create()
    bot.settle()
    before = logical(bot)
    bot.stop()
    file = bot.edges.mirror.file
    settings = yaml.safe_load(world.settings.read_text())
    for changes in ({"project": "NOPE"}, {"url": "http://127.0.0.1:9"}):
        wrong = world.state / "wrong.yaml"
        wrong.write_text(yaml.safe_dump(settings | {"jira": settings["jira"] | changes}))
        ended = run(
            [sys.executable, "-m", "cmbot", "mirror", "rebuild", "--settings", str(wrong)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 1
        assert "the old mirror is back in its place" in ended.stderr
        assert not list(file.parent.glob("cmbot.sqlite.2*"))
    bot.start()
    assert logical(bot) == before
