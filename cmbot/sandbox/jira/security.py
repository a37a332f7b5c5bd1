"""Issue security: levels that hide an issue from all but some of those who may browse its project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .grants import Holder

FIELD = "security"
"""Id of the field that keeps an issue's level."""


@dataclass(frozen=True)
class SecurityLevel:
    """A level."""

    id: int
    """Number."""
    name: str
    """Name."""
    description: str
    """What it is for."""
    holders: tuple[Holder, ...]
    """Who sees issues of this level."""


@dataclass(frozen=True)
class SecurityScheme:
    """Levels that projects share."""

    id: int
    """Number."""
    name: str
    """Name."""
    description: str
    """What it is for."""
    default: int | None
    """Number of the level that new issues get."""
    levels: tuple[SecurityLevel, ...]
    """Its levels."""
