"""A campaign that a schedule created is launched by a person and completes (requirement B27)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cmbot.models.issues import Status
from cmbot.operations import schedule
from cmbot.settings import ScheduleSettings

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bot, Human, Panda

pytestmark = pytest.mark.long

TEMPLATE = """
variables:
  night: {{type: night}}
name: night $(night)
reason: a test
butler: {repo}
inputs: [DemoCam/defaults]
output: DemoCam/runs/$(night)
environment: sandbox
site: laptop
steps:
  - name: step1
    pipeline: $DEMO_PIPELINES/DRP.yaml#isr
    query: instrument = 'DemoCam' AND skymap = 'demo' AND visit = 1 AND detector = 0
    options: {{requestMemory: 1024, finalJob: {{requestMemory: 2048, requestCpus: 1}}}}
"""


@pytest.mark.covers("B27", "D1", "V24")
def test_what_a_schedule_creates_waits_for_a_person(
    bot: Bot, alice: Human, panda: Panda, tmp_path: Path
) -> None:
    template = tmp_path / "nightly.yaml"
    template.write_text(TEMPLATE.format(repo=bot.world.repo))
    nightly = ScheduleSettings(template=str(template), cron="30 8 * * *", variables={"night": "{night}"})
    settings = bot.edges.settings.model_copy(update={"schedules": {"nightly": nightly}})
    start = datetime(2026, 11, 20, 8, tzinfo=UTC)

    def made() -> bool:
        troubles = schedule.make_due(bot.edges.mirror, settings, bot.edges.jira, start + timedelta(hours=4))
        return not troubles

    schedule.make_due(bot.edges.mirror, settings, bot.edges.jira, start)
    # Jira loses answers; what was begun is finished, and nothing is made twice.
    bot.until(made)
    assert made()
    bot.settle()
    epic, step = sorted(alice.statuses())
    assert alice.statuses() == {epic: Status.DRAFT, step: Status.DRAFT}
    (told,) = alice.told(epic, "Created")
    assert "schedule nightly asked for it on 2026-11-20 11:30 UTC" in told
    assert panda.requests() == []
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    assert len(panda.requests()) == 1
