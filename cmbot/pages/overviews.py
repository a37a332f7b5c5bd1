"""Pages about all campaigns together: errors, sites, and cmbot itself (requirements V5, V7, F5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.operations.errors import RuleTotal
    from cmbot.operations.sites import Site
    from cmbot.operations.system import System
    from cmbot.pages.freshness import Freshness


@dataclass(frozen=True)
class Matrix:
    """Errors by something else."""

    title: str
    """By what: ``step``, ``site`` or ``day``."""
    columns: tuple[str, ...]
    """Its values."""
    rows: Mapping[str, tuple[int, ...]]
    """By error: how many inputs failed so, for each column."""


@dataclass(frozen=True)
class ErrorsPage:
    """Why jobs failed, all campaigns together."""

    fresh: Freshness
    """How old all of it is."""
    key: str
    """Key of the only campaign that is looked at; empty for all that are active or changed lately."""
    matrices: tuple[Matrix, ...]
    """Errors by step, site and day."""
    rules: tuple[RuleTotal, ...]
    """What came of each rule of the catalogue."""


@dataclass(frozen=True)
class SitesPage:
    """Compute sites."""

    fresh: Freshness
    """How old all of it is."""
    sites: tuple[Site, ...]
    """With what runs there."""


@dataclass(frozen=True)
class SystemPage:
    """cmbot itself."""

    fresh: Freshness
    """How old all of it is."""
    system: System
    """How it is."""


def matrix(title: str, found: Mapping[str, Mapping[str, int]]) -> Matrix:
    """Arrange errors by something else.

    Parameters
    ----------
    title : `str`
        By what.
    found : `~collections.abc.Mapping`
        As `cmbot.operations.errors.Totals.by` gives it.

    Returns
    -------
    matrix : `Matrix`
        With a column for everything that occurs.
    """
    columns = tuple(sorted({name for row in found.values() for name in row}))
    rows = {error: tuple(row.get(name, 0) for name in columns) for error, row in found.items()}
    return Matrix(title, columns, rows)
