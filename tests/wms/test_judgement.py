"""A workflow's state follows from its status and its counts together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.wms.judgement import combined, task_state, workflow_state
from cmbot.wms.port import FINAL_JOB, TaskReport, WmsReport
from cmbot.wms.states import TaskState, WorkflowState


def task(done: int = 0, expected: int | None = 10, failed: int = 0, pruned: int = 0) -> TaskReport:
    return TaskReport(1, "isr", TaskState.RUNNING, expected, done=done, failed=failed, pruned=pruned)


def judge(status: str, *tasks: TaskReport, cancel: bool = False) -> WorkflowState:
    return workflow_state(status, tasks, cancel_asked=cancel)


@pytest.mark.covers("W6")
def test_finished_is_a_success_only_when_the_counts_add_up() -> None:
    assert judge("Finished", task(10), task(10)) is WorkflowState.ENDED_OK
    assert judge("Finished", task(10), task(9, failed=1)) is WorkflowState.ENDED_PARTLY
    assert judge("Finished", task(9, pruned=1)) is WorkflowState.ENDED_PARTLY
    assert judge("Finished", task(9)) is WorkflowState.UNKNOWN
    assert judge("Finished", task(9, expected=None)) is WorkflowState.UNKNOWN
    assert judge("Finished") is WorkflowState.UNKNOWN


def test_failed_with_something_done_is_partial() -> None:
    assert judge("Failed", task(1, failed=9)) is WorkflowState.ENDED_PARTLY
    assert judge("Expired", task(0)) is WorkflowState.ENDED_FAILED


def test_a_cancelled_request_that_ends_as_failed_counts_as_cancelled() -> None:
    assert judge("Failed", task(3), cancel=True) is WorkflowState.CANCELLED
    assert judge("Transforming", task(3), cancel=True) is WorkflowState.CANCELLING


def test_a_cancel_that_came_too_late_leaves_a_finished_request_finished() -> None:
    assert judge("Finished", task(10), cancel=True) is WorkflowState.ENDED_OK


def test_a_task_that_lost_jobs_is_not_done() -> None:
    assert task_state(TaskState.DONE, failed=0, pruned=4) is TaskState.PARTLY
    assert task_state(TaskState.DONE, failed=0, pruned=0) is TaskState.DONE


@given(st.lists(st.sampled_from(TaskState), min_size=1))
def test_chunks_have_ended_together_exactly_when_each_has_ended(chunks: list[TaskState]) -> None:
    assert combined(chunks).ended == all(chunk.ended for chunk in chunks)
    assert (combined(chunks) is TaskState.DONE) == (set(chunks) == {TaskState.DONE})


def test_an_unknown_total_stays_unknown() -> None:
    def report(*tasks: TaskReport) -> WmsReport:
        return WmsReport(1, "run", "Transforming", WorkflowState.RUNNING, tasks)

    assert report(task(), task(expected=None)).expected is None
    assert report().expected is None
    assert report(task(), task(expected=5)).expected == 15


@pytest.mark.covers("D13")
def test_outputs_are_merged_only_once_the_final_job_is_done() -> None:
    def report(state: TaskState) -> WmsReport:
        final = TaskReport(9, FINAL_JOB, state, 1)
        return WmsReport(1, "run", "Transforming", WorkflowState.RUNNING, (task(), final))

    assert report(TaskState.DONE).merged
    assert not report(TaskState.FAILED).merged
    assert report(TaskState.FAILED).final_job is TaskState.FAILED
    assert WmsReport(1, "run", "New", WorkflowState.SUBMITTED).final_job is None
