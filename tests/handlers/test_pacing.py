"""What was asked for begins at once, or waits with its reason; never more at once than is allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.handlers.actions import Submit
from cmbot.handlers.campaign import decide
from cmbot.handlers.pacing import Load, Pace, paced
from cmbot.models.attempts import AttemptState, Changes, Order, Verb
from cmbot.models.issues import Level, Status
from cmbot.models.notices import NoticeKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmbot.models.views import CampaignView

SITES = {"2": "SLAC", "3": "SLAC", "4": "IN2P3"}
small = st.integers(0, 4)
ROOMY = Pace(99)


def campaign(
    build: Any, own: Mapping[int, int], priority: Mapping[int, int] | None = None, most: int = 0
) -> CampaignView:
    """A campaign of step2 and step3 at SLAC and step4 at IN2P3, with caps of their own."""
    steps = []
    for number in (2, 3, 4):
        step = build.step(build.issue(number), name=f"step{number}", max_groups=own.get(number, 0))
        changed = {"site": SITES[str(number)], "priority": (priority or {}).get(number, 0)}
        steps.append(replace(step, definition=replace(step.definition, **changed)))
    view = build.campaign(build.launched(), *steps)
    return replace(view, definition=replace(view.definition, max_groups=most))


def asked(build: Any, view: CampaignView, wanted: Sequence[int]) -> tuple[Submit, ...]:
    """One submission for each step number wanted, in that order."""
    steps = {int(step.issue.id): step for step in view.steps}
    return tuple(
        Submit(steps[number], build.group(f"g{place:03}"), 1, build.cause(1, 1))
        for place, number in enumerate(wanted)
    )


@pytest.mark.covers("V18", "D1", "W12")
@given(
    wanted=st.lists(st.sampled_from([2, 3, 4]), max_size=8),
    own=st.dictionaries(st.sampled_from([2, 3, 4]), small),
    live=st.dictionaries(st.sampled_from(["2", "3", "4"]), small),
    total=small,
    slac=small,
    in2p3=small,
    most=small,
)
def test_no_cap_is_ever_exceeded_the_order_is_kept_and_nothing_waits_without_a_reason(
    build: Any,
    wanted: list[int],
    own: dict[int, int],
    live: dict[str, int],
    total: int,
    slac: int,
    in2p3: int,
    most: int,
) -> None:
    per_site = {"SLAC": slac, "IN2P3": in2p3}
    view = campaign(build, own, most=most)
    submits = asked(build, view, wanted)
    there = [(step, SITES[step]) for step, count in live.items() for _ in range(count)]
    found = paced(view, submits, Pace(total, per_site), Load(there), build.at(2))

    def room(before: Sequence[Submit], step: str) -> bool:
        counts = {number: live.get(number, 0) for number in SITES}
        for submit in before:
            counts[submit.step.issue.id] += 1
        at_site = sum(count for number, count in counts.items() if SITES[number] == SITES[step])
        cap = own.get(int(step), 0)
        return (
            sum(counts.values()) < total
            and at_site < per_site[SITES[step]]
            and (not cap or counts[step] < cap)
            and (not most or sum(counts.values()) < most)
        )

    # Exactly those are let through for which there was room behind the ones let through before them.
    expected: list[Submit] = []
    for submit in submits:
        if room(expected, submit.step.issue.id):
            expected.append(submit)
    assert list(found.submits) == expected
    assert set(found.waiting) == {one.step.issue.id for one in submits if one not in expected}


@pytest.mark.covers("V18")
def test_what_waits_for_a_cap_says_which_and_starts_when_there_is_room_again(build: Any) -> None:
    view = campaign(build, {2: 2})
    submits = asked(build, view, [2, 2, 2])
    first = paced(view, submits, ROOMY, Load(), build.at(2))
    assert first.submits == submits[:2]
    assert first.waiting == {"2": "1 group waits: at most 2 at once of step2 (Max concurrent groups)"}
    live = [("2", "SLAC")]
    assert paced(view, submits[2:], ROOMY, Load(live * 2), build.at(3)).submits == ()
    assert paced(view, submits[2:], ROOMY, Load(live), build.at(4)).submits == submits[2:]


@pytest.mark.covers("V18")
def test_an_attempt_counts_at_the_site_where_it_runs_and_not_at_its_step_s(build: Any) -> None:
    view = campaign(build, {})
    here, there = asked(build, view, [2, 2])
    there = replace(there, changes=Changes(site="IN2P3"))
    pace = Pace(9, {"SLAC": 1, "IN2P3": 1})

    def kept(submits: tuple[Submit, ...], *live: tuple[str, str]) -> tuple[Submit, ...]:
        return paced(view, submits, pace, Load(live), build.at(2)).submits

    assert kept((here, there), ("9", "SLAC")) == (there,)
    assert kept((here, there), ("2", "IN2P3")) == (here,)
    assert kept((there, there)) == (there,)
    # The settings have lost it: that is said where it is submitted.
    gone = replace(there, changes=Changes(site="NERSC"))
    assert kept((gone,)) == (gone,)


@pytest.mark.covers("D1")
def test_groups_of_a_more_urgent_step_start_first(build: Any) -> None:
    view = campaign(build, {}, {3: 500})
    submits = asked(build, view, [2, 3, 2, 3])
    found = paced(view, submits, Pace(3), Load(), build.at(2))
    assert [submit.group.name for submit in found.submits] == ["g001", "g003", "g000"]


@pytest.mark.covers("V18")
def test_no_more_begin_in_a_minute_than_the_settings_say(build: Any) -> None:
    view = campaign(build, {})
    submits = asked(build, view, [2] * 5)
    found = paced(view, submits, Pace(99, a_minute=4), Load(last_minute=2), build.at(2))
    assert found.submits == submits[:2]
    assert found.waiting["2"].startswith("3 groups wait: at most 4 submissions a minute")


@pytest.mark.covers("F5")
def test_a_site_that_is_held_holds_only_its_own_groups_and_says_why(build: Any) -> None:
    view = campaign(build, {})
    submits = asked(build, view, [2, 4, 3])
    held = {"SLAC": "paused by Olga: power cut"}
    found = paced(view, submits, ROOMY, Load(held=held), build.at(2))
    assert found.submits == submits[1:2]
    assert found.waiting == dict.fromkeys(
        ("2", "3"), "1 group waits: nothing new starts at SLAC, paused by Olga: power cut"
    )


# ------------------------------------------------------------------------------------- grace time

GRACE = Pace(99, many=3, grace=timedelta(minutes=2))


def many(build: Any, count: int) -> CampaignView:
    """A launched campaign with a step of so many groups."""
    step = build.step(build.issue(2), *(build.group(f"g{n:03}") for n in range(1, count + 1)))
    return build.campaign(build.launched(), step)


def with_graces(view: CampaignView, submits: Sequence[Submit], now: Any) -> CampaignView:
    graces = paced(view, submits, GRACE, Load(), now).graces
    steps = (replace(step, grace=graces.get(step.issue.id, step.grace)) for step in view.steps)
    return replace(view, steps=tuple(steps))


@pytest.mark.covers("V17", "W12")
def test_a_launch_of_many_groups_waits_for_its_grace_time_and_says_until_when(build: Any) -> None:
    view = many(build, 4)
    found = paced(view, decide(view).submits, GRACE, Load(), build.at(2))
    assert found.submits == ()
    assert found.waiting["2"].startswith("4 groups wait: they begin at 08:04:00 UTC; move the launch back")
    told = with_graces(view, decide(view).submits, build.at(2))
    (notice,) = [one for one in decide(told).notices if one.kind is NoticeKind.LAUNCHING]
    assert (notice.issue.key, notice.happened) == ("CM-1", ("4 groups of step1 (CM-2)",))
    assert notice.coming == "2026-11-20 08:04:00 UTC"


@pytest.mark.covers("V17")
def test_the_grace_time_begins_once_and_ends(build: Any) -> None:
    view = many(build, 4)
    view = with_graces(view, decide(view).submits, build.at(2))
    later = paced(view, decide(view).submits, GRACE, Load(), build.at(3.9))
    assert (later.submits, later.graces) == ((), {})
    assert len(paced(view, decide(view).submits, GRACE, Load(), build.at(4)).submits) == 4


@pytest.mark.covers("V17")
def test_a_launch_taken_back_in_its_grace_time_starts_nothing_and_another_waits_anew(build: Any) -> None:
    view = many(build, 4)
    view = with_graces(view, decide(view).submits, build.at(2))
    moved = (1, build.anna, Status.LAUNCH), (3, build.anna, Status.PAUSED)
    back = replace(view, issue=build.issue(1, *moved, level=Level.CAMPAIGN))
    assert decide(back).submits == ()
    again = replace(view, issue=build.issue(1, *moved, (9, build.anna, Status.LAUNCH), level=Level.CAMPAIGN))
    found = paced(again, decide(again).submits, GRACE, Load(), build.at(9))
    assert found.submits == ()
    assert found.graces["2"].until == build.at(11)


def test_few_groups_and_what_was_begun_do_not_wait(build: Any) -> None:
    view = many(build, 3)
    assert len(paced(view, decide(view).submits, GRACE, Load(), build.at(2)).submits) == 3
    begun = build.group("g001", build.attempt(AttemptState.RUNNING, build.cause(1, 1)))
    step = build.step(build.issue(2), begun, *(build.group(f"g{n:03}") for n in range(2, 9)))
    view = build.campaign(build.running(), step)
    assert len(paced(view, decide(view).submits, GRACE, Load(), build.at(2)).submits) == 7


def test_what_a_person_asked_for_by_name_does_not_wait(build: Any) -> None:
    view = many(build, 4)
    order = Order(1, build.cause(1, 1), Verb.RETRY, "2", "g001", 1)
    submits = [replace(submit, order=order) for submit in decide(view).submits]
    assert len(paced(view, submits, GRACE, Load(), build.at(2)).submits) == 4


# ----------------------------------------------------------------------------------- a first group


def alone(build: Any, *groups: Any) -> CampaignView:
    step = build.step(build.issue(2), *groups)
    step = replace(step, definition=replace(step.definition, canary=True))
    return build.campaign(build.running(), step)


@pytest.mark.covers("W12")
def test_a_first_group_goes_alone_and_the_others_follow_when_it_is_completed(build: Any) -> None:
    others = [build.group("g002"), build.group("g003")]

    def started(*attempts: Any) -> list[str]:
        view = alone(build, build.group("g001", *attempts), *others)
        return [submit.group.name for submit in decide(view).submits]

    cause = build.cause(1, 1)
    assert started() == ["g001"]
    for state in AttemptState:
        completed = state is AttemptState.SUCCEEDED
        assert started(build.attempt(state, cause)) == (["g002", "g003"] if completed else [])


@pytest.mark.covers("W12")
def test_after_a_first_group_that_failed_a_launch_retries_it_alone(build: Any) -> None:
    failed = build.group("g001", build.attempt(AttemptState.FAILED, build.cause(1, 1)))
    view = alone(build, failed, build.group("g002"))
    moves = (1, build.anna, Status.LAUNCH), (2, build.bot, Status.RUNNING), (3, build.bot, Status.PAUSED)
    epic = build.issue(1, *moves, (4, build.anna, Status.LAUNCH), level=Level.CAMPAIGN)
    assert [one.group.name for one in decide(replace(view, issue=epic)).submits] == ["g001"]


@pytest.mark.covers("W12")
def test_a_first_group_that_was_accepted_or_given_up_holds_up_nobody(build: Any) -> None:
    failed = build.attempt(AttemptState.PARTIAL, build.cause(1, 1))
    for status in (Status.COMPLETED, Status.ABANDONED):
        issue = build.issue(9, (3, build.anna, status), level=Level.GROUP)
        others = build.group("g002"), build.group("g003")
        view = alone(build, build.group("g001", failed, issue=issue), *others)
        moves = (1, build.anna, Status.LAUNCH), (2, build.bot, Status.RUNNING), (4, build.bot, Status.PAUSED)
        epic = build.issue(1, *moves, (5, build.anna, Status.LAUNCH), level=Level.CAMPAIGN)
        started = [one.group.name for one in decide(replace(view, issue=epic)).submits]
        assert started == (["g002", "g003"] if status is Status.COMPLETED else ["g002"])
