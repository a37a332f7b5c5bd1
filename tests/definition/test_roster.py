"""Rosters are read from YAML and calendars, and say who is on shift at any instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.definition import roster
from cmbot.exceptions import UserError
from cmbot.models.issues import Person
from cmbot.models.roster import Roster, Shift
from cmbot.settings import RosterSettings

NOW = datetime(2026, 11, 20, 8, 15, tzinfo=UTC)
YAML = """
shifts:
  - {start: 2026-11-20 00:00, end: 2026-11-20 08:00, operators: anna, notes: "step2 is\\nslow"}
  - {start: 2026-11-20 08:00:00, end: 2026-11-20 16:00:00, operators: [ben, carl]}
  - {start: "2026-11-21T08:00+01:00", end: "2026-11-21T16:00+01:00", operators: [anna]}
"""
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//observatory//shifts//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20261001T000000Z
DTSTART;TZID=America/Los_Angeles:20261026T080000
DTEND;TZID=America/Los_Angeles:20261026T160000
RRULE:FREQ=DAILY
EXDATE;TZID=America/Los_Angeles:20261121T080000
SUMMARY:day shift
DESCRIPTION:mind step2
ATTENDEE;CN=Anna:mailto:anna@example.org
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTAMP:20261001T000000Z
DTSTART;VALUE=DATE:20261121
SUMMARY:Ben
END:VEVENT
END:VCALENDAR
"""
PEOPLE = {"anna@example.org": "anna", "Ben": "5b10ac8d82e05b22cc7d4ef5"}


def yaml(text: str = YAML, zone: str = "UTC", **people: str) -> Roster:
    return roster.parse(text, RosterSettings(file="roster.yaml", time_zone=zone, people=people), NOW)


def calendar(text: str = CALENDAR, zone: str = "UTC") -> Roster:
    return roster.parse(text, RosterSettings(file="a.ICS", time_zone=zone, people=PEOPLE), NOW)


def accounts(found: Roster, at: str) -> list[str]:
    return [person.account for person in found.people(datetime.fromisoformat(at))]


@pytest.mark.covers("D7", "V21")
def test_a_yaml_roster_says_who_is_on_shift_in_its_own_zone() -> None:
    found = yaml()
    assert accounts(found, "2026-11-20T07:59Z") == ["anna"]
    assert accounts(found, "2026-11-20T08:00Z") == ["ben", "carl"]
    assert accounts(found, "2026-11-20T16:00Z") == []
    assert accounts(found, "2026-11-21T07:00Z") == ["anna"]
    assert [shift.notes for shift in found.before(NOW)] == ["step2 is slow"]
    assert accounts(yaml(zone="America/Los_Angeles"), "2026-11-20T16:00Z") == ["ben", "carl"]


@pytest.mark.covers("V21")
def test_a_calendar_repeats_across_the_change_of_clocks_and_leaves_out_what_was_cancelled() -> None:
    found = calendar(zone="Europe/Paris")
    assert accounts(found, "2026-10-27T15:00Z") == ["anna"]
    # Clocks went back on 1 November.
    assert accounts(found, "2026-11-20T15:59Z") == []
    assert accounts(found, "2026-11-20T16:00Z") == ["anna"]
    # All day in Paris; the shift of that day was cancelled.
    assert set(accounts(found, "2026-11-20T23:00Z")) == {"anna", "5b10ac8d82e05b22cc7d4ef5"}
    assert accounts(found, "2026-11-21T17:00Z") == ["5b10ac8d82e05b22cc7d4ef5"]
    (day,) = found.on_shift(datetime(2026, 11, 20, 17, tzinfo=UTC))
    assert (day.notes, str(day.people[0])) == ("mind step2", "anna@example.org")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("shifts: [{start: yesterday, end: 2026-11-20, operators: [a]}]", "shifts.0.start"),
        ("shifts: [{start: 2026-11-20 09:00, end: 2026-11-20 08:00, operators: [a]}]", "ends at"),
        ("shifts: [{start: 2026-11-20 07:00, end: 2026-11-20 08:00, operators: []}]", "shifts.0.operators"),
        ("shifts: [{start: 2026-11-20 07:00, end: 2026-11-20 08:00, operators: ['']}]", "names nobody"),
        ("shifts: [{start: 2026-11-20 07:00, end: 2026-11-20 08:00, operator: [a]}]", "shifts.0.operator"),
        ("shifts: [", "is not valid YAML"),
    ],
)
def test_a_yaml_roster_that_makes_no_sense_is_refused_with_where(text: str, said: str) -> None:
    with pytest.raises(UserError, match=r"^roster\.yaml: ") as refused:
        yaml(text)
    assert said in str(refused.value)
    assert refused.value.remedy


def test_a_time_that_clocks_jump_over_and_a_person_nobody_knows_are_refused() -> None:
    jumped = "shifts: [{start: 2026-03-29 02:30, end: 2026-03-29 08:00, operators: [a]}]"
    with pytest.raises(UserError, match="does not exist in Europe/Paris"):
        yaml(jumped, "Europe/Paris")
    with pytest.raises(UserError, match="'ben' is not known; add the account to roster"):
        yaml(anna="a")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("BEGIN:VCALENDAR", "rubbish", "is no calendar that can be read"),
        ("DTSTART;VALUE=DATE:20261121", "DTSTART:soon", "is no calendar that can be read"),
        ("DTSTART;VALUE=DATE:20261121\n", "", "is no calendar that can be read"),
        ("TZID=America/Los_Angeles", "TZID=Mars/Olympus", "time zone 'Mars/Olympus' is not known"),
        (CALENDAR, "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nEND:VCALENDAR", "the calendar has no events"),
        ("SUMMARY:Ben", "SUMMARY:Holidays", "'Holidays' is not known"),
    ],
)
def test_a_calendar_that_cannot_be_used_is_refused(before: str, after: str, said: str) -> None:
    with pytest.raises(UserError, match=r"^a\.ICS: ") as refused:
        calendar(CALENDAR.replace(before, after))
    assert said in str(refused.value)


instants = st.integers(0, 500).map(lambda hours: NOW + timedelta(hours=hours))
shifts = st.builds(
    lambda start, hours, name: Shift(start, start + timedelta(hours=hours), (Person(name),)),
    instants,
    st.integers(1, 30),
    st.sampled_from("abc"),
)


@given(st.lists(shifts, max_size=8), instants)
def test_whatever_the_order_and_overlap_who_is_on_shift_is_who_began_and_has_not_ended(
    some: list[Shift], at: datetime
) -> None:
    found = Roster(tuple(some))
    assert sorted(found.on_shift(at), key=repr) == sorted(
        (shift for shift in some if shift.start <= at < shift.end), key=repr
    )
    assert found.people(at) == Roster(tuple(reversed(some))).people(at)
    assert len(set(found.people(at))) == len(found.people(at))


@given(st.lists(shifts, min_size=1, max_size=8), st.lists(instants, min_size=2))
def test_shift_changes_only_go_forward_and_each_begins_a_shift(
    some: list[Shift], times: list[datetime]
) -> None:
    found = Roster(tuple(some))
    changes = [change for at in sorted(times) if (change := found.changed(at))]
    assert all(one <= other for one, other in pairwise(changes))
    assert set(changes) <= {shift.start for shift in some}
    for change in changes:
        assert all(shift.end <= change for shift in found.before(change))
        assert all(shift.start > change for shift in found.following(change))
