"""What a project consists of besides issues: components, versions; and what it is filed under."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Component:
    """A part of a project's subject."""

    id: int
    """Number."""
    name: str
    """Name."""
    description: str
    """What it is."""
    lead: str | None
    """Login name of who leads it."""
    assignee_type: str
    """Who gets its new issues, in Jira's word."""


@dataclass(frozen=True)
class Version:
    """A release that issues are found in or fixed for."""

    id: int
    """Number."""
    name: str
    """Name."""
    description: str
    """What it is."""
    started: str | None
    """ISO date of its start."""
    due: str | None
    """ISO date of its release."""
    released: bool
    """Whether it is out."""
    archived: bool
    """Whether it is hidden from choices."""


@dataclass(frozen=True)
class ProjectCategory:
    """What projects are filed under."""

    id: int
    """Number."""
    name: str
    """Name."""
    description: str
    """What it is."""


@dataclass(frozen=True)
class Filter:
    """A saved query."""

    id: int
    """Number."""
    name: str
    """Name."""
    description: str
    """What it is for."""
    jql: str
    """The query."""
    owner: str
    """Login name of who saved it."""
    favourite: bool
    """Whether its owner marked it."""
