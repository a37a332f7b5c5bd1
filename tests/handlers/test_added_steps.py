"""Steps that are added to a live campaign (requirement B37)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cmbot.handlers import causes
from cmbot.handlers.campaign import decide
from cmbot.models.issues import Level, Status
from cmbot.models.views import PlanState


def planned(build: Any, epic: Any, *steps: Any) -> list[str]:
    views = [build.step(issue, name=f"step{issue.id}", plan=PlanState.UNASKED) for issue in steps]
    return [step.name for step in decide(build.campaign(epic, *views)).plans]


@pytest.mark.covers("B37", "D1")
def test_a_step_is_not_started_by_a_launch_that_did_not_know_it(build: Any) -> None:
    epic, old, new = build.running(1, minute=5), build.issue(2), build.issue(3)
    old, new = replace(old, created=build.at(1)), replace(new, created=build.at(9))
    assert planned(build, epic, old, new) == ["step2"]
    assert causes.added_later(epic, new, build.bot)
    assert not causes.added_later(epic, old, build.bot)


@pytest.mark.covers("B37")
@pytest.mark.parametrize("whose", ["step", "campaign"])
def test_a_launch_after_it_was_added_starts_it(build: Any, whose: str) -> None:
    moves = [(5, build.anna, Status.LAUNCH), (6, build.bot, Status.RUNNING)]
    later = (12, build.anna, Status.LAUNCH)
    again = [(11, build.anna, Status.PAUSED), later] if whose == "campaign" else []
    epic = build.issue(1, *moves, *again, level=Level.CAMPAIGN)
    new = build.issue(3, *([later] if whose == "step" else []))
    new = replace(new, created=build.at(9))
    assert planned(build, epic, new) == ["step3"]
    assert not causes.added_later(epic, new, build.bot)


def test_of_a_campaign_that_nobody_launched_no_step_is_late(build: Any) -> None:
    epic = build.issue(1, level=Level.CAMPAIGN)
    assert not causes.added_later(epic, replace(build.issue(2), created=build.at(9)), build.bot)


def test_a_step_made_within_the_second_of_the_launch_is_no_late_one(build: Any) -> None:
    epic = build.running(1, minute=5)
    # The site stamps moves with whole seconds: it may have been made before.
    assert planned(build, epic, replace(build.issue(2), created=build.at(5 + 0.9 / 60))) == ["step2"]
    assert planned(build, epic, replace(build.issue(2), created=build.at(5 + 1 / 60))) == []
