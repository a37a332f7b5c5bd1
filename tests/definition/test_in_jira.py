"""Once created, Jira's fields are the definition: nothing is lost on the way there and back."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cmbot.definition import file, freeze, issues
from cmbot.exceptions import DefinitionError
from cmbot.models.campaign import (
    MODES,
    STAGES,
    SYSTEMS,
    CampaignDefinition,
    DataIdFile,
    PausePolicy,
    RetryPolicy,
    Specification,
    SplitRule,
    StepDefinition,
)

words = st.text("abcXYZ019_.-/$#:", min_size=1, max_size=12)
lines = st.text(max_size=30).map(lambda text: " ".join(text.split()))
prose = st.text(max_size=60).map(str.strip)
numbers = st.integers(-(2**40), 2**40) | st.floats(-1e9, 1e9)
scalars = numbers | st.booleans() | st.text(max_size=12) | st.none()
trees = st.dictionaries(
    st.text(max_size=8), scalars | st.dictionaries(st.text(max_size=8), scalars, max_size=3), max_size=3
)
files = st.none() | st.builds(DataIdFile, words, prose, words, st.integers(0, 10**6))
steps = st.builds(
    StepDefinition,
    name=st.just("x"),
    pipeline=words,
    query=lines,
    split=st.just(SplitRule()) | st.builds(SplitRule, words, st.integers(1, 10**6)),
    include=files,
    exclude=files,
    options=trees,
    tolerance=st.dictionaries(st.text(min_size=1, max_size=8), st.floats(0, 1), max_size=2),
    description=prose,
    exception=prose,
    overrides=st.dictionaries(
        words, words | st.dictionaries(words, st.booleans() | words, max_size=2), max_size=2
    ),
    operators=st.lists(words, max_size=2).map(tuple),
    environment=st.just("") | words,
    lsst_version=st.just("") | words,
    image=st.just("") | words,
    setup=st.lists(words, max_size=2).map(tuple),
    site=st.just("") | words,
    max_groups=st.integers(0, 999),
    priority=st.integers(0, 999),
    canary=st.booleans(),
    checkpoint=st.booleans(),
    retry=st.none() | st.sampled_from(RetryPolicy),
)
specifications = (
    st.none() | st.builds(Specification, words, words) | st.builds(Specification, words, words, words)
)
campaigns = st.builds(
    CampaignDefinition,
    name=words,
    production=st.just("") | words,
    include=files,
    exclude=files,
    reason=prose,
    description=prose,
    definer=st.just("") | words,
    operators=st.lists(words, max_size=2).map(tuple),
    sign_off=st.dictionaries(words, words, max_size=2),
    data=specifications,
    processing=specifications,
    image=st.just("") | words,
    setup=st.lists(words, max_size=2).map(tuple),
    kind=st.just("AP"),
    stage=st.sampled_from(STAGES),
    mode=st.sampled_from(MODES),
    butler=words,
    inputs=st.lists(words, max_size=3).map(tuple),
    output=words,
    environment=words,
    wms=st.sampled_from(SYSTEMS),
    site=words,
    pause=st.sampled_from(list(PausePolicy)),
    retry=st.sampled_from(RetryPolicy),
    lsst_version=st.just("") | words,
    max_groups=st.integers(0, 999),
    priority=st.integers(0, 999),
    steps=st.lists(steps, max_size=3).map(tuple),
)


def linked(campaign: CampaignDefinition) -> CampaignDefinition:
    """The same with names of their own for the steps, each after all before it."""
    names = [f"step{n}" for n in range(len(campaign.steps))]
    named = tuple(
        replace(step, name=names[n], after=tuple(names[:n])) for n, step in enumerate(campaign.steps)
    )
    return replace(campaign, steps=named)


@pytest.mark.covers("W19", "B22", "B4", "B5")
@given(campaigns.map(linked))
def test_a_definition_comes_back_from_jira_as_it_went(defining: Any, campaign: CampaignDefinition) -> None:
    assume(all(len(str(value)) < 255 for value in asdict(campaign).values() if isinstance(value, str)))
    there = issues.from_issues(*defining.in_jira(campaign))
    assert there == campaign
    assert freeze.definition_hash(there) == freeze.definition_hash(campaign)


@given(campaigns.map(linked))
def test_a_definition_comes_back_from_a_file_as_it_went(campaign: CampaignDefinition) -> None:
    assume("$(" not in repr(campaign))
    assert file.read(file.write(campaign), "campaign.yaml") == campaign


def test_yaml_that_people_put_into_a_block_is_read(defining: Any) -> None:
    for text in (
        "{noformat}\nrequestMemory: 5\n{noformat}",
        "{code:yaml}\nrequestMemory: 5\n{code}",
        "{code}\r\nrequestMemory: 5\r\n{code}",
        " requestMemory: 5 ",
    ):
        step = defining.step_issue(**{"BPS options": text})
        epic, _ = defining.in_jira(defining.campaign)
        assert issues.from_issues(epic, [step]).steps[0].options == {"requestMemory": 5}


def test_a_query_on_several_lines_is_one_query(defining: Any) -> None:
    epic, _ = defining.in_jira(defining.campaign)
    step = defining.step_issue(**{"Data query": "visit > 5\r\n  AND band = 'g'"})
    assert issues.from_issues(epic, [step]).steps[0].query == "visit > 5 AND band = 'g'"


def test_a_step_without_a_name_is_called_by_its_summary(defining: Any) -> None:
    step = defining.step_issue()
    unnamed = replace(step, fields={}, summary="step7 of nightly")
    assert issues.step_name(unnamed) == "step7"
    assert issues.step_name(replace(unnamed, summary=" ")) == ""


def test_links_to_other_campaigns_are_none_of_its_steps(defining: Any) -> None:
    epic, _ = defining.in_jira(defining.campaign)
    step = replace(defining.step_issue(), blocked_by=("OTHER-1",))
    assert issues.from_issues(epic, [step]).steps[0].after == ()


def test_an_empty_epic_is_a_draft_with_everything_missing(defining: Any) -> None:
    epic, _ = defining.in_jira(defining.campaign)
    draft = issues.from_issues(replace(epic, fields={}), [])
    assert {"Reason", "Butler repository", "Input collections", "steps"} <= set(defining.problems(draft))


@pytest.mark.covers("V13", "V26")
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"Split rule": "just text"}, "CM-2 Split rule: is not a mapping"),
        ({"Split rule": "{dimension: visit, sizes: 5}"}, "CM-2 Split rule: sizes is not known"),
        (
            {"Split rule": "{dimension: visit, size: many}"},
            "CM-2 Split rule: size input should be a valid integer",
        ),
        ({"pex_config overrides": "isr: {doFlat: [1]}"}, "CM-2 pex_config overrides: isr"),
        ({"Tolerance": "{isr: 5}"}, "CM-2 Tolerance: isr input should be less than or equal to 1"),
        ({"Tolerance": "{isr: .nan}"}, "CM-2 Tolerance: isr input should be"),
        ({"Tolerance": "{isr: lots}"}, "CM-2 Tolerance: isr input should be a valid number"),
        ({"BPS options": "[1]"}, "CM-2 BPS options: is not a mapping"),
        ({"BPS options": "a: [1"}, "CM-2 BPS options: is not valid YAML"),
        ({"BPS options": "1: 2"}, "CM-2 BPS options: is not valid YAML"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(defining: Any, fields: dict[str, str], said: str) -> None:
    epic, _ = defining.in_jira(defining.campaign)
    with pytest.raises(DefinitionError) as caught:
        issues.from_issues(epic, [defining.step_issue(**fields)])
    assert {problem.field.partition(" ")[0] for problem in caught.value.problems} == {"CM-2"}
    assert str(caught.value.problems[0]).startswith(said)
    assert caught.value.subject == "CM-1"


def test_all_fields_that_cannot_be_read_are_named_together(defining: Any) -> None:
    epic, _ = defining.in_jira(defining.campaign)
    step = defining.step_issue(**{"BPS options": "[1]"})
    with pytest.raises(DefinitionError) as caught:
        issues.from_issues(replace(epic, fields=epic.fields | {"Pause policy": "never"}), [step])
    assert [problem.field for problem in caught.value.problems] == ["Pause policy", "CM-2 BPS options"]


# --------------------------------------------------------------------------------------- the hash


def turned(tree: Any) -> Any:
    """The same with keys the other way round."""
    if isinstance(tree, dict):
        return {key: turned(tree[key]) for key in reversed(tree)}
    return tree


@given(steps)
def test_the_order_of_keys_does_not_change_the_hash(defining: Any, step: StepDefinition) -> None:
    other = replace(step, options=turned(step.options), tolerance=turned(step.tolerance))
    campaign = defining.campaign
    assert freeze.step_hash(campaign, step) == freeze.step_hash(campaign, other)


@pytest.mark.covers("W23", "B16", "V23")
@pytest.mark.parametrize(
    "change",
    [
        *({"query": "visit > 6"}, {"pipeline": "DRP.yaml#step9"}, {"options": {"requestMemory": 4097}}),
        *({"split": SplitRule("visit", 999)}, {"tolerance": {}}, {"site": "IN2P3"}, {"priority": 6}),
    ],
)
def test_what_decides_what_a_step_runs_changes_its_hash(defining: Any, change: dict[str, Any]) -> None:
    campaign, step = defining.campaign, defining.step
    assert freeze.step_hash(campaign, replace(step, **change)) != freeze.step_hash(campaign, step)
    assert freeze.definition_hash(defining.with_step(**change)) != freeze.definition_hash(campaign)


@pytest.mark.parametrize(
    ("change", "matters"),
    [
        ({"butler": "/repo/other"}, True),
        ({"inputs": ("LSSTCam/raw/all",)}, True),
        ({"environment": "w_2026_48"}, True),
        ({"output": "u/anna/other"}, True),
        ({"reason": "another"}, False),
        ({"name": "another"}, False),
        ({"pause": PausePolicy.ON_ERRORS}, False),
        ({"max_groups": 7}, False),
        ({"priority": 7}, True),
        ({"steps": ()}, False),
    ],
)
def test_a_step_is_the_same_whatever_its_campaign_is_called(
    defining: Any, change: dict[str, Any], matters: bool
) -> None:
    other = replace(defining.campaign, **change)
    same = freeze.step_hash(other, defining.step) == freeze.step_hash(defining.campaign, defining.step)
    assert same is not matters
    assert freeze.definition_hash(other) != freeze.definition_hash(defining.campaign)


def test_a_hash_is_the_same_in_every_process() -> None:
    assert freeze.digest({"b": [1, 2.5, "é"], "a": None}) == (
        "b129e8b869243fd11bf91cf8baafac4e7229e28a409192143c02eef67a9fc152"
    )
