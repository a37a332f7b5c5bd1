"""A site that runs Parsl: bps submit blocks until the end, and nobody answers but the Butler."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from cmbot.demo.world import process
from cmbot.mirror import journal
from cmbot.models.attempts import AttemptState
from cmbot.models.systems import System

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bot, Human

    from cmbot.demo.world import World
    from cmbot.models.attempts import Try

pytestmark = [pytest.mark.long]

CAMPAIGN = """
name: {name}
reason: a test
butler: {repo}
inputs: [DemoCam/defaults]
output: DemoCam/runs/{name}
environment: sandbox
site: here
pause: {pause}
steps:
  - name: step1
    pipeline: $DEMO_PIPELINES/DRP.yaml#isr
    query: instrument = 'DemoCam' AND skymap = 'demo' AND visit < 3 AND detector = 0
    options: {{requestMemory: 1024, numberOfRetries: 1, finalJob: {{requestMemory: 2048, requestCpus: 1}}}}
"""


PATIENCE = 600.0
"""Seconds after which something that has not happened is a failure."""


@pytest.fixture(autouse=True)
def _parsl_here(change_settings: Callable[..., None]) -> None:
    local = {"class": "lsst.ctrl.bps.parsl.sites.Local", "cores": 1}
    change_settings("sites", here={"wms": "Parsl", "wms_options": {"site": {"here": local}}})


def running(bot: Bot) -> Try | None:
    """The only try, once its attempt is running."""
    live = journal.live_attempts(bot.edges.mirror)
    return next((item.last_try for item in live if item.state is AttemptState.RUNNING), None)


@pytest.mark.covers("D17")
def test_a_launched_step_completes_without_a_wms_that_answers(world: World, bot: Bot, alice: Human) -> None:
    epic, step = bot.create(CAMPAIGN)
    alice.launch(epic)
    bot.until(lambda: running(bot))
    item = running(bot)
    assert item is not None
    assert (item.wms, item.site) == (System.PARSL, "here")
    bot.until(lambda: alice.statuses()[epic] == "Completed")
    bot.settle()
    assert [item.state for item in bot.attempts(step)] == [AttemptState.SUCCEEDED]
    assert alice.field(step, "Quanta done") == 2
    (group,) = alice.groups(step)
    assert not alice.field(group, "PanDA link")
    assert len(list(world.submit.glob("*_step1_*"))) == 1


@pytest.mark.covers("D17", "W1", "W8")
def test_a_bot_that_is_killed_finds_the_run_still_going(world: World, bot: Bot, alice: Human) -> None:
    epic, step = bot.create(CAMPAIGN)
    bot.stop()
    alice.launch(epic)
    with process(world.state, "bot", "sync", "--settings", str(world.settings)) as service:
        until(lambda: list(world.submit.glob("*/parsl_workflow.pickle")))
        service.kill()
        service.wait()
    assert bps_of(world)
    bot.start()
    bot.until(lambda: running(bot))
    bot.until(lambda: alice.statuses()[epic] == "Completed")
    (attempt,) = bot.attempts(step)
    assert (attempt.number, attempt.state, len(attempt.tries)) == (1, AttemptState.SUCCEEDED, 1)
    assert len(list(world.submit.glob("*_step1_*"))) == 1


@pytest.mark.covers("D17", "W1")
def test_a_run_that_is_killed_is_not_run_again_by_itself(world: World, bot: Bot, alice: Human) -> None:
    epic, step = bot.create(CAMPAIGN)
    alice.launch(epic)
    bot.until(lambda: running(bot))
    for child in bps_of(world):
        child.kill()
    bot.until(lambda: alice.statuses()[step] == "Paused")
    bot.settle()
    (attempt,) = bot.attempts(step)
    assert attempt.state in {AttemptState.FAILED, AttemptState.PARTIAL}
    assert len(list(world.submit.glob("*_step1_*"))) == 1


def bps_of(world: World) -> list[psutil.Process]:
    """Everything that runs in the directory of a try."""
    tries, found = str(world.state / "bot" / "tries"), []
    for child in psutil.process_iter():
        with suppress(psutil.Error):
            if child.cwd().startswith(tries):
                found.append(child)
    return found


def until(true: Callable[[], Any]) -> None:
    end = monotonic() + PATIENCE
    while not true():
        assert monotonic() < end, "it did not become true in time"
        sleep(0.05)
