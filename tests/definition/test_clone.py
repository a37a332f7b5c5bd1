"""A clone is the other campaign but for what is set, and remembers it (requirement B25)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cmbot.definition.clone import clone
from cmbot.definition.freeze import step_hash
from cmbot.exceptions import DefinitionError
from cmbot.models.campaign import CampaignDefinition, DataIdFile, SplitRule, StepDefinition
from cmbot.operations.diff import changes

STEPS = (
    StepDefinition(
        "step1",
        "DRP.yaml#step1",
        "visit > 0",
        options={"requestMemory": 2048, "pipetask": {"isr": {"requestMemory": 4096}}},
        split=SplitRule("visit", size=10),
        exclude=DataIdFile("bad.json", "clouds", "a" * 64, 3),
    ),
    StepDefinition("step2", "DRP.yaml#step2", "tract = 5", after=("step1",)),
)
CAMPAIGN = CampaignDefinition(
    name="rc2 w47", reason="weekly: as always", butler="/repo", inputs=("raw", "calib"), output="u/rc2/w47",
    environment="stack", lsst_version="w_2026_47", site="SLAC", definer="anna", steps=STEPS,
)  # fmt: skip
OUTPUT = {"output": "u/rc2/w48"}


def made(**values: str) -> CampaignDefinition:
    return clone(
        CAMPAIGN, "CM-1", OUTPUT | {name.replace("__", "."): value for name, value in values.items()}
    )


def refused(**values: str) -> list[str]:
    with pytest.raises(DefinitionError) as error:
        made(**values)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.covers("B25")
def test_a_clone_is_the_same_but_for_its_name_its_outputs_and_its_ancestor() -> None:
    expected = replace(CAMPAIGN, name="rc2 w47 (clone of CM-1)", output="u/rc2/w48", ancestor="CM-1")
    assert made() == expected
    # Where it comes from does not decide what it runs.
    same_place = replace(made(), output=CAMPAIGN.output)
    assert [step_hash(same_place, step) for step in STEPS] == [step_hash(CAMPAIGN, step) for step in STEPS]


@pytest.mark.covers("B25")
def test_fields_of_the_campaign_and_of_its_steps_are_set() -> None:
    found = made(
        name="rc2 w48",
        reason="the new: model",
        lsst_version="w_2026_48",
        inputs="raw, calib/new",
        pause="only on errors and checkpoints",
        step1__options__requestMemory="8192",
        step1__options__pipetask__isr__requestCpus="2",
        step1__exclude="",
        step2__query="tract = 6",
        step2__split="{dimension: patch, size: 4}",
        step2__lsst_version="20261120",
    )
    assert {str(each) for each in changes(CAMPAIGN, found)} == {
        "name: rc2 w48 instead of rc2 w47",
        "reason: the new: model instead of weekly: as always",
        "inputs: raw, calib/new instead of raw, calib",
        "output: u/rc2/w48 instead of u/rc2/w47",
        "lsst_version: w_2026_48 instead of w_2026_47",
        "step1: options.requestMemory: 8192 instead of 2048",
        "step1: exclude.file: nothing instead of bad.json",
        "step1: exclude.reason: nothing instead of clouds",
        f"step1: exclude.sha256: nothing instead of {'a' * 64}",
        "step1: exclude.count: nothing instead of 3",
        "step2: query: tract = 6 instead of tract = 5",
        "ancestor: CM-1 instead of nothing",
        "pause: only on errors and checkpoints instead of nothing",
        "step1: options.pipetask.isr.requestCpus: 2 instead of nothing",
        "step2: split.dimension: patch instead of nothing",
        "step2: split.size: 4 instead of nothing",
        "step2: lsst_version: 20261120 instead of nothing",
    }


def test_what_cannot_be_set_is_told_all_at_once() -> None:
    assert refused(nonsense="1", step1__qury="x", step1__query__x="y", ancestor="CM-9") == [
        refused(nonsense="1")[0],
        refused(step1__qury="x")[0],
        "step1.query.x: query holds nothing inside; set step1.query",
        refused(ancestor="CM-9")[0],
    ]
    assert refused(nonsense="1")[0].startswith("nonsense: is no field that can be set; use butler, data, ")
    assert refused(pause="never")[0].startswith("pause: ")
    assert refused(step1__split="{dimension: [")[0].startswith("step1.split: is not valid YAML")
    assert refused(steps="[]")[0].startswith("steps: is no field")


def test_a_clone_writes_somewhere_else() -> None:
    assert refused(output=CAMPAIGN.output) == ["output: is that of CM-1; say --set output=COLLECTION"]
