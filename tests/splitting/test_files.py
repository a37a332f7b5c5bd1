"""Groups in a file are groups as they are written there, in either format."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import UserError
from cmbot.models.campaign import SplitRule
from cmbot.splitting import files
from cmbot.splitting.chosen import Chosen
from cmbot.splitting.groups import split

values = st.lists(st.lists(st.integers(0, 10**12), min_size=1), min_size=1)


@given(values)
def test_what_is_written_reads_back_with_the_same_hash(lists: list[list[int]]) -> None:
    found = files.read(files.to_json(lists).encode(), "groups.json", "visit", "x")
    assert found == tuple(map(tuple, lists))
    assert files.sha256(found) == files.sha256(files.read(files.to_json(found).encode(), "a", "visit", "x"))


@pytest.mark.covers("B17")
def test_a_step_is_split_into_the_groups_of_a_file() -> None:
    table = b"visit,group\n3,b\n1,a\n2,b\n5..8,c\n"
    lists = files.read(table, "groups.csv", "visit", "x")
    assert lists == ((3, 2), (1,), ("5..8",))
    rule = Chosen(lists=lists).rule(SplitRule("visit", file="groups.csv", grow=True))
    found = split({"visit": [1, 2, 3, 5, 7]}, rule)
    assert [(group.name, group.parts[0].values) for group in found] == [
        ("g001", (2, 3)),
        ("g002", (1,)),
        ("g003", (5, 7)),
    ]
    with pytest.raises(UserError, match="in no list"):
        split({"visit": [1, 2, 3, 4, 5]}, rule)
    sized = SplitRule("visit", 5)
    assert Chosen().rule(sized) is sized


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "", "no list of groups"),
        ("a.json", "[1, 2]", "no list of groups"),
        ("a.json", "[[1], []]", "something in each"),
        ("a.json", "{}", "no list of groups"),
        ("a.json", '[[1], ["x"]]', "group 2: visit='x' is not possible"),
        ("a.json", "[[true]]", "group 1: visit=True is not possible"),
        ("a.csv", "visit\n1\n", "its first line is visit"),
        ("a.csv", "group,visit\na\n", "not every line has two values"),
        ("a.csv", "group,visit\n", "something in each"),
        ("a.csv", "group,visit\na,-1\n", "visit='-1' is not possible"),
        ("a.json", "\udcff", "no list of groups"),
    ],
)
def test_what_is_no_list_of_groups_is_named(name: str, text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        files.read(text.encode(errors="surrogateescape"), name, "visit", "x")
