"""A pass with no news makes one search and no write, and is silent (design.md rule 7)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cmbot.models.issues import Status

if TYPE_CHECKING:
    from conftest import Bot, Human, Panda


def asked_in_a_pass(bot: Bot, alice: Human, caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """What a later pass asks of Jira; it must log nothing above DEBUG."""
    bot.ahead += timedelta(minutes=5)
    alice.forget()
    caplog.clear()
    bot.turn()
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG] == []
    return alice.asked("cmbot")


@pytest.mark.calm("counts requests, and nothing may be logged")
@pytest.mark.covers("V11", "W4", "W15")
@pytest.mark.parametrize("flavour", ["data-center", "cloud"])
def test_a_pass_without_news_makes_one_search(
    bot: Bot, alice: Human, panda: Panda, flavour: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="cmbot")
    search = [
        {"data-center": ("GET", "/rest/api/2/search"), "cloud": ("POST", "/rest/api/2/search/jql")}[flavour]
    ]
    epic, step = bot.create()
    bot.settle()
    assert asked_in_a_pass(bot, alice, caplog) == search

    # While a workflow waits in PanDA ...
    panda.control("executor", paused=True)
    alice.launch(epic)
    bot.until(panda.requests)
    bot.until(lambda: alice.status(epic) == Status.RUNNING)
    bot.wait()  # PanDA has the request a while before bps ends and says so
    bot.settle()
    bot.ahead += timedelta(minutes=5)
    bot.settle()
    for _ in range(3):
        assert asked_in_a_pass(bot, alice, caplog) == search

    # ... and when all is done.
    panda.control("executor", paused=False)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    bot.ahead += timedelta(minutes=5)
    bot.settle()
    for _ in range(3):
        assert asked_in_a_pass(bot, alice, caplog) == search
    for key in (epic, step):
        alice.status_comment(key)
    assert len(alice.comments(epic)) == 3
    assert alice.comments(alice.groups(step)[0]) == []

    # A restarted bot looks at everything once, and finds nothing to say.
    bot.stop()
    bot.start()
    alice.forget()
    bot.settle()
    assert {method for method, path in alice.asked("cmbot") if (method, path) != search[0]} <= {"GET"}
    assert asked_in_a_pass(bot, alice, caplog) == search
