"""PanDA or Jira are down: what waits, what goes on, and that nothing is done or said twice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import RemoteError
from cmbot.mirror import journal
from cmbot.models.issues import Status
from cmbot.reconcile.opening import load_settings, open_edges

if TYPE_CHECKING:
    from conftest import Bot, Human, Panda

pytestmark = pytest.mark.long


def reserved(bot: Bot) -> list[Any]:
    return list(journal.live_attempts(bot.edges.mirror))


@pytest.mark.covers("W1", "W5")
def test_a_launch_waits_for_panda_and_says_so(bot: Bot, alice: Human, panda: Panda) -> None:
    epic, step = bot.create()
    bot.settle()
    panda.control("executor", paused=True)
    panda.control("outage", kind="down")
    alice.launch(epic)
    bot.until(lambda: "PanDA" in alice.status_comment(step) if len(alice.comments(step)) else False)
    for _ in range(5):
        bot.turn()
    assert reserved(bot) == []
    assert alice.status(epic) == Status.LAUNCH
    assert alice.told(epic) == alice.told(step) == []
    panda.control("outage", kind=None)
    bot.until(panda.requests)
    bot.settle()
    (attempt,) = reserved(bot)
    assert len(attempt.tries) == len(panda.requests()) == 1
    assert alice.status(epic) == Status.RUNNING
    # ... and while it runs: nothing is lost, it is said, and it goes on.
    panda.control("outage", kind="idds_down")
    bot.until(lambda: "request" in alice.status_comment(step))
    panda.control("executor", paused=False)
    for _ in range(5):
        bot.turn()
    assert alice.status(epic) == Status.RUNNING
    panda.control("outage", kind=None)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert [text.split("*")[1] for text in alice.told(epic)] == ["Launched.", "Completed:"]


@pytest.mark.covers("W2", "W15")
def test_answers_of_jira_that_get_lost_double_nothing(bot: Bot, alice: Human, panda: Panda) -> None:
    epic, step = bot.create_two_steps()[:2]
    panda.control("executor", paused=True)
    bot.settle()
    alice.launch(epic)
    # Every write of the bot's arrives, and for each the first answers are lost.
    alice.disturb("lost_answer", method="POST", path="/comment$", count=3)
    alice.disturb("lost_answer", method="POST", path="/issue$", count=2)
    alice.disturb("lost_answer", method="POST", path="/transitions$", count=2)
    alice.disturb("lost_answer", method="PUT", path="/issue/[0-9]+$", count=2)
    alice.disturb("lost_answer", method="PUT", path="/properties/", count=1)
    bot.until(lambda: len(panda.requests()) == 2)
    for _ in range(12):
        bot.ahead += timedelta(minutes=1)
        bot.turn()
    alice.calm()
    bot.settle()
    assert len(panda.requests()) == 2
    assert len(alice.groups(step)) == 2
    assert {alice.status(key) for key in (epic, step, *alice.groups(step))} == {Status.RUNNING}
    for key in (epic, step):
        assert alice.status_comment(key)
    assert [text.split("*")[1] for text in alice.told(epic)] == ["Launched."]
    assert [who for who, _ in alice.moves(epic)] == ["alice", "cmbot"]
    attempts = alice.get(f"issue/{step}", properties="cmbot.attempts")["properties"]["cmbot.attempts"]
    assert len(attempts["attempts"]) == 2


@pytest.mark.covers("W2")
def test_without_jira_what_runs_is_followed_and_told_when_jira_is_back(
    bot: Bot, alice: Human, panda: Panda
) -> None:
    epic, step = bot.create()
    panda.control("executor", paused=True)
    alice.launch(epic)
    bot.until(panda.requests)
    bot.settle()
    # First Jira is down, then it does not know the token any more.
    alice.disturb("503", path="/rest/", count=10_000)
    for _ in range(3):
        assert any("HTTP 503" in error for error in bot.turn().errors)
    alice.calm()
    alice.disturb("401", path="/rest/", count=10_000)
    panda.control("executor", paused=False)
    alice.forget()
    bot.until(lambda: not reserved(bot))
    denied: list[str] = []
    bot.until(lambda: denied.extend(one for one in bot.turn().errors if "credentials" in one) or denied)
    (error,) = denied
    assert "does not accept the credentials" in error
    assert "renew the token where the setting jira.token says" in error
    assert {method for method, _ in alice.asked("cmbot")} <= {"GET"}
    alice.calm()
    assert alice.status(epic) == Status.RUNNING
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert [text.split("*")[1] for text in alice.told(epic)] == ["Launched.", "Completed:"]
    assert [text.split("*")[1] for text in alice.told(step)] == ["Completed:"]
    assert "2 of 2 quanta" in alice.status_comment(step)
    assert len(panda.requests()) == 1


def test_a_jira_that_does_not_answer_at_the_start_is_named_with_the_remedy(bot: Bot, alice: Human) -> None:
    settings = load_settings(bot.world.settings)
    for kind, remedy in (("503", "cmbot tries again"), ("401", "renew the token where")):
        alice.disturb(kind, path="/rest/", count=10)
        with pytest.raises(RemoteError) as caught:
            open_edges(settings)
        assert settings.jira.url in str(caught.value)
        assert remedy in str(caught.value)
        alice.calm()
