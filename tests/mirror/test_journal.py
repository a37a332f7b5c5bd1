"""The tables themselves refuse a second attempt of a cause and a second live submission."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.mirror import journal, reports
from cmbot.models.attempts import AttemptState, TryState

if TYPE_CHECKING:
    from cmbot.mirror import Mirror


def test_an_attempt_is_read_as_it_was_written(mirror: Mirror, doing: Any) -> None:
    attempt = doing.attempt()
    item = doing.submission(attempt)
    with mirror.writing() as connection:
        journal.set_try(connection, item, state=TryState.SUBMITTED, request_id=4711, ended_at=doing.at(9))
        journal.set_attempt(connection, attempt, state=AttemptState.RUNNING, summary="2 of 3 jobs")
    [found] = journal.attempts(mirror, "2")["g001"]
    assert (found.label, found.state, found.cause, found.summary) == (
        "a1",
        AttemptState.RUNNING,
        doing.cause(),
        "2 of 3 jobs",
    )
    assert found.cause.by.name == "Anna"
    assert found.created_at == doing.at(5)
    assert found.last_try is not None
    assert found.last_try.request_id == 4711
    assert (found.last_try.reserved_at, found.last_try.ended_at) == (doing.at(6), doing.at(9))


@pytest.mark.covers("W1", "W23")
def test_a_cause_has_one_attempt_in_a_group(mirror: Mirror, doing: Any) -> None:
    doing.attempt(number=1, history=1)
    with pytest.raises(sqlite3.IntegrityError):
        doing.attempt(number=2, history=1)
    with pytest.raises(sqlite3.IntegrityError):
        doing.attempt(number=1, history=2)
    doing.attempt(number=2, history=2)
    doing.attempt(number=1, history=1, group="g002")
    doing.attempt(number=1, history=1, step="3")
    assert {name: len(found) for name, found in journal.attempts(mirror, "2").items()} == {
        "g001": 2,
        "g002": 1,
    }


@pytest.mark.covers("W1")
def test_an_attempt_has_one_submission_that_may_exist(mirror: Mirror, doing: Any) -> None:
    attempt = doing.attempt()
    first = doing.submission(attempt, "00000001")
    for state in (TryState.RESERVED, TryState.SUBMITTED):
        with mirror.writing() as connection:
            journal.set_try(connection, first, state=state)
        with pytest.raises(sqlite3.IntegrityError):
            doing.submission(attempt, "00000002")
    with mirror.writing() as connection:
        journal.set_try(connection, first, state=TryState.NOT_SUBMITTED)
    doing.submission(attempt, "00000002")
    with pytest.raises(sqlite3.IntegrityError), mirror.writing() as connection:
        # What was shown not to exist does not come back beside the new one.
        journal.set_try(connection, first, state=TryState.RESERVED)
    [found] = journal.attempts(mirror, "2")["g001"]
    assert [item.state for item in found.tries] == [TryState.NOT_SUBMITTED, TryState.RESERVED]
    assert found.last_try is found.tries[-1]


@pytest.mark.covers("W18")
def test_names_of_submissions_are_unique_ignoring_case(mirror: Mirror, doing: Any) -> None:
    doing.submission(doing.attempt(), "0a1b2c3d")
    other = doing.attempt(number=2, history=2)
    with pytest.raises(sqlite3.IntegrityError):
        doing.submission(other, "0a1b2c3d")
    name = "cm-2_STEP1_g001_a1_0A1B2C3D"
    with pytest.raises(sqlite3.IntegrityError), mirror.writing() as connection:
        journal.add_try(connection, other, "ffffffff", name, "d", doing.at(7))


def test_a_submission_belongs_to_an_attempt(mirror: Mirror, doing: Any) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        doing.submission(99)
    assert mirror.connection.execute("SELECT count(*) FROM tries").fetchone()[0] == 0


@pytest.mark.parametrize("state", list(AttemptState))
def test_what_the_wms_may_still_change_is_followed(mirror: Mirror, doing: Any, state: AttemptState) -> None:
    attempt = doing.attempt()
    with mirror.writing() as connection:
        journal.set_attempt(connection, attempt, state=state)
    assert [found.id for found in journal.live_attempts(mirror)] == ([attempt] if state.live else [])


def test_the_newest_report_of_a_kind_is_kept(mirror: Mirror, doing: Any) -> None:
    item = doing.submission(doing.attempt())
    assert reports.read(mirror, item, "wms") is None
    with mirror.writing() as connection:
        reports.save(connection, item, "wms", {"done": 1}, doing.at(7))
        reports.save(connection, item, "wms", {"done": 2}, doing.at(8))
        reports.save(connection, item, "data", {"done": 3}, doing.at(8))
    assert reports.read(mirror, item, "wms") == {"done": 2}
    with mirror.writing() as connection:
        reports.drop(connection, item, "wms")
    assert reports.read(mirror, item, "wms") is None
    assert reports.read(mirror, item, "data") == {"done": 3}
