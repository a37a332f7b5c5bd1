"""What bps report prints, in the form its documentation shows and its own code writes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.bps.report import parse_report
from cmbot.exceptions import NotFound, RemoteError
from cmbot.wms.states import TaskState, WorkflowState

if TYPE_CHECKING:
    from cmbot.wms.port import WmsReport

RUN = "CM-2_step1_g001_a1_0a1b2c3d"

RUNNING = f"""\
 X   STATE   %S    ID    OPERATOR PROJECT CAMPAIGN PAYLOAD              RUN
--- ------- --- -------- -------- ------- -------- ------- ---------------------------
  F RUNNING  50 277450.0     anna      CM     CM-1   step1 {RUN}


Path: /submit/{RUN}
Global job id: sdfiana012#277450.0#1700000000


             UNKNOWN MISFIT UNREADY READY PENDING RUNNING DELETED HELD SUCCEEDED FAILED PRUNED EXPECTED
------------ ------- ------ ------- ----- ------- ------- ------- ---- --------- ------ ------ --------
TOTAL              0      0       2     0       1       1       0    0         4      1      1       10
------------ ------- ------ ------- ----- ------- ------- ------- ---- --------- ------ ------ --------
pipetaskInit       0      0       0     0       0       0       0    0         1      0      0        1
isr                0      0       0     0       1       1       0    0         2      0      0        4
calibrate          0      0       1     0       0       0       0    0         1      1      1        4
finalJob           0      0       1     0       0       0       0    0         0      0      0        1
"""


def test_the_documented_output_becomes_a_report() -> None:
    report = parse_report(RUNNING, "run")
    assert (report.request_id, report.name, report.raw_status) == (277450, RUN, "RUNNING")
    assert report.state is WorkflowState.RUNNING
    assert [(task.label, task.state, task.expected) for task in report.tasks] == [
        ("pipetaskInit", TaskState.DONE, 1),
        ("isr", TaskState.RUNNING, 4),
        ("calibrate", TaskState.RUNNING, 4),
        ("finalJob", TaskState.WAITING, 1),
    ]
    assert (report.expected, report.done, report.failed, report.pruned, report.running) == (10, 4, 1, 1, 1)
    assert not report.merged


def test_a_run_that_bps_does_not_find_is_not_there() -> None:
    with pytest.raises(NotFound):
        parse_report("No records found for job id '12.0'. Hints: Double check id, ...\n", "run")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Traceback (most recent call last):\n",
        RUNNING.replace("RUNNING  50", "WALKING  50"),
        RUNNING.replace("277450.0     anna", "MISS         anna"),
        RUNNING.replace("isr                0", "isr              nan"),
        RUNNING + RUNNING,
    ],
)
def test_what_is_no_report_is_an_error_and_no_guess(text: str) -> None:
    with pytest.raises(RemoteError):
        parse_report(text, "run")


# ------------------------------------------------------------------------- written by BPS itself


def printed(state: str, **by_label: dict[str, int]) -> str:
    """Have ctrl_bps print a report with jobs by label and state."""
    bps = pytest.importorskip("lsst.ctrl.bps", reason="needs lsst-ctrl-bps")
    display = pytest.importorskip("lsst.ctrl.bps.report").display_report
    states: Any = bps.WmsStates
    summary = {
        label: {each: counts.get(each.name, 0) for each in states} for label, counts in by_label.items()
    }
    total = {each: sum(counts[each] for counts in summary.values()) for each in states}
    run = bps.WmsRunReport(
        wms_id="17.0",
        global_wms_id="here#17.0#1",
        path=f"/submit/{RUN}",
        label="label",
        run=RUN,
        project="",
        campaign="CM-1",
        payload="step1_g001",
        operator="anna",
        run_summary=";".join(f"{label}:{sum(counts.values())}" for label, counts in by_label.items()),
        state=states[state],
        jobs=[],
        total_number_jobs=sum(total.values()),
        job_state_counts=total,
        job_summary=summary,
        exit_code_summary={},
    )
    out = io.StringIO()
    display([run], ["WARNING: something"], is_detailed=True, file=out)
    return out.getvalue()


def of(state: str, **by_label: dict[str, int]) -> WmsReport:
    return parse_report(printed(state, **by_label), "run")


@pytest.mark.covers("D17")
def test_a_run_that_succeeded_wholly_is_merged() -> None:
    report = of("SUCCEEDED", isr={"SUCCEEDED": 20}, finalJob={"SUCCEEDED": 1})
    assert (report.name, report.request_id, report.state) == (RUN, 17, WorkflowState.ENDED_OK)
    assert report.merged


@pytest.mark.covers("D17")
def test_a_success_with_failed_jobs_is_none() -> None:
    report = of("SUCCEEDED", isr={"SUCCEEDED": 19, "FAILED": 1}, finalJob={"SUCCEEDED": 1})
    assert report.state is WorkflowState.ENDED_PARTLY
    assert report.tasks[0].state is TaskState.PARTLY


def test_a_failure_that_made_something_is_partly_one() -> None:
    report = of("FAILED", isr={"SUCCEEDED": 3, "FAILED": 1}, calibrate={"PRUNED": 4}, finalJob={"FAILED": 1})
    assert report.state is WorkflowState.ENDED_PARTLY
    assert (report.failed, report.pruned) == (2, 4)
    assert of("FAILED", isr={"FAILED": 1}, finalJob={"PRUNED": 1}).state is WorkflowState.ENDED_FAILED


def test_a_merge_that_failed_alone_is_told_apart() -> None:
    report = of("FAILED", isr={"SUCCEEDED": 4}, finalJob={"FAILED": 1})
    assert report.merge_failed


def test_what_was_removed_from_the_queue_is_cancelled() -> None:
    report = of("DELETED", isr={"SUCCEEDED": 1, "DELETED": 3}, finalJob={"DELETED": 1})
    assert report.state is WorkflowState.CANCELLED
    assert report.tasks[1].state is TaskState.CANCELLED


@pytest.mark.parametrize(
    ("state", "ours"),
    [
        ("UNREADY", WorkflowState.SUBMITTED),
        ("PENDING", WorkflowState.SUBMITTED),
        ("HELD", WorkflowState.HELD),
        ("MISFIT", WorkflowState.UNKNOWN),
        ("UNKNOWN", WorkflowState.UNKNOWN),
    ],
)
def test_every_state_of_a_run_is_translated(state: str, ours: WorkflowState) -> None:
    assert of(state, isr={"HELD": 1}, finalJob={"UNREADY": 1}).state is ours
