"""Other bots, other people's requests, and a Jira that is not there: still one request."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cmbot.demo.world import process
from cmbot.exceptions import RemoteError
from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Status
from cmbot.reconcile import submit
from cmbot.reconcile.tell import PROPERTY

if TYPE_CHECKING:
    from conftest import Bot, Story

pytestmark = pytest.mark.long


def holder(story: Story) -> str:
    """Who holds the lease of the mirror."""
    row = story.bot.edges.mirror.connection.execute("SELECT holder FROM lease").fetchone()
    return str(row["holder"]) if row else ""


def another_bot(story: Story, name: str) -> Bot:
    """Make a bot with directories of its own, as on another host."""
    settings = yaml.safe_load(story.world.settings.read_text())
    settings["work"] |= {"state": str(story.world.state / name)}
    file = story.world.state / f"{name}.yaml"
    file.write_text(yaml.safe_dump(settings))
    return type(story.bot)(dataclasses.replace(story.world, settings=file))


@pytest.mark.covers("W1", "W7")
def test_a_second_bot_refuses_until_the_first_is_killed(story: Story) -> None:
    story.panda.control("hold", command="submit", when="before")
    story.bot.start()
    settings = ("--settings", str(story.world.settings))
    with process(story.world.state, "bot", "sync", *settings) as service:
        story.until(story.held)
        with pytest.raises(RemoteError, match="held by"):
            story.bot.turn()
        argv = [sys.executable, "-m", "cmbot", "sync", "--once", *settings]
        ended = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
        assert (ended.returncode, "held by" in ended.stderr) == (1, True)
        first = holder(story)
        service.kill()
        service.wait()
    story.bot.turn()
    assert holder(story) != first
    story.panda.control("release")
    story.bot.stop()
    story.is_submitted_once(story.go_on())


@pytest.mark.covers("W1", "W7")
@pytest.mark.parametrize(
    ("when", "target"),
    [
        ("before", "cmbot.reconcile.submit:_check"),
        ("before", "cmbot.children:Runner.start"),
        ("after", "cmbot.reconcile.submit:start"),
    ],
)
def test_a_bot_that_slept_longer_than_its_lease_stops(story: Story, when: str, target: str) -> None:
    story.panda.control("hold", command="submit", when="before")
    text = "'submit'" if target.endswith("Runner.start") else ""
    with story.asleep(when, target, text) as sleeper:
        story.bot.start()
        # By the sleeper's clock, which ran ahead of ours.
        _, until = story.bot.edges.mirror.leased()
        assert until is not None
        story.bot.go_by(until - story.bot.now() + timedelta(minutes=1))
        story.bot.until(story.held)
        sleeper.send_signal(signal.SIGCONT)
        story.until(lambda: "WARNING lease" in story.log.read_text())
        assert "ERROR" not in story.log.read_text()
    story.panda.control("release")
    attempt = story.turn_until(lambda item: item.state is AttemptState.SUBMITTED)
    story.calm_down()
    story.is_submitted_once(attempt)


@pytest.mark.covers("W1")
def test_a_bot_with_another_mirror_sees_in_jira_what_the_first_is_submitting(
    story: Story, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    story.bot.start()
    second = another_bot(story, "second")
    look = submit._still_asked
    began: list[str] = []

    def while_the_first_submits(*arguments: Any) -> bool:
        if not began:
            began.append("second")
            # Written down is not enough: what Jira does not know yet, another bot cannot see.
            story.bot.until(lambda: PROPERTY in story.properties())
        return look(*arguments)

    monkeypatch.setattr(submit, "_still_asked", while_the_first_submits)
    second.until(lambda: began)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
    second.turn()
    story.until(story.panda.requests)
    story.turn_until(lambda item: item.state is AttemptState.SUBMITTED)
    story.calm_down()
    for _ in range(3):
        second.ahead += 2 * second.edges.settings.work.grace
        second.turn()
    attempt = story.attempt()
    assert attempt is not None
    story.is_submitted_once(attempt)
    second.stop()


@pytest.mark.covers("W1")
@pytest.mark.calm("Jira refuses one write of the first bot, and nothing else")
def test_a_bot_whose_reservation_jira_did_not_keep_follows_what_another_submitted_meanwhile(
    story: Story,
) -> None:
    story.panda.control("hold", command="submit", when="before")
    story.alice.disturb("503", method="PUT", path="/properties/cmbot.attempts", count=10_000)
    story.bot.start()
    story.bot.until(story.attempt)
    story.alice.calm()
    second = another_bot(story, "second")
    second.until(story.held)
    story.until_unknown()
    story.panda.control("release")
    story.is_submitted_once(story.go_on())
    second.until(lambda: second.attempts(story.step)[0].state is AttemptState.SUBMITTED)
    second.stop()
    assert len(story.panda.requests()) == 1


@pytest.mark.covers("W1")
def test_names_that_only_look_like_ours_are_not_ours(story: Story) -> None:
    names = [
        f"{story.step}xstep1_g000_a1_00000001",
        f"{story.step}_step1xg000_a1_00000002",
        f"{story.step}_step1_g0001a1_00000003",
        f"{story.step}_step1_g000_a1x00000004",
        f"{story.step}_step1_g000_a1_0000000G",
        f"{story.step}_step1_g000_a1_00000006_again",
        f"{story.step}_step1_g000_a11_0000007",
        f"{story.step}_STEP1_g000_a1_00000008",
    ]
    for name in names:
        story.insert_request(name)
    story.panda.control("hold", command="submit", when="after")
    story.bot.start()
    story.bot.until(story.held)
    story.kill_bps()
    story.panda.control("release", then="drop")
    attempt = story.turn_until(lambda item: item.state is AttemptState.SUBMITTED)
    story.calm_down()
    story.is_submitted_once(attempt)
    assert len(story.panda.requests()) == len(names) + 1


@pytest.mark.covers("W1", "W5")
def test_two_requests_of_one_attempt_wait_for_a_person(story: Story) -> None:
    story.panda.control("hold", command="submit", when="after")
    story.bot.start()
    story.bot.until(story.held)
    story.kill_bps()
    story.panda.control("release", then="drop")
    (ours,) = story.panda.requests()
    twin = f"{ours['name'][:-8]}{'0' * 8}"
    story.insert_request(twin)
    story.turn_until(lambda item: item.state is AttemptState.DUPLICATE)
    for _ in range(3):
        story.bot.ahead += timedelta(days=1)
        story.bot.settle()
    assert {item["name"] for item in story.panda.requests()} == {ours["name"], twin}
    assert story.alice.status(story.epic) == Status.PAUSED
    (told,) = story.alice.told(story.epic, "Paused")
    assert twin.replace("_", "\\_") in told or twin in told
    assert "duplicate" in story.alice.status_comment(story.step)


@pytest.mark.covers("W1", "W2", "W14")
def test_a_jira_that_is_away_delays_and_loses_nothing(story: Story) -> None:
    story.alice.disturb("503", method="PUT", path="/properties/cmbot.attempts", count=10_000)
    story.bot.start()
    story.bot.until(story.attempt)
    for _ in range(8):
        story.bot.ahead += timedelta(minutes=5)
        story.bot.turn()
        assert story.panda.requests() == []
    story.alice.calm()
    story.alice.disturb("lost_answer", method="PUT", path="/properties/cmbot.attempts")
    story.bot.until(story.panda.requests)
    story.alice.disturb("503", count=10_000)
    for _ in range(8):
        story.bot.ahead += timedelta(minutes=5)
        story.bot.turn()
    story.alice.calm()
    for method, path in (("POST", "/issue$"), ("POST", "/comment$"), ("POST", "/transitions$")):
        story.alice.disturb("lost_answer", method=method, path=path)
    attempt = story.turn_until(lambda item: item.state is AttemptState.SUBMITTED)
    story.bot.ahead += timedelta(hours=2)
    story.calm_down()
    story.is_submitted_once(attempt)


@pytest.mark.covers("W1")
def test_attempts_that_somebody_wrote_into_jira_do_not_become_paths(story: Story) -> None:
    """The property is read when the mirror was lost; whoever may edit the issue may edit it."""
    wrong = {
        "group": "g000",
        "number": 1,
        "state": "reserved",
        "cause": "move:1:1",
        "by": "mallory",
        "at": "2026-01-01T00:00:00+00:00",
        "what": "x",
        "nonce": "00000000",
        "name": "../../../escape_00000000",
        "request": None,
    }
    path = f"issue/{story.step}/properties/cmbot.attempts"
    story.alice._ask("PUT", path, json={"version": 1, "attempts": [wrong]})
    story.is_submitted_once(story.go_on())
