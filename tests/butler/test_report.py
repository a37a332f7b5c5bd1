from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.bps import command
from cmbot.butler.report import parse_report
from cmbot.exceptions import RemoteError
from cmbot.models.data_report import DataReport, TaskCount

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# recorded from pipetask report on the sandbox: two visits of step1, one isr quantum made to fail
DATA = Path(__file__).parent / "data"
AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def read(name: str) -> DataReport:
    return parse_report((DATA / f"report_{name}.json").read_text(), AT)


def changed(name: str, **entries: Any) -> str:
    content = json.loads((DATA / f"report_{name}.json").read_text())
    content["tasks"]["isr"] |= entries
    return json.dumps(content)


def test_pipetask_writes_what_is_read_here(
    world: Any, pipetask: Callable[[Sequence[str]], None], tmp_path: Path
) -> None:
    output = tmp_path / "report.json"
    pipetask(command.data_report(world.repo, [world.graph], str(output)))
    report = parse_report(output.read_text(), AT)
    assert [(task.label, task.expected) for task in report.tasks] == [("isr", 4), ("calibrate", 4)]
    assert report.complete


def test_failed_and_blocked_quanta_are_counted_and_named() -> None:
    report = read("failed")
    isr, calibrate = report.tasks
    assert (isr.label, isr.expected, isr.successful, isr.failed) == ("isr", 8, 7, 1)
    assert (calibrate.blocked, calibrate.missing) == (1, 1)
    (quantum,) = report.failed_quanta
    assert dict(quantum.data_id) == {"instrument": "DemoCam", "detector": 1, "exposure": 3}
    assert quantum.run == "u/f/a1_x"
    assert "made to fail because of failWhen" in quantum.message
    assert (report.expected, report.successful, report.failed, report.complete) == (16, 14, 2, False)


@pytest.mark.covers("W6")
def test_attempts_together_are_complete_once_the_rescue_has_succeeded() -> None:
    report = read("rescued")
    assert report.complete
    assert report.failed_quanta == ()
    assert [task.recovered for task in report.tasks] == [1, 1]


@pytest.mark.covers("W6")
def test_quanta_that_left_no_trace_are_not_complete() -> None:
    report = read("not_run")
    assert [task.unknown for task in report.tasks] == [8, 8]
    assert (report.successful, report.complete) == (0, False)


@pytest.mark.covers("G7")
def test_a_tolerance_counts_for_its_own_task_only() -> None:
    report = read("failed")
    assert report.within({"isr": 0.125, "calibrate": 0.125})
    assert not report.within({"isr": 0.125})
    assert not report.within({"isr": 0.1, "calibrate": 0.5})


@given(st.integers(1, 100), st.integers(1, 1000))
def test_a_tolerance_in_percent_means_what_it_says(percent: int, hundreds: int) -> None:
    expected, missing = 100 * hundreds, percent * hundreds

    def report(lost: int) -> DataReport:
        count = TaskCount("isr", expected, expected - lost, lost, blocked=0, unknown=0, wonky=0)
        return DataReport((count,), (), AT)

    assert report(missing).within({"isr": percent / 100})
    assert not report(missing + 1).within({"isr": percent / 100}) or missing == expected


def test_contradicting_outputs_are_never_tolerated() -> None:
    count = TaskCount("isr", expected=10, successful=9, failed=0, blocked=0, unknown=0, wonky=1)
    assert not DataReport((count,), (), AT).within({"isr": 1.0})


def test_further_keys_do_not_matter() -> None:
    assert parse_report(changed("rescued", something_new=[1, 2]), AT) == read("rescued")


@pytest.mark.covers("W6")
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is not JSON"),
        ("[]", "the report has no tasks"),
        ('{"tasks": {}}', "it lists no task"),
        ('{"tasks": {"isr": 3}}', "isr has no n_successful"),
        (
            changed("failed", n_successful=8),
            "isr does not add up: 8 successful, 1 failed.* are 9, but 8 were expected",
        ),
        (changed("failed", n_failed=0, n_unknown=1), "isr does not add up: 0 failed, but 1 are listed"),
        (changed("failed", n_blocked="0"), "isr: n_blocked is str, not int"),
        (changed("failed", n_blocked=-1), "isr: n_blocked is -1"),
        (
            changed("failed", failed_quanta=[{"data_id": {}, "messages": []}]),
            "a failed quantum of isr has no runs",
        ),
        (changed("failed", failed_quanta=[{"data_id": {}, "messages": [], "runs": {}}]), "names no RUN"),
    ],
)
def test_a_report_that_cannot_be_trusted_is_an_error_that_says_so(text: str, problem: str) -> None:
    with pytest.raises(RemoteError, match=f"pipetask report: {problem}|{problem}"):
        parse_report(text, AT)


@pytest.mark.parametrize(
    "key", ["n_expected", "n_unknown", "n_wonky", "failed_quanta", "recovered_quanta", "caveats"]
)
def test_a_missing_count_is_an_error_that_names_it(key: str) -> None:
    content = json.loads((DATA / "report_failed.json").read_text())
    del content["tasks"]["isr"][key]
    with pytest.raises(RemoteError, match=f"isr has no {key}"):
        parse_report(json.dumps(content), AT)
