"""The protocol, compared with what the real relay and the real iDDS answered (recorded)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Build = Callable[..., dict[str, Any]]

REGISTERED = [[0, {"message": "Command registered successfully", "status": 0}]]
NO_MATCH = [[-1, {"message": "No match requests", "status": -1}]]


def _form(shared: Any, fields: dict[str, Any], **headers: str) -> requests.Response:
    usual = {"Authorization": f"Bearer {shared.token}", "Origin": "Rubin"}
    return requests.post(
        f"{shared.relay}/relay_idds_command", data=fields, headers=usual | headers, timeout=30
    )


def test_a_form_and_gzipped_json_are_both_read_and_answered_as_text(shared: Any) -> None:
    for answer in (
        _form(shared, {"command_name": "ping"}),
        shared.post({"command_name": "ping", "manager": True}),
    ):
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/plain"
        assert answer.text == '[true, {"Status": "OK"}]'


def test_the_address_of_an_idds_server_after_the_command_is_left_out(shared: Any) -> None:
    assert shared.call("ping+http://127.0.0.1:25180/idds") == [True, {"Status": "OK"}]


def test_recorded_answers_are_given_word_for_word(shared: Any, samples: Path) -> None:
    exchanges = json.loads((samples / "panda" / "relay" / "relay_exchanges.json").read_text())
    recorded = {
        exchange["name"]: json.loads(exchange["body"]) for exchange in exchanges if exchange["body"][0] == "["
    }
    assert shared.call("ping") == recorded["ping_ok"]
    assert shared.call("get_requests", request_id=4242) == recorded["get_requests_unknown_id"]
    assert shared.call("abort", request_id=4242) == recorded["abort_unknown_id"]
    assert shared.call("nosuch") == recorded["unknown_command"]
    assert (
        _form(shared, {"command_name": "ping"}, Authorization="Bearer").json() == recorded["no_credentials"]
    )
    anonymous = requests.post(f"{shared.relay}/relay_idds_command", data={"command_name": "ping"}, timeout=30)
    assert anonymous.json() == recorded["no_credentials"]
    success, (inner, text) = shared.call("get_requests", request_id="abc")
    assert (success, inner) == (True, recorded["get_requests_bad_id"][1][0])
    assert text.startswith("No object  exception.")
    assert "request(request_id: abc) cannot be found" in text
    assert text.startswith(recorded["get_requests_bad_id"][1][1].partition("\\nLINE")[0])
    assert shared.call("get_requests", request_id=-1) == [True, []]


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({"Authorization": "Bearer wrong"}, "Invalid token"),
        ({"Origin": "Nope"}, "Unknown vo : Nope"),
        ({"Origin": "http://evil.example.org"}, "Unknown vo"),
    ],
)
def test_bad_credentials_are_403_in_words(shared: Any, headers: dict[str, str], text: str) -> None:
    answer = _form(shared, {"command_name": "ping"}, **headers)
    assert answer.status_code == 403
    assert answer.text.startswith("ERROR : Token authentication failed. ")
    assert text in answer.text


@pytest.mark.parametrize("organisation", ["Rubin", "Rubin.production", "Rubin:production"])
def test_known_organisations_are_let_in(shared: Any, organisation: str) -> None:
    assert _form(shared, {"command_name": "ping"}, Origin=organisation).status_code == 200


def test_bodies_that_cannot_be_read_are_500(shared: Any) -> None:
    headers = {
        "Authorization": f"Bearer {shared.token}",
        "Origin": "Rubin",
        "Content-Type": "application/json",
    }
    url = f"{shared.relay}/relay_idds_command"
    plain = requests.post(url, data=b'{"command_name": "ping"}', headers=headers, timeout=30)
    assert (plain.status_code, plain.text) == (500, "Not a gzipped file (b'{\"')")
    for fields in ({}, {"command_name": "ping", "args": "{"}, {"command_name": "ping", "kwargs": "["}):
        assert shared.post(fields).status_code == 500
    assert shared.post({"command_name": "ping", "args": "[" * 10**5}).status_code == 500


def test_arguments_a_command_does_not_have_are_refused(shared: Any) -> None:
    # iDDS's client refuses them, so the relay's own answer is a success.
    text = "ClientManager.ping() got an unexpected keyword argument 'verbose'"
    assert shared.call("ping", verbose=1) == [True, [False, text]]
    assert shared.call("abort", 1, 2, 3)[1][0] is False
    assert shared.call("get_request_id_by_name")[1][0] is False
    assert shared.post({"command_name": "ping", "kwargs": "[1]"}).json()[0] is False


def test_json_outputs_wraps_the_result_once_more(shared: Any) -> None:
    assert shared.post({"command_name": "ping", "json_outputs": True}).json() == [
        True,
        {"data": {"Status": "OK"}, "error": None, "status": 0},
    ]


def test_a_broken_workflow_is_refused_and_not_stored(shared: Any) -> None:
    before = shared.json("/sandbox/requests")
    refused = shared.call("submit", {"class": "Workflow"}, username=None, use_dataset_name=False)
    assert (refused[0], refused[1][0]) == (True, False)
    assert shared.json("/sandbox/requests") == before


def test_two_requests_of_one_name_are_two_and_look_up_shows_the_later(shared: Any, workflow: Build) -> None:
    first, second = (shared.result("submit", workflow("twice_x", isr={})) for _ in range(2))
    assert first < second
    assert shared.result("get_request_id_by_name", name="twice_x") == {"twice_x": second}
    assert shared.result("get_request_id_by_name", name="twice%x") == {"twice_x": second}
    assert shared.result("get_request_id_by_name", name="TWICE_X") == {}
    # In iDDS the name is part of an address.
    assert shared.result("get_request_id_by_name", name="twice%5Fx") == {"twice_x": second}
    for name in ("twice/x", "twice%00x", ""):
        assert shared.result("get_request_id_by_name", name=name)[0] is False


def _names(value: Any) -> Any:
    """Enumerations by name, everything else by type."""
    if isinstance(value, dict) and "attributes" in value:
        return (value["class"], value["module"], sorted(value["attributes"]))
    return type(value).__name__ if value is not None else None


def test_rows_have_the_recorded_fields(shared: Any, workflow: Build, samples: Path) -> None:
    request_id = shared.result("submit", workflow("fields", isr={"jobs": {"a": [], "b": []}}))
    assert shared.ended(request_id) == "Finished"
    folder = samples / "panda" / "idds"
    for detail, sample in ((False, "get_requests_subfinished"), (True, "get_requests_detail_finished")):
        recorded = json.loads((folder / f"{sample}.json").read_text())[1][1][0]
        (row,) = shared.result("get_requests", request_id=str(request_id), with_detail=detail)
        assert set(row) == set(recorded)
        differing = {
            key
            for key in row
            if None not in (row[key], recorded[key]) and _names(row[key]) != _names(recorded[key])
        }
        assert not differing
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d UTC", row["created_at"])
    assert row["transform_workload_id"] != row["transform_id"]
    assert (row["output_total_files"], row["output_processed_files"], row["input_new_files"]) == (2, 2, 0)


def test_before_its_transforms_a_request_is_one_row_of_nulls(
    server: Any, workflow: Build, samples: Path
) -> None:
    server.order("/sandbox/executor", paused=True)
    request_id = server.result("submit", workflow("early", isr={}))
    (row,) = server.result("get_requests", request_id=request_id, with_detail=True)
    path = samples / "panda" / "idds" / "get_requests_detail_before_transforms.json"
    recorded = json.loads(path.read_text())[1][1][0]
    assert {key for key in row if row[key] is None} >= {
        key
        for key in recorded
        if recorded[key] is None and key.startswith(("input_", "output_", "trans", "request"))
    }
    assert set(row) == set(recorded)
    assert row["status"]["attributes"]["_name_"] == "New"


def test_counters_tell_waiting_running_and_pruned_jobs_apart(
    shared: Any, workflow: Build, tmp_path: Path, until: Callable[..., Any]
) -> None:
    gate = tmp_path / "gate"
    wait = f"test ${{IN/L}} = a && exit 1; while ! test -e {gate}; do sleep 0.05; done"
    request_id = shared.result(
        "submit",
        workflow(
            "counters",
            first={"command": wait, "jobs": {"a": [], "b": []}},
            second={"jobs": {"a": ["first/a"], "b": ["first/b"]}},
        ),
    )

    def rows() -> dict[str, Any]:
        found = shared.result("get_requests", request_id=request_id, with_detail=True)
        return {row["transform_name"]: row for row in found if row["transform_name"]}

    until(lambda: rows() and rows()["counters_01_first_01"]["output_failed_files"])
    first, second = rows()["counters_01_first_01"], rows()["counters_02_second_01"]
    gate.touch()
    assert (first["output_processing_files"], first["output_total_files"]) == (1, 2)
    assert (second["input_new_files"], second["output_new_files"], second["output_missing_files"]) == (
        1,
        1,
        1,
    )
    assert second["transform_status"]["attributes"]["_name_"] == "Transforming"
    assert shared.ended(request_id) == "SubFinished"
    assert rows()["counters_02_second_01"]["transform_status"]["attributes"]["_name_"] == "SubFinished"


def test_exit_codes_of_a_failed_task_are_told(shared: Any, workflow: Build) -> None:
    task = {"command": "test ${IN/L} = good || exit 7", "jobs": {"good": [], "bad": []}}
    request_id = shared.result("submit", workflow("codes", isr=task))
    assert shared.ended(request_id) == "SubFinished"
    (row,) = shared.result("get_requests", request_id=request_id, with_detail=True)
    workload = row["transform_workload_id"]
    contents = shared.result("get_contents_output_ext", request_id=request_id, workload_id=workload)
    assert {content["name"]: content["trans_exit_code"] for content in contents[str(workload)]} == {
        "good": 0,
        "bad": 7,
    }
    assert shared.result("get_contents_output_ext", request_id=request_id, workload_id=1) == {}


def test_abort_and_retry_are_registered_and_then_done(
    shared: Any, workflow: Build, tmp_path: Path, until: Callable[..., Any]
) -> None:
    gate = tmp_path / "gate"
    request_id = shared.result(
        "submit", workflow("stopped", isr={"command": f"test -e {gate} || sleep 1000"})
    )

    def show() -> tuple[str, str]:
        (row,) = shared.result("get_requests", request_id=request_id, with_detail=False)
        return row["status"]["attributes"]["_name_"], row["substatus"]["attributes"]["_name_"]

    until(lambda: shared.json(f"/sandbox/requests/{request_id}")["status"] == "Transforming")
    assert shared.result("abort", request_id=request_id) == REGISTERED
    until(lambda: show() == ("Cancelled", "ToCancel"))
    gate.touch()
    assert shared.result("retry", request_id=str(request_id)) == REGISTERED
    until(lambda: show() == ("Finished", "ToResume"))
    assert shared.result("retry", request_id=10**6) == NO_MATCH
    assert shared.result("abort", request_id="all")[1].startswith("Core exception.")
    assert shared.result("abort")[0] == -1


def test_status_is_a_table_for_people(shared: Any, workflow: Build) -> None:
    request_id = shared.result("submit", workflow("printed", isr={}))
    shared.ended(request_id)
    table = shared.result("get_status", request_id=request_id)
    assert re.search(rf"^ +{request_id} +Finished .* printed$", table, re.MULTILINE)
