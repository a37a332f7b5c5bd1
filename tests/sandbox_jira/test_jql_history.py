"""JQL about the past, and about the caller's calendar."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.sandbox.jira.jql.syntax import parse
from cmbot.sandbox.jira.jql.tree import Past, pushed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from conftest import Sandbox


@pytest.fixture(scope="module")
def past(calm: Sandbox) -> Sandbox:
    """CM-1 stays in Draft; CM-2 is launched on the 20th and runs on the 22nd, moved by bob; CM-3 is done."""
    calm.clock.now = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
    for summary in ("one", "two", "three"):
        calm.create(summary=summary)
    calm.clock.advance(minutes=1)
    calm.rest(
        "PUT", "issue/CM-1", json={"fields": {"assignee": {"name": "bob"}, "priority": {"name": "High"}}}
    )
    calm.clock.advance(minutes=59)
    calm.move("CM-2", "Launch")  # 2026-11-20 13:00 UTC, alice
    calm.move("CM-3", "Launch")
    calm.clock.advance(days=2)
    for key in ("CM-2", "CM-3"):  # 2026-11-22 13:00 UTC
        run = next(t for t in calm.get(f"issue/{key}/transitions")["transitions"] if t["name"] == "Run")
        calm.rest("POST", f"issue/{key}/transitions", user="bob", json={"transition": {"id": run["id"]}})
    calm.clock.advance(days=2)
    calm.move("CM-3", "Complete", fields={"resolution": {"name": "Done"}})  # 2026-11-24 13:00 UTC
    calm.rest("PUT", "issue/CM-1", json={"fields": {"assignee": None}})
    calm.clock.now = dt.datetime(2026, 11, 25, 3, 0, tzinfo=dt.UTC)  # a Wednesday; still Tuesday in New York
    return calm


@pytest.mark.parametrize(
    ("jql", "numbers"),
    [
        ("status was Draft", [1, 2, 3]),
        ("status WAS Launch", [2, 3]),
        ("status was not Launch", [1]),
        ("NOT status was Launch", [1]),
        ("status was in (Completed, Draft) AND status != Draft", [2, 3]),
        ("status was not in (Running, Completed)", [1]),
        ("status was Launch BY alice", [2, 3]),
        ("status was Launch BY bob", []),
        ("status was Running BY currentUser()", []),
        ("status was Running BY (alice, bob)", [2, 3]),
        ('status was Launch AFTER "2026-11-22 14:00"', []),
        ('status was Launch AFTER "2026-11-21"', [2, 3]),
        ('status was Launch BEFORE "2026-11-20 13:00"', []),
        ('status was Launch ON "2026-11-21"', [2, 3]),
        ('status was Launch ON "2026-11-23"', []),
        ('status was Running DURING ("2026-11-23", "2026-11-24")', [2, 3]),
        ('status was Running AFTER "2026-11-24 14:00"', [2]),
        ('status was Draft BY alice BEFORE "2026-11-20 12:30"', [1, 2, 3]),
        ("status changed", [2, 3]),
        ("NOT status changed", [1]),
        ("status changed FROM Launch", [2, 3]),
        ("status changed TO Completed", [3]),
        ("status changed FROM (Draft, Running) TO (Completed, Launch) BY alice", [2, 3]),
        ("status changed FROM Draft TO Running", []),
        ("status changed TO Running BY alice", []),
        ("status changed AFTER -1d", [3]),
        ("status changed BEFORE startOfDay(-4) AND status = Completed", [3]),
        ("status changed ON 2026-11-22 BY bob", [2, 3]),
        ("status changed AFTER 1795525200000", []),  # 2026-11-24 13:00 UTC itself is not after it
        ("status changed AFTER 1795525199999", [3]),
        ("status changed DURING (-2d, now())", [3]),
        ("assignee was bob", [1]),
        ("assignee was EMPTY", [1, 2, 3]),
        ("assignee was bob AND assignee is EMPTY", [1]),
        ("assignee changed FROM bob TO EMPTY", [1]),
        ("priority was Medium AND priority = High", [1]),
        ("resolution was EMPTY AND resolution changed TO Done", [3]),
        ("reporter was alice", [1, 2, 3]),
        ("reporter was bob", []),
    ],
)
def test_a_query_about_the_past_finds(past: Sandbox, jql: str, numbers: list[int]) -> None:
    assert sorted(past.search(jql)) == [f"CM-{number}" for number in numbers]


@pytest.mark.parametrize(
    ("call", "alice", "bob"),  # UTC, and New York five hours behind
    [
        ("startOfDay()", "2026-11-25T00:00", "2026-11-24T05:00"),
        ("startOfDay(-1)", "2026-11-24T00:00", "2026-11-23T05:00"),
        ('startOfDay("+2w")', "2026-12-09T00:00", "2026-12-08T05:00"),
        ("startOfDay(-90m)", "2026-11-24T22:30", "2026-11-24T03:30"),
        ("startOfWeek()", "2026-11-22T00:00", "2026-11-22T05:00"),
        ("startOfWeek(-1)", "2026-11-15T00:00", "2026-11-15T05:00"),
        ("startOfMonth()", "2026-11-01T00:00", "2026-11-01T04:00"),  # summer time ended that day
        ("startOfMonth(14d)", "2026-11-15T00:00", "2026-11-15T05:00"),
        ("startOfMonth(-11)", "2025-12-01T00:00", "2025-12-01T05:00"),
        ("startOfYear(-1y)", "2025-01-01T00:00", "2025-01-01T05:00"),
        ("startOfYear(1M)", "2026-02-01T00:00", "2026-02-01T05:00"),
    ],
)
def test_the_callers_calendar_decides(past: Sandbox, call: str, alice: str, bob: str) -> None:
    for user, expected in (("alice", alice), ("bob", bob)):
        instant = dt.datetime.fromisoformat(expected).replace(tzinfo=dt.UTC)
        past.rest("PUT", "issue/CM-1", json={"fields": {past.field("Started"): instant.isoformat()}})
        assert past.search(f"Started = {call}", user=user) == ["CM-1"], (user, call)


@pytest.mark.parametrize("unit", ["Day", "Week", "Month", "Year"])
@pytest.mark.parametrize("offset", [-1, 0, 5])
def test_an_end_is_just_before_the_next_start(past: Sandbox, unit: str, offset: int) -> None:
    field = past.field("Started")
    past.rest("PUT", "issue/CM-1", json={"fields": {field: "2020-01-01T00:00:00.000+0000"}})
    both = f"Started < startOf{unit}({offset}) AND Started < endOf{unit}({offset})"
    assert past.search(both) == ["CM-1"]
    start = dt.datetime(2026, 11, 25 + 1, tzinfo=dt.UTC) - dt.timedelta(milliseconds=1)
    past.rest("PUT", "issue/CM-1", json={"fields": {field: start.isoformat()}})
    assert past.search("Started = endOfDay() AND Started < startOfDay(1)") == ["CM-1"]


PREDICATES = st.lists(
    st.sampled_from(["BY bob", "AFTER -1d", "before now()", "ON 2026-11-20", 'during ("2026/11/20", now())']),
    max_size=3,
).map(" ".join)


@given(
    st.sampled_from(["was Draft", "was not in (Draft, 'b')", "WAS IN membersOf(x)", "changed", "was EMPTY"]),
    PREDICATES,
)
def test_twice_not_is_the_same(rest: str, predicates: str) -> None:
    condition = parse(f"status {rest} {predicates}").condition
    assert isinstance(condition, Past)
    assert len(condition.predicates) == len(predicates.upper().split("BY ")) - 1 + sum(
        predicates.upper().count(word) for word in ("AFTER ", "BEFORE ", "ON ", "DURING ")
    )
    assert pushed(pushed(condition, opposite=True), opposite=True) == condition


@pytest.fixture(scope="module")
def released(listen: Callable[..., AbstractContextManager[Sandbox]]) -> Iterator[Sandbox]:
    """CM-1 has 1 from the beginning and 2 for a day, CM-2 gets 1 on the second day from bob, CM-3 none."""
    with listen() as sandbox:
        for name in ("1.0", "2.0"):
            sandbox.rest("POST", "version", json={"name": name, "project": "CM"})
        sandbox.create(fixVersions=[{"name": "1.0"}])
        for _ in range(2):
            sandbox.create()
        for key, verb, name, user in (
            ("CM-1", "add", "2.0", "alice"),
            ("CM-1", "remove", "2.0", "alice"),
            ("CM-2", "add", "1.0", "bob"),
        ):
            sandbox.clock.advance(days=1)
            sent = {"update": {"fixVersions": [{verb: {"name": name}}]}}
            assert sandbox.rest("PUT", f"issue/{key}", json=sent, user=user).status_code == 204
        sandbox.clock.advance(days=1)
        yield sandbox


@pytest.mark.parametrize(
    ("jql", "numbers"),
    [
        ('fixVersion was "1.0"', [1, 2]),
        ('fixVersion was "2.0"', [1]),
        ('fixVersion was "2.0" AND fixVersion != "2.0"', [1]),
        ('fixVersion was not "1.0"', [3]),
        ('fixVersion was in ("1.0", "2.0") BEFORE "2026-11-22"', [1]),
        ('fixVersion was "1.0" BY bob', [2]),
        ('fixVersion was "2.0" ON "2026-11-25"', []),
        ("fixVersion was EMPTY", [2, 3]),
        ('fixVersion was EMPTY AFTER "2026-11-24"', [3]),
        ("fixVersion changed", [1, 2]),
        ('fixVersion changed TO "2.0"', [1]),
        ('fixVersion changed FROM "2.0"', [1]),
        ('fixVersion changed BY bob AFTER "2026-11-22"', [2]),
    ],
)
def test_versions_have_a_history_too(released: Sandbox, jql: str, numbers: list[int]) -> None:
    assert released.search(f"({jql}) ORDER BY key ASC") == [f"CM-{number}" for number in numbers]
