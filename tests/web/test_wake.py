"""Webhooks make the next pass early: one, however many they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Condition, Event
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.service import Wake

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60.0


@dataclass
class Passes:
    """Stands for the scheduler's job; during a pass the scheduler is locked."""

    free: Event = field(default_factory=Event)
    asked: list[datetime] = field(default_factory=list)
    change: Condition = field(default_factory=Condition)

    def modify(self, *, next_run_time: datetime) -> None:
        assert self.free.wait(PATIENCE)
        with self.change:
            self.asked.append(next_run_time)
            self.change.notify_all()

    def wait_for(self, count: int) -> None:
        with self.change:
            assert self.change.wait_for(lambda: len(self.asked) == count, PATIENCE)


@pytest.fixture
def passes() -> Passes:
    return Passes()


@pytest.fixture
def wake(passes: Passes) -> Iterator[Wake]:
    wake = Wake()
    with wake.waking(cast("Any", passes)):
        yield wake
        passes.free.set()


@pytest.mark.covers("W14")
def test_a_storm_makes_one_pass_soon(wake: Wake, passes: Passes) -> None:
    passes.free.set()
    began = datetime.now(UTC)
    for number in range(1000):
        wake.name(str(number % 50), f"CM-{number % 50}")
    passes.wait_for(1)
    assert (passes.asked[0] - began).total_seconds() < PATIENCE
    assert wake.take() == {str(number): f"CM-{number}" for number in range(50)}
    assert len(passes.asked) == 1
    assert wake.take() == {}


def test_what_comes_during_a_pass_makes_one_more_and_nobody_waits_for_it(wake: Wake, passes: Passes) -> None:
    wake.take()
    # The pass goes on, and whoever delivers is answered all the same.
    for _ in range(100):
        wake.name("1", "CM-1")
    wake.name("1", "")
    passes.free.set()
    passes.wait_for(1)
    assert wake.take() == {"1": "CM-1"}
    wake.soon()
    passes.wait_for(2)
