"""The sandbox's sky: where tracts, patches and pointings are. Numbers only, no ``lsst``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RA_START = 30.0
TRACT_SIZE = 1.0
PATCHES_PER_SIDE = 2
FIELD_OF_VIEW = 0.4
VISITS_PER_NIGHT = 10
FIRST_NIGHT = date(2026, 9, 1)
BANDS = ("g", "r")
GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Box:
    """A rectangle on the sky, small and near the equator.

    Parameters
    ----------
    ra, dec : `float`
        Lower corner in degrees.
    width, height : `float`
        Size in degrees.
    """

    ra: float
    """Lower right ascension in degrees."""
    dec: float
    """Lower declination in degrees."""
    width: float
    """Extent in right ascension in degrees."""
    height: float
    """Extent in declination in degrees."""

    def cell(self, index: int, columns: int, rows: int) -> Box:
        """One cell of this box cut into a grid, counted row by row.

        Parameters
        ----------
        index : `int`
            Number of the cell, from 0.
        columns, rows : `int`
            Shape of the grid.

        Returns
        -------
        cell : `Box`
            The part of this box.
        """
        row, column = divmod(index, columns)
        width, height = self.width / columns, self.height / rows
        return Box(self.ra + column * width, self.dec + row * height, width, height)


@dataclass(frozen=True)
class Visit:
    """One pointing: a visit of a single exposure of the same number."""

    id: int
    """Number of the visit and of its exposure."""
    night: date
    """The observing day."""
    seq_num: int
    """Number within the night, from 1."""
    band: str
    """Name of the band."""
    box: Box
    """The field of view."""


@dataclass(frozen=True)
class Sky:
    """How much there is of everything.

    Parameters
    ----------
    visits, detectors, tracts : `int`
        Numbers of each, at least one.

    Raises
    ------
    ValueError
        Raised if a number is smaller than one.
    """

    visits: int = 40
    """Number of visits."""
    detectors: int = 4
    """Number of detectors in the focal plane."""
    tracts: int = 2
    """Number of tracts."""

    def __post_init__(self) -> None:
        for name in ("visits", "detectors", "tracts"):
            number = getattr(self, name)
            if number < 1:
                raise ValueError(f"{name}: {number} is too few; give at least 1")

    def tract(self, tract: int) -> Box:
        """Where a tract is: side by side from west to east, centred on the equator.

        Parameters
        ----------
        tract : `int`
            Number of the tract.

        Returns
        -------
        box : `Box`
            Its outline.
        """
        return Box(RA_START + tract * TRACT_SIZE, -TRACT_SIZE / 2, TRACT_SIZE, TRACT_SIZE)

    def patch(self, tract: int, patch: int) -> Box:
        """Where a patch is.

        Parameters
        ----------
        tract, patch : `int`
            Numbers of the tract and of the patch in it.

        Returns
        -------
        box : `Box`
            Its outline.
        """
        return self.tract(tract).cell(patch, PATCHES_PER_SIDE, PATCHES_PER_SIDE)

    def detector(self, visit: Visit, detector: int) -> Box:
        """Where a detector looks during a visit.

        Parameters
        ----------
        visit : `Visit`
            The pointing.
        detector : `int`
            Number of the detector.

        Returns
        -------
        box : `Box`
            Its outline.
        """
        columns = math.ceil(math.sqrt(self.detectors))
        return visit.box.cell(detector, columns, math.ceil(self.detectors / columns))

    def pointings(self) -> Iterator[Visit]:
        """All visits in order of time.

        Every night sweeps the whole footprint (golden ratio steps), so any ten visits touch every tract
        and some visits lie across a tract boundary.

        Yields
        ------
        visit : `Visit`
            The next visit.
        """
        reach = self.tracts * TRACT_SIZE - FIELD_OF_VIEW
        for index in range(self.visits):
            night, seq = divmod(index, VISITS_PER_NIGHT)
            ra = RA_START + reach * (index * GOLDEN % 1.0)
            dec = 0.05 if index % 2 else -0.05 - FIELD_OF_VIEW
            yield Visit(
                id=index + 1,
                night=FIRST_NIGHT + timedelta(days=night),
                seq_num=seq + 1,
                band=BANDS[night % len(BANDS)],
                box=Box(ra, dec, FIELD_OF_VIEW, FIELD_OF_VIEW),
            )
