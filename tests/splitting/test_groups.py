from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import UserError
from cmbot.models.campaign import SplitRule
from cmbot.splitting.groups import GroupSpec, split, split_into, split_lists

visits = st.lists(st.integers(0, 2**40), min_size=1, max_size=200)
sizes = st.integers(1, 60)


def cover(groups: tuple[GroupSpec, ...]) -> list[object]:
    return [value for group in groups for value in group.values]


def test_no_split_is_one_group_without_values() -> None:
    assert split([3, 1, 2], SplitRule()) == (GroupSpec("g000", "", ()),)


@pytest.mark.covers("B17")
def test_groups_are_named_in_order_and_hold_neighbours() -> None:
    groups = split(range(1, 11), SplitRule("visit", 4))
    assert [(group.name, group.values) for group in groups] == [
        ("g001", (1, 2, 3)),
        ("g002", (4, 5, 6)),
        ("g003", (7, 8, 9, 10)),
    ]


@given(visits, sizes)
def test_every_value_is_in_exactly_one_group(values: list[int], size: int) -> None:
    assert cover(split(values, SplitRule("visit", size))) == sorted(set(values))


@given(visits, sizes)
def test_sizes_stay_under_the_rule_and_differ_by_one_at_most(values: list[int], size: int) -> None:
    lengths = [len(group.values) for group in split(values, SplitRule("visit", size))]
    assert max(lengths) <= size
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.covers("B13")
@given(visits, sizes, st.randoms())
def test_the_order_of_the_values_does_not_matter(values: list[int], size: int, random: object) -> None:
    shuffled = values + values[:3]
    random.shuffle(shuffled)  # type: ignore[attr-defined] # Hypothesis gives a random.Random
    assert split(shuffled, SplitRule("visit", size)) == split(values, SplitRule("visit", size))


@given(visits, st.integers(1, 300))
def test_a_number_of_groups_is_kept_as_far_as_values_go(values: list[int], count: int) -> None:
    groups = split_into(values, "visit", count)
    assert len(groups) == min(count, len(set(values)))
    assert cover(groups) == sorted(set(values))
    assert all(group.values for group in groups)


@given(visits)
def test_names_sort_as_their_numbers_do(values: list[int]) -> None:
    names = [group.name for group in split(values, SplitRule("visit", 1))]
    assert sorted(names) == names
    assert len(set(names)) == len(names)


def test_more_than_999_groups_get_longer_names() -> None:
    groups = split(range(1200), SplitRule("visit", 1))
    assert (groups[0].name, groups[-1].name) == ("g0001", "g1200")


@given(visits, sizes)
def test_lists_that_cover_everything_are_taken_as_they_are(values: list[int], size: int) -> None:
    lists = [list(group.values) for group in split(values, SplitRule("visit", size))]
    assert split_lists(values, "visit", lists) == split(values, SplitRule("visit", size))


@pytest.mark.parametrize(
    ("lists", "problem"),
    [
        ([[1, 2], [2, 3]], "named more than once, visit: 2"),
        ([[1, 2], [3, 9]], "not selected by the query, visit: 9"),
        ([[1], [2]], "in no list, visit: 3"),
        ([[1, 2, 3], []], "a list is empty"),
        ([[1, 2], ["3"]], "visit='3' is not possible"),
    ],
)
def test_lists_that_do_not_cover_exactly_are_refused(lists: list[list[int]], problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        split_lists([1, 2, 3], "visit", lists)


@pytest.mark.parametrize(
    ("values", "rule", "problem"),
    [
        ([], SplitRule("visit", 10), "there is no visit to split"),
        ([1], SplitRule("visit", 0), "a group of 0 is not possible"),
        ([1], SplitRule("seq_num", 5), "'seq_num' is not a primary dimension key"),
        (["1; drop"], SplitRule("visit", 5), "is not possible"),
        ([True], SplitRule("visit", 5), "visit=True is not possible"),
    ],
)
def test_what_cannot_be_split_is_refused(values: list[int], rule: SplitRule, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        split(values, rule, "DEMO-2")


def test_no_number_of_groups_is_refused() -> None:
    with pytest.raises(UserError, match="0 groups are not possible"):
        split_into([1], "visit", 0)
