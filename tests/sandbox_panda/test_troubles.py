"""Failures on demand: each kind, whom it hits, and what PanDA says about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.sandbox.panda import troubles
from cmbot.sandbox.panda.troubles import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    Build = Callable[..., dict[str, Any]]

LOST = {"component": "jobdispatcher", "code": 100, "diag": "lost heartbeat : 2026-11-20 06:00:00"}


def _add(world: Any, **trouble: Any) -> int:
    with world.store.transaction() as db:
        number = troubles.add(db, Trouble.model_validate(trouble))
    world.executor.wake()
    return number


def _errors(attempt: dict[str, Any]) -> dict[str, int]:
    return {name: code for name, (code, _) in json.loads(attempt["errors"]).items()}


@pytest.mark.parametrize(
    ("effect", "exit_code", "errors"),
    [
        ({"exit_code": 7}, 7, {"executor": 7, "pilot": 1305, "transform": 7}),
        ({"signal": 9}, 137, {"executor": 137, "transform": 137}),
        ({"signal": 15}, 143, {"executor": 143, "pilot": 1201, "transform": 143}),
        ({"signal": 11}, 139, {"executor": 139, "pilot": 1305, "transform": 139}),
        ({"memory": 9999}, 137, {"executor": 137, "pilot": 1235, "transform": 137}),
        ({"errors": [LOST]}, None, {"jobdispatcher": 100}),
    ],
)
def test_each_kind_of_failure_is_told_by_the_components_that_would_tell_it(
    world: Any, workflow: Build, effect: dict[str, Any], exit_code: int | None, errors: dict[str, int]
) -> None:
    _add(world, task="isr", **effect)
    flag = world.state / "payload ran"
    request_id = world.submit(workflow("run", isr={"command": f"touch '{flag}'"}, other={}))
    assert world.ended(request_id) == "SubFinished"
    (attempt,) = world.attempts(request_id, "isr")
    assert (attempt["state"], attempt["exit_code"], _errors(attempt)) == ("failed", exit_code, errors)
    assert not flag.exists()
    assert world.jobs(request_id)["other/only"] == "finished"


def test_a_message_is_in_the_log_and_in_the_words_of_the_pilot(world: Any, workflow: Build) -> None:
    message = "Traceback\nRuntimeError: it's $(broken) `now` %s"
    _add(world, exit_code=1, message=message)
    request_id = world.submit(workflow("run", isr={}))
    world.ended(request_id)
    (attempt,) = world.attempts(request_id, "isr")
    stderr = world.site.directory(request_id, attempt["id"]) / "stderr"
    assert stderr.read_text() == f"{message}\n"
    diag = json.loads(attempt["errors"])["pilot"][1]
    assert diag == "Failed to execute payload:RuntimeError: it's $(broken) `now` %s"


def test_a_job_that_uses_too_much_memory_succeeds_once_it_asks_for_enough(
    world: Any, workflow: Build
) -> None:
    _add(world, memory=3000)
    request_id = world.submit(workflow("run", isr={"memory": 1024, "step": 2048, "attempts": 4}))
    assert world.ended(request_id) == "Finished"
    found = [(a["state"], a["memory"], a["max_rss"] >= 3000) for a in world.attempts(request_id, "isr")]
    assert found == [("failed", 1024, True), ("failed", 2048, True), ("finished", 4096, True)]


def test_only_the_final_merge_fails_and_a_retry_repeats_it_alone(
    world: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    _add(world, task="finalJob", exit_code=1, times=1)
    request_id = world.submit(workflow("run", isr={"jobs": {"a": [], "b": []}}, finalJob={}))
    assert world.ended(request_id) == "SubFinished"
    assert world.jobs(request_id) == {"isr/a": "finished", "isr/b": "finished", "finalJob/only": "failed"}
    world.command(request_id, "retry")
    until(lambda: world.status(request_id) == "Finished")
    assert len(world.attempts(request_id, "isr")) == 2


def test_a_job_is_chosen_by_its_data_id(world: Any, workflow: Build) -> None:
    _add(world, data_id={"visit": 12, "detector": 3}, exit_code=1)
    names = ["isr_HSC_12_3+qgraphNodeId:x", "isr_HSC_12_31+qgraphNodeId:y", "isr_HSC_123_12+qgraphNodeId:z"]
    request_id = world.submit(workflow("run", isr={"jobs": {name: [] for name in names}}))
    assert world.ended(request_id) == "SubFinished"
    states = world.jobs(request_id)
    assert [states[f"isr/{name}"] for name in names] == ["failed", "finished", "finished"]


def test_first_attempts_fail_and_the_next_ones_succeed(world: Any, workflow: Build) -> None:
    _add(world, attempts=1, exit_code=1)
    request_id = world.submit(workflow("run", isr={"jobs": {"a": [], "b": []}, "attempts": 2}))
    assert world.ended(request_id) == "Finished"
    assert sorted(a["state"] for a in world.attempts(request_id, "isr")) == [
        "failed",
        "failed",
        "finished",
        "finished",
    ]


def test_a_stuck_job_begins_when_the_trouble_is_taken_away(
    world: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    number = _add(world, job="b", stuck=True)
    request_id = world.submit(workflow("run", isr={"jobs": {"a": [], "b": [], "c": []}}))
    until(lambda: list(world.jobs(request_id).values()).count("finished") == 2)
    assert world.jobs(request_id)["isr/b"] == "activated"
    with world.store.transaction() as db:
        db.execute("DELETE FROM troubles WHERE id = ?", (number,))
    world.executor.wake()
    assert world.ended(request_id) == "Finished"


def test_a_trouble_without_effect_spares_jobs_from_a_wider_one(world: Any, workflow: Build) -> None:
    _add(world, job="spared")
    _add(world, exit_code=1)
    request_id = world.submit(workflow("run", isr={"jobs": {"spared": [], "hit": []}}))
    assert world.ended(request_id) == "SubFinished"
    assert world.jobs(request_id) == {"isr/spared": "finished", "isr/hit": "failed"}


def test_a_slow_job_can_be_cancelled_before_it_begins(
    world: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    _add(world, delay=10**6)
    request_id = world.submit(workflow("run", isr={}))
    until(lambda: world.jobs(request_id).get("isr/only") == "running")
    world.command(request_id, "abort")
    assert world.ended(request_id) == "Cancelled"


WORDS = st.text("abc_*?[]1", max_size=4)


@given(
    values=st.dictionaries(st.sampled_from(["visit", "band"]), st.integers(0, 30) | st.just("r")), name=WORDS
)
def test_a_data_id_hits_exactly_the_names_that_hold_all_its_values(
    values: dict[str, int | str], name: str
) -> None:
    job = {"run": "run", "label": "isr", "name": "_".join(["isr", *map(str, values.values()), name])}
    assert Trouble(data_id=values).fits(job, "queue", 1)
    assert not Trouble(data_id=values | {"tract": "absent"}).fits(job, "queue", 1)
