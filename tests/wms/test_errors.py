"""One failed job, one reason: repetitions are dropped as the monitor drops them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.models.data_report import FailedQuantum
from cmbot.models.failures import Failure, JobError, share
from cmbot.wms.errors import COMPONENTS, LONGEST_DIAG, distinct, kinds, located, reason, shape

errors = st.builds(
    JobError,
    st.sampled_from(COMPONENTS),
    st.sampled_from([0, 1, 100, 137, 200, 300, 1235, 1305, 8970]),
    st.text(max_size=40) | st.sampled_from(["lost heartbeat : 2026", "failed at node 3", "a\nb", "x" * 5000]),
)


def names(*found: JobError) -> list[str]:
    return [error.name for error in distinct(found)]


def test_what_killed_the_payload_stands_alone() -> None:
    killed = (JobError("executor", 137), JobError("pilot", 1235, "too much"), JobError("transform", 137))
    assert names(*killed) == ["pilot:1235"]
    assert names(JobError("executor", 1), JobError("transform", 1)) == ["executor:1", "transform:1"]


def test_what_only_repeats_is_dropped_and_kept_where_it_is_all_there_is() -> None:
    assert names(JobError("taskbuffer", 300), JobError("jobdispatcher", 100)) == ["jobdispatcher:100"]
    assert names(JobError("taskbuffer", 300), JobError("supervisor", 8970)) == ["supervisor:8970"]
    assert names(JobError("supervisor", 8970), JobError("pilot", 1098)) == ["pilot:1098"]
    assert names(JobError("dataservice", 200)) == ["dataservice:200"]


def test_a_job_that_says_nothing_is_counted_too() -> None:
    assert names() == ["job:0"]
    assert names(JobError("pilot", 0, "fine")) == ["job:0"]


def test_messages_lose_their_place_their_lines_and_their_secrets() -> None:
    def said(diag: str) -> str:
        return distinct([JobError("pilot", 1, diag)])[0].diag

    assert said("lost heartbeat : 2026-11-20") == "lost heartbeat"
    assert said("broke\nhere at wn001.example.org") == "broke here"
    assert "hunter2" not in said("Bearer hunter2hunter2")


@given(st.lists(errors, max_size=8))
def test_dropping_repetitions_twice_drops_no_more(found: list[JobError]) -> None:
    once = distinct(found)
    assert once
    assert distinct(once) == once or once[0].component == "job"
    assert {error.name for error in once} <= {error.name for error in found} | {"job:0"}
    assert all(len(error.diag) <= LONGEST_DIAG for error in once)


@given(st.lists(st.tuples(st.sampled_from(["isr", "calibrate"]), st.text(max_size=12)), max_size=300))
def test_every_failure_is_in_one_kind(said: list[tuple[str, str]]) -> None:
    failures = [Failure(label, (JobError("pilot", 1, diag),)) for label, diag in said]
    found = kinds(failures)
    assert sum(kind.count for kind in found) == len(failures)
    for label in ("isr", "calibrate"):
        total = sum(kind.count for kind in found if kind.example.label == label)
        assert total == sum(failure.label == label for failure in failures)


def test_a_flood_of_different_messages_stays_small() -> None:
    failures = [Failure("isr", (JobError("pilot", n + 1, "x"),)) for n in range(5000)]
    found = kinds(failures)
    assert len(found) <= 201
    assert (found[0].count, found[0].example.errors[0].name) == (4800, "job:0")


def test_the_reason_of_a_quantum_is_its_exception() -> None:
    said = "Execution of task 'isr' on quantum {band: 'g', exposure: 1} failed. Exception KeyError: 'x'"
    assert reason(f"first\n{said}\n\n") == "KeyError: 'x'"
    assert reason("ValueError: no") == "ValueError: no"
    assert reason(" \n") == ""


quanta = st.builds(
    FailedQuantum,
    st.sampled_from(["isr", "calibrate"]),
    st.fixed_dictionaries({"visit": st.integers(0, 9)}),
    st.sampled_from(["", "KeyError: 'x'", "ValueError: nan", "One"]),
    st.just("run"),
)
payloads = st.builds(
    Failure,
    st.sampled_from(["isr", "calibrate"]),
    st.sampled_from(["pilot:1305", "transform:1", "pilot:1098"]).flatmap(
        lambda name: st.sampled_from(["", "failed: KeyError: 'x'", "One or more tasks failed"]).map(
            lambda diag: (JobError(name.split(":")[0], int(name.split(":")[1]), diag),)
        )
    ),
    job=st.integers(1, 99),
)


@given(st.lists(payloads, max_size=8), st.lists(quanta, max_size=8))
def test_what_quanta_said_changes_no_count(failed: list[Failure], said: list[FailedQuantum]) -> None:
    def counts(found: Any) -> Any:
        total: dict[tuple[str, str], int] = {}
        for kind in found:
            key = (kind.example.label, kind.example.errors[0].component)
            total[key] = total.get(key, 0) + kind.count
        return total

    found = kinds(failed)
    assert sum(counts(located(found, said)).values()) == len(failed)
    by_label = {key[0]: value for key, value in counts(found).items()}
    assert set(by_label) == {kind.example.label for kind in located(found, said)}
    assert located(found, []) == found


def test_messages_that_differ_in_numbers_have_one_shape() -> None:
    assert shape("4112384 kB > 4096000 kB") == shape("5 kB > 40 kB") == "# kB > # kB"


@pytest.mark.covers("V9")
@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_share_is_100_only_for_everything_and_0_only_for_nothing(part: int, whole: int) -> None:
    part = min(part, whole)
    text = share(part, whole)
    assert (text == "100 %") == (part == whole)
    assert (text == "0 %") == (part == 0)


def test_shares_are_rounded_down() -> None:
    assert [share(part, 1000) for part in (999, 1, 500)] == ["99.9 %", "0.1 %", "50.0 %"]
    assert [share(9999, 10000), share(1, 10000), share(3, 0)] == ["99.9 %", "< 0.1 %", ""]
