"""The catalogue: what ships is sound, what is wrong is said, and no pattern takes for ever."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import DefinitionError
from cmbot.models.failures import Action, Failure, Flavour, JobError
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


_P, _I, _X = Flavour.PAYLOAD, Flavour.INFRASTRUCTURE, Flavour.CRITICAL
_ACCEPT, _REVIEW, _PAUSE = Action.ACCEPT, Action.REVIEW, Action.PAUSE
_RESCUE, _MORE = Action.RESCUE, Action.RESCUE_WITH_MORE_MEMORY


@pytest.mark.parametrize(
    ("label", "code", "diag", "flavour", "action"),
    [
        # The table of reference/predecessors.md section 4, a line each for what was seen.
        ("characterizeImage", "pilot:1305", "Aperture correction not measurable", _P, _ACCEPT),
        ("characterizeImage", "pilot:1305", "PSFEx image failure", _P, _ACCEPT),
        ("calibrate", "pilot:1305", "ValueError: PSF FWHM is nan", _P, _ACCEPT),
        ("calibrate", "pilot:1305", "cannot convert float NaN to integer", _P, _ACCEPT),
        ("calibrate", "pilot:1305", "RuntimeError: No matches to use for photocal", _P, _ACCEPT),
        ("detection", "pilot:1305", "cannot convert float NaN to integer", _P, _ACCEPT),
        ("subtractImages", "pilot:1305", "Could not compute CoaddPsf kernel image", _P, _ACCEPT),
        ("subtractImages", "pilot:1305", "No kernel candidates", _P, _ACCEPT),
        ("subtractImages", "pilot:1305", "Unable to calculate the PSF-matching kernel", _P, _ACCEPT),
        ("subtractImages", "pilot:1305", "empty sample array", _P, _ACCEPT),
        ("subtractImages", "pilot:1305", "fp and xp are not of the same length.", _P, _ACCEPT),
        ("detectAndMeasureDiaSources", "pilot:1305", "fitting algorithms cannot handle this", _P, _ACCEPT),
        ("catalogMatchTract", "pilot:1305", "Failure from formatter ParquetFormatter", _P, _ACCEPT),
        ("detection", "pilot:1305", "All pixels masked. Cannot estimate background", _P, _REVIEW),
        ("isr", "pilot:1305", "IndexError: too many indices for array", _P, _REVIEW),
        ("fgcmBuildStarsTable", "pilot:1305", "KeyError: (380, 40)", _X, _PAUSE),
        ("mergeExecutionButler", "pilot:1305", "OSError: [Errno 121] Remote I/O error", _X, _PAUSE),
        ("isr", "pilot:1305", "Butler repository path not found", Flavour.CONFIGURATION, _RESCUE),
        ("forcedPhotCcd", "pilot:1098", "too little space left on local disk", _I, _RESCUE),
        ("finalizeCharacterization", "pilot:1344", "[Errno 11] Resource unavailable", _I, _RESCUE),
        ("isr", "transform:1", "Pipelines error: check logging", _P, _REVIEW),
        ("finalizeCharacterization", "transform:134", "", _I, _RESCUE),
        ("isr", "transform:137", "", _I, _MORE),
        ("isr", "transform:139", "", _X, _PAUSE),
        ("isr", "transform:158", "", _X, _PAUSE),
        *(
            ("isr", f"transform:{code}", "", _I, _RESCUE)
            for code in (*range(129, 134), 135, 136, 138, *range(140, 158), 159)
        ),
        ("isr", "taskbuffer:300", "The worker failed while the job was starting", _I, _RESCUE),
        ("isr", "taskbuffer:102", "expired in pending", _I, _RESCUE),
        ("isr", "jobdispatcher:100", "lost heartbeat", _I, _RESCUE),
        ("finalizeCharacterization", "jobdispatcher:102", "no reply from pilot", _I, _RESCUE),
    ],
)
def test_every_row_of_the_predecessors_table_is_decided_by_an_active_rule(
    shipped: Catalogue, label: str, code: str, diag: str, flavour: Flavour, action: Action
) -> None:
    component, _, number = code.partition(":")
    error = JobError(component, int(number), diag)
    exit_code = int(number) if component == "transform" else None
    rule, _ = shipped.best(Failure(label, (error,), exit_code), error)
    assert rule is not None
    assert (rule.flavour, rule.action) == (flavour, action)
    assert rule.tolerance == (0.001 if action is _ACCEPT else 0)


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
