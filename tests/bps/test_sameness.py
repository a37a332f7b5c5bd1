"""The workflows of a step are the same but for names and data; anything else is named (requirement B16)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.bps.lint.sameness import differences, shared
from cmbot.bps.render import render

if TYPE_CHECKING:
    from cmbot.bps.submission import Submission


def told(**configs: dict[str, Any]) -> list[str]:
    return [str(each) for each in differences({name: shared(config) for name, config in configs.items()})]


@pytest.mark.covers("B16")
def test_names_collections_query_and_operator_are_no_differences(
    submission: Submission, base: dict[str, Any]
) -> None:
    other = replace(
        submission,
        name="CM-7_step1_g002_a2_11112222",
        payload="step1_g002",
        operator="bert",
        in_collections=("cm/CM-1/step1/g002/a1_1", "DemoCam/raw/all"),
        data_query="instrument = 'DemoCam' AND visit IN (1021..1040)",
        output="cm/CM-1/step1/g002",
        output_run="cm/CM-1/step1/g002/a2_11112222",
        submit_path="/data/cmbot/submit/other",
        extra_qgraph_options=(
            *("--data-id-table", "/a b/ids.csv", "--clobber-outputs", "--skip-existing-in", "x,y"),
            *("-c", "isr:doFlat=False"),
        ),
    )
    assert told(g001=render(submission, base), g002=render(other, base)) == []


@pytest.mark.covers("B16")
def test_any_other_difference_is_named_with_the_workflows_that_have_it(
    submission: Submission, base: dict[str, Any]
) -> None:
    config = render(submission, base)
    changed = render(replace(submission, lsst_version="w_2026_48", priority=0), base)
    more = render(
        replace(submission, options={"requestMemory": 4096}, extra_qgraph_options=("-c", "isr:doFlat=True")),
        base,
    )
    assert told(a=config, b=config, c=changed) == [
        "LSST_VERSION: w_2026_48 instead of w_2026_47 in c",
        "priority: nothing instead of 500 in c",
    ]
    said = told(a=config, b=config, c=more)
    assert "extraQgraphOptions: -c isr:doFlat=True instead of -c isr:doFlat=False in c" in said
    assert "pipetask.isr.requestMemory: nothing instead of 8192 in c" in said


def test_what_most_have_is_the_usual_and_of_two_the_first() -> None:
    assert told(a={"x": 1}, b={"x": 2}) == ["x: 2 instead of 1 in b"]
    assert told(a={"x": 1}, b={"x": 2}, c={"x": 2}) == ["x: 1 instead of 2 in a"]


def test_a_long_list_of_workflows_is_counted() -> None:
    usual = {f"a{number}": {"x": 1} for number in range(8)}
    others = {f"b{number}": {"x": 2} for number in range(7)}
    assert told(**usual, **others) == ["x: 2 instead of 1 in b0, b1, b2, b3, b4 and 2 more"]


CONFIGS = st.dictionaries(
    st.sampled_from("abc"), st.integers(0, 2) | st.dictionaries(st.sampled_from("xy"), st.integers(0, 2))
)


@given(st.dictionaries(st.sampled_from(["g001", "g002", "g003"]), CONFIGS, min_size=1))
def test_nothing_is_told_exactly_when_all_are_the_same(configs: dict[str, dict[str, Any]]) -> None:
    found = differences({name: shared(config) for name, config in configs.items()})
    same = len({repr(sorted(shared(config).items())) for config in configs.values()}) == 1
    assert (found == ()) == same


@given(st.text())
def test_graph_options_that_are_no_command_line_are_compared_as_they_are(text: str) -> None:
    assert told(a={"extraQgraphOptions": text}, b={"extraQgraphOptions": text}) == []
