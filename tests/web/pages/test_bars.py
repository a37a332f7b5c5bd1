"""Bars say no more and no less than the numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cmbot.pages.bars import WIDTH, Bar

COUNTS = st.integers(0, 10**7)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_every_part_is_seen_and_none_is_outside(done: int, failed: int, running: int, waiting: int) -> None:
    bar = Bar("jobs", done, failed, running, done + failed + running + waiting)
    parts = {segment.tone: segment for segment in bar.segments}
    assert set(parts) <= {"done", "failed", "running"}
    for tone, count in (("done", done), ("failed", failed), ("running", running)):
        assert (tone in parts) == bool(count)
    end = 0
    for segment in bar.segments:
        assert (segment.start, segment.width > 0) == (end, True)
        end += segment.width
    assert end <= WIDTH


@given(COUNTS, COUNTS)
def test_all_is_said_only_of_all_and_none_only_of_none(done: int, left: int) -> None:
    bar = Bar("quanta", done, 0, 0, done + left)
    assert (bar.percent == "100 %") == bool(done and not left)
    assert (bar.percent == "0 %") == bool(left and not done)


def test_what_is_not_counted_is_not_called_nothing() -> None:
    bar = Bar("quanta", 0, 0, 0, 0)
    assert (bar.text, bar.percent, bar.segments) == ("quanta not counted yet", "", ())
