"""What tagging a long list of DataIds costs, against the Butler's own calls on the same datasets."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter

import cmbot.sandbox.butler
from cmbot.dataids import DataIdSet

VISITS, DETECTORS = 100, 20
"""The sandbox writes a file for each dataset: what is measured is small so that making it is quick."""


def tagging() -> tuple[int, float, float]:
    """Number of datasets, and seconds: for the bare calls, and for what ``arrange.py`` does of a plan."""
    # lsst is loaded by nothing else here.
    from lsst.daf.butler import Butler, CollectionType  # noqa: PLC0415 - slow

    from cmbot.butler.scripts import arrange  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory() as directory:
        repo = Path(directory) / "repo"
        cmbot.sandbox.butler.make(repo, visits=VISITS, detectors=DETECTORS, tracts=1)
        rows = (
            {"instrument": "DemoCam", "exposure": exposure, "detector": detector}
            for exposure in range(1, VISITS + 1)
            for detector in range(DETECTORS)
        )
        item = {
            "name": "bench/tagged",
            "dataset_type": "raw",
            "data_ids": list(DataIdSet.of(rows)),
            "collections": ["DemoCam/raw/all"],
            "beside": [],
        }
        with Butler.from_config(str(repo), writeable=True) as butler:
            start = perf_counter()
            butler.collections.register("bench/floor", CollectionType.TAGGED)
            found = butler.query_datasets("raw", "DemoCam/raw/all", limit=None)
            butler.registry.associate("bench/floor", found)
            floor = perf_counter() - start
            start = perf_counter()
            arrange._tag(butler, item)
            return VISITS * DETECTORS, floor, perf_counter() - start
