from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.butler.items import Tag
from cmbot.butler.names import LONGEST, Layout
from cmbot.butler.plan import (
    GoodAttempt,
    campaign_chain,
    group_chain,
    layout,
    original_inputs,
    rescue_inputs,
    step_chain,
    step_inputs,
    tag,
)
from cmbot.dataids import DataIdSet
from cmbot.exceptions import UserError
from cmbot.models.campaign import CampaignDefinition, DataIdFile, StepDefinition

part = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,12}", fullmatch=True)
roots = st.lists(part, min_size=1, max_size=4).map("/".join)
step_names = st.lists(part, min_size=1, max_size=5, unique_by=str.lower)
attempts = st.lists(
    st.integers(1, 30).map(lambda number: GoodAttempt(number, f"CM-1/step1/g001/a{number}_{number:08x}")),
    max_size=8,
)
DEMO = Layout("CM-1", ("step1", "step2", "step3"))


def campaign(
    steps: dict[str, tuple[str, ...]], inputs: tuple[str, ...] = ("DemoCam/defaults",)
) -> CampaignDefinition:
    return CampaignDefinition(
        name="demo",
        reason="to see it",
        kind="DataProc",
        stage="development",
        mode="test",
        butler="repo",
        inputs=inputs,
        output="CM-1",
        environment="demo",
        wms="panda",
        site="LOCAL",
        steps=tuple(StepDefinition(name, f"DRP.yaml#{name}", "", after) for name, after in steps.items()),
    )


def test_names_follow_the_levels() -> None:
    assert DEMO.step("step1") == "CM-1/step1"
    assert DEMO.group("step1", "g001") == "CM-1/step1/g001"
    assert DEMO.run("step1", "g001", 2, "0a1b2c3d") == "CM-1/step1/g001/a2_0a1b2c3d"
    assert DEMO.inputs("0a1b2c3d" + "e" * 56) == "CM-1/inputs/0a1b2c3d"


@given(roots, step_names, st.integers(1, 4), st.integers(1, 3))
def test_all_names_are_valid_and_unique_without_regard_to_case(
    root: str, steps: list[str], groups: int, tries: int
) -> None:
    names = Layout(root, tuple(steps))
    group_names = [f"g{number:03}" for number in range(groups + 1)]
    everything = [root, *map(names.step, steps), names.inputs("00000001" * 8)]
    for step, group in product(steps, group_names):
        everything.append(names.group(step, group))
        everything += [names.run(step, group, number, f"{number:08x}") for number in range(1, tries + 1)]
    assert len({name.lower() for name in everything}) == len(everything)
    assert all(re.fullmatch(r"[A-Za-z0-9_\-./]+", name) for name in everything)


@given(attempts)
def test_a_group_searches_its_newest_good_attempt_first_and_each_once(
    given_attempts: list[GoodAttempt],
) -> None:
    children = group_chain(DEMO, "step1", "g001", given_attempts).children
    numbers = [int(re.findall(r"/a(\d+)_", child)[0]) for child in children]
    assert numbers == sorted({attempt.number for attempt in given_attempts}, reverse=True)


@given(st.lists(st.integers(0, 1500)))
def test_a_step_searches_each_group_once_in_order(numbers: list[int]) -> None:
    chain = step_chain(DEMO, "step2", [f"g{number:03}" for number in numbers])
    assert chain.name == "CM-1/step2"
    assert chain.children == tuple(f"CM-1/step2/g{number:03}" for number in sorted(set(numbers)))


def test_a_campaign_searches_its_last_step_first_and_its_inputs_at_the_end() -> None:
    chain = campaign_chain(DEMO, ["step1", "step3"], ["DemoCam/defaults", "refcats", "DemoCam/defaults"])
    assert chain.name == "CM-1"
    assert chain.children == ("CM-1/step3", "CM-1/step1", "DemoCam/defaults", "refcats")


def test_a_campaign_does_not_read_its_own_output() -> None:
    with pytest.raises(UserError, match="CM-1 is also the output"):
        campaign_chain(DEMO, ["step1"], ["CM-1"])


def test_a_step_reads_all_steps_before_it_the_nearest_first() -> None:
    line = campaign({"step3": ("step2",), "step2": ("step1",), "step1": ()})
    assert step_inputs(line, "step1") == ("DemoCam/defaults",)
    assert step_inputs(line, "step3") == ("CM-1/step2", "CM-1/step1", "DemoCam/defaults")


def test_a_step_does_not_read_steps_that_it_does_not_wait_for() -> None:
    diamond = campaign({"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c")})
    assert step_inputs(diamond, "c") == ("CM-1/a", "DemoCam/defaults")
    assert set(step_inputs(diamond, "d")[:2]) == {"CM-1/b", "CM-1/c"}
    assert step_inputs(diamond, "d")[2:] == ("CM-1/a", "DemoCam/defaults")


def test_through_a_checkpoint_a_step_reads_what_came_before_it() -> None:
    line = campaign({"a": (), "look": ("a",), "b": ("look",)})
    look = StepDefinition("look", after=("a",), checkpoint=True)
    line = replace(line, steps=(line.step("a"), look, line.step("b")))
    assert step_inputs(line, "b") == ("CM-1/a", "DemoCam/defaults")


@given(st.integers(1, 8), st.randoms())
def test_inputs_never_name_a_collection_twice(count: int, random: object) -> None:
    steps = {
        f"s{number}": tuple(f"s{other}" for other in range(number) if random.random() < 0.5)  # type: ignore[attr-defined] # Hypothesis gives a random.Random
        for number in range(count)
    }
    last = f"s{count - 1}"
    found = step_inputs(campaign(steps, ("raw", "calib", "raw")), last)
    assert len(set(found)) == len(found)
    assert found[-2:] == ("raw", "calib")
    assert {f"CM-1/{name}" for name in steps[last]} <= set(found)
    assert f"CM-1/{last}" not in found


@pytest.mark.covers("A10", "C6")
def test_a_set_that_is_tagged_is_read_by_the_steps_that_include_it() -> None:
    line = campaign({"step1": (), "step2": ("step1",)})
    data_ids = DataIdSet.of([{"instrument": "DemoCam", "exposure": 1}])
    file = DataIdFile("good.json", "clear sky", data_ids.sha256, 1, "raw", ("DemoCam/raw/all",))
    chosen, name = replace(line, include=file), f"CM-1/inputs/{data_ids.sha256[:8]}"
    assert step_inputs(chosen, "step1") == (name, "DemoCam/defaults")
    assert step_inputs(chosen, "step2") == ("CM-1/step1", "DemoCam/defaults")
    assert original_inputs(chosen) == (name, "DemoCam/defaults")
    assert tag(chosen, chosen.step("step1"), data_ids) == Tag(
        name, "raw", data_ids, ("DemoCam/raw/all",), ("DemoCam/defaults",)
    )
    assert tag(chosen, chosen.step("step2"), data_ids) is None
    assert tag(line, line.step("step1"), data_ids) is None
    # Of which set it would be is not known yet.
    assert original_inputs(replace(line, include=replace(file, sha256=""))) == ("DemoCam/defaults",)


def test_a_wide_deep_campaign_is_walked_once() -> None:
    layers = 60
    steps: dict[str, tuple[str, ...]] = {}
    for layer in range(layers):
        above = tuple(f"l{layer - 1}x{column}" for column in range(4)) if layer else ()
        steps |= {f"l{layer}x{column}": above for column in range(4)}
    assert len(step_inputs(campaign(steps), f"l{layers - 1}x0")) == 4 * (layers - 1) + 1


def test_a_rescue_reads_what_earlier_attempts_made_first() -> None:
    earlier = [GoodAttempt(1, "CM-1/step1/g001/a1_00000000"), GoodAttempt(2, "CM-1/step1/g001/a2_00000001")]
    assert rescue_inputs(earlier, ["DemoCam/defaults"]) == (
        "CM-1/step1/g001/a2_00000001",
        "CM-1/step1/g001/a1_00000000",
        "DemoCam/defaults",
    )


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ({"a": ("b",), "b": ("a",)}, "wait for each other"),
        ({"a": ("z",)}, "a: it is after z, which is no step"),
        ({"Step1": (), "step1": ()}, "step1: names differ in case only"),
        ({"../etc": ()}, "cannot be part of a collection name"),
        ({"a/b": ()}, "cannot be part of a collection name"),
    ],
)
def test_a_campaign_without_possible_names_is_refused(
    steps: dict[str, tuple[str, ...]], problem: str
) -> None:
    with pytest.raises(UserError, match=problem):
        layout(campaign(steps))


@pytest.mark.parametrize(
    "root", ["", "/CM-1", "CM-1/", "CM 1", "CM-1//x", "CM*", "x" * (LONGEST + 1), "ü", "CM-1\n"]
)
def test_a_root_that_the_butler_would_not_take_is_refused(root: str) -> None:
    with pytest.raises(UserError, match="cannot be part of a collection name"):
        Layout(root, ("step1",))


def test_a_name_that_becomes_too_long_is_refused() -> None:
    with pytest.raises(UserError, match="choose a shorter root"):
        Layout("x" * LONGEST, ("step1",)).step("step1")


@pytest.mark.parametrize(
    ("step", "group", "attempt", "nonce"),
    [
        ("step9", "g001", 1, "00000000"),
        ("step1", "001", 1, "00000000"),
        ("step1", "g001", 0, "00000000"),
        ("step1", "g001", 1, "XYZ"),
        ("step1", "g001", 1, "ABCDEF00"),
    ],
)
def test_parts_that_cmbot_never_makes_are_refused(step: str, group: str, attempt: int, nonce: str) -> None:
    with pytest.raises(UserError):
        DEMO.run(step, group, attempt, nonce)
