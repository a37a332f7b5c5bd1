"""Retry, restart and cancel: by people with a command, and by cmbot itself where the retry policy says so."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cmbot.mirror import events
from cmbot.models.attempts import AttemptState as S
from cmbot.models.issues import Status

if TYPE_CHECKING:
    from conftest import Bot, Human, Panda

    from cmbot.demo.world import World

pytestmark = pytest.mark.long

AUTOMATIC = """
name: {name}
reason: a test
butler: {repo}
inputs: [DemoCam/defaults]
output: DemoCam/runs/{name}
environment: sandbox
site: laptop
pause: {pause}
retry: automatic
steps:
  - name: step1
    pipeline: $DEMO_PIPELINES/DRP.yaml#isr
    query: instrument = 'DemoCam' AND skymap = 'demo' AND visit < 3 AND detector = 0
    options: {{requestMemory: 1024, numberOfRetries: 1, finalJob: {{requestMemory: 2048, requestCpus: 1}}}}
"""


def cmbot(world: World, *arguments: str) -> str:
    """What a command prints."""
    argv = [sys.executable, "-m", "cmbot", arguments[0], "--settings", str(world.settings), *arguments[1:]]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def as_run(world: World, name: str) -> Any:
    return yaml.safe_load((world.state / "bot" / "tries" / name / "bps.yaml").read_text())


@pytest.mark.covers("D11", "D15")
def test_what_is_killed_for_its_memory_is_rescued_with_more(
    bot: Bot, alice: Human, panda: Panda, world: World
) -> None:
    panda.control("troubles", task="isr", memory=1500)
    epic, step = bot.create(AUTOMATIC)
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()

    names = [item["name"] for item in panda.requests()]
    assert [name.split("_")[-2] for name in names] == ["a1", "a2"]
    assert as_run(world, names[0])["requestMemory"] == 1024
    assert as_run(world, names[1])["pipetask"]["isr"]["requestMemory"] == 2048
    first, second = bot.attempts(step)
    assert (first.state.ended_badly, second.state) == (True, S.SUCCEEDED)
    # The launch is the act behind both; the history names the rule.
    assert second.cause.by == first.cause.by
    assert any("killed" in event.why for event in events.of(bot.edges.mirror, (step,)))
    # Nobody was called.
    (group,) = alice.groups(step)
    assert alice.told(group) == []
    assert alice.told(epic, "Paused") == []
    assert "2 of 2 quanta" in alice.told(epic, "Completed")[0]


@pytest.mark.covers("D11")
def test_a_rescue_that_makes_nothing_more_stops_and_asks(bot: Bot, alice: Human, panda: Panda) -> None:
    panda.control("troubles", task="isr", exit_code=137)
    epic, step = bot.create(AUTOMATIC)
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.PAUSED)
    bot.settle()

    assert [item["name"].split("_")[-2] for item in panda.requests()] == ["a1", "a2"]
    (group,) = alice.groups(step)
    (said,) = alice.told(group)
    assert "a2: failed" in said
    assert "nothing more was made: 0 of 2 quanta, as before" in said
    assert "cmbot does not go on by itself: a2 made nothing more than was there before" in said
    (paused,) = alice.told(epic, "Paused")
    assert "nothing more was made" in paused


@pytest.mark.covers("D6", "W8", "W11")
def test_a_person_cancels_what_runs_and_retries_it(
    bot: Bot, alice: Human, panda: Panda, world: World
) -> None:
    panda.control("executor", paused=True)
    epic, step = bot.create()
    alice.launch(epic)
    bot.until(panda.requests)
    bot.until(lambda: [item.state for item in bot.attempts(step)] in ([S.SUBMITTED], [S.RUNNING]))

    planned = json.loads(cmbot(world, "cancel", epic, "--dry-run", "--json"))
    assert [(item["verb"], item["attempt"], item["request"]) for item in planned["targets"]] == [
        ("cancel", "a1", 1)
    ]
    assert bot.attempts(step)[0].orders == ()
    assert "the next pass" in cmbot(world, "cancel", epic, "--reason", "wrong night")
    bot.until(lambda: bot.attempts(step)[0].state is S.CANCELLED)
    bot.settle()
    assert [(item["id"], item["status"]) for item in panda.requests()] == [(1, "Cancelled")]
    (group,) = alice.groups(step)
    (said,) = alice.told(group)
    assert "a1: cancelled" in said
    assert f"ran cmbot cancel {epic}: wrong night" in said
    assert alice.status(epic) == Status.PAUSED

    # A dry run shows what a retry would do; then it is done, and completes.
    panda.control("executor", paused=False)
    (target,) = json.loads(cmbot(world, "retry", group, "--memory", "isr=3000", "--dry-run", "--json"))[
        "targets"
    ]
    assert target["details"]["attempt"] == "a2"
    assert target["details"]["memory of isr"] == "1024 -> 3000 MB"
    cmbot(world, "retry", group, "--memory", "isr=3000")
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    names = [item["name"] for item in panda.requests()]
    assert [name.split("_")[-2] for name in names] == ["a1", "a2"]
    assert as_run(world, names[1])["pipetask"]["isr"]["requestMemory"] == 3000
    assert bot.attempts(step)[1].cause.what == f"ran cmbot retry {group} --memory isr=3000"


@pytest.mark.covers("W1", "W5", "W8")
def test_a_request_that_panda_has_lost_is_told_and_only_a_person_gives_it_up(
    bot: Bot, alice: Human, panda: Panda, world: World
) -> None:
    panda.control("executor", paused=True)
    epic, step = bot.create()
    alice.launch(epic)
    bot.until(panda.requests)
    bot.until(lambda: [item.state for item in bot.attempts(step)] in ([S.SUBMITTED], [S.RUNNING]))
    (request,) = panda.requests()
    panda.control(f"requests/{request['id']}/archive", archived=True)
    bot.settle()
    # It may be an error of PanDA's: nobody is called at once.
    (group,) = alice.groups(step)
    assert alice.told(group) == []
    bot.go_by(timedelta(hours=2))
    bot.until(lambda: alice.told(group))
    bot.go_by(timedelta(hours=8))
    bot.settle()
    (said,) = alice.told(group)
    assert f"PanDA has not had request {request['id']} since" in said
    assert "it was lost or put into an archive; look in the monitor" in said
    # However long: it is followed, and nothing is submitted again.
    assert len(panda.requests()) == len(bot.attempts(step)) == 1
    assert bot.attempts(step)[0].state.live
    assert alice.status(epic) == Status.RUNNING
    assert f"PanDA has not had request {request['id']}" in cmbot(world, "status", "--attention", epic)

    cmbot(world, "cancel", epic, "--reason", "it is gone")
    bot.until(lambda: not bot.attempts(step)[0].state.live)
    bot.settle()
    assert alice.status(epic) == Status.PAUSED
    panda.control("executor", paused=False)
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert [item["name"].split("_")[-2] for item in panda.requests()] == ["a1", "a2"]


@pytest.mark.covers("D13")
def test_a_final_job_that_failed_alone_is_restarted_alone(bot: Bot, alice: Human, panda: Panda) -> None:
    panda.control("troubles", task="finalJob", exit_code=143, times=1)
    epic, step = bot.create(AUTOMATIC)
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    # The same request, and no second attempt.
    (request,) = panda.requests()
    assert request["name"].split("_")[-2] == "a1"
    (attempt,) = bot.attempts(step)
    (order,) = attempt.orders
    assert (order.verb, order.state, order.sent) == ("restart", "done", 1)
    assert order.cause.by == attempt.cause.by
    assert alice.told(epic, "Paused") == []
