"""What is told to Jira: once, in order for each issue, and not more often than it may."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.mirror import deliveries, outbox

if TYPE_CHECKING:
    from datetime import datetime

    from cmbot.mirror import Mirror

ONE, TWO = ("10001", "CM-1"), ("10002", "CM-2")
MINUTE = timedelta(seconds=60)


def say(mirror: Mirror, issue: tuple[str, str], marker: str, at: datetime, text: str = "x") -> bool:
    with mirror.writing() as connection:
        return outbox.say(connection, issue, "comment", marker, {"text": text}, at)


def keep(mirror: Mirror, text: str, at: datetime, issue: tuple[str, str] = ONE) -> bool:
    marker = f"status:{issue[0]}"
    with mirror.writing() as connection:
        return outbox.keep_said(connection, issue, "status comment", marker, {"text": text}, at, MINUTE)


def deliver(mirror: Mirror, at: datetime) -> list[str]:
    """Tell what is due; its texts."""
    told = []
    for row in deliveries.pending(mirror, at):
        with mirror.writing() as connection:
            deliveries.sending(connection, row, at)
            deliveries.told(connection, row, "77", at)
        told.append(row.body["text"])
    return told


def fail(mirror: Mirror, marker: str, at: datetime, again: datetime | None) -> None:
    [row] = [row for row in deliveries.pending(mirror, at) if row.marker == marker]
    with mirror.writing() as connection:
        deliveries.sending(connection, row, at)
        deliveries.failed(connection, row, "no answer", again)


def markers(mirror: Mirror, at: datetime) -> list[str]:
    return [row.marker for row in deliveries.pending(mirror, at)]


@pytest.mark.covers("W2", "W4")
def test_the_same_thing_is_said_once_for_ever(mirror: Mirror, doing: Any) -> None:
    assert say(mirror, ONE, "launched:1", doing.at(0))
    assert not say(mirror, ONE, "launched:1", doing.at(1), "otherwise put")
    assert deliver(mirror, doing.at(2)) == ["x"]
    assert not say(mirror, ONE, "launched:1", doing.at(3))
    assert deliver(mirror, doing.at(4)) == []


def test_one_issue_is_told_in_order_and_waits_behind_what_failed(mirror: Mirror, doing: Any) -> None:
    for n, issue in enumerate([ONE, TWO, ONE, ONE]):
        say(mirror, issue, f"m{n}", doing.at(n))
    assert markers(mirror, doing.at(5)) == ["m0", "m1", "m2", "m3"]
    fail(mirror, "m0", doing.at(5), again=doing.at(8))
    assert markers(mirror, doing.at(6)) == ["m1"]
    assert markers(mirror, doing.at(8)) == ["m0", "m1", "m2", "m3"]


@pytest.mark.covers("V26")
def test_what_can_never_be_told_holds_nobody_up(mirror: Mirror, doing: Any) -> None:
    say(mirror, ONE, "m0", doing.at(0))
    say(mirror, ONE, "m1", doing.at(0))
    fail(mirror, "m0", doing.at(1), again=None)
    assert markers(mirror, doing.at(1)) == ["m1"]


def test_what_jira_refuses_is_tried_again_and_holds_up_nothing(mirror: Mirror, doing: Any) -> None:
    say(mirror, ONE, "m0", doing.at(0), "refused")
    say(mirror, ONE, "m1", doing.at(0), "milestone")
    [row, _] = deliveries.pending(mirror, doing.at(1))
    with mirror.writing() as connection:
        deliveries.refused(connection, row, "no such transition", doing.at(9))
    assert deliver(mirror, doing.at(1)) == ["milestone"]
    assert deliver(mirror, doing.at(8)) == []
    assert deliver(mirror, doing.at(9)) == ["refused"]


@pytest.mark.covers("W15", "V11")
def test_a_status_is_told_again_only_if_it_differs_and_a_minute_later(mirror: Mirror, doing: Any) -> None:
    assert keep(mirror, "one", doing.at(0))
    assert deliver(mirror, doing.at(0)) == ["one"]
    assert not keep(mirror, "one", doing.at(5))
    assert deliver(mirror, doing.at(5)) == []

    assert keep(mirror, "two", doing.at(5))
    assert deliver(mirror, doing.at(5)) == ["two"]
    assert keep(mirror, "three", doing.at(5.2))
    assert keep(mirror, "four", doing.at(5.4))
    assert deliver(mirror, doing.at(5.9)) == []
    assert deliver(mirror, doing.at(6)) == ["four"]


def test_a_status_that_rests_holds_up_nothing_else(mirror: Mirror, doing: Any) -> None:
    keep(mirror, "one", doing.at(0))
    deliver(mirror, doing.at(0))
    keep(mirror, "two", doing.at(0.1))
    say(mirror, ONE, "m1", doing.at(0.2), "milestone")
    assert deliver(mirror, doing.at(0.3)) == ["milestone"]


def test_a_status_that_failed_waits_as_long_as_it_must_even_if_it_changes(mirror: Mirror, doing: Any) -> None:
    keep(mirror, "one", doing.at(0))
    fail(mirror, "status:10001", doing.at(0), again=doing.at(10))
    for minute in (1, 2, 3):
        assert keep(mirror, f"news {minute}", doing.at(minute))
        assert deliver(mirror, doing.at(minute)) == []
    assert deliver(mirror, doing.at(10)) == ["news 3"]


def test_a_status_that_was_given_up_is_tried_again_when_it_changes(mirror: Mirror, doing: Any) -> None:
    keep(mirror, "one", doing.at(0))
    fail(mirror, "status:10001", doing.at(0), again=None)
    assert deliver(mirror, doing.at(1)) == []
    assert not keep(mirror, "one", doing.at(2))
    assert keep(mirror, "two", doing.at(2))
    assert deliver(mirror, doing.at(2)) == ["two"]


def test_a_status_that_changes_while_it_is_sent_is_sent_once_more(mirror: Mirror, doing: Any) -> None:
    keep(mirror, "one", doing.at(0))
    [row] = deliveries.pending(mirror, doing.at(0))
    keep(mirror, "two", doing.at(0))
    with mirror.writing() as connection:
        deliveries.told(connection, row, "77", doing.at(0))
    assert deliver(mirror, doing.at(1)) == ["two"]
    assert deliver(mirror, doing.at(9)) == []


def test_what_was_made_in_jira_is_remembered_for_the_next_edit(mirror: Mirror, doing: Any) -> None:
    keep(mirror, "one", doing.at(0))
    deliver(mirror, doing.at(0))
    keep(mirror, "two", doing.at(5))
    [row] = deliveries.pending(mirror, doing.at(5))
    assert (row.result, row.issue_key, row.sends) == ("77", "CM-1", 0)


@pytest.mark.covers("W2")
def test_what_may_have_been_made_when_cmbot_died_waits_until_it_could_be_found(
    mirror: Mirror, doing: Any
) -> None:
    say(mirror, ONE, "group:1", doing.at(0))
    [row] = deliveries.pending(mirror, doing.at(1))
    with mirror.writing() as connection:
        deliveries.sending(connection, row, doing.at(180))
    assert markers(mirror, doing.at(179)) == []
    assert markers(mirror, doing.at(181)) == ["group:1"]


@pytest.mark.covers("W15")
def test_what_is_kept_up_to_date_comes_after_what_is_said_once_the_longest_due_first(
    mirror: Mirror, doing: Any
) -> None:
    for second, kind in ((3, "fields"), (1, "property"), (2, "status comment")):
        with mirror.writing() as connection:
            outbox.keep_said(connection, ONE, kind, kind, {}, doing.at(second), MINUTE)
    say(mirror, ONE, "launched:1", doing.at(4))
    assert markers(mirror, doing.at(5)) == ["launched:1", "property", "status comment", "fields"]
