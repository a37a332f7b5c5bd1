from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.dataids import DataIdSet
from cmbot.exceptions import UserError

numbers = st.integers(0, 2**62)
entries = st.lists(
    st.fixed_dictionaries(
        {"instrument": st.sampled_from(["DemoCam", "LSSTCam"]), "visit": numbers, "detector": numbers}
    ),
    min_size=1,
    max_size=30,
)


@pytest.mark.covers("C3")
@given(entries)
def test_json_written_is_the_same_set_when_read(rows: list[dict[str, int]]) -> None:
    dataids = DataIdSet.of(rows)
    assert DataIdSet.from_json(dataids.to_json()) == dataids


@pytest.mark.covers("C4")
@given(entries, st.randoms())
def test_order_and_repetition_do_not_change_the_hash(rows: list[dict[str, int]], random: object) -> None:
    other = [dict(reversed(row.items())) for row in rows + rows[:5]]
    random.shuffle(other)  # type: ignore[attr-defined] # Hypothesis gives a random.Random
    assert DataIdSet.of(other).sha256 == DataIdSet.of(rows).sha256
    assert len(DataIdSet.of(other)) == len({tuple(sorted(row.items())) for row in rows})


@pytest.mark.covers("C7")
@given(entries)
def test_the_table_holds_every_dataid_once(rows: list[dict[str, int]]) -> None:
    dataids = DataIdSet.of(rows)
    table = list(csv.DictReader(io.StringIO(dataids.to_csv())))
    assert table == [{key: str(value) for key, value in row.items()} for row in dataids]


def test_another_set_has_another_hash() -> None:
    one = DataIdSet.of([{"instrument": "DemoCam", "visit": 1}])
    assert one.sha256 != DataIdSet.of([{"instrument": "DemoCam", "visit": 2}]).sha256


def test_the_values_of_one_dimension_come_sorted_and_once() -> None:
    rows = [{"instrument": "DemoCam", "visit": visit, "detector": 0} for visit in (3, 1, 3)]
    assert DataIdSet.of(rows).values("visit") == (1, 3)


@pytest.mark.covers("C8")
def test_an_alternate_key_is_refused_with_an_explanation() -> None:
    with pytest.raises(
        UserError, match=r"list\.json, entry 1: 'seq_num' is not a primary dimension key; convert"
    ):
        DataIdSet.from_json('[{"instrument": "DemoCam", "seq_num": 3}]', "list.json")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not readable as JSON"),
        ("[" * 100_000, "not readable as JSON"),
        ('{"visit": 1}', "it is dict, not a list"),
        ("[]", "it holds no DataIds"),
        ("[1]", "entry 1: not an object"),
        ("[{}]", "entry 1: it has no keys"),
        ('[{"visit": 1}]', "entry 1: visit means nothing without instrument"),
        ('[{"skymap": "demo", "patch": 1}]', "entry 1: patch means nothing without tract"),
        ('[{"instrument": "D", "visit": 1, "visit": 2}]', "a key occurs twice"),
        ('[{"instrument": "D", "visit": 1}, {"instrument": "D"}]', "entry 2: its keys"),
        ('[{"instrument": "D", "visit": "1"}]', "entry 1: visit='1' is not possible"),
        ('[{"instrument": "D", "visit": true}]', "entry 1: visit=True is not possible"),
        ('[{"instrument": "D", "visit": -1}]', "entry 1: visit=-1 is not possible"),
        ('[{"instrument": "D", "visit": 1.5}]', "entry 1: visit=1.5 is not possible"),
        (f'[{{"instrument": "D", "visit": {2**63}}}]', "is not possible"),
        (f'[{{"instrument": "D", "visit": {"9" * 5000}}}]', "not readable as JSON"),
        ('[{"instrument": "a\\nb"}]', "is not possible"),
        ('[{"instrument": "a,b"}]', "is not possible"),
        ('[{"instrument": "a\' OR 1=1"}]', "is not possible"),
    ],
)
def test_what_is_no_dataid_set_is_refused_by_entry(text: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        DataIdSet.from_json(text)


def test_the_exchange_format_is_plain_json() -> None:
    dataids = DataIdSet.of([{"instrument": "DemoCam", "visit": 2}, {"visit": 1, "instrument": "DemoCam"}])
    assert dataids.to_json() == (
        '[\n{"instrument": "DemoCam", "visit": 1},\n{"instrument": "DemoCam", "visit": 2}\n]\n'
    )
    assert json.loads(dataids.to_json()) == list(dataids)


def test_sky_pixels_are_keys_too() -> None:
    assert DataIdSet.of([{"healpix3": 5}]).values("healpix3") == (5,)


@pytest.mark.covers("C3")
@given(entries)
def test_csv_written_is_the_same_set_when_read(rows: list[dict[str, int]]) -> None:
    dataids = DataIdSet.of(rows)
    assert DataIdSet.from_csv(dataids.to_csv()) == dataids
    assert DataIdSet.read(("\ufeff" + dataids.to_csv()).encode(), "x.CSV") == dataids
    assert DataIdSet.read(dataids.to_json().encode(), "x.json") == dataids


@given(entries, st.integers(0, 5))
def test_repeated_entries_are_counted(rows: list[dict[str, int]], again: int) -> None:
    once = DataIdSet.of(rows)
    more = DataIdSet.of(rows + rows[:again])
    assert more == once
    assert more.repeated == once.repeated + len(rows[:again])


@given(entries, entries)
def test_the_difference_of_two_sets_leads_from_one_to_the_other(
    before: list[dict[str, int]], after: list[dict[str, int]]
) -> None:
    old, new = DataIdSet.of(before), DataIdSet.of(after)
    gone, come = old.without(new), new.without(old)
    kept = [row for row in old if row not in gone]
    assert DataIdSet.of([*kept, *come]) == new


def test_sets_of_other_keys_are_not_compared() -> None:
    one = DataIdSet.of([{"instrument": "DemoCam", "visit": 1}])
    with pytest.raises(UserError, match="the keys are not the same"):
        one.without(DataIdSet.of([{"instrument": "DemoCam", "detector": 1}]))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it has no keys|holds no DataIds"),
        ("instrument,visit\n", "it holds no DataIds"),
        ("instrument,visit\nDemoCam,1\nDemoCam\n", "entry 2: has 1 values"),
        ("instrument,visit\nDemoCam,one\n", "entry 1: visit='one' is not possible"),
        ("instrument,visit\nDemoCam,-1\n", "entry 1: visit='-1' is not possible"),
        ("instrument,seq_num\nDemoCam,1\n", "'seq_num' is not a primary dimension key"),
        ("instrument,instrument\na,b\n", "a key occurs twice"),
        ("visit\n1\n", "visit means nothing without instrument"),
    ],
)
def test_csv_that_is_no_set_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        DataIdSet.from_csv(text)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(UserError, match="UTF-8"):
        DataIdSet.read(b"\xff\xfe", "x.csv")


@pytest.mark.covers("C9")
def test_lists_that_other_programs_write_are_taken_as_they_write_them() -> None:
    wanted = DataIdSet.of([{"instrument": "LSSTCam", "visit": visit} for visit in (5, 7)])
    spreadsheet = b"\xef\xbb\xbfinstrument, visit\r\nLSSTCam, 5\r\nLSSTCam, 7\r\n\r\n"
    notebook = b'[{"visit":7,"instrument":"LSSTCam"},\n {"instrument":"LSSTCam","visit":5}]'
    assert DataIdSet.read(spreadsheet, "EXPOSURES.CSV") == DataIdSet.read(notebook, "efd.json") == wanted
