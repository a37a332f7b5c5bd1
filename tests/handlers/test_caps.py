"""Caps let the first of what is asked for through, and never more than they say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.handlers.actions import Submit
from cmbot.handlers.starting import within_caps
from cmbot.models.attempts import Changes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SITES = {"2": "SLAC", "3": "SLAC", "4": "IN2P3"}
small = st.integers(0, 4)


def asked(build: Any, wanted: Sequence[int], own: Mapping[int, int]) -> tuple[Submit, ...]:
    """One submission for each step number wanted, in that order."""
    steps = {
        number: build.step(build.issue(number), name=f"step{number}", max_groups=own.get(number, 0))
        for number in (2, 3, 4)
    }
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
)
def test_no_cap_is_ever_exceeded_and_the_order_is_kept(
    build: Any,
    wanted: list[int],
    own: dict[int, int],
    live: dict[str, int],
    total: int,
    slac: int,
    in2p3: int,
) -> None:
    per_site = {"SLAC": slac, "IN2P3": in2p3}
    submits = asked(build, wanted, own)
    there = [(step, SITES[step]) for step, count in live.items() for _ in range(count)]
    kept = within_caps(submits, there, total, per_site=per_site, site_of=SITES)

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
        )

    # Exactly those are let through for which there was room behind the ones let through before them.
    expected: list[Submit] = []
    for submit in submits:
        if room(expected, submit.step.issue.id):
            expected.append(submit)
    assert list(kept) == expected


def test_what_waits_for_a_cap_starts_when_there_is_room_again(build: Any) -> None:
    submits = asked(build, [2, 2, 2], {2: 2})
    caps: dict[str, Any] = {"per_site": {"SLAC": 9, "IN2P3": 9}, "site_of": SITES}
    live = [("2", "SLAC")]
    assert within_caps(submits, [], 9, **caps) == submits[:2]
    assert within_caps(submits[2:], live * 2, 9, **caps) == ()
    assert within_caps(submits[2:], live, 9, **caps) == submits[2:]


@pytest.mark.covers("V18")
def test_an_attempt_counts_at_the_site_where_it_runs_and_not_at_its_step_s(build: Any) -> None:
    caps: dict[str, Any] = {"per_site": {"SLAC": 1, "IN2P3": 1}, "site_of": SITES}
    there, here = asked(build, [2, 2], {})
    there = replace(there, changes=Changes(site="IN2P3"))
    assert within_caps((here, there), [("9", "SLAC")], 9, **caps) == (there,)
    assert within_caps((here, there), [("2", "IN2P3")], 9, **caps) == (here,)
    assert within_caps((there, there), [], 9, **caps) == (there,)
    # The settings have lost it: that is said where it is submitted.
    gone = replace(there, changes=Changes(site="NERSC"))
    assert within_caps((gone,), [], 9, **caps) == (gone,)
