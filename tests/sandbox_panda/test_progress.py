"""Laws of the jobs' life, without processes: a made-up executor plays every order of events."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmbot.sandbox.panda import jobs, progress
from cmbot.sandbox.panda.store import Store

if TYPE_CHECKING:
    import random
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    Build = Callable[..., dict[str, Any]]

FINAL = "end"


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    """Parents of each job, among those before it."""
    size = draw(st.integers(1, 8))
    return [
        draw(st.lists(st.integers(0, job - 1), unique=True, max_size=3) if job else st.just([]))
        for job in range(size)
    ]


def _states(db: sqlite3.Connection) -> dict[str, str]:
    return {row["name"]: row["state"] for row in db.execute("SELECT name, state FROM jobs")}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("laws")


def _play(store: Store, parents: dict[str, list[str]], chance: random.Random) -> dict[str, int]:
    """Run everything in some order with some failures; how often each job ran."""
    running: dict[str, jobs.Attempt] = {}
    tries: dict[str, int] = {}
    while True:
        with store.transaction() as db:
            progress.settle(db)
            states = _states(db)
            claimed = jobs.claim(db) if not running or chance.random() < 0.5 else None
            if claimed is None and not running:
                return tries
            if claimed is None:
                ended = running.pop(chance.choice(sorted(running)))
                jobs.finish(db, ended, jobs.Outcome(exit_code=chance.choice([0, 0, 0, 1]), max_rss=1.0))
                continue
            (name,) = db.execute("SELECT name FROM jobs WHERE id = ?", (claimed.job_id,)).fetchone()
        assert name not in running, "runs twice at the same time"
        assert all(states[parent] == "finished" for parent in parents.get(name, [])), "ran too early"
        if name == FINAL:
            assert not {states[job] for job in parents} & jobs.OPEN, (
                "the final job ran before the others ended"
            )
        running[name] = claimed
        tries[name] = tries.get(name, 0) + 1


@settings(max_examples=50)
@given(graph=graphs(), attempts=st.integers(1, 2), chance=st.randoms(use_true_random=False))
def test_every_order_of_events_keeps_the_laws(
    directory: Path, workflow: Build, graph: list[list[int]], attempts: int, chance: random.Random
) -> None:
    for old in directory.iterdir():
        old.unlink()
    parents = {f"j{job}": [f"j{parent}" for parent in above] for job, above in enumerate(graph)}
    entries = {job: [f"task/{parent}" for parent in above] for job, above in parents.items()}
    posted = workflow("run", task={"jobs": entries, "attempts": attempts}, finalJob={"jobs": {FINAL: []}})
    with closing(Store(directory)) as store:
        request_id = store.submit(posted)
        with store.transaction() as db:
            progress.expand(db, request_id)
        tries = _play(store, parents, chance)
        with store.transaction() as db:
            states, status = _states(db), db.execute("SELECT status FROM requests").fetchone()["status"]

    assert set(states) == {*parents, FINAL}
    assert max(tries.values()) <= attempts
    for job, above in parents.items():
        pruned = any(states[parent] != "finished" for parent in above)
        assert states[job] in ({"missing"} if pruned else {"finished", "failed"})
        assert (job in tries) is not pruned
    groups = [[states[job] for job in parents], [states[FINAL]]]
    outcomes = {progress.task_status(Counter(group)) for group in groups}
    assert status == (outcomes.pop() if len(outcomes) == 1 else "SubFinished")


@given(
    asked=st.integers(1, 10**5),
    multiplier=st.floats(0, 10),
    offset=st.integers(0, 10**5),
    maximum=st.integers(1, 10**6),
    present=st.integers(1, 10**6),
)
def test_memory_never_shrinks_and_never_passes_the_maximum(
    asked: int, multiplier: float, offset: int, maximum: int, present: int
) -> None:
    task = {
        "memory": present,
        "asked": asked,
        "memory_step": asked * multiplier,
        "memory_offset": offset,
        "memory_max": maximum,
    }
    grown = jobs.grown_memory(task)
    assert present <= grown <= max(present, maximum)
    if 0 < multiplier <= 1:
        assert grown == present


def test_memory_grows_by_the_multiplier_or_by_the_offset() -> None:
    task = {"memory": 2048, "asked": 1024, "memory_step": 2048, "memory_offset": 0, "memory_max": 8192}
    assert jobs.grown_memory(task) == 4096
    assert jobs.grown_memory(task | {"memory_step": 0, "memory_offset": 1024}) == 3072
    assert jobs.grown_memory(task | {"memory_max": 3000}) == 3000
