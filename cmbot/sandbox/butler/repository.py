"""Making the sandbox's repository: dimension records, raw datasets, collections.

Source: ``daf_butler`` dimension universe 8; exposures and visits join only through ``visit_definition`` and
``visit_system_membership``, and the spatial joins only through regions.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from astropy.time import Time  # type: ignore[import-untyped] # astropy ships no types
from lsst.daf.butler import Butler, CollectionType, DatasetType, Timespan
from lsst.sphgeom import ConvexPolygon, LonLat, UnitVector3d

from cmbot.sandbox.butler.sky import BANDS, PATCHES_PER_SIDE, Box, Sky, Visit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

INSTRUMENT = "DemoCam"
SKYMAP = "demo"
RAW_RUN = f"{INSTRUMENT}/raw/all"
CALIB_RUN = f"{INSTRUMENT}/calib/unbounded"
DEFAULTS = f"{INSTRUMENT}/defaults"
ONE_TO_ONE = 0
EXPOSURE = timedelta(seconds=30)
CADENCE = timedelta(seconds=40)

Record = dict[str, Any]


def make_repository(repo: Path, sky: Sky) -> None:
    """Make a repository and fill it.

    Parameters
    ----------
    repo : `pathlib.Path`
        Directory of the new repository.
    sky : `Sky`
        How much to put in.

    Raises
    ------
    FileExistsError
        Raised if ``repo`` holds anything already.
    """
    if repo.exists() and (not repo.is_dir() or any(repo.iterdir())):
        raise FileExistsError(f"{repo}: there is something already; remove it or name another directory")
    Butler.makeRepo(repo)
    with Butler.from_config(repo, writeable=True) as butler:
        _insert_instrument(butler, sky)
        _insert_skymap(butler, sky)
        _insert_observations(butler, sky)
        _put_datasets(butler, sky)
        butler.collections.register(DEFAULTS, CollectionType.CHAINED)
        butler.collections.redefine_chain(DEFAULTS, [RAW_RUN, CALIB_RUN])
    log.info(
        "%s: made a Butler repository of %d visits x %d detectors and %d tracts",
        repo,
        sky.visits,
        sky.detectors,
        sky.tracts,
    )


def _region(box: Box) -> ConvexPolygon:
    corners = (
        (box.ra, box.dec),
        (box.ra + box.width, box.dec),
        (box.ra + box.width, box.dec + box.height),
        (box.ra, box.dec + box.height),
    )
    return ConvexPolygon([UnitVector3d(LonLat.fromDegrees(*corner)) for corner in corners])


def _insert(butler: Any, element: str, records: Iterable[Record]) -> None:
    butler.registry.insertDimensionData(element, *records)


def _insert_instrument(butler: Any, sky: Sky) -> None:
    name = INSTRUMENT
    limit = sky.visits + 1
    camera = {
        "name": name,
        "visit_max": limit,
        "exposure_max": limit,
        "detector_max": sky.detectors,
        "visit_system": ONE_TO_ONE,
        "class_name": "cmbot.sandbox.butler.instrument.DemoCam",
    }
    _insert(butler, "instrument", [camera])
    _insert(
        butler,
        "physical_filter",
        ({"instrument": name, "name": f"demo_{band}", "band": band} for band in BANDS),
    )
    _insert(
        butler,
        "detector",
        (
            {
                "instrument": name,
                "id": number,
                "full_name": f"D{number:02}",
                "raft": "R",
                "purpose": "SCIENCE",
            }
            for number in range(sky.detectors)
        ),
    )
    _insert(butler, "visit_system", [{"instrument": name, "id": ONE_TO_ONE, "name": "one-to-one"}])


def _insert_skymap(butler: Any, sky: Sky) -> None:
    side = PATCHES_PER_SIDE
    skymap = {
        "name": SKYMAP,
        "hash": hashlib.sha1(repr(sky).encode(), usedforsecurity=False).digest(),
        "tract_max": sky.tracts,
        "patch_nx_max": side,
        "patch_ny_max": side,
    }
    _insert(butler, "skymap", [skymap])
    for tract in range(sky.tracts):
        outline = _region(sky.tract(tract))
        _insert(butler, "tract", [{"skymap": SKYMAP, "id": tract, "region": outline}])
        _insert(
            butler,
            "patch",
            (
                {
                    "skymap": SKYMAP,
                    "tract": tract,
                    "id": patch,
                    "cell_x": patch % side,
                    "cell_y": patch // side,
                    "region": _region(sky.patch(tract, patch)),
                }
                for patch in range(side * side)
            ),
        )


def _insert_observations(butler: Any, sky: Sky) -> None:
    visits = list(sky.pointings())
    name = INSTRUMENT
    nights = sorted({visit.night for visit in visits})
    _insert(butler, "day_obs", ({"instrument": name, "id": int(f"{night:%Y%m%d}")} for night in nights))
    _insert(butler, "group", ({"instrument": name, "name": _group(visit)} for visit in visits))
    _insert(butler, "exposure", (_exposure(visit) for visit in visits))
    _insert(butler, "visit", (_visit(visit) for visit in visits))
    _insert(
        butler,
        "visit_definition",
        ({"instrument": name, "exposure": visit.id, "visit": visit.id} for visit in visits),
    )
    _insert(
        butler,
        "visit_system_membership",
        ({"instrument": name, "visit": visit.id, "visit_system": ONE_TO_ONE} for visit in visits),
    )
    _insert(
        butler,
        "visit_detector_region",
        (
            {
                "instrument": name,
                "visit": visit.id,
                "detector": number,
                "region": _region(sky.detector(visit, number)),
            }
            for visit in visits
            for number in range(sky.detectors)
        ),
    )


def _group(visit: Visit) -> str:
    return f"{visit.night:%Y-%m-%d}#{visit.seq_num:04}"


def _observation(visit: Visit) -> Record:
    """What exposures and visits have in common."""
    # TAI throughout, so that no table of leap seconds is asked of the internet
    begin = datetime.combine(visit.night, time(hour=22)) + visit.seq_num * CADENCE
    end = begin + EXPOSURE
    return {
        "instrument": INSTRUMENT,
        "id": visit.id,
        "physical_filter": f"demo_{visit.band}",
        "day_obs": int(f"{visit.night:%Y%m%d}"),
        "seq_num": visit.seq_num,
        "exposure_time": EXPOSURE.total_seconds(),
        "target_name": "demo field",
        "observation_reason": "science",
        "science_program": "demo",
        "timespan": Timespan(Time(begin, scale="tai"), Time(end, scale="tai")),
    }


def _exposure(visit: Visit) -> Record:
    return {
        **_observation(visit),
        "obs_id": f"DC_{visit.night:%Y%m%d}_{visit.seq_num:06}",
        "group": _group(visit),
        "dark_time": EXPOSURE.total_seconds(),
        "observation_type": "science",
        "seq_start": visit.seq_num,
        "seq_end": visit.seq_num,
        "tracking_ra": visit.box.ra + visit.box.width / 2,
        "tracking_dec": visit.box.dec + visit.box.height / 2,
        "has_simulated": True,
        "can_see_sky": True,
    }


def _visit(visit: Visit) -> Record:
    return {
        **_observation(visit),
        "name": f"DC_{visit.night:%Y%m%d}_{visit.seq_num:06}",
        "region": _region(visit.box),
    }


def _put_datasets(butler: Any, sky: Sky) -> None:
    universe = butler.dimensions
    raw = DatasetType("raw", ("instrument", "exposure", "detector"), "StructuredDataDict", universe=universe)
    camera = DatasetType("camera", ("instrument",), "StructuredDataDict", universe=universe)
    for dataset_type in (raw, camera):
        butler.registry.registerDatasetType(dataset_type)
    for run in (RAW_RUN, CALIB_RUN):
        butler.collections.register(run, CollectionType.RUN)
    # one transaction: each put would otherwise wait for the disk
    with butler.transaction():
        butler.put({"detectors": sky.detectors}, camera, run=CALIB_RUN, instrument=INSTRUMENT)
        for data_id, content in _raws(sky):
            butler.put(content, raw, data_id, run=RAW_RUN)


def _raws(sky: Sky) -> Iterator[tuple[Record, Record]]:
    for visit in sky.pointings():
        for number in range(sky.detectors):
            data_id = {"instrument": INSTRUMENT, "exposure": visit.id, "detector": number}
            yield data_id, {"counts": 1000 * visit.id + number}
