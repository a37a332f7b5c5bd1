"""Reports of recorded requests, and look-ups by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import CmbotError, CredentialsError, NotFound, Refused, RemoteError
from cmbot.panda.rows import report
from cmbot.panda.service import select
from cmbot.wms.states import TaskState, WorkflowState

if TYPE_CHECKING:
    from pathlib import Path

    from panda.conftest import Stub

REQUESTS = {
    "get_contents_output_ext_nulls": (1, RemoteError),
    "get_requests_detail_after_abort": (24, WorkflowState.CANCELLED),
    "get_requests_detail_before_transforms": (17, WorkflowState.SUBMITTED),
    "get_requests_detail_finished": (2, WorkflowState.ENDED_OK),
    "get_requests_detail_four_tasks_created": (5, WorkflowState.RUNNING),
    "get_requests_detail_subfinished": (1, WorkflowState.ENDED_PARTLY),
    "get_requests_subfinished": (1, WorkflowState.ENDED_PARTLY),
}
"""What every recorded answer of iDDS says of the request that it is about; contents are no request."""
EXCHANGES = {
    "abort_not_owner": Refused,
    "abort_registered": None,
    "abort_unknown_id": NotFound,
    "bad_token_403": CredentialsError,
    "get_requests_bad_id": RemoteError,
    "get_requests_new": None,
    "get_requests_unknown_id": NotFound,
    "id_by_name": None,
    "idds_db_down": RemoteError,
    "idds_down": RemoteError,
    "no_credentials": CredentialsError,
    "not_in_group_403": CredentialsError,
    "ping_ok": RemoteError,
    "plain_json_500": RemoteError,
    "unknown_command": Refused,
    "v1_abort": RemoteError,
    "v1_get_requests_500": RemoteError,
    "v1_ping_ok": RemoteError,
}
"""What every recorded exchange with the relay comes to when cmbot asks that question; cmbot neither pings
nor speaks the second version of the protocol."""
ALONE = {"bad_token_403.http", "idds_down.http", "relay_exchanges.json"}
"""Files of the relay: the exchanges, and two of them once more, as they were on the wire."""
NOT_SPOKEN = {
    "bps": {
        "cancel_already_finished.txt",
        "report_finished.txt",
        "report_running.txt",
        "report_subfinished.txt",
        "report_subfinished_return_exit_codes.txt",
    },
    "client": {
        "get_task_details_json.json",
        "get_tasks_detailed_info_since_first4.json",
        "get_tasks_modified_since_by_reqid.json",
        "panda_client_replies.json",
    },
}
"""What cmbot never reads as an answer: what `bps report` and `bps cancel` print for people, with which
`cmbot report` is compared (``cli_runs.json`` has its tests with submissions), and answers to the server's own
client, which the sandbox is compared with."""


@pytest.fixture
def recorded(samples: Path) -> Any:
    """Rows of a recorded get_requests."""

    def rows(name: str) -> list[dict[str, Any]]:
        answer = json.loads((samples / f"panda/idds/get_requests_{name}.json").read_text())
        payload: list[dict[str, Any]] = answer[1][1]
        return payload

    return rows


def test_a_new_request_has_no_tasks_and_keeps_the_id_that_was_asked_for(recorded: Any) -> None:
    seen = report(17, recorded("detail_before_transforms"))
    assert (seen.request_id, seen.name) == (17, "u_sandbox_tierA_20261120T064200Z")
    assert (seen.raw_status, seen.state, seen.tasks) == ("New", WorkflowState.SUBMITTED, ())
    assert seen.expected is None


def test_tasks_come_in_pipeline_order_and_uncounted_totals_are_unknown(recorded: Any) -> None:
    seen = report(5, recorded("detail_four_tasks_created"))
    assert [(task.order, task.label) for task in seen.tasks] == [
        (1, "pipetaskInit"),
        (2, "isr"),
        (3, "characterizeImage"),
        (4, "calibrate"),
    ]
    assert {task.expected for task in seen.tasks} == {None}
    assert {task.ids for task in seen.tasks} == {()}
    assert (seen.state, seen.final_job, seen.merged) == (WorkflowState.RUNNING, None, False)


def test_subfinished_is_partial_with_its_counts(recorded: Any) -> None:
    seen = report(1, recorded("detail_subfinished"))
    assert seen.state is WorkflowState.ENDED_PARTLY
    assert (seen.done, seen.failed, seen.pruned, seen.expected) == (2, 4, 4, 10)
    isr, characterize = seen.tasks
    assert (isr.label, isr.done, isr.failed, isr.pruned, isr.expected) == ("isr", 1, 4, 0, 5)
    assert (characterize.label, characterize.done, characterize.pruned) == ("characterizeImage", 1, 4)
    assert (isr.ids, isr.state) == ((1,), TaskState.PARTLY)


def test_finished_with_all_jobs_done_is_a_success(recorded: Any) -> None:
    seen = report(2, recorded("detail_finished"))
    assert (seen.state, seen.done, seen.expected) == (WorkflowState.ENDED_OK, 10, 10)


def test_an_abort_that_ended_as_failed_is_a_cancel(recorded: Any) -> None:
    seen = report(24, recorded("detail_after_abort"))
    assert (seen.raw_status, seen.state, seen.cancel_registered) == ("Failed", WorkflowState.CANCELLED, True)
    assert sum(task.pending for task in seen.tasks) == 60


def test_rows_of_another_request_are_refused(recorded: Any) -> None:
    with pytest.raises(RemoteError, match="something else"):
        report(2, recorded("detail_subfinished"))


@pytest.mark.parametrize(
    "change",
    [
        {"status": "Finished"},
        {"status": None},
        {"output_failed_files": "4"},
        {"output_failed_files": -1},
        {"output_total_files": 1.5},
        {"transform_status": {"attributes": {"_name_": "Dreaming"}}},
    ],
)
def test_a_row_that_makes_no_sense_is_an_error(recorded: Any, change: dict[str, Any]) -> None:
    rows = recorded("detail_subfinished")
    with pytest.raises(RemoteError):
        report(1, [rows[0] | change, *rows[1:]])


def test_chunks_of_a_label_are_added_up(recorded: Any) -> None:
    first, second = recorded("detail_finished")[:2]
    name = first["name"]
    rows = [row | {"transform_name": f"{name}_02_isr_0{chunk}"} for chunk, row in ((2, first), (1, second))]
    seen = report(2, rows)
    assert [(task.label, task.done, task.expected) for task in seen.tasks] == [("isr", 10, 10)]
    assert seen.tasks[0].ids == (second["transform_workload_id"], first["transform_workload_id"])


def test_every_recorded_payload_is_read(stub: Stub, samples: Path) -> None:
    def said(file: Path, number: int) -> object:
        stub.body = json.dumps(json.loads(file.read_text())[1])
        try:
            return stub.wms().status(number).state
        except RemoteError as error:
            return type(error)

    files = {file.stem: file for file in (samples / "panda/idds").iterdir()}
    assert set(files) == set(REQUESTS)
    assert {name: (number, said(files[name], number)) for name, (number, _) in REQUESTS.items()} == REQUESTS
    for folder, names in NOT_SPOKEN.items():
        assert {file.name for file in (samples / "panda" / folder).iterdir()} - {"cli_runs.json"} == names


def test_every_recorded_exchange_is_understood(
    stub: Stub, samples: Path, exchanges: dict[str, dict[str, Any]]
) -> None:
    def said(name: str, exchange: dict[str, Any]) -> type[CmbotError] | None:
        stub.status, stub.body = exchange["status"], exchange["body"]
        stub.headers = {"Content-Type": exchange["content_type"]}
        wms = stub.wms()
        try:
            if name.startswith("abort"):
                wms.cancel(2)
            elif name == "id_by_name":
                wms.find("u_")
            else:
                wms.status(3)
        except CmbotError as error:
            return type(error)
        return None

    assert {file.name for file in (samples / "panda/relay").iterdir()} == ALONE
    assert {name: said(name, exchange) for name, exchange in exchanges.items()} == EXCHANGES


def test_status_asks_once_with_detail(stub: Stub, recorded: Any) -> None:
    stub.answer(recorded("detail_subfinished"))
    assert stub.wms().status(1).state is WorkflowState.ENDED_PARTLY
    assert [json.loads(form["kwargs"]) for form in stub.forms] == [{"request_id": 1, "with_detail": True}]
    assert len(stub.purse.spent) == 1


def test_a_recorded_look_up_by_name_finds_the_request(stub: Stub, exchanges: dict[str, Any]) -> None:
    stub.body = exchanges["id_by_name"]["body"]
    assert stub.wms().find("u_sandbox_DM-9999_") == {"u_sandbox_DM-9999_dup_20261120T070000Z": 3}


@pytest.mark.covers("W1")
@given(st.text(max_size=8), st.dictionaries(st.text(max_size=12), st.integers(min_value=1)))
def test_only_names_that_really_begin_with_the_prefix_are_found(prefix: str, found: dict[str, int]) -> None:
    kept = select(prefix, found)
    assert kept == {name: number for name, number in found.items() if name[: len(prefix)] == prefix}


def test_names_that_sql_like_confuses_are_left_out(stub: Stub) -> None:
    stub.answer({"CM-1_step1_g001_a1_aa": 1, "CM-1_step12g001_a1_bb": 2, "cm-1_step1_g001_a1_cc": 3})
    assert stub.wms().find("CM-1_step1_g001_a1_") == {"CM-1_step1_g001_a1_aa": 1}


@pytest.mark.parametrize("number", ["3", None, True, [3]])
def test_a_request_id_that_is_no_number_is_an_error(stub: Stub, number: object) -> None:
    stub.answer({"CM-1_x": number})
    with pytest.raises(RemoteError, match="request id"):
        stub.wms().find("CM-1_")
