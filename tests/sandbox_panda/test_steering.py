"""What an administrator does: reopened requests, forced statuses, the clock, seeds, settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Build = Callable[..., dict[str, Any]]


def _status(server: Any, request_id: int, which: str = "status") -> str:
    (row,) = server.result("get_requests", request_id=request_id)
    return str(row[which]["attributes"]["_name_"])


def test_a_partial_request_goes_on_when_somebody_retries_it_by_hand(
    server: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    server.order("/sandbox/troubles", task="isr", job="bad", exit_code=1)
    request_id = server.result("submit", workflow("run", isr={"jobs": {"good": [], "bad": []}}, finalJob={}))
    assert server.ended(request_id) == "SubFinished"
    failed = server.json("/idds/wfprogress/?json")[0]["failed_files"]
    assert failed == 33
    server.ask("DELETE", "/sandbox/troubles")
    server.order(f"/sandbox/requests/{request_id}/reopen")
    until(lambda: _status(server, request_id) == "Finished")
    (row,) = server.json("/idds/wfprogress/?json")
    assert (row["r_status"], row["failed_files"], row["finished_files"]) == ("Finished", 0, 100)


def test_a_finished_request_can_be_run_once_more_as_a_whole(
    server: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    request_id = server.result("submit", workflow("run", isr={}, finalJob={}))
    assert server.ended(request_id) == "Finished"
    server.order(f"/sandbox/requests/{request_id}/reopen", jobs="failed")
    assert _status(server, request_id) == "Finished", "there is nothing to repeat"
    server.order("/sandbox/executor", paused=True)
    server.order(f"/sandbox/requests/{request_id}/reopen", jobs="all")
    assert _status(server, request_id) == "Transforming"
    server.order("/sandbox/executor", paused=False)
    assert server.ended(request_id) == "Finished"
    jobs = server.json(f"/jobs/?json&reqid={request_id}")["jobs"]
    assert [job["attemptnr"] for job in jobs] == [2, 2, 1, 1]


@pytest.mark.parametrize("status", ["Suspended", "Expired", "ToFinish", "Throttling"])
def test_any_status_can_be_forced_and_nothing_begins_meanwhile(
    server: Any, workflow: Build, until: Callable[..., Any], status: str
) -> None:
    server.order("/sandbox/troubles", stuck=True)
    request_id = server.result("submit", workflow("run", isr={}))
    until(lambda: _status(server, request_id) == "Transforming")
    server.order(f"/sandbox/requests/{request_id}/status", status=status)
    server.ask("DELETE", "/sandbox/troubles")
    assert server.json("/idds/wfprogress/?json")[0]["r_status"] == _status(server, request_id) == status
    server.order(f"/sandbox/requests/{request_id}/status", status="Transforming")
    assert server.ended(request_id) == "Finished"


def test_a_request_that_idds_has_archived_is_found_by_nobody_while_its_jobs_go_on(
    server: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    server.order("/sandbox/troubles", stuck=True)
    request_id = server.result("submit", workflow("run", isr={}, finalJob={}))
    until(lambda: _status(server, request_id) == "Transforming")
    assert server.order(f"/sandbox/requests/{request_id}/archive", archived=True)["archived"]
    assert server.result("get_requests", request_id=request_id) == []
    assert server.result("get_requests", request_id=request_id, with_detail=True) == []
    assert server.result("get_request_id_by_name", name="run*") == {}
    assert server.result("abort", request_id=request_id) == [
        [-1, {"message": "No match requests", "status": -1}]
    ]
    assert "run" not in server.result("get_status", request_id=request_id)
    assert server.json("/idds/wfprogress/?json") == []
    server.ask("DELETE", "/sandbox/troubles")
    until(lambda: [row["status"] for row in server.json(f"/tasks/?json&reqid={request_id}")] == ["done"])
    server.order(f"/sandbox/requests/{request_id}/archive", archived=False)
    assert server.ended(request_id) == "Finished"


@pytest.mark.parametrize(("ends", "task"), [("Failed", "aborted"), ("Cancelled", "aborted")])
def test_an_abort_ends_where_the_settings_say(
    server: Any, workflow: Build, until: Callable[..., Any], ends: str, task: str
) -> None:
    server.order("/sandbox/settings", abort_ends=ends)
    server.order("/sandbox/troubles", stuck=True)
    request_id = server.result("submit", workflow("run", isr={}))
    until(lambda: _status(server, request_id) == "Transforming")
    server.result("abort", request_id=request_id)
    until(lambda: _status(server, request_id) == ends)
    (row,) = server.result("get_requests", request_id=request_id, with_detail=True)
    assert row["transform_status"]["attributes"]["_name_"] == ends
    assert row["substatus"]["attributes"]["_name_"] == "ToCancel"
    (found,) = server.json(f"/tasks/?json&reqid={request_id}")
    assert (found["status"], found["errordialog"]) == (task, "kill by Sandbox")


def test_a_task_can_be_shown_as_broken(shared: Any, workflow: Build) -> None:
    request_id = shared.result("submit", workflow("broken", isr={}))
    shared.ended(request_id)

    def task() -> tuple[str, str | None]:
        (found,) = shared.json(f"/tasks/?json&reqid={request_id}")
        return found["status"], found["errordialog"]

    (number,) = (row["jeditaskid"] for row in shared.json(f"/tasks/?json&reqid={request_id}"))
    shared.order(f"/sandbox/tasks/{number}/status", status="broken", dialog="no queue")
    assert task() == ("broken", "no queue")
    shared.order(f"/sandbox/tasks/{number}/status", status=None)
    assert task() == ("done", None)
    assert shared.ask("POST", f"/sandbox/tasks/{number}/status", json={"status": "odd"}).status_code == 422
    assert shared.ask("POST", "/sandbox/tasks/1/status", json={"status": None}).status_code == 404


def test_a_stuck_task_says_so(server: Any, workflow: Build, until: Callable[..., Any]) -> None:
    number = server.order("/sandbox/troubles", stuck=True)["id"]
    request_id = server.result("submit", workflow("run", isr={}))
    until(lambda: server.json(f"/tasks/?json&reqid={request_id}"))
    (task,) = server.json(f"/tasks/?json&reqid={request_id}")
    assert (task["status"], task["errordialog"]) == (
        "pending",
        f"no candidates: held back by trouble {number}",
    )


def test_a_registered_command_may_be_lost(server: Any, workflow: Build, until: Callable[..., Any]) -> None:
    server.order("/sandbox/settings", commands_lost=1)
    server.order("/sandbox/troubles", stuck=True)
    request_id = server.result("submit", workflow("run", isr={}))
    until(lambda: _status(server, request_id) == "Transforming")
    server.result("abort", request_id=request_id)
    until(lambda: server.json("/sandbox/settings")["commands_lost"] == 0)
    assert (_status(server, request_id), _status(server, request_id, "substatus")) == ("Transforming", "New")
    server.result("abort", request_id=request_id)
    assert server.ended(request_id) == "Cancelled"


def test_an_abort_may_never_be_carried_out(server: Any, workflow: Build, until: Callable[..., Any]) -> None:
    server.order("/sandbox/settings", abort_ends="Transforming")
    server.order("/sandbox/troubles", stuck=True)
    request_id = server.result("submit", workflow("run", isr={}))
    until(lambda: _status(server, request_id) == "Transforming")
    server.result("abort", request_id=request_id)
    until(lambda: _status(server, request_id, "substatus") == "ToCancel")
    server.ask("DELETE", "/sandbox/troubles")
    assert server.ended(request_id) == "Finished"


def test_the_clock_can_be_stopped_set_and_moved_and_is_kept(server: Any, workflow: Build) -> None:
    stood = server.order("/sandbox/clock", now="2027-03-01T12:00:00+01:00", running=False)
    assert stood == {"now": "2027-03-01T11:00:00.000+00:00", "running": False}
    server.process.kill()
    server.process.wait()
    server.start()
    assert server.json("/sandbox/clock") == stood
    server.order("/sandbox/clock", advance=90)
    request_id = server.result("submit", workflow("run", isr={}))
    server.ended(request_id)
    (row,) = server.json("/idds/wfprogress/?json")
    assert row["created_at"] == "2027-03-01 11:01:30"
    (idds,) = server.result("get_requests", request_id=request_id)
    assert idds["created_at"] == "Mon, 01 Mar 2027 11:01:30 UTC"


def test_a_slow_job_waits_for_the_clock_of_the_sandbox(
    server: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    server.order("/sandbox/troubles", delay=7200)
    request_id = server.result("submit", workflow("run", isr={}))
    until(lambda: server.json("/jobs/?json")["jobs"])
    assert server.json("/jobs/?json")["jobs"][0]["jobstatus"] == "running"
    server.order("/sandbox/clock", advance=7201)
    assert server.ended(request_id) == "Finished"
    assert server.json("/jobs/?json")["jobs"][0]["durationsec"] >= 7200


SEED = {
    "settings": {"rate_limit": 7},
    "queues": [{"name": "LOCAL_TEST", "memory": 4000}],
    "troubles": [{"task": "isr", "exit_code": 3}],
    "clock": {"now": "2030-01-01T00:00:00Z"},
}


def test_a_seed_is_sown_once(tmp_path: Path, start: Callable[..., Any]) -> None:
    file = tmp_path / "seed.json"
    file.write_text(json.dumps(SEED))
    server = start(tmp_path / "panda", seed=file)
    assert server.json("/sandbox/settings")["rate_limit"] == 7
    assert server.json("/sandbox/queues")[0]["memory"] == 4000
    assert server.json("/sandbox/troubles")[0]["exit_code"] == 3
    assert server.json("/sandbox/clock")["now"].startswith("2030-01-01T00:0")
    server.ask("DELETE", "/sandbox/troubles")
    server.stop()
    server.start()
    assert server.json("/sandbox/troubles") == []
    server.stop()


def test_what_an_order_does_not_know_is_refused(shared: Any) -> None:
    before = shared.json("/sandbox/settings")
    for path, body in [
        ("/sandbox/settings", {"rate_limits": 1}),
        ("/sandbox/settings", {"rate_limit": -1}),
        ("/sandbox/troubles", {"exit_code": 0}),
        ("/sandbox/troubles", {"errors": [{"component": "nobody", "code": 1}]}),
        ("/sandbox/queues", {"name": ""}),
        ("/sandbox/clock", {"now": "2027-01-01T00:00:00"}),
        ("/sandbox/clock", {"now": "9999-12-31T23:59:59Z"}),
        ("/sandbox/requests/1/status", {"status": "Done"}),
    ]:
        assert shared.ask("POST", path, json=body).status_code == 422, body
    assert shared.json("/sandbox/settings") == before
    for path in ("/sandbox/troubles/9", "/sandbox/queues/none"):
        assert shared.ask("DELETE", path).status_code == 404
    orders = {
        "hide": {"hidden": True},
        "archive": {"archived": True},
        "reopen": {},
        "status": {"status": "New"},
    }
    for verb, body in orders.items():
        assert shared.ask("POST", f"/sandbox/requests/999/{verb}", json=body).status_code == 404
