"""Checks run at the same time, for a limited time, and only where they can say something."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from cmbot.exceptions import RemoteError
from cmbot.operations.diagnosis import Health, Line
from cmbot.operations.examining import Check, examine

if TYPE_CHECKING:
    from collections.abc import Sequence


def fine(name: str) -> Sequence[Line]:
    return (Line(name, Health.OK, "fine"),)


def fails(name: str) -> Sequence[Line]:
    raise RemoteError(name, "is down", "start it")


def breaks(_: str) -> Sequence[Line]:
    raise ZeroDivisionError


def health_of(*checks: Check, limit: float = 20) -> list[tuple[str, Health]]:
    return [(line.check, line.health) for line in examine(checks, limit)]


def test_one_that_fails_hides_no_other() -> None:
    assert health_of(
        Check("a", partial(fails, "a")),
        Check("b", partial(fine, "b")),
        Check("c", partial(breaks, "c")),
        Check("d", partial(fails, "d"), health=Health.DEGRADED),
    ) == [("a", Health.BROKEN), ("b", Health.OK), ("c", Health.BROKEN), ("d", Health.DEGRADED)]


def test_what_depends_on_a_broken_one_is_unchecked_all_the_way() -> None:
    assert health_of(
        Check("a", partial(fails, "a")),
        Check("b", partial(fine, "b"), "a"),
        Check("c", partial(fine, "c"), "b"),
    ) == [("a", Health.BROKEN), ("b", Health.UNCHECKED), ("c", Health.UNCHECKED)]


def test_a_degraded_one_does_not_stop_what_depends_on_it() -> None:
    assert health_of(
        Check("a", partial(fails, "a"), health=Health.DEGRADED), Check("b", partial(fine, "b"), "a")
    ) == [("a", Health.DEGRADED), ("b", Health.OK)]


def test_one_that_hangs_is_given_up() -> None:
    end = threading.Event()

    def hangs() -> Sequence[Line]:
        end.wait(60)
        return fine("a")

    try:
        found = list(examine((Check("a", hangs), Check("b", partial(fine, "b"), "a")), 0.1))
    finally:
        end.set()
    assert [(line.check, line.health) for line in found] == [("a", Health.BROKEN), ("b", Health.UNCHECKED)]
    assert found[0].found == "no answer in time"


def test_independent_ones_run_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=20)

    def meet(name: str) -> Sequence[Line]:
        both.wait()
        return fine(name)

    assert health_of(Check("a", partial(meet, "a")), Check("b", partial(meet, "b"))) == [
        ("a", Health.OK),
        ("b", Health.OK),
    ]
