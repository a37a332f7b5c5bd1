"""How fast Jira is asked, with a clock that only waiting moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
import requests

from cmbot.exceptions import Limited, NotFound, OutcomeUnknown, RemoteError
from cmbot.jira.pace import PER_ISSUE, Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 10.0


class Time:
    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pace(time: Time) -> Pace:
    return Pace(PATIENCE, time.clock, time.sleep)


def answer(status: int = 200, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def ask(pace: Pace, call: Callable[[], str] = lambda: "done", issue: str = "") -> str:
    return pace.tried("CM-1", "reading", issue, call)


def raising(*errors: Exception) -> Callable[[], str]:
    left: Iterator[Exception] = iter(errors)

    def call() -> str:
        if error := next(left, None):
            raise error
        return "done"

    return call


def test_what_failed_without_effect_is_tried_again_later_and_later(pace: Pace, time: Time) -> None:
    assert ask(pace, raising(*(RemoteError("CM-1", "failed") for _ in range(3)))) == "done"
    first, second, third = time.waits
    assert 0.5 <= first <= 1 <= second <= 2 <= third <= 4


def test_it_is_tried_four_times_at_most(pace: Pace) -> None:
    errors = [RemoteError("CM-1", f"failed {number}") for number in range(9)]
    with pytest.raises(RemoteError, match="failed 3"):
        ask(pace, raising(*errors))


def test_a_slow_failure_leaves_no_patience_for_another_try(pace: Pace, time: Time) -> None:
    def call() -> str:
        time.now += PATIENCE
        raise RemoteError("CM-1", "was not answered in time")

    with pytest.raises(RemoteError):
        ask(pace, call)
    assert time.waits == []


@pytest.mark.covers("W2")
@pytest.mark.parametrize("kind", [OutcomeUnknown, NotFound])
def test_what_may_have_happened_or_would_be_the_same_is_not_tried_again(
    pace: Pace, kind: type[RemoteError]
) -> None:
    with pytest.raises(kind):
        ask(pace, raising(kind("CM-1", "no")))


def refused(pace: Pace, response: requests.Response) -> Callable[[], str]:
    """A call that is asked to wait once."""
    left = [response]

    def call() -> str:
        if left:
            pace.heed(left.pop())
            raise Limited("CM-1", "asked to wait")
        return "done"

    return call


def date(seconds: float) -> dict[str, str]:
    now = datetime.now(UTC)
    return {"Date": format_datetime(now), "Retry_After": format_datetime(now + timedelta(seconds=seconds))}


@pytest.mark.parametrize("headers", [{"Retry_After": "3"}, date(3)])
def test_a_short_pause_is_kept_and_then_it_goes_on(pace: Pace, time: Time, headers: dict[str, str]) -> None:
    assert ask(pace, refused(pace, answer(429, **headers))) == "done"
    assert sum(time.waits) == pytest.approx(3, abs=0.1)


def test_the_reset_counts_where_there_is_no_retry_after(pace: Pace, time: Time) -> None:
    reset = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
    ask(pace, refused(pace, answer(429, X_RateLimit_Reset=reset)))
    assert sum(time.waits) == pytest.approx(4, abs=0.2)


def test_a_pause_without_a_time_grows_with_each_refusal(pace: Pace, time: Time) -> None:
    for _ in range(3):
        pace.heed(answer(429, Retry_After="0"))
    ask(pace)
    assert 2 <= sum(time.waits) <= 4


@pytest.mark.parametrize("status", [429, 503])
def test_a_long_pause_is_left_to_a_later_pass_and_holds_for_everything(
    pace: Pace, time: Time, status: int
) -> None:
    before = datetime.now(UTC)
    pace.heed(answer(status, Retry_After="1847"))
    for issue in ("", "10001"):
        with pytest.raises(Limited) as caught:
            ask(pace, issue=issue)
        assert caught.value.retry_at is not None
        assert before <= caught.value.retry_at - timedelta(seconds=1847) <= datetime.now(UTC)
    assert time.waits == []
    time.now += 1847
    assert ask(pace) == "done"


def test_near_the_limit_of_a_bucket_requests_keep_the_pace_of_its_filling(pace: Pace, time: Time) -> None:
    bucket = {"X_RateLimit_Limit": "100", "X_RateLimit_FillRate": "5", "X_RateLimit_Interval_Seconds": "2"}
    for left in (50, 11, 10, 9, 8):
        pace.heed(answer(X_RateLimit_Remaining=str(left), Retry_After="0", **bucket))
        ask(pace)
    assert time.waits == pytest.approx([0.4, 0.4, 0.4])


def test_near_clouds_limit_the_rest_is_spread_until_the_reset(pace: Pace, time: Time) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    headers = {
        "Date": format_datetime(now),
        "X_RateLimit_Reset": (now + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "X_RateLimit_Remaining": "4",
        "X_RateLimit_NearLimit": "true",
    }
    for _ in range(3):
        pace.heed(answer(**headers))
        ask(pace)
    assert time.waits == pytest.approx([0.2, 0.2, 0.2])


@pytest.mark.parametrize("headers", [{}, {"X_RateLimit_Limit": "many", "X_RateLimit_Remaining": "0"}])
def test_far_from_limits_nothing_waits(pace: Pace, time: Time, headers: dict[str, str]) -> None:
    for _ in range(1000):
        pace.heed(answer(**headers))
        ask(pace)
    assert time.waits == []


@pytest.mark.covers("W15")
def test_one_issue_is_never_written_faster_than_clouds_limits(pace: Pace, time: Time) -> None:
    at: list[float] = []
    for _ in range(300):
        try:
            ask(pace, issue="10001")
            waited = len(time.waits)
            ask(pace, issue=f"2{len(at)}")
            assert len(time.waits) == waited, "another issue need not wait"
        except Limited:
            time.now += 5
            continue
        at.append(time.now)
    assert len(at) > 200
    for span, most in PER_ISSUE:
        for first, last in zip(at, at[most:], strict=False):
            assert last - first >= span


def test_what_is_remembered_of_issues_is_bounded(pace: Pace, time: Time) -> None:
    for number in range(10_000):
        ask(pace, issue=str(number))
        time.now += 1
    assert len(pace._writes) <= 2_001
