"""Steps as a pipeline proposes them."""

from __future__ import annotations

import pytest

from cmbot.definition import proposing
from cmbot.models.campaign import SplitRule


@pytest.mark.covers("B17")
@pytest.mark.parametrize(
    ("dimensions", "rule"),
    [
        (("instrument", "visit", "detector"), SplitRule("visit", 1000)),
        (("instrument", "exposure"), SplitRule("exposure", 1000)),
        (("skymap", "tract"), SplitRule("tract", 1)),
        (("instrument", "skymap", "tract", "visit"), SplitRule("tract", 1)),
        (("instrument",), SplitRule()),
        ((), SplitRule()),
    ],
)
def test_a_step_is_split_by_tract_or_in_thousands_of_visits(
    dimensions: tuple[str, ...], rule: SplitRule
) -> None:
    assert proposing.split(dimensions) == rule


@pytest.mark.covers("B21")
def test_steps_wait_for_those_whose_tasks_make_what_they_read() -> None:
    tasks = {"one": ["isr"], "two": ["summary"], "three": ["warp", "coadd"]}
    needs = {"one": [], "two": ["isr"], "three": ["isr", "summary"]}
    assert proposing.in_order(needs, tasks) == {"one": (), "two": ("one",), "three": ("one", "two")}


@pytest.mark.covers("A4")
def test_a_label_becomes_a_name_that_runs_and_collections_can_hold() -> None:
    step = proposing.step("DRP.yaml", "step2a-recalibrate_1", "x", (), ("step-1",))
    assert (step.name, step.pipeline, step.after) == (
        "step2arecalibrate1",
        "DRP.yaml#step2a-recalibrate_1",
        ("step1",),
    )
