"""Queues: limits, outages, and what the monitor says of tasks that wait for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from cmbot.sandbox.panda import queues
from cmbot.sandbox.panda.queues import Queue, choose

if TYPE_CHECKING:
    from collections.abc import Callable

    Build = Callable[..., dict[str, Any]]


def _put(world: Any, **queue: Any) -> None:
    with world.store.transaction() as db:
        queues.put(db, Queue(**queue))
    world.executor.wake()


def test_no_more_jobs_run_in_a_queue_than_it_takes(world: Any, workflow: Build) -> None:
    _put(world, name="LOCAL_TEST", jobs=1)
    diary = world.state / "diary"
    command = f"echo + >> {diary}; sleep 0.1; echo - >> {diary}"
    request_id = world.submit(workflow("run", isr={"command": command, "jobs": {job: [] for job in "abcd"}}))
    assert world.ended(request_id) == "Finished"
    assert diary.read_text().split() == ["+", "-"] * 4
    assert {attempt["queue"] for attempt in world.attempts(request_id, "isr")} == {"LOCAL_TEST"}


def test_an_outage_holds_jobs_back_and_ends(server: Any, workflow: Build, until: Callable[..., Any]) -> None:
    server.order("/sandbox/queues", name="LOCAL_TEST", status="offline")
    request_id = server.result("submit", workflow("run", isr={}))

    def task() -> Any:
        found = server.json(f"/tasks/?json&reqid={request_id}")
        return found and found[0]

    until(task)
    assert task()["status"] == "pending"
    assert task()["errordialog"] == "no candidates: LOCAL_TEST is offline"
    table = server.json("/cache/schedconfig/pandaqueues.json")
    assert table["LOCAL_TEST"]["status"] == "offline"
    server.order("/sandbox/queues", name="LOCAL_TEST", memory=4000, cores=2, jobs=3)
    assert server.ended(request_id) == "Finished"
    table = server.json("/cache/schedconfig/pandaqueues.json")
    assert (table["LOCAL_TEST"]["maxrss"], table["LOCAL_TEST"]["corecount"]) == (4000, 2)
    assert task()["site"] == "LOCAL_TEST"


def test_jobs_that_fit_nowhere_wait_and_say_why(world: Any, workflow: Build, until: Any) -> None:
    _put(world, name="LOCAL_TEST", memory=100)
    request_id = world.submit(workflow("run", isr={"memory": 512}))
    until(lambda: world.jobs(request_id).get("isr/only") == "activated")
    with world.store.transaction() as db:
        table = queues.load(db)
    assert (
        choose(table, "LOCAL_TEST", "", 512, 1).problem
        == "no candidates: LOCAL_TEST has 100 MB, 512 MB asked"
    )
    assert choose(table, "ELSEWHERE", "", 1, 1).problem == "no candidates: queue ELSEWHERE is not known"
    _put(world, name="LOCAL_TEST", memory=512)
    assert world.ended(request_id) == "Finished"


TABLE = st.lists(
    st.builds(
        Queue,
        name=st.sampled_from("ABCDE"),
        site=st.sampled_from(["S", "T"]),
        status=st.sampled_from(["online", "offline", "brokeroff", "test"]),
        memory=st.none() | st.integers(1, 100),
        cores=st.none() | st.integers(1, 4),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda queue: queue.name,
)


@given(
    found=TABLE, named=st.sampled_from(["", "A", "Z"]), memory=st.integers(1, 120), cores=st.integers(1, 5)
)
def test_a_chosen_queue_is_online_large_enough_and_the_smallest_of_its_kind(
    found: list[Queue], named: str, memory: int, cores: int
) -> None:
    table = {queue.name: queue for queue in found}
    choice = choose(table, named, "S", memory, cores)
    assert (choice.queue is None) is bool(choice.problem)
    fitting = [
        queue
        for queue in found
        if queue.status == "online"
        and (queue.memory or memory) >= memory
        and (queue.cores or cores) >= cores
        and (queue.name == named if named else queue.site == "S")
    ]
    assert bool(fitting) is (choice.queue is not None)
    if choice.queue is not None:
        assert choice.queue in fitting
        sizes = [queue.memory for queue in fitting if queue.memory is not None]
        assert choice.queue.memory == (min(sizes) if sizes else None)
