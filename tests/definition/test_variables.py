"""Variables are declared, typed and filled, or everything wrong with them is said at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.definition import file, variables
from cmbot.exceptions import DefinitionError

NIGHTLY = """
variables:
  night: {type: night, description: day_obs to process}
  tracts: {type: integers, default: [9615, 9697]}
  size: {type: integer, default: 1000}
name: night $(night)
reason: last night's visits
butler: /repo/main
inputs: [LSSTCam/defaults]
output: u/anna/n$(night)
environment: w_2026_47
site: SLAC
steps:
  - name: step1
    pipeline: DRP.yaml#step1
    query: instrument = 'LSSTCam' AND day_obs = $(night) AND tract IN ($(tracts))
    split: {dimension: visit, size: $(size)}
"""


def said(data: dict[str, Any], **given: str) -> dict[str, str]:
    with pytest.raises(DefinitionError) as caught:
        variables.fill(data, given, "x.yaml")
    return {problem.field: f"{problem.problem}; {problem.remedy}" for problem in caught.value.problems}


@pytest.mark.covers("B11", "B32")
def test_a_template_becomes_the_campaign_of_one_night() -> None:
    campaign = file.read(NIGHTLY, "nightly.yaml", {"night": "20261119", "size": "50"})
    assert (campaign.name, campaign.output) == ("night 20261119", "u/anna/n20261119")
    assert campaign.step("step1").split.size == 50
    assert campaign.step("step1").query == (
        "instrument = 'LSSTCam' AND day_obs = 20261119 AND tract IN (9615, 9697)"
    )


@pytest.mark.covers("B11", "V13")
def test_everything_wrong_with_variables_is_said_at_once() -> None:
    data = {
        "variables": {"night": {"type": "night"}, "n": {"type": "integer"}, "idle": {}, "site": {}},
        "name": "$(night) $(other)",
        "size": "$(n)",
        "place": "$(site)",
    }
    assert said(data, night="20261131", n="many", colour="red", idle="x") == {
        "night": "cannot be '20261131'; give a day as YYYYMMDD",
        "n": "cannot be 'many'; give a whole number",
        "site": "has no value; say --set site=VALUE, a text",
        "colour": "is no variable of this file; it declares night, n, idle, site",
        "$(other)": "is not declared; add it to variables; the file declares night, n, idle, site",
        "idle": "is declared and used nowhere; write $(idle), or remove it",
    }


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "a $(b)", "a $(b)"),
        ("integer", "-5", -5),
        ("number", "0.25", 0.25),
        ("flag", "True", True),
        ("night", "20261119", 20261119),
        ("integers", "1, 2,3", [1, 2, 3]),
    ],
)
def test_a_value_that_is_nothing_but_a_variable_keeps_its_type(kind: str, text: str, value: Any) -> None:
    data = {"variables": {"x": {"type": kind}}, "there": [{"deep": "$(x)"}]}
    assert variables.fill(data, {"x": text}, "x.yaml") == {"there": [{"deep": value}]}
    default = {"variables": {"x": {"type": kind, "default": value}}, "there": "$(x)"}
    assert variables.fill(default, {}, "x.yaml") == {"there": value}


@pytest.mark.parametrize(
    ("declared", "field"),
    [
        ({"x": {"type": "colour"}}, "x.type"),
        ({"x": {"kind": "text"}}, "x.kind"),
        ({"x": "text"}, "x"),
        (["x"], "it"),
    ],
)
def test_a_declaration_that_cannot_be_read_is_named(declared: Any, field: str) -> None:
    assert list(said({"variables": declared, "a": "$(x)"}, x="1")) == [field]


@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3)))
def test_what_holds_no_variable_is_left_as_it_is(data: Any) -> None:
    if "$(" not in repr(data):
        assert variables.fill({"a": data}, {}, "x.yaml") == {"a": data}
