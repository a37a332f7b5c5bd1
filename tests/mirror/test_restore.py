"""A lost mirror comes back from what the issues remember, and nothing else gets in that way."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmbot.handlers.causes import acts
from cmbot.mirror import Mirror, contradictions, journal, orders, restore
from cmbot.models.attempts import (
    AS_DEFINED,
    AttemptState,
    Changes,
    OrderState,
    Recorded,
    TryState,
    Verb,
)
from cmbot.models.issues import Person
from cmbot.models.systems import System

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cmbot.models.attempts import Attempt

ENTRY: dict[str, Any] = {
    "group": "g001",
    "number": 1,
    "state": "running",
    "cause": "move:1:1",
    "by": "anna",
    "at": "2026-11-20T08:01:00+00:00",
    "what": "moved CM-1 to Launch",
    "nonce": "0a1b2c3d",
    "name": "CM-2_step1_g001_a1_0a1b2c3d",
    "request": 4711,
}


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Mirror]:
    with closing(Mirror(tmp_path / "new.sqlite")) as mirror:
        yield mirror


def known(attempt: Attempt) -> tuple[object, ...]:
    """What must not be lost of an attempt; how far a live one was is found again by looking."""
    item = attempt.last_try
    submission = (item.name, item.state, item.request_id) if item else None
    state = "live" if attempt.state.live else attempt.state
    return attempt.number, state, attempt.cause, submission


def bring_back(mirror: Mirror, doing: Any, *entries: Any) -> int:
    return restore.from_properties(mirror, "2", entries, "tries", doing.at(60))


@pytest.mark.covers("W1", "W8")
def test_a_lost_mirror_knows_its_attempts_and_submissions_again(
    mirror: Mirror, empty: Mirror, doing: Any
) -> None:
    for number, state in enumerate((AttemptState.FAILED, AttemptState.UNKNOWN), start=1):
        attempt = doing.attempt(number=number, history=number)
        item = doing.submission(attempt, f"0000000{number}", number)
        with mirror.writing() as connection:
            journal.set_attempt(connection, attempt, state=state)
            if number == 1:
                journal.set_try(connection, item, state=TryState.SUBMITTED, request_id=4711)
    doing.attempt(group="g002")

    before = journal.attempts(mirror, "2")
    attempts = [item for found in before.values() for item in found]
    properties = restore.to_properties(attempts, "cmbot.attempts")
    entries = [entry for body in json.loads(json.dumps(properties)).values() for entry in body["attempts"]]
    assert bring_back(empty, doing, *entries) == 3
    assert bring_back(empty, doing, *entries) == 0

    after = journal.attempts(empty, "2")
    for name in before:
        assert [known(item) for item in after[name]] == [known(item) for item in before[name]]
    unknown = after["g001"][1].last_try
    assert unknown is not None
    # It may have run on another disk: a missing directory proves nothing.
    assert (unknown.host, unknown.directory) == ("", f"tries/{unknown.name}")
    assert after["g001"][0].last_try.request_id == 4711  # type: ignore[union-attr]  # written above


def test_many_attempts_are_spread_over_properties_that_jira_can_hold(mirror: Mirror, doing: Any) -> None:
    doing.submission(doing.attempt())
    [one] = journal.attempts(mirror, "2")["g001"]
    attempts = [replace(one, number=number) for number in range(1, 251)]
    properties = restore.to_properties(attempts, "cmbot.attempts")
    assert list(properties) == ["cmbot.attempts", "cmbot.attempts.1", "cmbot.attempts.2"]
    assert all(len(json.dumps(body)) < 32_768 for body in properties.values())
    assert restore.to_properties([], "cmbot.attempts") == {}


def restarted(mirror: Mirror, doing: Any, state: OrderState, sent: int = 1) -> Attempt:
    """An attempt that ended badly, and whose request was told to begin again."""
    attempt = doing.attempt()
    item = doing.submission(attempt)
    with mirror.writing() as connection:
        journal.set_attempt(connection, attempt, state=AttemptState.PARTIAL)
        journal.set_try(connection, item, state=TryState.SUBMITTED, request_id=4711)
        order = orders.add(connection, Verb.RESTART, doing.cause(9), ("2", "g001", 1), AS_DEFINED)
        for _ in range(sent):
            orders.sent(connection, order, doing.at(10))
        orders.settle(connection, order, state, "")
    (found,) = journal.attempts(mirror, "2")["g001"]
    return found


def entries_of(attempt: Attempt) -> list[dict[str, Any]]:
    (body,) = json.loads(json.dumps(restore.to_properties([attempt], "cmbot.attempts"))).values()
    return list(body["attempts"])


@pytest.mark.covers("W8")
@pytest.mark.parametrize("state", OrderState)
def test_a_restart_that_was_begun_is_known_again_and_its_cause_acts_no_more(
    mirror: Mirror, empty: Mirror, doing: Any, state: OrderState
) -> None:
    entries = entries_of(restarted(mirror, doing, state))
    assert bring_back(empty, doing, *entries) == 1
    (attempt,) = journal.attempts(empty, "2")["g001"]
    (order,) = attempt.orders
    assert (order.cause.id, order.cause.by, order.cause.at) == ("move:1:9", Person("anna"), doing.at(9))
    assert (order.verb, order.state) == (Verb.RESTART, OrderState.DONE)
    assert [act.id for act in acts(attempt)] == ["move:1:1", "move:1:9"]
    # What may have begun is looked at.
    begins = state is OrderState.OPEN
    assert attempt.state is (AttemptState.SUBMITTED if begins else AttemptState.PARTIAL)
    # It is kept again.
    assert entries_of(attempt)[0]["restarts"] == entries[0]["restarts"]


def test_a_restart_that_was_not_begun_may_still_be_asked_for(mirror: Mirror, doing: Any) -> None:
    (entry,) = entries_of(restarted(mirror, doing, OrderState.OPEN, sent=0))
    assert "restarts" not in entry
    assert entry["state"] == AttemptState.PARTIAL


@pytest.mark.parametrize(
    "wrong",
    [5, {"cause": 1}, [5], [{"cause": "move:1:9", "by": "anna", "at": "today"}], [{"cause": "move:1:9"}]],
    ids=str,
)
def test_an_attempt_is_not_lost_for_a_restart_that_cmbot_did_not_write(
    empty: Mirror, doing: Any, wrong: Any
) -> None:
    assert bring_back(empty, doing, ENTRY | {"restarts": wrong}) == 1
    assert journal.attempts(empty, "2")["g001"][0].orders == ()


def test_many_restarts_are_spread_over_more_properties(mirror: Mirror, doing: Any) -> None:
    one = restarted(mirror, doing, OrderState.DONE)
    attempts = [replace(one, number=number) for number in range(1, 101)]
    properties = restore.to_properties(attempts, "cmbot.attempts")
    assert [len(body["attempts"]) for body in properties.values()] == [50, 50]


HOSTILE: list[dict[str, Any]] = [
    {"name": "../../etc/cron.d/x_g001_a1_0a1b2c3d"},
    {"name": "CM-2_step1_g001_a1_0a1b2c3d/../../x"},
    {"name": "CM-2_step1_g001_a1_0a1b2c3d\n"},
    {"name": "CM-2_step1_g002_a1_0a1b2c3d"},
    {"name": "CM-2_step1_g001_a2_0a1b2c3d"},
    {"name": "CM-2_step1_g001_a1_ffffffff"},
    {"name": "CM-2_st'ep_g001_a1_0a1b2c3d"},
    {"name": None},
    {"nonce": "../x"},
    {"nonce": 5},
    {"nonce": None},
    {"group": "../x"},
    {"group": "g\u0660\u0660\u0661"},
    {"group": ["g001"]},
    {"number": "1"},
    {"number": True},
    {"number": 0},
    {"number": -1},
    {"number": 10**30},
    {"state": "finished"},
    {"state": ["running"]},
    {"state": None},
    {"cause": None},
    {"by": {"name": "anna"}},
    {"at": "yesterday"},
    {"at": "2026-11-20T08:01:00"},
    {"at": 5},
    {"request": "4711"},
    {"request": 10**30},
    {"request": -1},
    {"request": True},
    {"request": [1]},
]


@pytest.mark.parametrize("wrong", HOSTILE, ids=str)
def test_what_cmbot_did_not_write_is_left_out(empty: Mirror, doing: Any, wrong: dict[str, Any]) -> None:
    assert bring_back(empty, doing, ENTRY | wrong) == 0
    assert journal.attempts(empty, "2") == {}
    assert bring_back(empty, doing, ENTRY | wrong, ENTRY) == 1


@pytest.mark.parametrize("missing", sorted(ENTRY.keys() - {"request"}))
def test_an_entry_with_something_missing_is_left_out(empty: Mirror, doing: Any, missing: str) -> None:
    assert bring_back(empty, doing, {key: value for key, value in ENTRY.items() if key != missing}) == 0


def test_entries_that_contradict_each_other_do_not_stop_the_rest(
    empty: Mirror, doing: Any, caplog: pytest.LogCaptureFixture
) -> None:
    second = {"number": 2, "cause": "move:1:2", "nonce": "00000002", "name": "CM-2_step1_g001_a2_00000002"}
    entries = [
        ENTRY,
        ENTRY | {"request": 9},  # the same attempt twice
        ENTRY | second | {"cause": "move:1:1"},  # a second attempt of the same cause
        ENTRY | {"group": "g002", "nonce": "", "name": ""},
        ENTRY | {"group": "g003", "name": "CM-2_step1_g003_a1_0a1b2c3d"},  # a nonce used twice
        ENTRY | second | {"number": 3, "name": "CM-2_step1_g001_a3_00000002"},
    ]
    assert bring_back(empty, doing, *entries) == 3
    found = journal.attempts(empty, "2")
    assert {name: [item.number for item in group] for name, group in found.items()} == {
        "g001": [1, 3],
        "g002": [1],
    }
    frozen = contradictions.of(empty, "2")
    assert set(frozen) == {"g001", "g003"}
    assert all("contradicts another attempt" in reason for reason in frozen.values())
    assert len([record for record in caplog.records if "is not trusted" in record.message]) == 2
    # What cmbot writes keeps it, or it would be trusted the next time; mended, it is trusted again.
    known = [item for group in found.values() for item in group]
    written = restore.to_properties(known, "cmbot.attempts", contradictions.entries(empty, "2"))
    bring_back(empty, doing, *written["cmbot.attempts"]["attempts"])
    assert contradictions.of(empty, "2") == frozen
    assert len([record for record in caplog.records if "is not trusted" in record.message]) == 2
    bring_back(empty, doing, ENTRY)
    assert contradictions.of(empty, "2") == {}


@pytest.mark.parametrize(
    ("there", "agrees"),
    [
        ({}, True),
        ({"state": "failed"}, True),
        ({"request": None}, True),
        ({"request": 9}, False),
        ({"nonce": "", "name": "", "request": None}, True),
        ({"nonce": "00000002", "name": "CM-2_step1_g001_a1_00000002", "request": None}, True),
        ({"nonce": "00000002", "name": "CM-2_step1_g001_a1_00000002", "request": 9}, False),
        ({"cause": "move:1:9"}, False),
    ],
    ids=str,
)
def test_what_jira_says_of_a_known_attempt_must_agree(
    empty: Mirror, doing: Any, there: dict[str, Any], agrees: bool
) -> None:
    assert bring_back(empty, doing, ENTRY) == 1
    assert bring_back(empty, doing, ENTRY | there) == 0
    assert contradictions.of(empty, "2").keys() == (set() if agrees else {"g001"})


@pytest.mark.covers("W1")
def test_what_another_cmbot_reserved_meanwhile_is_looked_for_instead_of_submitted_twice(
    mirror: Mirror, doing: Any
) -> None:
    doing.submission(doing.attempt())
    (mine,) = journal.attempts(mirror, "2")["g001"]
    assert mine.last_try is not None
    nonce = "ffffffff"
    theirs = ENTRY | {"nonce": nonce, "name": mine.last_try.name[:-8] + nonce, "request": None}
    own = ENTRY | {"nonce": mine.last_try.nonce, "name": mine.last_try.name, "request": None}
    others = [own, theirs | {"group": "g002"}, theirs | {"name": f"../{nonce}"}, {"group": "g001"}]
    assert restore.take_over(mirror, mine, others, "tries", doing.at(60)) == ""
    assert restore.take_over(mirror, mine, [own, theirs], "tries", doing.at(60)) == theirs["name"]
    (mine,) = journal.attempts(mirror, "2")["g001"]
    # It has no host: whether it was started cannot be seen here, so that only a look-up tells.
    assert [(item.name, item.state, item.host == "") for item in mine.tries] == [
        (own["name"], TryState.NOT_SUBMITTED, False),
        (theirs["name"], TryState.RESERVED, True),
    ]


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
things = scalars | st.just([]) | st.just({})


# No deadline: each example writes to a real database, and how long that takes is the disk's affair.
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=150,
)
@given(st.dictionaries(st.sampled_from([*ENTRY, "other"]), things, max_size=4))
def test_nothing_in_a_property_can_break_a_pass_or_leave_the_directory(
    empty: Mirror, doing: Any, changed: dict[str, Any]
) -> None:
    bring_back(empty, doing, ENTRY | changed)
    for attempts in journal.attempts(empty, "2").values():
        for attempt in attempts:
            for item in attempt.tries:
                assert item.directory == f"tries/{item.name}"
                assert "/" not in item.name
                assert ".." not in item.name


def test_what_an_attempt_did_otherwise_comes_back_as_far_as_cmbot_can_have_written_it(
    mirror: Mirror, empty: Mirror, doing: Any
) -> None:
    changes = Changes(fresh=True, tasks=("isr",), site="IN2P3", queue="big", memory={"isr": 9000})
    with mirror.writing() as connection:
        journal.add_attempt(connection, "2", "g001", 1, doing.cause(), "hash", doing.at(5), changes)
    ((attempt,),) = journal.attempts(mirror, "2").values()
    properties = json.loads(json.dumps(restore.to_properties([attempt], "cmbot.attempts")))
    (entry,) = properties["cmbot.attempts"]["attempts"]
    strange = entry | {"group": "g002", "changes": {"site": "x; rm -rf /"}}
    bring_back(empty, doing, entry, strange)
    found = journal.attempts(empty, "2")
    assert found["g001"][0].changes == changes
    assert found["g002"][0].changes == Changes()


# ------------------------------------------------------------------------------- what others ran

RECORDED = ENTRY | {
    "state": "merge pending",
    "name": "LSSTCam_prompt_output-2026-11-20",
    "request": None,
    "wms": "elsewhere",
    "site": "",
    "recorded": {"run": "LSSTCam/prompt/output-2026-11-20", "graph": "", "expected": {"isr": 20}},
}


@pytest.mark.covers("W1")
def test_what_others_ran_comes_back_as_such_and_not_as_something_to_submit(
    mirror: Mirror, empty: Mirror, doing: Any
) -> None:
    bring_back(mirror, doing, RECORDED)
    ((attempt,),) = journal.attempts(mirror, "2").values()
    properties = json.loads(json.dumps(restore.to_properties([attempt], "cmbot.attempts")))
    bring_back(empty, doing, *properties["cmbot.attempts"]["attempts"])
    ((again,),) = journal.attempts(empty, "2").values()
    item = again.last_try
    assert item is not None
    assert item.recorded == Recorded("LSSTCam/prompt/output-2026-11-20", expected={"isr": 20})
    assert (again.state, item.state, item.wms) == (
        AttemptState.MERGE_PENDING,
        TryState.SUBMITTED,
        System.ELSEWHERE,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"recorded": None},
        {"recorded": RECORDED["recorded"] | {"run": "-x"}},
        {"recorded": RECORDED["recorded"] | {"graph": "--help"}},
        {"recorded": RECORDED["recorded"] | {"graph": "/sdf/../etc/passwd"}},
        {"recorded": RECORDED["recorded"] | {"expected": {"isr; rm": 1}}},
        {"recorded": RECORDED["recorded"] | {"expected": {"isr": "many"}}},
        {"recorded": RECORDED["recorded"] | {"other": 1}},
        {"name": "../tries"},
        {"name": "a/b"},
        {"nonce": "x"},
    ],
    ids=str,
)
def test_what_nobody_can_have_recorded_is_left_out(empty: Mirror, doing: Any, wrong: dict[str, Any]) -> None:
    assert bring_back(empty, doing, RECORDED | wrong) == 0
