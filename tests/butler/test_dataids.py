"""DataIds are listed and converted by the Butler, and what is none is named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cmbot.sandbox.butler
from cmbot.butler.dataids import DATAIDS_SCRIPT, ConvertRequest, Dumped, DumpRequest, parse_dumped
from cmbot.dataids import DataIdSet
from cmbot.exceptions import DefinitionError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> str:
    pytest.importorskip("lsst.daf.butler", reason="the sandbox extra is not installed")
    place = tmp_path_factory.mktemp("dataids") / "repo"
    cmbot.sandbox.butler.make(place, visits=4, detectors=2)
    return str(place)


@pytest.fixture
def dump(repo: str, script: Callable[[Path, str], str]) -> Callable[..., Dumped]:
    def ask(where: str = "", **more: Any) -> Dumped:
        request = DumpRequest(
            **{"repo": repo, "collections": ("DemoCam/raw/all",), "dataset_type": "raw"} | more, where=where
        )
        return parse_dumped(script(DATAIDS_SCRIPT, request.to_json()), "the query")

    return ask


@pytest.fixture
def convert(repo: str, script: Callable[[Path, str], str]) -> Callable[..., list[dict[str, Any]]]:
    def ask(*rows: dict[str, Any]) -> list[dict[str, Any]]:
        request = ConvertRequest(repo, tuple({"instrument": "DemoCam", **row} for row in rows))
        return list(parse_dumped(script(DATAIDS_SCRIPT, request.to_json()), "the list").rows)

    return ask


@pytest.mark.covers("C13")
def test_what_a_query_selects_is_listed_and_is_a_set_that_a_campaign_takes(
    dump: Callable[..., Dumped],
) -> None:
    found = dump("instrument = 'DemoCam' AND exposure IN (2..3)")
    made = DataIdSet.of(found.rows)
    assert made.keys == ("detector", "exposure", "instrument")
    assert (len(made), made.values("exposure")) == (4, (2, 3))
    assert DataIdSet.from_json(made.to_json()) == made
    visits = dump("instrument = 'DemoCam' AND visit > 2", dimensions=("visit",))
    assert sorted(row["visit"] for row in visits.rows) == [3, 4]


@pytest.mark.covers("C13")
def test_the_files_of_a_query_are_where_it_says(dump: Callable[..., Dumped]) -> None:
    found = dump("instrument = 'DemoCam' AND exposure = 2", files=True)
    assert len(found.files) == len(found.rows) == 2
    assert all(Path(file).is_file() for file in found.files)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"collections": ("none",)}, "Input collections: .*none"),
        ({"dataset_type": "nothing"}, "Dataset type: .*nothing"),
        ({"where": "visit = = 3"}, "Data query: visit = = 3"),
        ({"repo": "nowhere"}, "there is no Butler repository at nowhere"),
    ],
)
def test_what_cannot_be_asked_names_what_to_change(
    dump: Callable[..., Dumped], asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(DefinitionError, match=said):
        dump(**asked)


@pytest.mark.covers("C8")
def test_other_keys_are_converted_by_asking_the_registry(
    repo: str, convert: Callable[..., list[dict[str, Any]]]
) -> None:
    from lsst.daf.butler import Butler  # noqa: PLC0415 - slow

    with Butler.from_config(repo) as butler:
        exposure = butler.query_dimension_records("exposure", instrument="DemoCam", exposure=3)[0]
        visit = butler.query_dimension_records("visit", instrument="DemoCam", visit=2)[0]
        detector = butler.query_dimension_records("detector", instrument="DemoCam", detector=1)[0]
    row = {"day_obs": exposure.day_obs, "seq_num": exposure.seq_num, "detector_name": detector.full_name}
    assert convert(row) == [{"instrument": "DemoCam", "exposure": 3, "detector": 1}]
    assert convert({"obs_id": exposure.obs_id}) == [{"instrument": "DemoCam", "exposure": 3}]
    assert convert({"visit_name": visit.name}) == [{"instrument": "DemoCam", "visit": 2}]
    # What is primary already stays.
    assert convert({"visit": 2, "detector": 1}) == [{"instrument": "DemoCam", "visit": 2, "detector": 1}]
    with pytest.raises(DefinitionError, match=r"1 of them mean no exposure: .*'seq_num': 99999"):
        convert(row, row | {"seq_num": 99999})


def test_a_name_of_the_wrong_kind_is_named(convert: Callable[..., list[dict[str, Any]]]) -> None:
    with pytest.raises(DefinitionError, match="mean no detector"):
        convert({"detector_name": "no such"})


@pytest.mark.parametrize("text", ["", "{}", '{"rows": [1]}'])
def test_a_strange_response_is_not_the_users_fault(text: str) -> None:
    with pytest.raises(RemoteError, match="answered something strange"):
        parse_dumped(text, "x")
