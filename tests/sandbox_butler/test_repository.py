from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import cmbot.sandbox.butler
from cmbot.sandbox.butler.sky import Sky

if TYPE_CHECKING:
    from pathlib import Path


def values(butler: Any, dimension: str, where: str = "") -> set[int]:
    with butler.query() as query:
        return {row[dimension] for row in query.data_ids([dimension]).where(where)}


def test_the_repository_holds_40_visits_of_4_detectors_and_2_tracts(butler: Any) -> None:
    with butler.query() as query:
        assert query.datasets("raw", "DemoCam/raw/all").count() == 160
    assert values(butler, "tract", "skymap='demo'") == {0, 1}
    assert len(values(butler, "visit", "instrument='DemoCam'")) == 40


def test_each_tract_is_covered_by_part_of_the_visits_and_some_visits_touch_both(butler: Any) -> None:
    with butler.query() as query:
        pairs = {(row["visit"], row["tract"]) for row in query.data_ids(["visit", "tract"])}
    west = {visit for visit, tract in pairs if tract == 0}
    east = {visit for visit, tract in pairs if tract == 1}
    assert west | east == set(range(1, 41))
    assert west & east
    assert west - east
    assert east - west


def test_the_inputs_are_found_through_the_chain(butler: Any) -> None:
    assert butler.collections.get_info("DemoCam/defaults").children == (
        "DemoCam/raw/all",
        "DemoCam/calib/unbounded",
    )
    raw = butler.get("raw", exposure=3, detector=2, instrument="DemoCam", collections="DemoCam/defaults")
    assert raw == {"counts": 3002}


def test_visits_join_exposures_and_nights(butler: Any) -> None:
    where = "instrument='DemoCam' AND day_obs=20260902"
    assert values(butler, "visit", where) == set(range(11, 21))
    assert values(butler, "exposure", "instrument='DemoCam' AND visit IN (5..7)") == {5, 6, 7}


def test_what_is_there_already_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="there is something already"):
        cmbot.sandbox.butler.make(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


@pytest.mark.parametrize("name", ["visits", "detectors", "tracts"])
def test_less_than_one_of_anything_is_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: 0 is too few"):
        cmbot.sandbox.butler.make(tmp_path / "repo", **{name: 0})
    assert not (tmp_path / "repo").exists()


def test_importing_the_package_loads_no_science_code() -> None:
    script = "import sys, cmbot.sandbox.butler; print([m for m in sys.modules if m.startswith('lsst')])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("detectors", [1, 2, 3, 4, 5, 9])
def test_detectors_lie_inside_the_field_of_view_and_apart(detectors: int) -> None:
    sky = Sky(visits=1, detectors=detectors)
    (visit,) = sky.pointings()
    corners = {(box.ra, box.dec) for box in (sky.detector(visit, number) for number in range(detectors))}
    assert len(corners) == detectors
    assert all(visit.box.ra <= ra < visit.box.ra + visit.box.width for ra, _ in corners)
    assert all(visit.box.dec <= dec < visit.box.dec + visit.box.height for _, dec in corners)
