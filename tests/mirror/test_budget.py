"""The request budget of a host: counted for the last hour, kept, shared, with a reserve and a back-off."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cmbot.exceptions import Limited
from cmbot.mirror import Mirror
from cmbot.mirror.budget import Budget

HOST = "bigmon.example.org"
START = datetime(2026, 11, 20, 8, tzinfo=UTC)


class Clock:
    """A clock under the test's hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def budget(mirror: Mirror, clock: Clock, *, person: bool = False) -> Budget:
    return Budget(mirror, {HOST: 10}, 3, person=person, clock=clock)


@pytest.mark.covers("H1")
def test_the_budget_counts_the_requests_of_an_hour_also_after_a_restart(tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "cmbot.sqlite"
    with closing(Mirror(file)) as mirror:
        for _ in range(3):
            budget(mirror, clock).spend(HOST)
        budget(mirror, clock).spend("other.example.org")
    with closing(Mirror(file)) as mirror:
        again = budget(mirror, clock)
        assert [again.spent(host) for host in (HOST, "other.example.org", "nobody.example.org")] == [3, 1, 0]
        clock.now += timedelta(minutes=59)
        assert again.spent(HOST) == 3
        clock.now += timedelta(minutes=2)
        assert again.spent(HOST) == 0
        again.spend(HOST)
        assert mirror.connection.execute("SELECT count(*) FROM requests").fetchone()[0] == 1


@pytest.mark.covers("H1")
def test_what_is_spent_is_refused_and_people_have_a_reserve(mirror: Mirror, clock: Clock) -> None:
    passes, person = budget(mirror, clock), budget(mirror, clock, person=True)
    for _ in range(7):
        passes.spend(HOST)
    with pytest.raises(Limited, match="7 requests that it may send in an hour"):
        passes.spend(HOST)
    assert passes.share(HOST) == 0
    for _ in range(3):
        person.spend(HOST)
    with pytest.raises(Limited):
        person.spend(HOST)
    clock.now += timedelta(minutes=61)
    passes.spend(HOST)


def test_a_host_that_refuses_is_left_alone_longer_each_time(mirror: Mirror, clock: Clock) -> None:
    waits = []
    for _ in range(8):
        budget(mirror, clock).refused(HOST)
        until = budget(mirror, clock).waits_until(HOST)
        assert until is not None
        with pytest.raises(Limited, match="left alone until") as caught:
            budget(mirror, clock, person=True).spend(HOST)
        assert caught.value.retry_at == until
        assert budget(mirror, clock).share(HOST) == 0
        waits.append((until - clock.now) / timedelta(minutes=1))
        clock.now = until
        assert budget(mirror, clock).waits_until(HOST) is None
    assert 5 <= waits[0] <= 6
    assert waits[1] > waits[0]
    assert max(waits) <= 72
    budget(mirror, clock).answered(HOST)
    budget(mirror, clock).refused(HOST)
    until = budget(mirror, clock).waits_until(HOST)
    assert until is not None
    assert until <= clock.now + timedelta(minutes=6)


def test_looks_that_cost_their_share_never_starve_a_later_one(clock: Clock) -> None:
    with closing(Mirror(Path(":memory:"))) as mirror:
        passes, looks = budget(mirror, clock), []
        for _ in range(120):
            share = passes.share(HOST)
            looks.append(share)
            for _ in range(share):
                passes.spend(HOST)
            clock.now += timedelta(minutes=1)
    assert max(sum(looks[begin : begin + 60]) for begin in range(60)) <= 7
    assert sum(looks[60:]) > 0
