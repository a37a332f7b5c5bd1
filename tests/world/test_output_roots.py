"""Two campaigns do not write to one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.models.issues import Status

if TYPE_CHECKING:
    from conftest import Bot, Human

pytestmark = pytest.mark.long

AGAIN = """
name: another
reason: the same place again
butler: {repo}
inputs: [DemoCam/defaults]
output: DemoCam/runs/test
environment: sandbox
site: laptop
steps:
  - name: step1
    pipeline: $DEMO_PIPELINES/DRP.yaml#isr
    query: instrument = 'DemoCam' AND visit = 1
"""


@pytest.mark.covers("A11", "V23")
def test_a_second_campaign_with_the_same_output_root_is_refused_until_it_names_another(
    bot: Bot, alice: Human
) -> None:
    first, _ = bot.create()
    second, _ = bot.create(AGAIN)
    bot.settle()
    alice.move(second, Status.LAUNCH)
    bot.until(lambda: alice.told(second, "Not done"))
    bot.settle()
    assert f"{first} writes to {alice.field(first, 'Output root')} too" in alice.told(second, "Not done")[0]
    assert alice.status(second) == Status.DRAFT
    assert "The definition is complete" in alice.status_comment(first)
    alice.edit(second, {"Output root": "DemoCam/runs/another"})
    bot.until(lambda: "The definition is complete" in alice.status_comment(second))
