"""The catalogue: what ships is sound, what is wrong is said, and no pattern takes for ever."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import DefinitionError
from cmbot.models.failures import Failure, JobError
from cmbot.resources import resource
from cmbot.wms.catalogue import Catalogue, parse, pattern_problem


def rule(**more: Any) -> dict[str, Any]:
    return {"name": "one", "codes": ["pilot:1305"], "flavour": "payload", "action": "review"} | more


def problems(*rules: dict[str, Any]) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        parse({"rules": list(rules)}, "errors.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return parse(yaml.safe_load(resource("config/errors.yaml").read_text()), "errors.yaml")


def decided(catalogue: Catalogue, label: str, code: str, diag: str = "", exit_code: int | None = None) -> Any:
    component, _, number = code.partition(":")
    error = JobError(component, int(number), diag)
    active, passive = catalogue.best(Failure(label, (error,), exit_code), error)
    return active and active.name, passive and passive.name


def test_the_shipped_catalogue_knows_what_the_predecessors_knew(shipped: Catalogue) -> None:
    no_psf = "Failed to execute payload:MeasurementError: Aperture correction not measurable"
    assert decided(shipped, "characterizeImage", "pilot:1305", no_psf)[0] == "psf-not-measurable"
    assert decided(shipped, "isr", "pilot:1305", no_psf)[0] == "payload-failed"
    assert decided(shipped, "isr", "pilot:1235", "over", 137) == ("killed", None)
    assert decided(shipped, "isr", "pilot:1212", "out") == (None, "out-of-memory")
    assert decided(shipped, "isr", "transform:139", "", 139)[0] == "segmentation-fault"
    assert decided(shipped, "isr", "transform:143", "", 143)[0] == "other-signal"
    assert decided(shipped, "isr", "jobdispatcher:100", "lost heartbeat")[0] == "lost-heartbeat"
    assert decided(shipped, "isr", "pilot:4711", "never seen") == (None, None)


def test_a_passive_rule_does_not_hide_the_active_one_behind_it(shipped: Catalogue) -> None:
    said = "psycopg2.OperationalError: server closed the connection unexpectedly"
    assert decided(shipped, "isr", "pilot:1305", said) == ("payload-failed", "database-connection-lost")


def test_what_is_wrong_is_named_by_rule() -> None:
    assert problems(rule(action="explode"))[0].startswith("one action: ")
    assert "is no component" in problems(rule(codes=["pilot 1305"]))[0]
    assert "would meet every failure" in problems(rule(codes=[]))[0]
    assert "accept needs a tolerance" in problems(rule(action="accept"))[0]
    assert "accept needs a tolerance" in problems(rule(tolerance=0.5))[0]
    assert "needs a person" in problems(rule(flavour="critical", action="rescue"))[0]
    assert "two rules" in problems(rule(), rule(tasks=["isr"]))[0]
    assert "asks for the same as one" in problems(rule(), rule(name="two"))[0]
    assert "colour" in problems(rule(colour="red"))[0]
    assert problems(rule(), rule(name="two", message="("))[0].startswith("two message: ")


@pytest.mark.parametrize("data", [None, [], "rules", {"rules": None}, {"rules": [3]}, {"rulez": []}])
def test_other_files_are_refused(data: object) -> None:
    with pytest.raises(DefinitionError):
        parse(data, "errors.yaml")


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b",
        "(a|a)*b",
        "(?:a*){9}",
        "a*a*a*b",
        "a?a?a?a?a?a?aaaaaa",
        "(a|aa)(a|aa)(a|aa)(a|aa)(a|aa)b",
        r"(a*)\1",
        "(?=a)",
        "(?P<x>a)",
        "(",
        "x" * 200 + "[",
    ],
)
def test_patterns_that_could_take_for_ever_are_refused(pattern: str) -> None:
    assert pattern_problem(pattern)


@pytest.mark.parametrize(
    "pattern", ["fwhm.*nan|no matches", r"\(380, 40\)", "[*+?()|]x", "a{2}b", "(?:a|b)c"]
)
def test_ordinary_patterns_are_accepted(pattern: str) -> None:
    assert pattern_problem(pattern) == ""


@given(st.text("ab(|)*+?{}0123,[]\\.:", max_size=25), st.text("ab0", max_size=400))
def test_an_accepted_pattern_always_answers(pattern: str, said: str) -> None:
    if pattern and not pattern_problem(pattern):
        error = JobError("pilot", 1305, said)
        catalogue = parse({"rules": [rule(message=pattern)]}, "errors.yaml")
        assert catalogue.best(Failure("isr", (error,)), error)[0] is None
