"""Every value is in exactly one group, by names that do not change."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import UserError
from cmbot.models.campaign import SplitRule
from cmbot.splitting.groups import GroupSpec, Part, split

visits = st.lists(st.integers(0, 2**40), min_size=1, max_size=200)
sizes = st.integers(1, 60)


def rule(size: int = 0, **more: Any) -> SplitRule:
    return SplitRule("visit", size, **more)


def cut(values: Any, rule: SplitRule, *earlier: GroupSpec) -> tuple[GroupSpec, ...]:
    return split({"visit": values}, rule, "DEMO-2", earlier)


def held(group: GroupSpec) -> tuple[Any, ...]:
    [part] = group.parts
    assert part.dimension == "visit"
    return part.values


def cover(groups: tuple[GroupSpec, ...]) -> list[object]:
    return [value for group in groups for value in held(group)]


def test_no_split_is_one_group_without_values() -> None:
    assert split({}, SplitRule()) == (GroupSpec("g000"),)


@pytest.mark.covers("B17")
def test_groups_are_named_in_order_and_hold_neighbours() -> None:
    assert [(group.name, held(group)) for group in cut(range(1, 11), rule(4))] == [
        ("g001", (1, 2, 3)),
        ("g002", (4, 5, 6)),
        ("g003", (7, 8, 9, 10)),
    ]


@given(visits, sizes)
def test_every_value_is_in_exactly_one_group(values: list[int], size: int) -> None:
    assert cover(cut(values, rule(size))) == sorted(set(values))


@given(visits, sizes)
def test_sizes_stay_under_the_rule_and_differ_by_one_at_most(values: list[int], size: int) -> None:
    lengths = [group.size for group in cut(values, rule(size))]
    assert max(lengths) <= size
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.covers("B13")
@given(visits, sizes, st.randoms())
def test_the_order_of_the_values_does_not_matter(values: list[int], size: int, random: object) -> None:
    shuffled = values + values[:3]
    random.shuffle(shuffled)  # type: ignore[attr-defined] # Hypothesis gives a random.Random
    assert cut(shuffled, rule(size)) == cut(values, rule(size))


@given(visits, st.integers(1, 300))
def test_a_number_of_groups_is_kept_as_far_as_values_go(values: list[int], count: int) -> None:
    groups = cut(values, rule(count=count))
    assert len(groups) == min(count, len(set(values)))
    assert cover(groups) == sorted(set(values))
    assert all(map(held, groups))


@given(visits)
def test_names_sort_as_their_numbers_do(values: list[int]) -> None:
    names = [group.name for group in cut(values, rule(1))]
    assert sorted(names) == names
    assert len(set(names)) == len(names)


def test_more_than_999_groups_get_longer_names() -> None:
    groups = cut(range(1200), rule(1))
    assert (groups[0].name, groups[-1].name) == ("g0001", "g1200")


@given(visits, sizes)
def test_lists_that_cover_everything_are_taken_as_they_are(values: list[int], size: int) -> None:
    made = cut(values, rule(size))
    assert cut(values, rule(lists=tuple(map(held, made)))) == made
    assert cut(values, rule(values=tuple(sorted(set(values))))) == cut(values, rule(1))


@given(visits, st.integers(0, 2**40))
def test_ranges_stand_for_what_there_is_in_them(values: list[int], edge: int) -> None:
    below, above = ([v for v in values if v <= edge], [v for v in values if v > edge])
    lists = ((f"0..{edge}",), (f"{edge + 1}..{2**41}",))
    if below and above:
        assert [held(group) for group in cut(values, rule(lists=lists))] == [
            tuple(sorted(set(below))),
            tuple(sorted(set(above))),
        ]


@pytest.mark.covers("B17")
def test_the_first_step_of_dp02_is_a_product_of_visits_and_detector_ranges() -> None:
    detectors = SplitRule("detector", lists=(("0..62",), ("63..125",), ("126..188",)))
    groups = split(
        {"visit": range(14_000), "detector": range(189)}, SplitRule("visit", 1000, by=detectors), "step1"
    )
    assert len(groups) == 42
    assert groups[1] == GroupSpec(
        "g002", (Part("visit", tuple(range(1000))), Part("detector", tuple(range(63, 126))))
    )


@given(visits, st.sets(st.integers(0, 188), min_size=1, max_size=20), sizes, st.integers(1, 5))
def test_every_pair_is_in_exactly_one_group_of_a_product(
    values: list[int], detectors: set[int], size: int, count: int
) -> None:
    product = rule(size, by=SplitRule("detector", count=count))
    groups = split({"visit": values[:40], "detector": detectors}, product)
    pairs = [
        (visit, detector)
        for group in groups
        for visit in group.parts[0].values
        for detector in group.parts[1].values
    ]
    assert sorted(pairs) == sorted((v, d) for v in set(values[:40]) for d in detectors)
    assert sum(group.size for group in groups) == len(pairs)


@pytest.mark.covers("W23", "B12")
@given(visits, visits, sizes, st.booleans())
def test_what_comes_later_adds_groups_and_leaves_the_old_as_they_are(
    values: list[int], later: list[int], size: int, by: bool
) -> None:
    one = rule(size, by=SplitRule("detector", count=2) if by else None)
    more = {"detector": (1, 2, 3)}
    old = split({"visit": values, **more}, one)
    new = split({"visit": values + later, **more}, one, earlier=old)
    assert new[: len(old)] == old
    firsts = dict.fromkeys(group.parts[0].values for group in new)
    assert sorted(value for part in firsts for value in part) == sorted({*values, *later})
    assert [group.name for group in new] == [f"g{n:0{len(new[0].name) - 1}}" for n in range(1, len(new) + 1)]
    assert split({"visit": values, **more}, one, earlier=old) == old


def test_new_groups_are_numbered_behind_those_of_others() -> None:
    old = split({"visit": [1, 2]}, rule(1), others=1)
    assert [group.name for group in old] == ["g002", "g003"]
    new = split({"visit": [1, 2, 3]}, rule(1), earlier=old, others=1)
    assert [group.name for group in new] == ["g002", "g003", "g004"]


def test_groups_of_another_rule_are_not_continued() -> None:
    old = split({"visit": [1, 2], "detector": [1, 2]}, rule(1, by=SplitRule("detector", count=2)))
    with pytest.raises(UserError, match="not such as this rule makes"):
        split({"visit": [1, 2], "detector": [1, 2]}, rule(1), earlier=old)


@pytest.mark.parametrize(
    ("lists", "problem"),
    [
        ([[1, 2], [2, 3]], "named more than once, visit: 2"),
        ([["1..2"], ["2..3"]], "named more than once, visit: 2"),
        ([[1, 2], [3, 9]], "not selected by the query, visit: 9"),
        ([[1], [2]], "in no list, visit: 3"),
        ([[1, 2, 3], []], "a list selects no visit"),
        ([[1, 2, 3], ["7..9"]], "a list selects no visit"),
        ([[1, 2], ["3"]], "visit='3' is not possible"),
    ],
)
def test_lists_that_do_not_cover_exactly_are_refused(lists: list[list[Any]], problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        cut([1, 2, 3], rule(lists=tuple(map(tuple, lists))))


@pytest.mark.parametrize(
    ("values", "rule", "problem"),
    [
        ([], rule(10), "there is no visit to split"),
        ([1], rule(0), "it names no size"),
        (["1; drop"], rule(5), "is not possible"),
        ([True], rule(5), "visit=True is not possible"),
        ([1, -1], rule(5), "visit=-1 is not possible"),
        ([1, 2**63], rule(5), "is not possible"),
    ],
)
def test_what_cannot_be_split_is_refused(values: list[int], rule: SplitRule, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        cut(values, rule)


def test_what_is_no_dimension_is_refused() -> None:
    with pytest.raises(UserError, match="'seq_num' is not a primary dimension key"):
        split({"seq_num": [1]}, SplitRule("seq_num", 5))
