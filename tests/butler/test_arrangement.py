from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cmbot.sandbox.butler
from cmbot.butler.arrangement import ARRANGE_SCRIPT, Arranged, ArrangeRequest, Done, parse_arranged
from cmbot.butler.items import Chain, Delete, Prepend, Tag, TakeOut
from cmbot.butler.questions import QUERY_SCRIPT, CountRequest, parse_counts
from cmbot.dataids import DataIdSet
from cmbot.exceptions import DefinitionError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def repo(tmp_path: Path) -> str:
    pytest.importorskip("lsst.daf.butler", reason="the sandbox extra is not installed")
    cmbot.sandbox.butler.make(tmp_path / "repo", visits=4, detectors=2)
    return str(tmp_path / "repo")


@pytest.fixture
def arrange(repo: str, script: Callable[[Path, str], str]) -> Callable[..., list[Arranged]]:
    def carry_out(*plan: Chain | Tag) -> list[Arranged]:
        return list(parse_arranged(script(ARRANGE_SCRIPT, ArrangeRequest(repo, plan).to_json()), "DEMO-2"))

    return carry_out


@pytest.fixture
def raws(repo: str, script: Callable[[Path, str], str]) -> Callable[[str], int]:
    def count(collection: str) -> int:
        request = CountRequest(repo, (collection,), ("raw",))
        return parse_counts(script(QUERY_SCRIPT, request.to_json()), "DEMO-2")["raw"]

    return count


def tag(name: str, *exposures: int, **more: Any) -> Tag:
    data_ids = DataIdSet.of({"instrument": "DemoCam", "exposure": number, **more} for number in exposures)
    return Tag(name, "raw", data_ids, ("DemoCam/defaults",))


def test_chains_are_made_from_the_bottom_up_and_found_there_again(
    arrange: Callable[..., list[Arranged]], raws: Callable[[str], int]
) -> None:
    plan = (
        Chain("CM-1/step1", ("DemoCam/raw/all",)),
        Chain("CM-1", ("CM-1/step1", "DemoCam/calib/unbounded")),
    )
    assert [item.done for item in arrange(*plan)] == [Done.MADE, Done.MADE]
    assert [item.done for item in arrange(*plan)] == [Done.ALREADY_THERE, Done.ALREADY_THERE]
    assert raws("CM-1") == 8


def test_a_child_in_the_environment_makes_a_chain(
    child: Callable[[Path, str], str], raws: Callable[[str], int], repo: str
) -> None:
    request = ArrangeRequest(repo, (Chain("CM-1", ("DemoCam/raw/all",)),))
    assert parse_arranged(child(ARRANGE_SCRIPT, request.to_json()), "DEMO-2") == (
        Arranged("CM-1", Done.MADE, ""),
    )
    assert raws("CM-1") == 8


def test_a_chain_is_changed_to_what_the_plan_says(
    arrange: Callable[..., list[Arranged]], raws: Callable[[str], int]
) -> None:
    arrange(Chain("CM-1", ("DemoCam/raw/all",)))
    assert [item.done for item in arrange(Chain("CM-1", ("DemoCam/calib/unbounded",)))] == [Done.MADE]
    assert raws("CM-1") == 0


def test_one_bad_item_does_not_stop_the_others_and_changes_nothing(
    arrange: Callable[..., list[Arranged]], raws: Callable[[str], int]
) -> None:
    arrange(Chain("CM-1", ("DemoCam/raw/all",)))
    missing, wrong_type, circle, good = arrange(
        Chain("CM-1", ("CM-1/step1",)),
        Chain("DemoCam/raw/all", ("DemoCam/calib/unbounded",)),
        Chain("CM-1", ("CM-1",)),
        Chain("CM-2", ("CM-1",)),
    )
    assert missing.problem == "there is no collection CM-1/step1"
    assert wrong_type.problem == "DemoCam/raw/all exists and is RUN, not CHAINED"
    assert "Cycle" in circle.problem
    assert good == Arranged("CM-2", Done.MADE, "")
    assert raws("CM-1") == raws("CM-2") == 8


@pytest.mark.covers("C5", "C6")
def test_a_list_of_dataids_becomes_a_tagged_collection(
    arrange: Callable[..., list[Arranged]], raws: Callable[[str], int]
) -> None:
    whole, half = tag("CM-1/whole", 1, 3), tag("CM-1/half", 1, 3, detector=1)
    assert [item.done for item in arrange(whole, half)] == [Done.MADE, Done.MADE]
    assert [item.done for item in arrange(whole, half)] == [Done.ALREADY_THERE, Done.ALREADY_THERE]
    assert (raws("CM-1/whole"), raws("CM-1/half")) == (4, 2)


def test_a_tagged_collection_grows_but_never_loses_what_is_in_it(
    arrange: Callable[..., list[Arranged]], raws: Callable[[str], int]
) -> None:
    arrange(tag("CM-1/inputs", 1))
    assert [item.done for item in arrange(tag("CM-1/inputs", 1, 2))] == [Done.MADE]
    (smaller,) = arrange(tag("CM-1/inputs", 1))
    assert smaller.problem == "CM-1/inputs holds 2 raw that are not in the list"
    assert raws("CM-1/inputs") == 4


def test_dataids_that_mean_nothing_are_told_and_nothing_is_made(
    arrange: Callable[..., list[Arranged]], script: Callable[[Path, str], str], repo: str
) -> None:
    unknown_type = Tag("CM-1/none", "nothing", tag("", 1).data_ids, ("DemoCam/defaults",))
    visits = DataIdSet.of([{"instrument": "DemoCam", "visit": 1}])
    absent, strange, other_key = arrange(
        tag("CM-1/none", 1, 99), unknown_type, Tag("CM-1/none", "raw", visits, ("DemoCam/defaults",))
    )
    assert absent.problem == "1 of 2 DataIds mean no raw: {'exposure': 99, 'instrument': 'DemoCam'}"
    assert "'nothing' does not exist" in strange.problem
    assert other_key.problem == "raw has no visit"
    with pytest.raises(DefinitionError, match="there is no collection CM-1/none"):
        parse_counts(script(QUERY_SCRIPT, CountRequest(repo, ("CM-1/none",), ("raw",)).to_json()), "DEMO-2")


def test_a_list_beside_the_data_it_is_made_of_is_refused_for_it_would_restrict_nothing(
    arrange: Callable[..., list[Arranged]], raws: Callable[[str], int]
) -> None:
    one = replace(tag("CM-1/one", 1), beside=("DemoCam/defaults", "CM-1/none", "DemoCam/calib/unbounded"))
    assert arrange(one)[0].problem == (
        "DemoCam/defaults is read beside it and holds raw too; name inputs without them"
    )
    assert [item.done for item in arrange(replace(one, beside=one.beside[1:]))] == [Done.MADE]
    assert raws("CM-1/one") == 2


def test_a_missing_repository_is_told(script: Callable[[Path, str], str], repo: str) -> None:
    text = script(ARRANGE_SCRIPT, ArrangeRequest("nowhere/repo", ()).to_json())
    with pytest.raises(
        DefinitionError, match="Butler repository: there is no Butler repository at nowhere/repo"
    ):
        parse_arranged(text, "DEMO-2")


@pytest.mark.parametrize("text", ["", "{}", '{"items": [{"name": "a", "done": "perhaps", "problem": ""}]}'])
def test_a_strange_response_is_not_the_users_fault(text: str) -> None:
    with pytest.raises(RemoteError, match="answered something strange"):
        parse_arranged(text, "DEMO-2")


def test_a_campaign_comes_first_in_a_public_chain_and_leaves_it_again(
    arrange: Callable[..., list[Arranged]], raws: Callable[[str], int]
) -> None:
    first, second = Prepend("public", "CM-1"), Prepend("public", "DemoCam/calib/unbounded")
    arrange(Chain("CM-1", ("DemoCam/raw/all",)))
    assert [item.done for item in arrange(second, first)] == [Done.MADE, Done.MADE]
    # Who came first stays first: somebody may have decided so since.
    assert [item.done for item in arrange(second)] == [Done.ALREADY_THERE]
    assert raws("public") == 8
    out = TakeOut("public", "CM-1")
    assert [item.done for item in arrange(out, out)] == [Done.MADE, Done.ALREADY_THERE]
    assert raws("public") == 0
    assert arrange(Prepend("public", "CM-9"))[0].problem == "there is no collection CM-9"
    assert [item.done for item in arrange(TakeOut("nowhere", "CM-1"))] == [Done.ALREADY_THERE]


@pytest.mark.covers("D14")
def test_what_is_deleted_is_gone_with_its_datasets_and_nothing_else(
    arrange: Callable[..., list[Arranged]], raws: Callable[[str], int], repo: str
) -> None:
    arrange(tag("CM-1/inputs", 1), Chain("CM-1", ("CM-1/inputs",)), Chain("CM-2", ("CM-1",)))
    [held] = arrange(Delete("CM-1", "CHAINED"))
    assert held.problem == "CM-1 is searched by CM-2; take it out there first"
    [other] = arrange(Delete("CM-1", "RUN"))
    assert other.problem == "CM-1 exists and is CHAINED, not RUN"
    plan = Chain("CM-2", ("DemoCam/raw/all",)), Delete("CM-1", "CHAINED"), Delete("CM-1/inputs", "TAGGED")
    assert [item.done for item in arrange(*plan)] == [Done.MADE] * 3
    assert [item.done for item in arrange(*plan)] == [Done.ALREADY_THERE] * 3
    # What was tagged is somebody else's.
    assert raws("DemoCam/raw/all") == 8
    files = [file for file in Path(repo, "DemoCam/raw/all").rglob("*") if file.is_file()]
    away = Chain("DemoCam/defaults", ()), Chain("CM-2", ()), Delete("DemoCam/raw/all", "RUN")
    assert [item.done for item in arrange(*away)] == [Done.MADE] * 3
    assert files
    assert not any(file.exists() for file in files)
