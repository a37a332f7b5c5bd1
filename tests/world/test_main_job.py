"""The main job: an epic moved to Launch becomes data in a Butler and comments in Jira."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.models.issues import Status

if TYPE_CHECKING:
    from conftest import Bot, Panda

    from cmbot.demo.clicker import Clicker


@pytest.mark.parametrize("flavour", ["data-center", pytest.param("cloud", marks=pytest.mark.long)])
@pytest.mark.covers("A5", "A6", "D5", "D8", "D9", "D10", "W18")
def test_a_launched_campaign_completes_with_its_data_and_says_so(
    bot: Bot, alice: Clicker, panda: Panda
) -> None:
    epic, step = bot.create()
    bot.settle()
    assert alice.status(epic) == Status.DRAFT
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert set(alice.statuses().values()) == {Status.COMPLETED}
    (request,) = panda.requests()
    assert request["name"].startswith(f"{step}_step1_g000_a1_")
    texts = alice.comments(epic)
    assert [text.splitlines()[0].split(".")[0].split(":")[0] for text in texts[1:]] == [
        "*Launched",
        "*Completed",
    ]
    assert "2 of 2 quanta" in texts[-1]
