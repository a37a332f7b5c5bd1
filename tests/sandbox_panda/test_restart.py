"""The server ends, well or badly, and another goes on."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from cmbot.sandbox.panda import serve
from cmbot.sandbox.panda.store import Store
from cmbot.sandbox.panda.store import requests as submissions

if TYPE_CHECKING:
    from collections.abc import Callable

    Build = Callable[..., dict[str, Any]]


def _attempts(server: Any, request_id: int) -> list[dict[str, Any]]:
    tasks = server.json(f"/sandbox/requests/{request_id}")["tasks"]
    return [attempt for task in tasks for job in task["jobs"] for attempt in job["attempts"]]


def _slow(diary: Path, gate: Path) -> str:
    """A job that says its process id and waits, unless it may pass."""
    return f"echo $$ >> {diary}; while ! test -e {gate}; do sleep 0.05; done"


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("badly", [False, True])
def test_jobs_that_ran_when_the_server_ended_are_lost_and_run_again(
    server: Any, workflow: Build, tmp_path: Path, until: Callable[..., Any], badly: bool
) -> None:
    diary, gate = tmp_path / "diary", tmp_path / "gate"
    request_id = server.result(
        "submit", workflow("run", slow={"command": _slow(diary, gate)}, later={"jobs": {"x": ["slow/only"]}})
    )
    until(lambda: diary.exists() and diary.read_text())
    if badly:
        server.process.kill()
        server.process.wait()
        assert _alive(int(diary.read_text()))
    else:
        server.stop()
        assert server.process.returncode == 0
        assert not _alive(int(diary.read_text()))
        assert not (server.state / "address.json").exists()
        with closing(Store(server.state)) as store:
            assert [row["state"] for row in store.rows("SELECT state FROM attempts")] == ["lost"]
    server.start()
    until(lambda: len(diary.read_text().split()) == 2)
    first, second = map(int, diary.read_text().split())
    assert not _alive(first), "two attempts at the same time"
    assert _alive(second)
    gate.touch()
    assert server.ended(request_id) == "Finished"
    assert [attempt["state"] for attempt in _attempts(server, request_id)] == ["lost", "finished", "finished"]


def test_a_request_survives_a_server_that_is_killed_before_it_began(server: Any, workflow: Build) -> None:
    server.order("/sandbox/executor", paused=True)
    request_id = server.result("submit", workflow("kept", isr={}))
    server.process.kill()
    server.process.wait()
    assert [request.name for request in submissions(server.state)] == ["kept"]
    server.start()
    assert server.ended(request_id) == "Finished"


def test_a_cancellation_survives_a_killed_server(
    server: Any, workflow: Build, tmp_path: Path, until: Callable[..., Any]
) -> None:
    diary, gate = tmp_path / "diary", tmp_path / "gate"
    request_id = server.result("submit", workflow("run", slow={"command": _slow(diary, gate)}, finalJob={}))
    until(lambda: diary.exists() and diary.read_text())
    server.process.kill()
    server.process.wait()
    with closing(Store(server.state)) as store:
        assert store.register(request_id, "abort")
    server.start()
    assert server.ended(request_id) == "Cancelled"
    assert not _alive(int(diary.read_text().split()[0]))


def test_a_second_server_on_the_same_state_is_refused(server: Any) -> None:
    with pytest.raises(BlockingIOError, match="another sandbox PanDA uses this directory"):
        serve(server.state, bin_dir=Path(sys.executable).parent)
    assert server.call("ping")[0] is True
    assert json.loads((server.state / "address.json").read_text())["token"] == server.token


def test_a_directory_without_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="python3"):
        serve(tmp_path / "state", bin_dir=tmp_path)
    assert not (tmp_path / "state").exists()


def test_whoever_starts_a_server_is_told_when_it_is_ready(server: Any, until: Callable[..., Any]) -> None:
    until(lambda: f"ready: {server.url}\n" in server.log.read_text())


def test_every_start_has_its_own_token(server: Any) -> None:
    before = server.token
    server.stop()
    server.start()
    assert server.token != before
