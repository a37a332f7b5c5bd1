"""Campaigns defined in Python are the same as those of files (requirement B24)."""

from __future__ import annotations

import doctest

import pytest

from cmbot import campaigns
from cmbot.campaigns import Campaign, SplitRule, Step
from cmbot.definition import file
from cmbot.exceptions import DefinitionError
from cmbot.resources import resource


@pytest.mark.covers("B24")
def test_the_example_in_its_documentation_is_true() -> None:
    found = doctest.testmod(campaigns)
    assert found.attempted > 5
    assert found.failed == 0


@pytest.mark.covers("B24")
def test_a_campaign_of_python_is_that_of_the_file() -> None:
    text = """
name: mini
reason: a test
butler: /repo
inputs: [raw]
output: u/anna/mini
environment: w
site: SLAC
steps:
  - {name: step1, pipeline: DRP.yaml#step1, query: visit > 0, split: {dimension: visit, size: 10}}
"""
    step = Step("step1", "DRP.yaml#step1", "visit > 0", split=SplitRule("visit", 10))
    made = Campaign(
        name="mini", reason="a test", butler="/repo", inputs=("raw",), output="u/anna/mini",
        environment="w", site="SLAC", steps=(step,),
    )  # fmt: skip
    assert made == file.read(text, "mini.yaml")


def test_types_are_checked_though_python_does_not() -> None:
    example = resource("config/campaigns/mini-drp.yaml")
    sound = campaigns.from_yaml(example.read_text(), example.name)
    with pytest.raises(DefinitionError, match="kind: 'Nonsense' is not known"):
        campaigns.problems(campaigns.replace(sound, kind="Nonsense"))
