"""A small real Butler repository and a DRP-like pipeline without science code.

Importing this package costs nothing: ``lsst`` is imported where a repository is made, and by the workers
that run the tasks.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["make", "pipeline_path"]


def make(repo: Path, *, visits: int = 40, detectors: int = 4, tracts: int = 2) -> None:
    """Make a Butler repository with an instrument, a sky map and small raw datasets.

    Parameters
    ----------
    repo : `pathlib.Path`
        Directory of the new repository; it must not exist yet or be empty.
    visits : `int`, optional
        Number of visits, numbered from 1; each has one exposure of the same number.
    detectors : `int`, optional
        Number of detectors, numbered from 0.
    tracts : `int`, optional
        Number of tracts, numbered from 0, side by side on the equator.

    Raises
    ------
    FileExistsError
        Raised if ``repo`` holds anything already.
    ValueError
        Raised if a number is smaller than one.
    """
    from cmbot.sandbox.butler.repository import make_repository  # noqa: PLC0415 - lsst is loaded only here
    from cmbot.sandbox.butler.sky import Sky  # noqa: PLC0415 - as above

    make_repository(repo, Sky(visits=visits, detectors=detectors, tracts=tracts))


def pipeline_path() -> Path:
    """Where the pipeline of the sandbox is.

    Returns
    -------
    path : `pathlib.Path`
        Absolute path of ``DRP.yaml``, with the subsets step1, step2 and step3.
    """
    return Path(__file__).resolve().parent / "pipelines" / "DRP.yaml"
