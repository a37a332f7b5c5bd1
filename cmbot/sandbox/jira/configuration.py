"""What an administrator set up: people, types, statuses, fields, projects and their status schemes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")
CategoryKey = Literal["new", "indeterminate", "done"]


def first(found: Iterable[T]) -> T | None:
    """The first of several, if there is one."""
    return next(iter(found), None)


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
class Option:
    """A choice of a select field."""

    id: int
    """Number."""
    value: str
    """Text."""


@dataclass(frozen=True)
class Field:
    """A field, system or custom."""

    id: str
    """``summary``, ``customfield_10000`` ..."""
    name: str
    """Name for people."""
    type: str
    """Word of the field type table (`fieldtypes.TYPES`)."""
    number: int | None = None
    """Number of a custom field; None for a system field."""
    options: tuple[Option, ...] = ()
    """Choices of a select field."""
    clauses: tuple[str, ...] = ()
    """Names by which JQL knows it."""
    writable: bool = True
    """Whether it can stand on a screen."""
    navigable: bool = True
    """Whether a search returns it unasked."""

    @property
    def custom(self) -> bool:
        """Whether an administrator added it."""
        return self.number is not None


@dataclass(frozen=True)
class ScreenField:
    """A field on a transition's screen."""

    field: Field
    """The field."""
    required: bool
    """Whether the transition needs a value."""


@dataclass(frozen=True)
class Transition:
    """A way from one status to another."""

    id: int
    """Number, unique in its project."""
    name: str
    """Name on the button."""
    to: Status
    """Where it leads."""
    source: Status | None
    """Where it begins; None is everywhere (global)."""
    screen: tuple[ScreenField, ...]
    """Fields that may be sent along."""


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
    initial: Status
    """Status of a new issue."""
    issue_types: tuple[IssueType, ...]
    """Types in the order of the seed."""
    transitions: tuple[Transition, ...]
    """The status scheme."""

    def statuses(self) -> list[Status]:
        """The statuses an issue can be in, in the order of the scheme."""
        found = [self.initial]
        for transition in self.transitions:
            found += [s for s in (transition.source, transition.to) if s and s not in found]
        return found


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

    def field_of_type(self, word: str) -> Field | None:
        """The one field of a type of which there is at most one (epic link, epic name)."""
        return first(f for f in self.fields.values() if f.type == word)

    def first_type(self, name_or_id: str) -> IssueType | None:
        """The issue type of that name or number."""
        wanted = name_or_id.casefold()
        return first(t for t in self.issue_types.values() if wanted in (t.name.casefold(), str(t.id)))
