"""Statuses and the ways between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .fielddefinition import ScreenField

CategoryKey = Literal["new", "indeterminate", "done"]


@dataclass(frozen=True)
class Category:
    """A status category."""

    id: int
    """Number, as every Jira has it."""
    key: str
    """The word clients should key on."""
    name: str
    """Name for people."""
    colour: str
    """Colour name."""


CATEGORIES = {
    "new": Category(2, "new", "To Do", "blue-gray"),
    "indeterminate": Category(4, "indeterminate", "In Progress", "yellow"),
    "done": Category(3, "done", "Done", "green"),
}


@dataclass(frozen=True)
class Status:
    """A status."""

    id: int
    """Number."""
    name: str
    """Name."""
    category: Category
    """To do, in progress or done."""


@dataclass(frozen=True)
class Transition:
    """A way from one status to another."""

    id: int
    """Number, unique in its project."""
    name: str
    """Name on the button."""
    to: Status
    """Where it leads."""
    sources: tuple[Status, ...]
    """Where it begins; empty is everywhere (global)."""
    screen: tuple[ScreenField, ...]
    """Fields that may be sent along."""
    roles: tuple[int, ...] = ()
    """Numbers of the roles that may make it; empty is everybody."""
    screen_id: int | None = None
    """Number of its screen."""

    def begins_in(self, status: Status) -> bool:
        """Whether it can be made from a status."""
        return not self.sources or status in self.sources


@dataclass(frozen=True)
class StatusScheme:
    """Statuses and the ways between them: what Jira calls a workflow."""

    id: int
    """Number."""
    name: str
    """Name."""
    description: str
    """What it is for."""
    initial: Status
    """Status of a new issue."""
    transitions: tuple[Transition, ...]
    """The ways."""

    def statuses(self) -> list[Status]:
        """The statuses an issue can be in, in the order of the scheme."""
        found = [self.initial]
        for transition in self.transitions:
            found += [s for s in (*transition.sources, transition.to) if s not in found]
        return found
