"""Rules of a data release production: which steps need tracts, and which must not have any."""

from __future__ import annotations

import pytest

from cmbot.definition import rules
from cmbot.models.campaign import SplitRule, StepDefinition


def said(label: str, query: str, split: SplitRule | None = None, exception: str = "") -> list[str]:
    step = StepDefinition("x", f"DRP.yaml#{label}", query, split=split or SplitRule(), exception=exception)
    return [f"{problem.field}: {problem.problem}" for problem in rules.problems(step)]


@pytest.mark.covers("B15")
@pytest.mark.parametrize("label", ["step3", "step5"])
def test_coadds_need_tracts(label: str) -> None:
    assert said(label, "skymap = 'tract'") == [f"Data query: {label} names no tract"]
    assert said(label, "tract IN (1..5)") == []
    assert said(label, "band = 'g'", SplitRule("tract", 1)) == []
    assert said(label, "band = 'g'", exception="all tracts, and there are two") == []


@pytest.mark.covers("B15")
@pytest.mark.parametrize("label", ["step4", "step6"])
def test_whole_visits_are_not_cut_by_tract(label: str) -> None:
    assert said(label, "visit > 5 AND tract = 1") == [f"Data query: {label} is cut by tract"]
    assert said(label, "patch = 1 AND tract = 1") == [f"Data query: {label} is cut by patch and tract"]
    assert said(label, "visit > 5", SplitRule("tract", 1)) == [f"Data query: {label} is cut by tract"]
    assert said(label, "visit > 5", SplitRule("visit", 1000)) == []
    assert said(label, "tract = 1", exception="one tract to see whether it works") == []


@pytest.mark.covers("B15")
@pytest.mark.parametrize("label", ["step1", "step2", "step7", "isr,calibrate", ""])
@pytest.mark.parametrize("query", ["visit > 5", "tract = 1"])
def test_other_steps_take_either(label: str, query: str) -> None:
    assert said(label, query) == []
