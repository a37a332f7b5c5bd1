"""An estimate is made only where it means something."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.models.attempts import AttemptState, Try, TryState
from cmbot.models.views import Counts, GroupView

START = datetime(2026, 11, 20, 8, tzinfo=UTC)


def running(build: Any, done: int, total: int, minutes: int, state: str = "running") -> GroupView:
    item = Try(1, 1, "0a1b2c3d", "name", TryState.SUBMITTED, "d", "h", START)
    attempt = replace(build.attempt(AttemptState(state), build.cause(1, 1)), tries=(item,))
    group: GroupView = build.group("g001", attempt)
    return replace(group, jobs=Counts(total, done), counted_at=START + timedelta(minutes=minutes))


@pytest.mark.covers("V9")
@given(st.integers(1, 500), st.data(), st.integers(1, 5000))
def test_it_begins_at_a_tenth_and_is_never_before_what_was_seen(
    build: Any, total: int, data: Any, minutes: int
) -> None:
    done = data.draw(st.integers(0, total))
    group = running(build, done, total, minutes)
    end = group.expected_end
    assert (end is not None) == (done / total >= 0.1)
    if end is not None:
        assert end >= group.counted_at - timedelta(seconds=1)
        if done == total:
            assert end == group.counted_at


@pytest.mark.covers("V9")
def test_what_runs_has_an_end_only_if_all_of_it_has_one(build: Any) -> None:
    half, early = running(build, 5, 10, 60), replace(running(build, 0, 10, 60), name="g002")
    step = build.step(build.issue(2), half)
    assert step.running_since == START + timedelta(minutes=1, seconds=30)
    assert step.expected_end == START + timedelta(hours=2)
    assert build.step(build.issue(2), half, early).expected_end is None
    assert build.step(build.issue(2), running(build, 5, 10, 60, "held")).expected_end is None
    idle = build.step(build.issue(3), build.group("g001"), name="step2")
    assert (idle.running_since, idle.expected_end) == (None, None)
    assert build.campaign(build.issue(1), step, idle).expected_end == START + timedelta(hours=2)
