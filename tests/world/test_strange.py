"""A Jira whose index lags and misses issues: nothing is lost, and nothing is said of what has passed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cmbot.mirror import events
from cmbot.models.issues import Status

if TYPE_CHECKING:
    from conftest import Bot, Human

MISSES_THE_FIRST = 2
"""Seed with which the first search that finds two issues misses the one that was made first."""
pytestmark = [pytest.mark.long, pytest.mark.calm("each test says what is strange")]


def seen(bot: Bot, key: str) -> list[str]:
    """The moves of an issue that cmbot knows."""
    return [event.what for event in events.of(bot.edges.mirror, (key,)) if event.what.startswith("moved")]


@pytest.mark.covers("W14")
def test_a_change_that_a_search_missed_is_found_by_the_next_full_listing(bot: Bot, alice: Human) -> None:
    epic, step = bot.create()
    bot.settle()
    # Until there is a cursor every search is a full listing, which misses nothing.
    bot.go_by(bot.edges.settings.jira.overlap)
    bot.settle()
    alice.move(epic, Status.ABANDONED)
    bot.go_by(timedelta(minutes=10))
    alice.edit(step, {"summary": "another"})
    # Of two changed issues the first search misses the older one.
    alice.strange(search={"regress": 1}, seed=MISSES_THE_FIRST)
    bot.turn()
    assert seen(bot, epic) == []
    alice.strange()
    bot.go_by(bot.edges.settings.jira.resync)
    bot.settle()
    assert seen(bot, epic) == [f"moved {epic} from Draft to Abandoned"]


def test_a_launch_that_was_taken_back_is_not_refused_on_old_news(bot: Bot, alice: Human, bob: Human) -> None:
    epic, step = bot.create()
    bot.settle()
    alice.launch(epic)
    bot.turn()
    # While the Butler is asked, bob thinks better of it; the index knows only half of that.
    bob.move(step, Status.ABANDONED)
    alice.strange(search={"lag": 3600})
    bob.move(epic, Status.DRAFT)
    bot.wait()
    bot.settle()
    assert alice.told(epic) == []
    assert [who for who, _ in alice.moves(epic)] == ["alice", "bob"]
