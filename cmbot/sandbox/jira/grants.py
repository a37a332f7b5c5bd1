"""Roles and their members, and what permission schemes and security levels are given to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HolderKind = Literal[
    "anyone", "applicationRole", "projectRole", "group", "user", "projectLead", "reporter", "assignee"
]
ActorKind = Literal["user", "group"]
ON_ISSUES = ("reporter", "assignee")
"""Holders that only an issue can tell."""
HOLDERS_WITH_PARAMETER = ("projectRole", "group", "user")


@dataclass(frozen=True)
class Role:
    """A project role: the same in all projects, with other members in each."""

    id: int
    """Number."""
    name: str
    """Name."""
    description: str
    """What it is for."""


@dataclass(frozen=True)
class Actor:
    """A member of a role in one project: a person or a group."""

    id: int
    """Number."""
    role: int
    """Number of the role."""
    kind: ActorKind
    """Person or group."""
    name: str
    """Login name or group name."""


@dataclass(frozen=True)
class Holder:
    """Whom a permission or a security level is given to."""

    kind: HolderKind
    """What kind of holder."""
    parameter: str | None
    """Number of the role, name of the group or of the user; None for the others."""


@dataclass(frozen=True)
class Grant:
    """A permission given to a holder."""

    id: int
    """Number."""
    permission: str
    """Key of the permission."""
    holder: Holder
    """Whom it is given to."""


@dataclass(frozen=True)
class PermissionScheme:
    """Grants that projects share."""

    id: int
    """Number."""
    name: str
    """Name."""
    description: str
    """What it is for."""
    grants: tuple[Grant, ...]
    """What it grants."""
