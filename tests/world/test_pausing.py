"""When a campaign stops and asks: by its policy, or because a person says so (design.md section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.models.issues import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bot, Human, Panda

pytestmark = pytest.mark.long


ONE_GROUP = "instrument = 'DemoCam' AND skymap = 'demo' AND visit = 1 AND detector = 0"


def launch_until_completed(bot: Bot, alice: Human, epics: list[str]) -> None:
    """Launch each campaign, and again after each pause."""
    for epic in epics:
        alice.launch(epic)

    def all_completed() -> bool:
        for epic in epics:
            if alice.status(epic) == Status.PAUSED:
                alice.launch(epic)
        return all(alice.status(epic) == Status.COMPLETED for epic in epics)

    bot.until(all_completed)
    bot.settle()


@pytest.mark.covers("D8", "V14", "W4")
def test_a_campaign_stops_as_often_as_its_policy_says(bot: Bot, alice: Human, panda: Panda) -> None:
    by_workflow, groups = bot.create(name="workflow", pause="after each workflow")
    alice.edit(groups, {"Max concurrent groups": 1, "Split rule": "{dimension: visit, size: 1}"})
    on_errors, *steps = bot.create_two_steps("errors", "only on errors and checkpoints")
    for step in steps:
        alice.edit(step, {"Split rule": None, "Data query": ONE_GROUP})
    launch_until_completed(bot, alice, [by_workflow, on_errors])
    pauses = {by_workflow: 1, on_errors: 0}
    for epic, count in pauses.items():
        assert len(alice.told(epic, "Launched")) == count + 1
        assert len(alice.told(epic, "Paused")) == count
        assert len(alice.told(epic, "Completed")) == 1
        assert [target for who, target in alice.moves(epic) if who == "cmbot"] == [
            *[Status.RUNNING, Status.PAUSED] * count,
            Status.RUNNING,
            Status.COMPLETED,
        ]
    assert f"Move {by_workflow} to Launch to start step1" in alice.told(by_workflow, "Paused")[0]
    assert set(alice.statuses().values()) == {Status.COMPLETED}
    for step in (groups, *steps):
        assert [text.split("*")[1] for text in alice.told(step)] == ["Completed:"]
    names = [request["name"] for request in panda.requests()]
    assert len(names) == 4
    assert all("_a1_" in name for name in names)


def test_a_person_pauses_and_what_is_in_flight_goes_on(
    bot: Bot, alice: Human, panda: Panda, change_settings: Callable[..., None]
) -> None:
    epic, step1, _ = bot.create_two_steps(pause="only on errors and checkpoints")
    alice.edit(step1, {"Max concurrent groups": 1})
    panda.control("executor", paused=True)
    alice.launch(epic)
    bot.until(panda.requests)
    bot.settle()
    alice.move(epic, Status.PAUSED)
    bot.settle()
    panda.control("executor", paused=False)
    first, second = alice.groups(step1)
    bot.until(lambda: alice.status(first) == Status.COMPLETED)
    bot.settle()
    assert len(panda.requests()) == 1
    assert alice.status(epic) == Status.PAUSED
    assert alice.status(second) == Status.DRAFT
    assert alice.told(epic, "Not") == []
    # ... and goes on where it was, under the second launch.
    panda.control("executor", paused=True)
    alice.launch(epic)
    bot.until(lambda: len(panda.requests()) == 2)
    bot.settle()
    assert "_g002_a1_" in panda.requests()[1]["name"]
    assert alice.status(epic) == Status.RUNNING
    assert len(alice.told(epic, "Launched")) == 2


def test_a_launch_taken_back_in_time_starts_nothing(bot: Bot, alice: Human, bob: Human, panda: Panda) -> None:
    epic, step = bot.create()
    bot.settle()
    alice.launch(epic)
    bob.move(epic, Status.DRAFT)
    bot.settle()
    assert alice.moves(epic) == [("alice", Status.LAUNCH), ("bob", Status.DRAFT)]
    # The first pass asks the Butler how to split; before anything is submitted bob thinks better of it.
    alice.launch(epic)
    bot.turn()
    bob.move(step, Status.ABANDONED)
    bob.move(epic, Status.DRAFT)
    bot.wait()
    bot.settle()
    assert panda.requests() == []
    assert alice.told(epic) == []
    assert alice.status(epic) == Status.DRAFT
    assert alice.status(step) == Status.ABANDONED
