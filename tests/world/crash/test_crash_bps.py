"""bps, the relay and the bot's host die around the one instant at which a request comes to be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from cmbot.demo.world import process
from cmbot.models.attempts import AttemptState

if TYPE_CHECKING:
    from conftest import Story

pytestmark = pytest.mark.long

BPS = Path(sys.executable).parent / "bps"
STATE = ("cmbot.sqlite", "tries", "plans", "archive")

DIES_BEFORE = f"""#!/bin/sh
test -e {{mark}} || {{{{ touch {{mark}}; kill -9 $$; }}}}
exec {BPS} "$@"
"""
SILENT = f"""#!/bin/sh
{BPS} "$@" >/dev/null 2>&1
rm -f {{submit}}/ids/*
exit 1
"""


def wrap_bps(story: Story, script: str) -> None:
    """Put a program named bps first on the environment's PATH."""
    directory = story.world.state / "wrapper"
    directory.mkdir()
    program = directory / "bps"
    program.write_text(script.format(mark=directory / "died", submit=story.world.submit))
    program.chmod(0o755)
    settings = yaml.safe_load(story.world.settings.read_text())
    settings["environments"]["sandbox"]["path"].insert(0, str(directory))
    story.world.settings.write_text(yaml.safe_dump(settings))


def sync_until_held(story: Story) -> None:
    """Run the service until PanDA holds a submission, and kill it there."""
    with process(story.world.state, "bot", "sync", "--settings", str(story.world.settings)) as service:
        story.until(story.held)
        service.kill()
        service.wait()


@pytest.mark.covers("W1", "W8")
def test_a_bps_that_outlives_its_bot_is_adopted(story: Story) -> None:
    story.panda.control("hold", command="submit", when="before")
    sync_until_held(story)
    story.panda.control("release")
    story.is_submitted_once(story.go_on())


@pytest.mark.covers("W1")
def test_a_request_that_took_effect_is_found_when_bot_and_bps_were_killed(story: Story) -> None:
    story.panda.control("hold", command="submit", when="after")
    sync_until_held(story)
    story.kill_bps()
    story.panda.control("release", then="drop")
    story.is_submitted_once(story.go_on())


@pytest.mark.covers("W1", "W5")
@pytest.mark.parametrize("lost", [(), STATE, ("tries",)], ids=lambda names: " ".join(names) or "nothing")
def test_a_request_that_arrives_after_bot_and_bps_were_killed_is_adopted(
    story: Story, lost: tuple[str, ...]
) -> None:
    story.panda.control("hold", command="submit", when="before")
    sync_until_held(story)
    story.kill_bps()
    story.lose(*lost)
    story.bot.start()
    story.until_unknown()
    assert story.panda.requests() == []
    story.panda.control("release")
    story.is_submitted_once(story.go_on())


@pytest.mark.covers("W1")
def test_a_request_that_arrives_after_the_grace_is_adopted_when_it_is_seen(story: Story) -> None:
    story.panda.control("hold", command="submit", when="before")
    sync_until_held(story)
    story.kill_bps()
    story.bot.start()
    story.turn_until(lambda item: item.tries[-1].state == "not submitted")
    story.panda.control("release")
    story.until(story.panda.requests)
    story.is_submitted_once(story.go_on())


@pytest.mark.covers("W1")
def test_a_request_that_never_arrived_is_made_again_after_the_grace(story: Story) -> None:
    story.panda.control("hold", command="submit", when="before", then="drop")
    story.bot.start()
    story.until_unknown()
    before = story.attempt()
    assert before is not None
    attempt = story.go_on()
    story.is_submitted_once(attempt)
    assert [item.state for item in attempt.tries] == ["not submitted", "submitted"]
    assert attempt.tries[1].reserved_at - attempt.tries[0].reserved_at >= story.bot.edges.settings.work.grace


@pytest.mark.covers("W1", "W16")
@pytest.mark.parametrize("script", [DIES_BEFORE, SILENT], ids=["before", "silently after"])
def test_a_bps_that_dies_around_its_work_makes_one_request(story: Story, script: str) -> None:
    wrap_bps(story, script)
    story.is_submitted_once(story.go_on())


@pytest.mark.covers("W1", "W5")
def test_a_lost_answer_and_a_dead_relay_leave_the_outcome_unknown_until_it_is_known(story: Story) -> None:
    story.panda.control("hold", command="submit", when="after")
    story.bot.start()
    story.bot.until(story.held)
    story.panda.control("outage", kind="down")
    story.panda.control("release", then="drop")
    story.until_unknown()
    for _ in range(3):
        story.bot.ahead += 3 * story.bot.edges.settings.work.grace
        story.bot.settle()
        attempt = story.attempt()
        assert attempt is not None
        assert attempt.state is AttemptState.UNKNOWN
        assert len(attempt.tries) == 1
    told = story.alice.status_comment(story.step)
    assert "unknown" in told
    assert "PanDA" in told
    story.panda.control("outage", kind=None)
    story.is_submitted_once(story.go_on())
