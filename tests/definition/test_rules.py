"""Rules of a data release production: which steps need tracts, and which must not have any."""

from __future__ import annotations

from dataclasses import replace

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


@pytest.mark.covers("B15")
def test_a_step_that_goes_by_tract_names_tracts_whatever_it_is_called() -> None:
    step = StepDefinition("coadd", "p.yaml#coadd", "visit > 3")
    [problem] = rules.declared(step, ("skymap", "tract"))
    assert str(problem).startswith("Data query: names no tract, and its pipeline goes by tract; constrain")
    assert list(rules.declared(replace(step, query="tract = 3"), ("skymap", "tract"))) == []
    by_tract = replace(step, split=SplitRule("tract", size=1))
    assert list(rules.declared(by_tract, ("skymap", "tract"))) == []


@pytest.mark.covers("B15")
def test_a_step_is_split_by_what_its_pipeline_declares() -> None:
    step = StepDefinition("one", "p.yaml#one", "visit > 3", split=SplitRule("detector", size=1))
    [problem] = rules.declared(step, ("instrument", "visit"))
    assert str(problem).startswith(
        "Split rule: splits by detector, and its pipeline declares instrument, visit"
    )
    by_exposure = replace(step, split=SplitRule("exposure", size=1))
    assert list(rules.declared(by_exposure, ("instrument", "visit"))) == []
    assert list(rules.declared(step, None)) == []
