"""The monitor's answers: every recorded one is read, hostile ones harm nobody."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import CredentialsError, Limited, Refused, RemoteError
from cmbot.models.failures import JobError
from cmbot.panda import monitor_jobs, monitor_rows, monitor_workflows
from cmbot.wms.errors import kinds
from cmbot.wms.states import JobState, TaskState, WorkflowState

if TYPE_CHECKING:
    from pathlib import Path

ONE = "u_sandbox_w_2026_46_DM-1234_20261120T055000Z"
TWO = "u_sandbox_w_2026_46_DM-1234_20261120T060200Z"
ASKED = {1: ONE, 2: TWO}
LABELS = {1: "isr", 2: "characterizeImage", 3: "isr", 4: "characterizeImage"}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@pytest.fixture(scope="session")
def bigmon(samples: Path) -> Path:
    return samples / "panda" / "bigmon"


def data(file: Path) -> Any:
    return monitor_rows.payload(200, "application/json; charset=utf-8", file.read_bytes())


def http(file: Path) -> tuple[int, str, bytes]:
    """Status, content type and body of a recorded answer."""
    head, _, body = file.read_bytes().partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers["content-type"], body


def read(name: str, value: Any) -> Any:
    """Read a payload as what its file's name says it is."""
    if name.startswith("wfprogress"):
        return monitor_workflows.progress(value, ASKED)
    if name.startswith("tasks_"):
        return monitor_workflows.tasks(value, ASKED)
    return monitor_jobs.jobs(value, LABELS)


READ = {
    "jobs_by_taskname_empty.json": 0,
    "jobs_one_task_nodrop.json": 14,
    "jobs_window_three_rows.json": 3,
    "tasks_by_taskname.json": 1,
    "tasks_by_two_reqids.json": 2,
    "wfprogress_bad_status_filter.json": 0,
    "wfprogress_by_requestid.json": 1,
    "wfprogress_by_username.json": 2,
    "wfprogress_lowercased_values.json": 2,
    "wfprogress_nan.json": 2,
    "wfprogress_old_fields.json": 2,
    "wfprogress_two_running.json": 2,
}
"""How many entries each payload holds that belong to the question."""
OTHERS = {
    "bad_parameter_400.json",
    "bad_token_401.http",
    "job_9.json",
    "job_unknown_200.http",
    "joberrordescriptions_empty.json",
    "rate_limited_429.http",
    "task_1.json",
    "tasks_truncated_body.json",
    "taskstatuslog_1.json",
}
"""Payloads with a test of their own below."""
NOT_SPOKEN = {"errors_by_reqid.json", "errors_unfiltered.json"}
"""Payloads of the error summary: cmbot asks for the failed jobs instead, which say more."""


def test_every_recorded_payload_is_read(samples: Path) -> None:
    folders = (samples / "panda" / "bigmon", samples / "panda" / "bigmon_variants")
    files = {file.name: file for folder in folders for file in folder.iterdir()}
    assert set(files) == set(READ) | OTHERS | NOT_SPOKEN
    assert {name: len(read(name, data(files[name]))) for name in READ} == READ


@pytest.mark.parametrize("name", sorted((OTHERS | NOT_SPOKEN) - {"bad_parameter_400.json"}))
def test_payloads_of_other_pages_are_refused_or_empty(name: str, samples: Path) -> None:
    file = next((samples / "panda").glob(f"bigmon*/{name}"))
    status, kind, body = 200, "application/json", file.read_bytes()
    if name.endswith(".http"):
        status, kind, body = http(file)
    for as_what in ("wfprogress", "tasks_", "jobs"):
        with suppress(RemoteError):
            assert not read(as_what, monitor_rows.payload(status, kind, body))


def test_refusals_are_told_apart(bigmon: Path) -> None:
    def refused(
        kind: type[RemoteError], status: int, body: bytes = b"{}", form: str = "application/json"
    ) -> str:
        with pytest.raises(kind) as caught:
            monitor_rows.payload(status, form, body)
        assert type(caught.value) is kind
        return str(caught.value)

    assert "Illegal value" in refused(Refused, 400, (bigmon / "bad_parameter_400.json").read_bytes())
    assert refused(RemoteError, 400, b'{"error": "Rejected due to DB issue"}')
    status, form, body = http(bigmon / "bad_token_401.http")
    assert "Invalid token" in refused(CredentialsError, status, body, form)
    status, form, body = http(bigmon / "rate_limited_429.http")
    assert refused(Limited, status, body, form)
    status, form, body = http(bigmon / "job_unknown_200.http")
    assert "a page" in refused(RemoteError, status, body, form)
    assert "blocks this host" in refused(Refused, 403, b'{"error": "You are blacklisted, access denied"}')
    assert refused(CredentialsError, 302, b"", "text/html")
    assert refused(RemoteError, 500, b"<html>", "text/html")
    assert refused(RemoteError, 200, b"[1, 2", "application/json")
    assert refused(RemoteError, 200, b"[" * 100_000, "application/json")


def test_names_and_statuses_of_old_monitors_are_understood(samples: Path) -> None:
    for name in ("wfprogress_lowercased_values.json", "wfprogress_old_fields.json", "wfprogress_nan.json"):
        found = monitor_workflows.progress(data(samples / "panda" / "bigmon_variants" / name), ASKED)
        assert {each.state for each in found.values()} == {WorkflowState.RUNNING}


def test_a_workflow_of_another_name_is_not_the_one_asked_for(bigmon: Path) -> None:
    listed = data(bigmon / "wfprogress_two_running.json")
    assert list(monitor_workflows.progress(listed, {1: "other", 2: TWO})) == [2]
    assert monitor_workflows.progress(listed, {}) == {}


def test_a_workflow_has_changed_when_its_marks_differ(bigmon: Path) -> None:
    (row,) = data(bigmon / "wfprogress_by_requestid.json")

    def marks(**changes: Any) -> tuple[str, ...]:
        return monitor_workflows.progress([row | changes], ASKED)[1].marks

    assert marks() == marks(site="elsewhere")
    for changes in (
        {"r_status": "SubFinished"},
        {"failed_files": 40.5},
        {"tasks_statuses": {"Finished": 2}},
        {"total_tasks": 3},
    ):
        assert marks(**changes) != marks()


def test_an_unknown_status_is_an_error_that_names_itself(bigmon: Path) -> None:
    (row,) = data(bigmon / "wfprogress_by_requestid.json")
    with pytest.raises(RemoteError, match="'Sleeping'"):
        monitor_workflows.progress([row | {"r_status": "Sleeping"}], ASKED)


@pytest.mark.covers("H6", "F10")
def test_tasks_come_in_pipeline_order_with_what_they_wait_for(bigmon: Path) -> None:
    found = monitor_workflows.tasks(data(bigmon / "tasks_by_two_reqids.json"), ASKED)
    isr, characterize = found[1]
    assert [task.report.label for task in found[1]] == ["isr", "characterizeImage"]
    assert (isr.task_id, isr.report.ids, isr.request_id, isr.site) == (1, (1,), 1, "SLAC_Rubin")
    assert characterize.report.state is TaskState.WAITING
    assert characterize.dialog.startswith("insufficient inputs are ready")
    assert (characterize.report.expected, characterize.report.pending, characterize.memory) == (5, 5, 2048)
    assert not characterize.report.pruned


def test_pruned_inputs_make_a_done_task_partial(bigmon: Path) -> None:
    row = data(bigmon / "tasks_by_taskname.json")[0]
    counts = {"nfiles": 1, "nfilesfinished": 1, "nfilesfailed": 0, "nfilesmissing": 4}
    (task,) = monitor_workflows.tasks([row | {"status": "done", "dsinfo": counts}], ASKED)[1]
    assert (task.report.state, task.report.expected, task.report.pruned) == (TaskState.PARTLY, 5, 4)


def test_one_input_is_counted_once_by_its_last_attempt(bigmon: Path) -> None:
    listed = monitor_jobs.jobs(data(bigmon / "jobs_one_task_nodrop.json"), LABELS)
    assert len(listed) == 14
    last = monitor_jobs.newest(listed)
    assert [(job.job_id, job.state) for job in last] == [
        (6, JobState.WAITING),
        (11, JobState.FAILED),
        (12, JobState.FAILED),
        (13, JobState.FAILED),
        (14, JobState.FAILED),
    ]
    failures = [job.failure for job in last if job.failure]
    assert [[error.name for error in failure.errors] for failure in failures] == [
        ["dataservice:200"],
        ["dataservice:200"],
        ["pilot:1235"],
        ["pilot:1305"],
    ]
    memory = failures[2]
    assert (memory.label, memory.exit_code, memory.site, memory.attempt) == ("isr", 137, "SLAC_Rubin", 3)
    assert (memory.memory, memory.used) == (1843, 1800)
    assert memory.log.endswith("/SLAC_Rubin/PandaJob_13/pilotlog.txt")
    assert [kind.count for kind in kinds(failures)] == [2, 1, 1]


def test_rows_of_other_tasks_are_left_out(bigmon: Path) -> None:
    listed = data(bigmon / "jobs_one_task_nodrop.json")
    assert monitor_jobs.jobs(listed, {2: "characterizeImage"}) == ()
    assert monitor_workflows.tasks(data(bigmon / "tasks_by_two_reqids.json"), {7: ONE}) == {}


def test_a_job_that_says_nothing_still_failed() -> None:
    row = {"jeditaskid": "1", "pandaid": 5.0, "jobname": "x", "jobstatus": "failed"}
    (job,) = monitor_jobs.jobs({"jobs": [row]}, LABELS)
    assert job.failure is not None
    assert job.failure.errors == (JobError("job", 0, "no component says why"),)
    assert (job.job_id, job.failure.log, job.failure.exit_code) == (5, "", None)


@pytest.mark.parametrize(
    ("pilotid", "url"),
    [
        ("https://logs.example.org/a/pilotlog.txt|PR|3.7", "https://logs.example.org/a/pilotlog.txt"),
        ("javascript:alert(1)|PR|3.7", ""),
        ("file:///etc/passwd|PR", ""),
        ("https://user:secret@logs.example.org/x", ""),
        ("https://logs.example.org/a b", ""),
        ("https://logs.example.org/]{color}", ""),
        ("http://[::1", ""),
        ("", ""),
    ],
)
def test_only_plain_web_addresses_are_logs(pilotid: str, url: str) -> None:
    assert monitor_jobs.log_address(pilotid) == url


@given(st.sampled_from(["wfprogress", "tasks_", "jobs"]), st.data())
def test_whatever_stands_in_a_field_only_remote_errors_come_out(kind: str, drawn: st.DataObject) -> None:
    fields = {
        "wfprogress": ("r_status", "tasks_statuses", "finished_files", "total_tasks"),
        "tasks_": ("status", "dsinfo", "nfiles", "errordialog", "ramcount", "jeditaskid"),
        "jobs": ("pandaid", "jobname", "jobstatus", "attemptnr", *monitor_jobs.FIELDS),
    }[kind]
    row = {"request_id": 1, "r_name": ONE, "reqid": 1, "name": 1, "jeditaskid": 1, "taskname": f"{ONE}_1_a_1"}
    row |= {"r_status": "New", "status": "done", "jobstatus": "failed", "pandaid": 1, "jobname": "x"}
    row |= drawn.draw(st.dictionaries(st.sampled_from(fields), anything, max_size=4))
    value = drawn.draw(st.sampled_from([[row], [row, None, 3, {}]]))
    with suppress(RemoteError):
        read(kind, {"jobs": value} if kind == "jobs" else value)


@given(anything)
def test_other_payloads_are_refused_or_empty(value: Any) -> None:
    for kind in ("wfprogress", "tasks_", "jobs"):
        with suppress(RemoteError):
            assert not read(kind, json.loads(json.dumps(value)))
