"""A campaign file is read whole, or everything wrong with it is said at once."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
import yaml

from cmbot.definition import file, yaml_text
from cmbot.exceptions import DefinitionError, UserError
from cmbot.models.campaign import CampaignDefinition, PausePolicy, SplitRule

GOOD = """
name: nightly
reason: last night's visits
butler: /repo/main
inputs: [LSSTCam/defaults]
output: u/anna/nightly
environment: w_2026_47
site: SLAC
pause: only on errors and checkpoints
steps:
  - name: step1
    pipeline: DRP.yaml#step1
    query: visit > 5
    split: {dimension: visit, size: 1000}
    tolerance: {isr: 0.5}
  - name: step2
    pipeline: DRP.yaml#step2
    query: visit > 5
    after: [step1]
"""


def test_a_good_file_becomes_a_definition() -> None:
    campaign = file.read(GOOD, "nightly.yaml")
    assert (campaign.name, campaign.inputs, campaign.pause) == (
        "nightly",
        ("LSSTCam/defaults",),
        PausePolicy.ON_ERRORS,
    )
    assert (campaign.kind, campaign.mode, campaign.wms) == ("DataProc", "dev", "")
    assert campaign.step("step1").split == SplitRule("visit", 1000)
    assert campaign.step("step1").tolerance == {"isr": 0.5}
    assert campaign.step("step2").split == SplitRule()
    assert campaign.step("step2").after == ("step1",)
    with pytest.raises(KeyError):
        campaign.step("step3")


@pytest.mark.covers("V13")
def test_everything_wrong_with_a_file_is_said_at_once_with_its_place() -> None:
    bad = yaml.safe_load(GOOD) | {"pause": "never", "mode": "fast", "colour": "red", "inputs": "one"}
    del bad["butler"]
    first, second = bad["steps"]
    first |= {"split": {"dimension": "visit", "size": -1}, "tolerance": {"isr": 2}, "max_groups": -1}
    del second["query"]
    second |= {"afer": ["step1"], "priority": "high"}
    with pytest.raises(DefinitionError) as caught:
        file.read(yaml.safe_dump(bad), "bad.yaml")
    said = {problem.field: problem for problem in caught.value.problems}
    assert caught.value.subject == "bad.yaml"
    assert set(said) == {
        *("pause", "mode", "colour", "inputs", "butler"),
        *("steps.0.split.size", "steps.0.tolerance.isr", "steps.0.max_groups"),
        *("steps.1.afer", "steps.1.priority"),
    }
    assert said["butler"].problem == "is missing"
    assert "spelling" in said["steps.1.afer"].remedy
    assert "'never'" in said["pause"].remedy


@pytest.mark.parametrize("text", ["", "just text", "[1, 2]", "steps: []", "name: x", "steps: x"])
def test_what_is_no_campaign_is_said_to_be_none(text: str) -> None:
    with pytest.raises(DefinitionError):
        file.read(text, "x.yaml")


def test_a_wrong_value_is_repeated_in_short() -> None:
    with pytest.raises(DefinitionError) as caught:
        file.read(GOOD.replace("[LSSTCam/defaults]", "x" * 10_000), "x.yaml")
    assert len(str(caught.value)) < 300


@pytest.mark.covers("B33")
def test_the_published_schema_knows_every_key_and_says_what_it_means() -> None:
    schema = file.schema()
    steps = schema["$defs"]["StepDefinition"]["properties"]
    assert set(schema["properties"]) == {field.name for field in fields(CampaignDefinition)} | {"variables"}
    assert schema["additionalProperties"] is False
    assert schema["properties"]["mode"]["enum"] == ["prod", "dev", "test"]
    assert {"name", "butler", "inputs", "output", "environment", "site"} == set(schema["required"])
    for entry in (*schema["properties"].values(), *steps.values()):
        assert entry["description"]
    assert json.loads(json.dumps(schema)) == schema


# -------------------------------------------------------------------------------------- YAML itself


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x", "aliases are not allowed"),
        ("&a [*a]", "aliases are not allowed"),
        ("a: 1\nb: 2\na: 3", "a is written more than once"),
        ("x: {y: 1, y: 2}", "y is written more than once"),
        ("[" * 30 + "]" * 30, "nested deeper than 20"),
        ("[" * 100_000, "nested deeper than 20"),
        ("a: " + "x" * 1_000_001, "larger than 1000000 bytes"),
        ("a: [1, 2", "at line 1"),
        ("a: 1\n b: 2", "at line 2"),
        ("--- 1\n--- 2", "another document"),
        ("a: !!python/object/apply:os.system [id]", "could not determine a constructor"),
        ("!!python/name:os.system", "could not determine a constructor"),
        ("1: a", "the key 1 is not text"),
        ("yes: a", "the key True is not text"),
        ("a: {2026-01-01: b}", "is not text"),
        ("? [a, b]\n: c", "unhashable key"),
        ("a: 2026-99-99", "month must be in"),
        ("a: " + "9" * 5000, "is not valid YAML"),
        ("a: \ud800", "is not valid YAML"),
        ("a: \x00", "is not valid YAML"),
        ("%TAG ! x\na: 1", "is not valid YAML"),
    ],
)
def test_yaml_that_could_do_harm_or_means_two_things_is_refused(text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        yaml_text.load(text, "BPS options")
    assert said in str(caught.value)
    assert caught.value.subject == "BPS options"


def test_plain_yaml_is_read() -> None:
    assert yaml_text.load("a: {b: [1, 2.5, x, null, true]}", "x") == {"a": {"b": [1, 2.5, "x", None, True]}}
    assert yaml_text.load("[" * 20 + "]" * 20, "x") != []
    assert yaml_text.load("", "x") is None
