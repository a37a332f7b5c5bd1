"""A step is added to a campaign that runs (requirement B37)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.definition import file as campaign_file
from cmbot.exceptions import DefinitionError
from cmbot.models.issues import Status
from cmbot.operations import adding

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bot, Human

pytestmark = pytest.mark.long

STEP = """
steps:
  - name: step2
    pipeline: $DEMO_PIPELINES/DRP.yaml#{subset}
    query: instrument = 'DemoCam' AND skymap = 'demo' AND visit = 1 AND detector = 0
    after: [step1]
    options: {{requestMemory: 1024, finalJob: {{requestMemory: 2048, requestCpus: 1}}}}
"""


@pytest.mark.calm("creates by hand, without the patience of the command")
@pytest.mark.covers("B33", "B37", "D1")
def test_a_step_is_added_by_file_and_starts_when_it_is_launched(
    bot: Bot, alice: Human, tmp_path: Path
) -> None:
    epic, step1 = bot.create()
    alice.launch(epic)
    bot.until(lambda: alice.status(step1) == Status.RUNNING)
    steps = campaign_file.read_steps(STEP.format(subset="consolidateObjectTable"), "more.yaml")
    with pytest.raises(DefinitionError, match="step2 Input collections: nothing makes deepCoadd"):
        adding.prepare(bot.edges, epic, steps, tmp_path)
    steps = campaign_file.read_steps(STEP.format(subset="calibrate"), "more.yaml")
    made = adding.add(bot.edges, adding.prepare(bot.edges, epic, steps, tmp_path))
    assert list(made) == ["step2"]
    # Asked again, it finds what it made.
    assert adding.add(bot.edges, adding.prepare(bot.edges, epic, steps, tmp_path)) == {}
    step2 = made["step2"]
    bot.until(lambda: alice.status(step1) == Status.COMPLETED)
    bot.until(lambda: "was added after" in alice.status_comment(step2))
    bot.settle()
    assert alice.status(step2) == Status.DRAFT
    alice.launch(step2)
    bot.until(lambda: alice.status(step2) == Status.COMPLETED)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    assert len(bot.attempts(step2)) == 1
