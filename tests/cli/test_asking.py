"""retry, restart and cancel at a terminal: what they would do, what they write, what they refuse."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cmbot.mirror import events, journal, lease, reports
from cmbot.models.attempts import AttemptState, Order

AT = datetime(2026, 11, 20, 8, 15, tzinfo=UTC)


def given(terminal: Any) -> list[Order]:
    with closing(terminal.mirror()) as mirror:
        return [
            order
            for group in journal.attempts(mirror, "10002").values()
            for attempt in group
            for order in attempt.orders
        ]


def becomes(terminal: Any, state: AttemptState) -> None:
    with closing(terminal.mirror()) as mirror, mirror.writing() as connection:
        ((attempt,),) = journal.attempts(mirror, "10002").values()
        journal.set_attempt(connection, attempt.id, state=state)


@pytest.mark.covers("V19", "W11")
def test_a_dry_run_says_what_would_happen_and_writes_nothing(followed: Any) -> None:
    result = followed.run("restart", "CM-3", "--dry-run")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[0] == "CM-3 would restart step1 g001 a1 (request 4711)"
    assert "run: CM-2_step1_g001_a1_0a1b2c3d" in result.output
    assert given(followed) == []


@pytest.mark.covers("W11", "W13")
def test_what_is_asked_is_written_down_with_who_and_why(
    followed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "linda")
    answer = json.loads(followed.run("restart", "CM-2", "--reason", "the site was down", "--json").output)
    (order,) = given(followed)
    assert (order.cause.id, order.cause.by.account) == (answer["cause"], "linda")
    assert order.cause.what == "ran cmbot restart CM-2: the site was down"
    assert (order.verb, order.number) == ("restart", 1)
    with closing(followed.mirror()) as mirror:
        event = events.of(mirror, ("CM-3",))[-1]
    assert (event.who, event.what) == ("linda", "asks for a restart of step1 g001 a1")
    # Once is enough.
    (line,) = followed.refused("restart", "CM-3")
    assert "restart of a1 was asked already and is not done yet" in line


@pytest.mark.parametrize("verb", ["cancel", "restart", "retry"])
def test_a_key_that_is_not_known_is_told(followed: Any, verb: str) -> None:
    assert "is not known here" in followed.refused(verb, "CM-99")[0]


def test_only_what_runs_can_be_cancelled(followed: Any) -> None:
    (line,) = followed.refused("cancel", "CM-3")
    assert line.startswith("CM-3: cannot cancel it: a1 has ended: failed")
    becomes(followed, AttemptState.RUNNING)
    (line,) = followed.refused("restart", "CM-3")
    assert "a1 is running; cancel it first" in line
    result = followed.run("cancel", "CM-1")
    assert "PanDA is asked to abort request 4711, again until it has ended" in result.output
    assert "run `cmbot sync --once`" in result.output
    assert [order.verb for order in given(followed)] == ["cancel"]


def test_a_service_that_was_killed_does_nothing_of_what_is_asked(followed: Any) -> None:
    becomes(followed, AttemptState.RUNNING)
    with closing(followed.mirror()) as mirror:
        mirror.take_lease(datetime.now(UTC), timedelta(hours=1))
        assert "the next pass of the service" in followed.run("cancel", "CM-1").output
        host, boot, number, _ = lease.this_process().split(":")
        killed = f"{host}:{boot}:{number}:1"
        mirror.connection.execute("UPDATE lease SET holder = ?", (killed,))
        mirror.connection.execute("DELETE FROM orders")
        assert "run `cmbot sync --once`" in followed.run("cancel", "CM-1").output


def test_a_cancel_says_what_it_does_where_there_are_several_requests(followed: Any) -> None:
    becomes(followed, AttemptState.DUPLICATE)
    said = followed.run("cancel", "CM-1", "--dry-run").output
    assert "there are several of its name: cancel what is too much (bps cancel --id N)" in said


def test_a_retry_needs_a_definition_that_can_be_read(followed: Any) -> None:
    assert any("Reason" in line for line in followed.refused("retry", "CM-3"))
    assert given(followed) == []


def test_memory_is_a_number(followed: Any) -> None:
    result = followed.run("retry", "CM-3", "--memory", "isr=lots")
    assert result.exit_code == 2
    assert "write isr=8000, or 8000 for what failed" in result.stderr


@pytest.mark.covers("V9")
def test_the_status_says_when_what_runs_ends_about_from_a_tenth_on(followed: Any) -> None:
    with closing(followed.mirror()) as mirror, mirror.writing() as connection:
        journal.move_attempt(connection, 1, AttemptState.RUNNING, AT)
        counts = {"total": 40, "done": 10, "failed": 0, "running": 4}
        reports.save(connection, 1, "wms", {"counts": counts, "tasks": []}, AT + timedelta(hours=1))
    said = "ends about 2026-11-20 12:15 UTC (an estimate, from the rate so far)"
    text = followed.run("status", "CM-1").output
    for name in ("CM-1", "CM-2", "CM-3"):
        assert f"{name}: {said}" in text
    lines = json.loads(followed.run("status", "CM-1", "--json").output)
    assert {line["expected_end"] for line in lines} == {"2026-11-20T12:15:00+00:00", ""}
    with closing(followed.mirror()) as mirror, mirror.writing() as connection:
        reports.save(connection, 1, "wms", {"counts": counts | {"done": 3}, "tasks": []}, AT)
    assert "ends about" not in followed.run("status", "CM-1").output
