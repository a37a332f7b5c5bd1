"""Campaigns as decisions see them, built in a line each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cmbot.exceptions import Problem
from cmbot.models.attempts import Attempt, AttemptState, Cause
from cmbot.models.campaign import CampaignDefinition, PausePolicy, StepDefinition
from cmbot.models.issues import Issue, Level, Move, Person, Status
from cmbot.models.views import CampaignView, GroupView, PlanState, StepView

BOT = Person("cmbot", "cmbot")
ANNA = Person("anna", "Anna")
START = datetime(2026, 11, 20, 8, tzinfo=UTC)

Moved = tuple[int, Person, Status | None]
"""Minute, who, and to where; the minute is also the id of the history entry."""


@dataclass(frozen=True)
class Builder:
    """Makes issues and views; a campaign has the id 1 and its steps 2, 3 and so on."""

    bot: Person = BOT
    anna: Person = ANNA

    def at(self, minute: float) -> datetime:
        return START + timedelta(minutes=minute)

    def issue(
        self,
        number: int,
        *moved: Moved,
        level: Level = Level.STEP,
        status: Status = Status.DRAFT,
        **fields: Any,
    ) -> Issue:
        moves: list[Move] = []
        for minute, by, target in moved:
            source = moves[-1].target if moves else Status.DRAFT
            moves.append(Move(str(number), f"CM-{number}", minute, self.at(minute), by, source, target))
        now = (moves[-1].target if moves else None) or status
        return Issue(
            id=str(number),
            key=f"CM-{number}",
            level=level,
            status=now,
            summary=f"issue {number}",
            updated=self.at(0),
            fields=fields,
            moves=tuple(moves),
        )

    def cause(self, number: int, minute: int) -> Cause:
        return Cause(f"move:{number}:{minute}", ANNA, self.at(minute), f"moved CM-{number} to Launch")

    def attempt(
        self, state: AttemptState, cause: Cause, number: int = 1, group: str = "g001", step: int = 2
    ) -> Attempt:
        return Attempt(number, str(step), group, number, state, cause, cause.at + timedelta(seconds=30))

    def group(self, name: str, *attempts: Attempt, issue: Issue | None = None) -> GroupView:
        named = tuple(replace(item, group=name, number=n) for n, item in enumerate(attempts, start=1))
        return GroupView(name, 10, "visit IN (1..10)", issue, named)

    def step(
        self,
        issue: Issue,
        *groups: GroupView,
        name: str = "step1",
        after: tuple[str, ...] = (),
        plan: PlanState = PlanState.READY,
        max_groups: int = 0,
        **more: Any,
    ) -> StepView:
        definition = StepDefinition(name, f"DRP.yaml#{name}", "visit > 0", after, max_groups=max_groups)
        return StepView(issue, name, definition, groups, plan, **more)

    def campaign(
        self, epic: Issue, *steps: StepView, pause: PausePolicy = PausePolicy.ON_ERRORS, **more: Any
    ) -> CampaignView:
        definition = CampaignDefinition(
            name="test",
            reason="because",
            kind="DataProc",
            stage="development",
            mode="test",
            butler="repo",
            inputs=("raw",),
            output="u/test",
            environment="stack",
            wms="PanDA",
            site="SLAC",
            pause=pause,
            steps=tuple(step.definition for step in steps if step.definition),
        )
        return CampaignView(epic, BOT, definition, steps=steps, **more)

    def launched(self, number: int = 1, minute: int = 1) -> Issue:
        """An issue that Anna moved from Draft to Launch."""
        level = Level.CAMPAIGN if number == 1 else Level.STEP
        return self.issue(number, (minute, ANNA, Status.LAUNCH), level=level)

    def running(self, number: int = 1, minute: int = 1) -> Issue:
        """The same, moved on to Running by cmbot."""
        level = Level.CAMPAIGN if number == 1 else Level.STEP
        return self.issue(
            number, (minute, ANNA, Status.LAUNCH), (minute + 1, BOT, Status.RUNNING), level=level
        )


@pytest.fixture(scope="session")
def build() -> Builder:
    return Builder()


@pytest.fixture(scope="session")
def problem() -> Problem:
    return Problem("Reason", "is empty", "write why")
