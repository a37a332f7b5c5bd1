"""The status tables: every foreign name has one meaning, and an unknown one names itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.exceptions import RemoteError
from cmbot.wms import states
from cmbot.wms.states import JobState, TaskState, WorkflowState

if TYPE_CHECKING:
    from collections.abc import Callable


def test_an_unknown_status_is_an_error_that_names_itself() -> None:
    for translate in (
        states.request_state,
        states.transform_state,
        states.processing_state,
        states.panda_task_state,
        states.panda_job_state,
        states.bps_job_state,
    ):
        with pytest.raises(RemoteError, match="'Sleeping'"):
            translate("Sleeping")


@pytest.mark.parametrize(
    ("module", "vocabulary", "translate"),
    [
        ("idds.common.constants", "RequestStatus", states.request_state),
        ("idds.common.constants", "TransformStatus", states.transform_state),
        ("idds.common.constants", "ProcessingStatus", states.processing_state),
        ("lsst.ctrl.bps.wms_service", "WmsStates", states.bps_job_state),
    ],
)
def test_every_name_of_the_real_software_is_known(
    module: str, vocabulary: str, translate: Callable[[str], object]
) -> None:
    names = [member.name for member in getattr(pytest.importorskip(module), vocabulary)]
    assert len(names) > 10
    for name in names:
        translate(name)


def test_finished_is_partial_for_a_task_and_success_for_a_job() -> None:
    assert states.panda_task_state("finished") is TaskState.PARTLY
    assert states.panda_task_state("done") is TaskState.DONE
    assert states.panda_job_state("finished") is JobState.DONE


def test_subfinished_is_neither_success_nor_failure() -> None:
    assert states.request_state("SubFinished") is WorkflowState.ENDED_PARTLY


def test_names_are_compared_with_case() -> None:
    with pytest.raises(RemoteError):
        states.request_state("finished")


def test_what_is_suspended_has_not_ended() -> None:
    assert not states.request_state("Suspended").ended
    assert states.request_state("Expired").ended
