"""Who is asked to act, and that nobody is asked twice a day for one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.handlers import mentions
from cmbot.models.issues import Level, Person
from cmbot.models.notices import Notice, NoticeKind

BEN, CARL, DORA = Person("ben"), Person("carl"), Person("dora")
START = datetime(2026, 11, 20, 8, tzinfo=UTC)


def asked(build: Any, kind: NoticeKind, on_shift: tuple[Person, ...] = (), **epic: Any) -> Any:
    """Whom a notice on a group's issue asks; its step may be assigned to somebody."""
    group = build.group("g001", issue=build.issue(9, level=Level.GROUP))
    step = build.issue(2)
    step = replace(step, assignee=epic.pop("assignee", None))
    view = build.campaign(build.issue(1, level=Level.CAMPAIGN, **epic), build.step(step, group))
    notice = Notice(kind, group.issue, "m", build.cause(1, 1))
    return mentions.asked(notice, view, on_shift)


@pytest.mark.covers("D7", "V21")
def test_who_is_on_shift_is_asked_else_the_operators_else_the_assignee_else_who_launched(build: Any) -> None:
    kind, operators = NoticeKind.FAILED, {"Operators": (BEN, build.bot, BEN)}
    assert asked(build, kind, (CARL, DORA), **operators, assignee=DORA) == (CARL, DORA)
    assert asked(build, kind, **operators) == (BEN,)
    # The innermost issue that says so counts; cmbot itself is nobody's operator.
    assert asked(build, kind, **operators, assignee=DORA) == (DORA,)
    assert asked(build, kind, **operators, assignee=build.bot) == (BEN,)
    assert asked(build, kind) == (build.anna,)


@pytest.mark.covers("V12")
@pytest.mark.parametrize("kind", list(NoticeKind))
def test_people_are_asked_only_where_action_is_needed(build: Any, kind: NoticeKind) -> None:
    people = {
        **dict.fromkeys(("paused", "failed", "attention", "distrusted"), (CARL,)),
        "refused": (build.anna,),
    }
    assert asked(build, kind, (CARL,)) == people.get(kind, ())


def test_groups_that_fail_alike_are_one_reason_and_refusals_are_one_each(build: Any) -> None:
    view = build.campaign(build.issue(1, level=Level.CAMPAIGN))
    other = build.campaign(build.issue(8, level=Level.CAMPAIGN))

    def reason(kind: NoticeKind, marker: str = "m", said: str = "", view: Any = view) -> str:
        return mentions.reason(Notice(kind, view.issue, marker, happened=(said,)), view)

    assert reason(NoticeKind.FAILED, "a", "g001 a1") == reason(NoticeKind.FAILED, "b", "g017 a2 timed out")
    assert reason(NoticeKind.FAILED) != reason(NoticeKind.PAUSED)
    assert reason(NoticeKind.FAILED) != reason(NoticeKind.FAILED, view=other)
    assert reason(NoticeKind.REFUSED, "a") != reason(NoticeKind.REFUSED, "b")
    overdue = reason(NoticeKind.ATTENTION, said="g001 a1: running since 08:15")
    assert overdue == reason(NoticeKind.ATTENTION, said="g002 a3: running since 09:45")
    assert overdue != reason(NoticeKind.ATTENTION, said="g001 a1: there twice")


events = st.tuples(st.integers(0, 6000), st.sampled_from("abc"), st.sets(st.sampled_from((BEN, CARL, DORA))))


@pytest.mark.covers("V12")
@given(st.lists(events, max_size=60))
def test_a_person_is_mentioned_at_most_once_a_day_for_one_reason_and_never_forgotten(
    said: list[tuple[int, str, set[Person]]],
) -> None:
    last: dict[str, dict[str, datetime]] = {}
    done: dict[tuple[str, Person], list[datetime]] = {}
    for minute, reason, people in sorted(said, key=lambda one: one[0]):
        now, before = START + timedelta(minutes=minute), last.setdefault(reason, {})
        due = mentions.due(sorted(people), before, now)
        for person in people:
            times = done.setdefault((reason, person), [])
            assert (person in due) == (not times or now - times[-1] >= mentions.APART)
        for person in due:
            before[person.account] = now
            done[reason, person].append(now)
    for times in done.values():
        assert all(later - earlier >= timedelta(days=1) for earlier, later in pairwise(times))
