"""Definitions to check, and the way through Jira's fields and back."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cmbot.definition import issues
from cmbot.definition.check import check
from cmbot.jira_schema import values
from cmbot.models.campaign import CampaignDefinition, SplitRule, StepDefinition
from cmbot.models.issues import Issue, Level, Status
from cmbot.models.systems import System

AT = datetime(2026, 11, 20, tzinfo=UTC)
STEP1 = StepDefinition(
    name="step1",
    pipeline="$DRP_PIPE_DIR/pipelines/LSSTCam/DRP.yaml#step1",
    query="instrument = 'LSSTCam' AND visit > 5",
    split=SplitRule("visit", 1000),
    options={"requestMemory": 4096, "pipetask": {"isr": {"requestMemory": 2048}}},
    tolerance={"forcedPhotCcd": 0.01},
    max_groups=5,
)
STEP2 = StepDefinition("step2", "DRP.yaml#step2", "instrument = 'LSSTCam'", after=("step1",), site="IN2P3")
CAMPAIGN = CampaignDefinition(
    name="mini DRP",
    reason="to see whether it works",
    kind="DataProc",
    stage="integration",
    mode="test",
    butler="/repo/main",
    inputs=("LSSTCam/defaults", "u/anna/extra"),
    output="u/anna/mini",
    environment="w_2026_47",
    wms="PanDA",
    site="SLAC",
    lsst_version="w_2026_47",
    steps=(STEP1, STEP2),
)


@dataclass(frozen=True)
class Defining:
    """A sound campaign, changes of it, and what is said of them."""

    campaign: CampaignDefinition = CAMPAIGN
    step: StepDefinition = STEP1

    def with_step(self, **changes: Any) -> CampaignDefinition:
        return replace(CAMPAIGN, steps=(replace(STEP1, **changes), STEP2))

    def problems(self, campaign: CampaignDefinition) -> dict[str, str]:
        """Problems by field, with their texts joined."""
        found: dict[str, str] = {}
        sites = dict.fromkeys(("SLAC", "IN2P3"), System.PANDA)
        for item in check(campaign, environments={"w_2026_47"}, sites=sites):
            assert item.remedy
            found[item.field] = f"{found.get(item.field, '')} {item.problem}".strip()
        return found

    def in_jira(self, campaign: CampaignDefinition) -> tuple[Issue, tuple[Issue, ...]]:
        """The issues that hold a campaign, read back as Jira gives them."""
        epic = replace(
            issue(1, Level.CAMPAIGN, campaign.name, issues.campaign_fields(campaign)),
            description=campaign.description,
        )
        keys = {step.name: f"CM-{n}" for n, step in enumerate(campaign.steps, start=2)}
        steps = tuple(
            replace(
                issue(n, Level.STEP, f"{step.name} of it", issues.step_fields(step)),
                blocked_by=tuple(keys[name] for name in step.after),
                description=step.description,
            )
            for n, step in enumerate(campaign.steps, start=2)
        )
        return epic, steps

    def step_issue(self, **fields: Any) -> Issue:
        return issue(2, Level.STEP, "step1 of it", issues.step_fields(STEP1) | fields)


def issue(number: int, level: Level, summary: str, fields: dict[str, Any]) -> Issue:
    there = {
        name: values.from_jira(name, json.loads(json.dumps(values.to_jira(name, value, "name"))))
        for name, value in fields.items()
        if value not in ("", None)
    }
    return Issue(str(number), f"CM-{number}", level, Status.DRAFT, summary, AT, fields=there)


@pytest.fixture(scope="session")
def defining() -> Defining:
    return Defining()
