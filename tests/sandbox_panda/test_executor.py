from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Build = Callable[..., dict[str, Any]]


def test_a_workflow_runs_in_the_order_of_its_dependencies_and_the_final_job_last(
    world: Any, workflow: Build
) -> None:
    diary = world.state / "diary"
    note = f"echo ${{IN/L}} >> {diary}"
    request_id = world.submit(
        workflow(
            "run",
            init={"command": note},
            isr={"command": note, "jobs": {"a": ["init/only"], "b": ["init/only"]}},
            coadd={"command": note, "jobs": {"c": ["isr/a", "isr/b"]}},
            finalJob={"command": note, "jobs": {"end": []}},
        )
    )
    assert world.ended(request_id) == "Finished"
    order = diary.read_text().split()
    assert sorted(order[1:3]) == ["a", "b"]
    assert [order[0], *order[3:]] == ["only", "c", "end"]


def test_a_failed_job_prunes_what_waits_for_it_and_nothing_else(world: Any, workflow: Build) -> None:
    request_id = world.submit(
        workflow(
            "run",
            isr={"command": "test ${IN/L} != bad", "jobs": {"good": [], "bad": []}},
            calibrate={"jobs": {"good": ["isr/good"], "bad": ["isr/bad"]}},
            coadd={"jobs": {"both": ["calibrate/good", "calibrate/bad"]}},
            finalJob={},
        )
    )
    assert world.ended(request_id) == "SubFinished"
    assert world.jobs(request_id) == {
        "isr/good": "finished",
        "isr/bad": "failed",
        "calibrate/good": "finished",
        "calibrate/bad": "missing",
        "coadd/both": "missing",
        "finalJob/only": "finished",
    }


def test_a_job_is_tried_as_often_as_its_task_allows(world: Any, workflow: Build) -> None:
    counter = world.state / "counter"
    third_time = f"echo x >> {counter}; test $(wc -l < {counter}) -ge 3"
    request_id = world.submit(workflow("run", lucky={"command": third_time, "attempts": 3}))
    assert world.ended(request_id) == "Finished"
    assert [a["state"] for a in world.attempts(request_id, "lucky")] == ["failed", "failed", "finished"]
    request_id = world.submit(workflow("run2", unlucky={"command": "exit 3", "attempts": 2}))
    assert world.ended(request_id) == "Failed"
    assert [(a["number"], a["exit_code"]) for a in world.attempts(request_id, "unlucky")] == [(1, 3), (2, 3)]


def test_a_job_over_its_memory_is_killed_and_tried_with_more(world: Any, workflow: Build) -> None:
    hungry = "python3 -c 'import time; block = bytearray(200 * 2**20); time.sleep(1)'"
    request_id = world.submit(
        workflow("run", hungry={"command": hungry, "memory": 80, "step": 320, "attempts": 2})
    )
    assert world.ended(request_id) == "Finished"
    first, second = world.attempts(request_id, "hungry")
    assert (first["state"], first["exit_code"], first["reason"], first["memory"]) == (
        "failed",
        137,
        "memory",
        80,
    )
    assert first["max_rss"] > 80
    assert (second["state"], second["memory"]) == ("finished", 320)
    assert 200 < second["max_rss"] < 320


def test_memory_counts_for_the_whole_process_group(world: Any, workflow: Build) -> None:
    child = "python3 -c 'import time; block = bytearray(100 * 2**20); time.sleep(30)'"
    request_id = world.submit(workflow("run", pair={"command": f"{child} & {child} & wait", "memory": 180}))
    assert world.ended(request_id) == "Failed"
    (attempt,) = world.attempts(request_id, "pair")
    assert (attempt["exit_code"], attempt["reason"]) == (137, "memory")


def test_a_job_sees_an_environment_made_for_it_and_an_empty_directory(
    world: Any, workflow: Build, monkeypatch: Any
) -> None:
    monkeypatch.setenv("JIRA_TOKEN", "secret")
    request_id = world.submit(workflow("run", look={"command": "env; echo files: $(ls -A)"}))
    assert world.ended(request_id) == "Finished"
    (attempt,) = world.attempts(request_id, "look")
    lines = (world.site.directory(request_id, attempt["id"]) / "stdout").read_text().splitlines()
    assert lines[-1] == "files:"
    environment = dict(line.partition("=")[::2] for line in lines[:-1])
    assert "secret" not in environment.values()
    assert environment["PATH"].split(":")[0] == str(world.site.bin_dir)
    assert environment["CTRL_MPEXEC_DIR"] == environment["DAF_BUTLER_DIR"] == str(world.site.bin_dir.parent)
    assert Path(environment["HOME"]).is_relative_to(world.state)


def test_what_a_job_leaves_running_ends_with_it(world: Any, workflow: Build) -> None:
    request_id = world.submit(workflow("run", parent={"command": "sleep 1000 & echo $!"}))
    assert world.ended(request_id) == "Finished"
    (attempt,) = world.attempts(request_id, "parent")
    child = int((world.site.directory(request_id, attempt["id"]) / "stdout").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_job_killed_by_a_signal_has_the_code_of_a_shell(world: Any, workflow: Build) -> None:
    request_id = world.submit(workflow("run", ill={"command": "kill -TERM $$"}))
    assert world.ended(request_id) == "Failed"
    assert [a["exit_code"] for a in world.attempts(request_id, "ill")] == [143]


def test_cancelling_ends_running_jobs_and_starts_no_others(
    world: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    request_id = world.submit(
        workflow(
            "run",
            slow={"command": "sleep 1000", "jobs": {"a": [], "b": [], "c": []}},
            later={"jobs": {"x": ["slow/a"]}},
            finalJob={},
        )
    )
    until(lambda: list(world.jobs(request_id).values()).count("running") == 2)
    world.command(request_id, "abort")
    assert world.ended(request_id) == "Cancelled"
    assert set(world.jobs(request_id).values()) == {"cancelled"}
    assert {a["state"] for a in world.attempts(request_id, "slow")} == {"cancelled"}
    assert not world.attempts(request_id, "finalJob")


def test_a_restart_runs_what_failed_and_was_pruned_and_leaves_the_rest_alone(
    world: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    cure = world.state / "cure"
    ill = f"test ${{IN/L}} = good || test -e {cure}"
    request_id = world.submit(
        workflow(
            "run",
            isr={"command": ill, "jobs": {"good": [], "bad": []}},
            calibrate={"jobs": {"good": ["isr/good"], "bad": ["isr/bad"]}},
            finalJob={"command": f"test -e {cure}"},
        )
    )
    assert world.ended(request_id) == "SubFinished"
    cure.touch()
    world.command(request_id, "retry")
    until(lambda: world.status(request_id) == "Finished")
    assert set(world.jobs(request_id).values()) == {"finished"}
    assert len(world.attempts(request_id, "isr")) == 3
    assert len(world.attempts(request_id, "calibrate")) == 2
    assert [a["state"] for a in world.attempts(request_id, "finalJob")] == ["failed", "finished"]


def test_a_cancelled_request_can_be_restarted(world: Any, workflow: Build, until: Callable[..., Any]) -> None:
    gate = world.state / "gate"
    request_id = world.submit(workflow("run", slow={"command": f"test -e {gate} || sleep 1000"}, finalJob={}))
    until(lambda: "running" in world.jobs(request_id).values())
    world.command(request_id, "abort")
    assert world.ended(request_id) == "Cancelled"
    gate.touch()
    world.command(request_id, "retry")
    until(lambda: world.status(request_id) == "Finished")
    assert [a["state"] for a in world.attempts(request_id, "slow")] == ["cancelled", "finished"]


def test_cancelling_what_has_ended_changes_nothing(
    world: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    request_id = world.submit(workflow("run", quick={}))
    assert world.ended(request_id) == "Finished"
    world.command(request_id, "abort")
    until(lambda: not world.store.rows("SELECT 1 FROM requests WHERE command IS NOT NULL"))
    assert world.status(request_id) == "Finished"


def test_a_paused_executor_accepts_requests_and_runs_nothing(
    world: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    world.executor.pause(paused=True)
    held, cancelled = world.submit(workflow("held", quick={})), world.submit(workflow("cancelled", quick={}))
    world.command(cancelled, "abort")
    assert world.ended(cancelled) == "Cancelled"
    assert world.status(held) == "New"
    assert not world.jobs(held)
    world.executor.pause(paused=False)
    assert world.ended(held) == "Finished"
    world.command(cancelled, "retry")
    until(lambda: world.status(cancelled) == "Finished")


def test_a_job_that_cannot_be_started_says_why(
    world: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    world.executor.pause(paused=True)
    request_id = world.submit(workflow("run", blocked={}))
    (world.state / "jobs").write_text("in the way")
    world.executor.pause(paused=False)
    assert world.ended(request_id) == "Failed"
    (attempt,) = world.attempts(request_id, "blocked")
    assert attempt["exit_code"] == 126
    assert "could not be started" in attempt["reason"]


def test_an_executor_that_cannot_go_on_says_so_instead_of_standing_still(
    world: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    world.executor.pause(paused=True)
    request_id = world.submit(workflow("run", isr={}))
    with world.store.transaction() as db:
        db.execute("UPDATE requests SET body = 'damaged' WHERE id = ?", (request_id,))
    world.executor.pause(paused=False)
    until(world.gave_up.is_set)
    with pytest.raises(RuntimeError, match="failed"):
        world.executor.stop()
