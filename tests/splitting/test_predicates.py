from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import UserError
from cmbot.models.campaign import SplitRule
from cmbot.splitting.groups import GroupSpec, split
from cmbot.splitting.predicates import Predicate, predicate

DEMO = {"instrument": "DemoCam", "skymap": "demo"}


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
    for group in split(chosen, SplitRule("visit", size)):
        made = predicate(group, existing, DEMO)
        assert selected(made, "visit", existing) == set(group.values)
        assert (made.table is None) is bool(made.where)


def test_neighbours_become_a_closed_range() -> None:
    made = predicate(GroupSpec("g001", "visit", (3, 5, 8)), [1, 3, 5, 8, 9], DEMO)
    assert made == Predicate(where="visit IN (3..8)")


def test_a_gap_in_the_selection_becomes_a_table_with_the_instrument() -> None:
    made = predicate(GroupSpec("g001", "visit", (3, 8)), [1, 3, 5, 8, 9], DEMO)
    assert made.where == ""
    assert made.table is not None
    assert made.table.to_csv() == "instrument,visit\nDemoCam,3\nDemoCam,8\n"


def test_a_table_of_tracts_carries_the_sky_map() -> None:
    made = predicate(GroupSpec("g001", "tract", (0, 2)), [0, 1, 2], DEMO)
    assert made.table is not None
    assert made.table.keys == ("skymap", "tract")


def test_names_are_quoted() -> None:
    made = predicate(GroupSpec("g001", "band", ("g", "r")), ["g", "i", "r"], DEMO)
    assert made.where == "band IN ('g', 'r')"


def test_many_names_become_a_table() -> None:
    names = tuple(f"f{number:02}" for number in range(21))
    made = predicate(GroupSpec("g001", "physical_filter", names), names, DEMO)
    assert made.table is not None
    assert len(made.table) == 21


def test_a_name_that_would_leave_its_quotes_is_refused() -> None:
    with pytest.raises(UserError, match="is not possible"):
        predicate(GroupSpec("g001", "band", ("g' OR 1=1",)), [], DEMO)


def test_a_table_without_its_instrument_is_refused() -> None:
    with pytest.raises(UserError, match="visit needs instrument"):
        predicate(GroupSpec("g001", "visit", (1, 3)), [1, 2, 3], {})


def test_an_unsplit_step_keeps_its_query() -> None:
    made = predicate(GroupSpec("g000", "", ()), [1, 2], DEMO)
    assert made == Predicate()
    assert made.applied_to("instrument='DemoCam'") == "instrument='DemoCam'"


def test_the_query_of_the_step_keeps_its_meaning_beside_the_range() -> None:
    made = predicate(GroupSpec("g001", "visit", (1, 2)), [1, 2], DEMO)
    assert made.applied_to("band='g' OR band='r'") == "(band='g' OR band='r') AND visit IN (1..2)"
    assert made.applied_to("") == "visit IN (1..2)"
