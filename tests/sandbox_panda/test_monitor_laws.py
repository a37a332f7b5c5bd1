"""Laws of the monitor's parameters and numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.sandbox.panda.monitor.question import BadQuestion, Question, read
from cmbot.sandbox.panda.monitor.workflows import percent

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _question(**parameters: str) -> Question:
    return Question(parameters, wants_json=True, now=NOW)


@given(whole=st.integers(1, 10**7), share=st.floats(0, 1))
def test_only_all_is_a_hundred_percent_and_only_nothing_is_none(whole: int, share: float) -> None:
    part = round(whole * share)
    found = percent(part, whole)
    assert (found == 100) is (part == whole)
    assert (found == 0) is (part == 0)
    assert abs(found - 100 * part / whole) <= 1


NAMES = st.text("abAB_.-1[]?", max_size=8)


@given(name=NAMES, others=st.lists(NAMES.filter(bool), max_size=2))
def test_a_name_is_found_by_itself_whatever_its_case_and_by_a_star_in_place_of_its_end(
    name: str, others: list[str]
) -> None:
    for pattern in (name.upper(), f"{name[:3]}*", "|".join([*others, name]), ",".join([name, *others])):
        matches = _question(taskname=pattern).matcher("taskname")
        refuses = _question(taskname=f"!{pattern}").matcher("taskname")
        if pattern:
            assert matches is not None
            assert matches(name)
            assert refuses is not None
            assert not refuses(name)


@given(name=NAMES, pattern=NAMES.filter(bool))
def test_without_a_star_only_the_same_name_is_found(name: str, pattern: str) -> None:
    matches = _question(taskname=pattern).matcher("taskname")
    assert matches is not None
    assert matches(name) is (name.lower() == pattern.lower())


@given(days=st.integers(0, 10**17), hours=st.integers(0, 10**17))
def test_a_window_ends_now_and_is_as_long_as_it_was_asked_to_be(days: int, hours: int) -> None:
    since, until = _question(days=str(days)).window(1)
    assert until == NOW.isoformat(timespec="microseconds")
    assert datetime.fromisoformat(since) == NOW - timedelta(days=min(days, 36500))
    since, _ = _question(hours=str(hours)).window(1)
    assert datetime.fromisoformat(since) == NOW - timedelta(hours=min(hours, 36500 * 24))


@pytest.mark.parametrize(
    ("sent", "since"),
    [
        ("2026-11-09", "2026-11-09T00:00:00"),
        ("2026-11-09T10:30:00", "2026-11-09T10:30:00"),
        ("09-11-2021", "2021-09-11T00:00:00"),
        ("25-11-2021", "2021-11-25T00:00:00"),
    ],
)
def test_the_parser_of_dates_guesses_the_month_first(sent: str, since: str) -> None:
    assert _question(date_from=sent).window(1)[0] == f"{since}.000000+00:00"


@pytest.mark.parametrize("name", ["jeditaskid", "reqid", "days", "limit"])
@pytest.mark.parametrize("text", ["abc", "1,x", "-1", "1.5", "9" * 30])
def test_what_is_no_number_is_named(name: str, text: str) -> None:
    with pytest.raises(BadQuestion, match=f"^Illegal value '{text}' for {name}$"):
        _question(**{name: text}).integers(name)


@pytest.mark.parametrize(
    ("query", "accept", "asked"),
    [
        ("json", "*/*", True),
        ("json=1", "", True),
        ("", "application/json", True),
        ("", "text/json", True),
        ("", "application/json, */*", False),
        ("", "text/html", False),
    ],
)
def test_json_is_asked_for_by_name_or_by_exactly_one_kind(query: str, accept: str, asked: bool) -> None:
    assert read(query.encode(), b"", "", accept, NOW).wants_json is asked


def test_parameters_come_from_forms_and_json_bodies_as_well() -> None:
    for body, kind in [
        (b"json&taskname=a+b%27%23", "application/x-www-form-urlencoded"),
        (b'{"json": "", "taskname": "a+b\'#"}', "application/json"),
        (b'{"params": {"json": "", "taskname": "a b"}}', "application/json"),
    ]:
        question = read(b"", body, kind, "", NOW)
        assert (question.parameters["taskname"], question.wants_json) == ("a b", True)
