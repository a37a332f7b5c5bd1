"""What an administrator set up: people, types, statuses, fields, projects and their status schemes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, TypeVar

from .fielddefinition import Field, Option

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .grants import Actor, PermissionScheme, Role
    from .projectparts import Component, ProjectCategory, Version
    from .security import SecurityLevel, SecurityScheme
    from .statusparts import Status, StatusScheme

T = TypeVar("T")


def first(found: Iterable[T]) -> T | None:
    """The first of several, if there is one."""
    return next(iter(found), None)


PRIORITIES = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}
DEFAULT_PRIORITY = "3"
RESOLUTIONS = {"10000": "Done", "10001": "Won't Do", "10002": "Duplicate", "10003": "Cannot Reproduce"}


@dataclass(frozen=True)
class User:
    """A person or a bot."""

    id: int
    """Number behind the user key."""
    name: str
    """Login name."""
    display_name: str
    """Name for people."""
    email: str
    """E-mail address."""
    time_zone: str
    """IANA zone in which quoted JQL dates are read."""
    admin: bool
    """Whether this user may administer Jira."""
    active: bool
    """Whether this user may sign in."""

    @property
    def key(self) -> str:
        """The key that stays when the name changes."""
        return f"JIRAUSER{self.id}"

    @property
    def account_id(self) -> str:
        """What Cloud knows the user by; opaque, and the same in every store with this number."""
        return hashlib.sha256(f"account {self.id}".encode()).hexdigest()[:24]


@dataclass(frozen=True)
class IssueType:
    """An issue type."""

    id: int
    """Number."""
    name: str
    """Name."""
    level: int
    """1 epic, 0 standard, -1 sub-task."""

    @property
    def subtask(self) -> bool:
        """Whether issues of this type live below a parent."""
        return self.level < 0


@dataclass(frozen=True)
class LinkType:
    """A kind of issue link."""

    id: int
    """Number."""
    name: str
    """Name."""
    inward: str
    """How it reads on the issue that is pointed at."""
    outward: str
    """How it reads on the issue that points."""


@dataclass(frozen=True)
class Project:
    """A project with its issue types and status scheme."""

    id: int
    """Number."""
    key: str
    """Key, the first part of its issues' keys."""
    name: str
    """Name."""
    lead: str
    """Login name of the lead."""
    issue_types: tuple[IssueType, ...]
    """Types in the order of the seed."""
    status_scheme: StatusScheme
    """Its status scheme."""
    actors: tuple[Actor, ...]
    """Who has which role."""
    permission_scheme: int
    """Number of its permission scheme."""
    security: SecurityScheme | None = None
    """Its issue security scheme."""
    components: tuple[Component, ...] = ()
    """Its components."""
    versions: tuple[Version, ...] = ()
    """Its versions."""
    category: ProjectCategory | None = None
    """What it is filed under."""
    description: str = ""
    """What it is for."""
    url: str = ""
    """Where to read more."""
    type_key: str = "software"
    """Kind of project, in Jira's word."""
    assignee_type: str = "UNASSIGNED"
    """Who gets its new issues, in Jira's word."""
    archived: int | None = None
    """When it was archived, milliseconds."""
    archived_by: str | None = None
    """Login name of who archived it."""

    @property
    def levels(self) -> tuple[SecurityLevel, ...]:
        """Its levels of issue security."""
        return () if self.security is None else self.security.levels

    def choices(self, word: str) -> tuple[Option, ...]:
        """Components or versions as something to choose."""
        if word == "components":
            return tuple(Option(component.id, component.name) for component in self.components)
        return tuple(Option(version.id, version.name, version.archived) for version in self.versions)


@dataclass(frozen=True)
class Configuration:
    """All of it, as read from the store."""

    users: dict[str, User]
    """By login name."""
    statuses: dict[int, Status]
    """By number."""
    issue_types: dict[int, IssueType]
    """By number."""
    link_types: dict[int, LinkType]
    """By number."""
    fields: dict[str, Field]
    """By field id, system fields first."""
    projects: dict[int, Project]
    """By number."""
    groups: dict[str, frozenset[str]]
    """Login names of the members by group name."""
    roles: dict[int, Role]
    """By number."""
    permission_schemes: dict[int, PermissionScheme]
    """By number."""
    status_schemes: dict[int, StatusScheme]
    """By number."""
    security_schemes: dict[int, SecurityScheme]
    """By number."""
    categories: dict[int, ProjectCategory]
    """Project categories by number."""
    default_screen: frozenset[str]
    """Ids of the fields on the screen where issues are created and edited."""
    refusals: Mapping[str, int] = dataclass_field(default_factory=dict)
    """Statuses of the deployment's refusals, where they are not Data Center's, by permission."""
    hidden: dict[str, Field] = dataclass_field(default_factory=dict)
    """Fields that the deployment keeps and does not show, by field id."""

    def user(self, name: str) -> User | None:
        """The user of that login name or key, ignoring case."""
        wanted = name.casefold()
        found = self.users.get(name)
        return found or first(
            u for u in self.users.values() if wanted in (u.name.casefold(), u.key.casefold())
        )

    def project(self, id_or_key: str) -> Project | None:
        """The project of that key or number."""
        wanted = id_or_key.upper()
        return first(p for p in self.projects.values() if wanted in (p.key, str(p.id)))

    def group(self, name: str) -> str | None:
        """The name of the group as it is written, ignoring case."""
        return first(one for one in self.groups if one.casefold() == name.casefold())

    def role(self, name_or_id: str) -> Role | None:
        """The role of that name or number."""
        wanted = name_or_id.casefold()
        return first(r for r in self.roles.values() if wanted in (r.name.casefold(), str(r.id)))

    def groups_of(self, user: User) -> list[str]:
        """The groups a user is in."""
        return [name for name, members in self.groups.items() if user.name in members]

    def security_level(self, number: int) -> SecurityLevel:
        """The level of issue security of that number."""
        levels = (one for scheme in self.security_schemes.values() for one in scheme.levels)
        return next(one for one in levels if one.id == number)

    def field(self, field_id: str) -> Field:
        """The field of that id, also one that is not shown."""
        return self.fields.get(field_id) or self.hidden[field_id]

    def field_of_type(self, word: str) -> Field | None:
        """The one field of a type of which there is at most one (epic link, epic name)."""
        return first(f for f in (self.fields | self.hidden).values() if f.type == word)

    def first_type(self, name_or_id: str) -> IssueType | None:
        """The issue type of that name or number."""
        wanted = name_or_id.casefold()
        return first(t for t in self.issue_types.values() if wanted in (t.name.casefold(), str(t.id)))
