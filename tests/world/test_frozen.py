"""Issues that go away while their work runs: the work is followed to its end, and people are told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cmbot.models.issues import Status
from cmbot.operations import status

if TYPE_CHECKING:
    from conftest import Bot, Human, Panda

pytestmark = pytest.mark.long


@pytest.mark.covers("W14", "V26")
def test_a_sub_task_that_is_deleted_takes_nothing_with_it(bot: Bot, alice: Human, panda: Panda) -> None:
    epic, step = bot.create()
    panda.control("executor", paused=True)
    alice.launch(epic)
    bot.until(panda.requests)
    bot.until(lambda: alice.groups(step))
    (group,) = alice.groups(step)
    bot.until(lambda: alice.status(group) == Status.RUNNING)
    bot.settle()
    alice.delete(group)
    bot.go_by(timedelta(hours=1))
    bot.until(lambda: "*Frozen:*" in alice.status_comment(step))
    assert f"{group}|" in alice.status_comment(step)
    assert "is gone, or hidden from cmbot" in alice.status_comment(epic)
    bot.settle()
    (line,) = [line for line in status.status(bot.edges, epic) if line.key == group]
    assert line.summary.startswith("frozen: is gone, or hidden from cmbot")

    panda.control("executor", paused=False)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert len(panda.requests()) == 1
    assert "2 of 2 quanta" in alice.status_comment(step)
    assert alice.groups(step) == []


@pytest.mark.covers("W14", "V26")
def test_a_step_that_is_archived_while_it_runs_goes_on_when_it_is_restored(
    bot: Bot, alice: Human, panda: Panda
) -> None:
    epic, step = bot.create()
    panda.control("executor", paused=True)
    alice.launch(epic)
    bot.until(panda.requests)
    bot.until(lambda: alice.status(step) == Status.RUNNING)
    bot.settle()
    alice.archive(step)
    bot.go_by(timedelta(hours=1))
    bot.until(lambda: "*Frozen:*" in alice.status_comment(epic))
    assert f"{step}|" in alice.status_comment(epic)
    assert "is archived; restore it" in alice.status_comment(epic)
    bot.settle()
    (line,) = [line for line in status.status(bot.edges, epic) if line.key == step]
    assert line.summary.startswith("frozen: is archived")

    panda.control("executor", paused=False)
    bot.settle()
    assert alice.status(step) == Status.RUNNING
    alice.restore(step)
    bot.go_by(timedelta(hours=1))
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    assert len(panda.requests()) == 1
    bot.settle()
    assert "*Frozen:*" not in alice.status_comment(epic)
