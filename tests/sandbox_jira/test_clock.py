"""The sandbox's clock: steered over HTTP, kept over restarts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Sandbox, Start


def steer(sandbox: Sandbox, **asked: Any) -> str:
    answer = sandbox.ask("PUT", "/sandbox/clock", json=asked)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["now"])


def test_it_shows_the_time_it_was_set_to_and_runs_on(sandbox: Sandbox) -> None:
    assert steer(sandbox, now="2030-01-01T06:00:00+01:00") == "2030-01-01T05:00:00.000+00:00"
    sandbox.clock.advance(minutes=1)  # the clock below it
    report = sandbox.ask("GET", "/sandbox/clock").json()
    assert report == {"now": "2030-01-01T05:01:00.000+00:00", "epoch": 1893474060000, "running": True}
    assert sandbox.get("serverInfo")["serverTime"] == "2030-01-01T05:01:00.000+0000"
    key = sandbox.create()
    assert sandbox.get(f"issue/{key}")["fields"]["created"] == "2030-01-01T05:01:00.000+0000"
    assert sandbox.search("created > startOfYear()") == [key]


def test_it_stands_still_until_it_is_moved_or_started(sandbox: Sandbox) -> None:
    start = steer(sandbox, running=False)
    sandbox.clock.advance(minutes=1)
    assert steer(sandbox) == start == "2026-11-20T12:00:00.000+00:00"
    assert steer(sandbox, advance=90.5) == "2026-11-20T12:01:30.500+00:00"
    assert steer(sandbox, advance=-0.5, running=True) == "2026-11-20T12:01:30.000+00:00"
    sandbox.clock.advance(minutes=1)
    assert steer(sandbox) == "2026-11-20T12:02:30.000+00:00"
    sandbox.ask("DELETE", "/sandbox/clock")
    assert steer(sandbox) == "2026-11-20T12:02:00.000+00:00"


@pytest.mark.parametrize(
    "asked",
    [
        {"now": "yesterday"},
        {"now": "2026-11-20T12:00:00"},  # without a zone
        {"now": "0001-01-01T00:00:00Z"},
        {"advance": 1e12},
        {"now": "2998-12-31T23:00:00Z", "advance": 1e9},
        {"advance": "nan"},
        {"running": "perhaps"},
        {"hands": 3},
    ],
)
def test_a_time_that_cannot_be_shown_is_refused(sandbox: Sandbox, asked: dict[str, Any]) -> None:
    before = sandbox.ask("GET", "/sandbox/clock").json()
    assert sandbox.ask("PUT", "/sandbox/clock", json=asked).status_code == 400
    assert sandbox.ask("GET", "/sandbox/clock").json() == before


def test_time_does_not_go_back_when_the_site_starts_again(start: Start, tmp_path: Path) -> None:
    first = start(store=tmp_path / "jira.sqlite3")
    steer(first, advance=dt.timedelta(days=3).total_seconds(), running=False)
    again = start(store=tmp_path / "jira.sqlite3")
    report = again.ask("GET", "/sandbox/clock").json()
    assert (report["now"], report["running"]) == ("2026-11-23T12:00:00.000+00:00", False)
