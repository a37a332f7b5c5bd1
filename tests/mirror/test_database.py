"""The file is made, brought up to date, and never misread."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import RemoteError
from cmbot.mirror import Mirror, events, journal
from cmbot.mirror.database import stamp
from cmbot.mirror.migrations import MIGRATIONS, migrate
from cmbot.models.attempts import AttemptState

if TYPE_CHECKING:
    from pathlib import Path

zones = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
moments = st.builds(datetime.fromtimestamp, st.integers(0, 4 * 10**9) | st.floats(0, 4e9), zones)


def schema(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY sql")
        return [row[0] for row in rows]


def test_an_empty_place_becomes_a_mirror_and_stays_one(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "cmbot.sqlite"
    Mirror(file).close()
    first = schema(file)
    Mirror(file).close()
    assert schema(file) == first
    assert any("CREATE TABLE tries" in statement for statement in first)


def test_every_step_of_a_migration_is_done_once(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None)) as connection:
        migrate(connection)
        migrate(connection)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_mirror_of_any_older_version_becomes_a_present_one_and_keeps_what_it_holds(
    tmp_path: Path, version: int
) -> None:
    old, new = tmp_path / "old.sqlite", tmp_path / "new.sqlite"
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        for step in MIGRATIONS[:version]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {version}")
        cause = ("move:1:1", "alice", "Alice", "2026-11-20T12:00:00+00:00", "moved CM-1 to Launch")
        connection.execute("INSERT INTO causes VALUES (?, ?, ?, ?, ?)", cause)
        connection.execute(
            """INSERT INTO attempts (step_id, grp, number, state, cause_id, hash, created_at)
            VALUES ('2', 'g001', 1, 'running', 'move:1:1', 'abc', '2026-11-20T12:00:00.000000+00:00')"""
        )
    with closing(Mirror(old)) as mirror:
        (kept,) = journal.attempts(mirror, "2")["g001"]
    Mirror(new).close()
    assert (kept.number, kept.state, kept.cause.by.account) == (1, AttemptState.RUNNING, "alice")
    assert schema(old) == schema(new)


def test_a_step_that_breaks_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cmbot.sqlite"
    Mirror(file).close()
    before = schema(file)

    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE half (a)")
        connection.execute("CREATE TABLE half (a)")

    monkeypatch.setattr("cmbot.mirror.migrations.MIGRATIONS", (*MIGRATIONS, broken))
    monkeypatch.setattr("cmbot.mirror.database.MIGRATIONS", (*MIGRATIONS, broken))
    with pytest.raises(RemoteError, match="half"):
        Mirror(file)
    assert schema(file) == before


def test_a_file_of_a_newer_cmbot_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "cmbot.sqlite"
    Mirror(file).close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        connection.commit()
    with pytest.raises(RemoteError, match="run a newer cmbot"):
        Mirror(file)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cmbot.sqlite"
    file.write_text("not a database, and longer than the header of one " * 5)
    with pytest.raises(RemoteError, match="cmbot mirror rebuild"):
        Mirror(file)


def test_what_fails_half_way_is_not_written(mirror: Mirror) -> None:
    with pytest.raises(ZeroDivisionError), mirror.writing() as connection:  # noqa: PT012 - the point
        connection.execute("INSERT INTO notes VALUES ('a', 'b')")
        raise ZeroDivisionError
    assert mirror.note("a") == ""
    mirror.remember("a", "c")
    assert mirror.note("a") == "c"


@pytest.mark.covers("W24")
@given(moments, moments)
def test_stamps_sort_as_the_instants_do(one: datetime, two: datetime) -> None:
    assert (stamp(one) < stamp(two)) is (one < two)
    assert datetime.fromisoformat(stamp(two)) == two


# ------------------------------------------------------------------------------------------ events


@pytest.mark.covers("E8", "E9", "W13")
def test_events_are_kept_for_ever_as_they_were_written(mirror: Mirror, doing: Any) -> None:
    with mirror.writing() as connection:
        events.add(connection, doing.at(2), "CM-1", "cmbot", "paused it", "a step ended")
        events.add(connection, doing.at(1), "CM-1", "Anna", "launched it")
        events.add(connection, doing.at(1), "CM-2", "Anna", "nothing")
    found = events.of(mirror, ("CM-1",))
    assert [(event.at, event.who, event.what, event.why) for event in found] == [
        (doing.at(1), "Anna", "launched it", ""),
        (doing.at(2), "cmbot", "paused it", "a step ended"),
    ]
    for statement in ("UPDATE events SET who = 'x'", "DELETE FROM events", "DELETE FROM events WHERE id = 1"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"), mirror.writing() as connection:
            connection.execute(statement)
    assert events.of(mirror, ("CM-1",)) == found
    assert events.of(mirror, ("CM-1'; DROP TABLE events; --",)) == events.of(mirror, ()) == ()


def test_an_event_cannot_be_replaced(mirror: Mirror, doing: Any) -> None:
    with mirror.writing() as connection:
        events.add(connection, doing.at(1), "CM-1", "Anna", "launched it")
    statement = "INSERT OR REPLACE INTO events (id, at, issue_key, who, what) VALUES (1, '', 'CM-1', '', '')"
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), mirror.writing() as connection:
        connection.execute(statement)
    assert events.of(mirror, ("CM-1",))[0].who == "Anna"
