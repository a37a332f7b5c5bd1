"""Whatever is included and excluded: groups mean exactly what is left, each of it once."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.dataids import DataIdSet
from cmbot.definition.grammar import query_problem
from cmbot.exceptions import UserError
from cmbot.models.campaign import SplitRule
from cmbot.splitting import chosen
from cmbot.splitting.chosen import Chosen
from cmbot.splitting.groups import split
from cmbot.splitting.predicates import Predicate, predicates

if TYPE_CHECKING:
    from collections.abc import Collection

Row = dict[str, int]
VISITS, DETECTORS = (1, 2, 3, 5, 8, 9), (0, 1, 2)
EXISTING = {"visit": VISITS, "detector": DETECTORS}
ALL: list[Row] = [{"visit": visit, "detector": detector} for visit, detector in product(VISITS, DETECTORS)]
DEMO = {"instrument": "DemoCam", "skymap": "demo"}
RULES = [
    SplitRule(),
    SplitRule("visit", 2),
    SplitRule("detector", 1),
    SplitRule("visit", 4, by=SplitRule("detector", count=2)),
]


def of(rows: Collection[Row]) -> DataIdSet:
    return DataIdSet.of({"instrument": "DemoCam", **row} for row in rows)


@st.composite
def sets(draw: st.DrawFn) -> DataIdSet | None:
    keys = draw(st.sampled_from([("visit",), ("detector",), ("visit", "detector")]))
    # 4 and 7 are known to nobody.
    values = {"visit": (*VISITS, 4), "detector": (*DETECTORS, 7)}
    rows = draw(
        st.lists(st.fixed_dictionaries({key: st.sampled_from(values[key]) for key in keys}), max_size=12)
    )
    return of(rows) if rows else None


def has(dataids: DataIdSet, row: Row) -> bool:
    return any(all(one.get(key, value) == value for key, value in row.items()) for one in dataids)


def selects(said: Predicate, row: Row) -> bool:
    """What the Butler would say of one row."""
    where = re.sub(r"IN \((\d+)\.\.(\d+)\)", r"in range(\1, \2 + 1)", said.where)
    where = re.sub(r"IN \(([^)]*)\)", r"in [\1]", where)
    where = re.sub(r"(\w) = ", r"\1 == ", where).replace("AND", "and").replace("NOT", "not")
    return bool(eval(where or "True", dict(row))) and (said.table is None or has(said.table, row))


@pytest.mark.covers("C1", "C2", "C7")
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("terms", [0, chosen.TERMS])
@given(included=sets(), excluded=sets())
def test_groups_mean_exactly_what_is_included_and_not_excluded(
    rule: SplitRule, terms: int, included: DataIdSet | None, excluded: DataIdSet | None
) -> None:
    picked = Chosen(included, excluded)
    wanted = [
        row
        for row in ALL
        if (included is None or has(included, row)) and not (excluded and has(excluded, row))
    ]
    told, made = "", list[Predicate]()
    values = picked.restricted({name: EXISTING[name] for name in rule.dimensions})
    try:
        groups = split(values, rule)
        said = predicates(groups, EXISTING, DEMO)
        with mock.patch.object(chosen, "TERMS", terms):
            made = [
                picked.applied(group, one, EXISTING, DEMO) for group, one in zip(groups, said, strict=True)
            ]
    except UserError as error:
        # A group of which nothing is left is named, and nothing is processed by mistake.
        told = str(error)
    assert not told or "holds no DataIds" in told or "to split" in told
    if told:
        return
    found = [row for one in made for row in ALL if selects(one, row)]
    assert sorted(map(str, found)) == sorted(map(str, wanted))
    assert all(query_problem(one.where) is None for one in made if one.where)


@given(included=sets(), excluded=sets())
def test_what_is_tagged_needs_not_be_said_by_the_groups(
    included: DataIdSet | None, excluded: DataIdSet | None
) -> None:
    picked = Chosen(included, excluded, tagged=True)
    there = [row for row in ALL if included is None or has(included, row)]
    existing = picked.existing(EXISTING)
    try:
        groups = split(picked.restricted({"visit": VISITS}), SplitRule("visit", 2))
        said = predicates(groups, existing, DEMO)
        made = [picked.applied(group, one, existing, DEMO) for group, one in zip(groups, said, strict=True)]
    except UserError:
        return
    found = [row for one in made for row in there if selects(one, row)]
    wanted = [row for row in there if not (excluded and has(excluded, row))]
    assert sorted(map(str, found)) == sorted(map(str, wanted))
    assert excluded is not None or all(one.table is None for one in made)


def test_whole_values_leave_the_groups_before_they_are_cut() -> None:
    picked = Chosen(excluded=of([{"visit": 2}, {"visit": 5}]))
    assert picked.restricted({"visit": VISITS}) == {"visit": (1, 3, 8, 9)}


def test_a_few_pairs_are_a_short_expression() -> None:
    picked = Chosen(excluded=of([{"visit": 2, "detector": 0}, {"visit": 2, "detector": 1}]))
    first, second, _ = split({"visit": VISITS}, SplitRule("visit", 2))
    assert picked.applied(first, Predicate("visit IN (1..2)"), EXISTING, DEMO) == Predicate(
        "visit IN (1..2) AND NOT (detector = 0 AND visit IN (2)) AND NOT (detector = 1 AND visit IN (2))"
    )
    assert picked.applied(second, Predicate("visit IN (3..5)"), EXISTING, DEMO) == Predicate(
        "visit IN (3..5)"
    )


@pytest.mark.covers("C4")
def test_what_there_are_no_data_for_is_said() -> None:
    picked = Chosen(of([{"visit": 1}, {"visit": 7}]), of([{"visit": 2, "detector": 99}]))
    assert list(picked.unknown(EXISTING)) == [
        "included: 1 values of visit are not in the inputs: 7",
        "excluded: 1 values of detector are not in the inputs: 99",
    ]


def test_a_set_of_another_instrument_is_refused() -> None:
    with pytest.raises(UserError, match="of DemoCam, the data of LSSTCam"):
        Chosen(of([{"visit": 1}])).require({"instrument": "LSSTCam"}, "step1")
    Chosen(of([{"visit": 1}])).require(DEMO, "step1")
