from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import UserError
from cmbot.models.campaign import SplitRule
from cmbot.splitting.groups import GroupSpec, Part, split
from cmbot.splitting.predicates import Predicate, predicates
from cmbot.splitting.ranges import compact, expanded

if TYPE_CHECKING:
    from collections.abc import Iterable

DEMO = {"instrument": "DemoCam", "skymap": "demo"}


def of(dimension: str, *values: int | str) -> GroupSpec:
    return GroupSpec("g001", (Part(dimension, values),))


def predicate(group: GroupSpec, existing: Iterable[int | str], governors: dict[str, str]) -> Predicate:
    [made] = predicates([group], {part.dimension: existing for part in group.parts}, governors)
    return made


def selected(made: Predicate, dimension: str, existing: set[int]) -> set[int]:
    """What the Butler would select."""
    if made.table is not None:
        return {value for value in made.table.values(dimension) if isinstance(value, int)} & existing
    bounds = re.fullmatch(rf"{dimension} IN \((\d+)\.\.(\d+)\)", made.where)
    assert bounds is not None
    return {value for value in existing if int(bounds[1]) <= value <= int(bounds[2])}


@given(st.sets(st.integers(0, 300), min_size=1, max_size=60), st.data(), st.integers(1, 20))
def test_a_predicate_selects_exactly_the_group(existing: set[int], data: st.DataObject, size: int) -> None:
    chosen = data.draw(st.sets(st.sampled_from(sorted(existing)), min_size=1))
    groups = split({"visit": chosen}, SplitRule("visit", size))
    for group, made in zip(groups, predicates(groups, {"visit": existing}, DEMO), strict=True):
        assert selected(made, "visit", existing) == set(group.parts[0].values)
        assert (made.table is None) is bool(made.where)


def test_neighbours_become_a_closed_range() -> None:
    made = predicate(of("visit", 3, 5, 8), [1, 3, 5, 8, 9], DEMO)
    assert made == Predicate(where="visit IN (3..8)")


def test_a_gap_in_the_selection_becomes_a_table_with_the_instrument() -> None:
    made = predicate(of("visit", 3, 8), [1, 3, 5, 8, 9], DEMO)
    assert made.where == ""
    assert made.table is not None
    assert made.table.to_csv() == "instrument,visit\nDemoCam,3\nDemoCam,8\n"


def test_a_table_of_tracts_carries_the_sky_map() -> None:
    made = predicate(of("tract", 0, 2), [0, 1, 2], DEMO)
    assert made.table is not None
    assert made.table.keys == ("skymap", "tract")


def test_names_are_quoted() -> None:
    made = predicate(of("band", "g", "r"), ["g", "i", "r"], DEMO)
    assert made.where == "band IN ('g', 'r')"


def test_many_names_become_a_table() -> None:
    names = tuple(f"f{number:02}" for number in range(21))
    made = predicate(of("physical_filter", *names), names, DEMO)
    assert made.table is not None
    assert len(made.table) == 21


def test_a_name_that_would_leave_its_quotes_is_refused() -> None:
    with pytest.raises(UserError, match="is not possible"):
        predicate(of("band", "g' OR 1=1"), [], DEMO)


def test_a_table_without_its_instrument_is_refused() -> None:
    with pytest.raises(UserError, match="visit needs instrument"):
        predicate(of("visit", 1, 3), [1, 2, 3], {})


def test_two_dimensions_are_two_ranges() -> None:
    group = GroupSpec("g001", (Part("visit", (3, 5, 8)), Part("detector", (0, 1, 2))))
    [made] = predicates([group], {"visit": [1, 3, 5, 8, 9], "detector": range(9)}, DEMO)
    assert made == Predicate("visit IN (3..8) AND detector IN (0..2)")


@pytest.mark.covers("B17")
def test_of_two_dimensions_only_the_one_with_gaps_becomes_a_table() -> None:
    group = GroupSpec("g001", (Part("visit", (3, 8)), Part("detector", (0, 1))))
    [made] = predicates([group], {"visit": [3, 5, 8], "detector": [0, 1, 2]}, DEMO)
    assert made.where == "detector IN (0..1)"
    assert made.table is not None
    assert made.table.to_csv() == "instrument,visit\nDemoCam,3\nDemoCam,8\n"


@given(st.sets(st.integers(0, 10**12)) | st.sets(st.integers(0, 60)) | st.sets(st.sampled_from("grizy")))
def test_values_written_short_are_read_back(values: set[int] | set[str]) -> None:
    written = compact(sorted(values))
    assert expanded(written) == tuple(sorted(values))
    assert len(written) <= len(values)


def test_neighbouring_numbers_are_written_as_a_range() -> None:
    assert compact([1, 2, 3, 5, 6, 9]) == ["1..3", 5, 6, 9]


def test_an_unsplit_step_keeps_its_query() -> None:
    made = predicate(GroupSpec("g000"), [1, 2], DEMO)
    assert made == Predicate()
    assert made.applied_to("instrument='DemoCam'") == "instrument='DemoCam'"


def test_the_query_of_the_step_keeps_its_meaning_beside_the_range() -> None:
    made = predicate(of("visit", 1, 2), [1, 2], DEMO)
    assert made.applied_to("band='g' OR band='r'") == "(band='g' OR band='r') AND visit IN (1..2)"
    assert made.applied_to("") == "visit IN (1..2)"
