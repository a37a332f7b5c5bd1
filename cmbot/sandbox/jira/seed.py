"""The seed: what a site holds before anybody used it."""

from __future__ import annotations

import logging
import zoneinfo
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from .fieldtypes import SEED_TYPES
from .loading import ADMINISTRATORS, EVERYBODY
from .permissionkeys import PERMISSIONS
from .statusparts import CategoryKey
from .systemfields import SYSTEM_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


log = logging.getLogger(__name__)
BUILT_IN_GROUPS = (ADMINISTRATORS, EVERYBODY)
ROLES = {
    "Users": "Who uses the project.",
    "Developers": "Who works in the project.",
    "Administrators": "Who administers the project.",
}
"""Project roles that every site has."""
Name = Annotated[str, Field(min_length=1, max_length=255)]


def _known_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"unknown time zone {name!r}") from None
    return name


def _known_type(word: str) -> str:
    if word not in SEED_TYPES:
        raise ValueError(f"unknown field type {word!r}; known: {', '.join(SEED_TYPES)}")
    return word


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SeedUser(_Part):
    """A person or a bot."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._@+-]{1,255}$")]
    """Login name."""
    displayName: Name  # noqa: N815 - the seed speaks as Jira does
    """Name for people."""
    email: str = ""
    """E-mail address."""
    timeZone: Annotated[str, AfterValidator(_known_zone)] = "Etc/UTC"  # noqa: N815 - the seed speaks as Jira does
    """IANA zone."""
    admin: bool = False
    """Whether this user may administer."""
    password: str | None = None
    """To sign in with besides the token of each start; none if not given."""
    groups: tuple[Name, ...] = ()
    """Groups this user is in, besides those that follow from the rest."""


class SeedStatus(_Part):
    """A status."""

    name: Name
    """Name."""
    category: CategoryKey
    """To do, in progress or done."""


class SeedField(_Part):
    """A custom field."""

    name: Name
    """Name."""
    type: Annotated[str, AfterValidator(_known_type)]
    """Word of the field type table."""
    options: tuple[Name, ...] = ()
    """Choices of a select field."""


class SeedComponent(_Part):
    """A component of a project."""

    name: Name
    """Name."""
    description: str = ""
    """What it is."""
    lead: str | None = None
    """Login name of who leads it."""


class SeedVersion(_Part):
    """A version of a project."""

    name: Name
    """Name."""
    description: str = ""
    """What it is."""
    released: bool = False
    """Whether it is out."""


class SeedIssueType(_Part):
    """An issue type."""

    name: Name
    """Name."""
    level: Literal[1, 0, -1]
    """Epic, standard, sub-task."""


class SeedLinkType(_Part):
    """A kind of issue link."""

    name: Name
    """Name."""
    inward: Name
    """How it reads on the issue that is pointed at."""
    outward: Name
    """How it reads on the issue that points."""


class SeedScreenField(_Part):
    """A field on a transition's screen."""

    field: Name
    """Name or system id of the field."""
    required: bool = False
    """Whether the transition needs it."""


class SeedTransition(_Part):
    """A way from one status to another."""

    name: Name
    """Name on the button."""
    to: Name
    """Status it leads to."""
    source: Annotated[Name, Field(alias="from")] = "*"
    """Status it begins in; ``*`` is everywhere."""
    screen: tuple[SeedScreenField, ...] = ()
    """Fields that may be sent along."""
    roles: tuple[Name, ...] = ()
    """Roles that may make it; none is everybody."""


class SeedProject(_Part):
    """A project."""

    key: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,9}$")]
    """Key."""
    name: Name
    """Name."""
    lead: Name
    """Login name of the lead."""
    issue_types: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Names of its issue types."""
    initial: Name
    """Status of a new issue."""
    transitions: tuple[SeedTransition, ...]
    """Its status scheme."""
    components: tuple[SeedComponent, ...] = ()
    """Its components."""
    versions: tuple[SeedVersion, ...] = ()
    """Its versions."""
    roles: Mapping[Name, tuple[Name, ...]] = {}
    """Members by role: login names, or ``group:`` and a group; instead of the default members."""
    permissions: Mapping[Name, tuple[Name, ...]] = {}
    """Holders by permission, in place of everybody: ``role:``, ``group:`` or ``user:`` and a name, or
    ``lead``, ``reporter``, ``assignee``."""
    security: Mapping[Name, tuple[Name, ...]] = {}
    """Levels of issue security: who sees issues of a level, in the same words."""
    default_security: Name | None = None
    """Level of new issues; none if not given."""


class Seed(_Part):
    """Everything a site begins with."""

    users: Annotated[tuple[SeedUser, ...], Field(min_length=1)]
    """People and bots; at least one administrator."""
    statuses: Annotated[tuple[SeedStatus, ...], Field(min_length=1)]
    """Statuses."""
    fields: tuple[SeedField, ...] = ()
    """Custom fields."""
    issue_types: Annotated[tuple[SeedIssueType, ...], Field(min_length=1)]
    """Issue types."""
    link_types: tuple[SeedLinkType, ...] = ()
    """Kinds of issue links."""
    projects: tuple[SeedProject, ...] = ()
    """Projects."""

    @model_validator(mode="after")
    def _agree(self) -> Seed:
        if not any(user.admin for user in self.users):
            raise ValueError('users: at least one needs "admin": true')
        _no_twins("users", [user.name for user in self.users])
        _no_twins("statuses", [status.name for status in self.statuses])
        _no_twins("issue_types", [kind.name for kind in self.issue_types])
        _no_twins("link_types", [kind.name for kind in self.link_types])
        _no_twins("projects", [project.key for project in self.projects])
        # a custom field may be called as a system field is, in Jira too
        _no_twins("fields", [field.name for field in self.fields])
        for word in ("epic-link", "epic-name"):
            if sum(field.type == word for field in self.fields) > 1:
                raise ValueError(f"fields: at most one of type {word}")
        for project in self.projects:
            self._check(project)
        return self

    def _check(self, project: SeedProject) -> None:
        where = f"project {project.key}"
        statuses = [status.name for status in self.statuses]
        fields = [
            *(field.name for field in self.fields),
            *(f.id for f in SYSTEM_FIELDS.values() if f.writable),
        ]
        _among(f"{where}: lead", [project.lead], [user.name for user in self.users])
        _among(f"{where}: issue_types", project.issue_types, [kind.name for kind in self.issue_types])
        _among(f"{where}: initial", [project.initial], statuses)
        for transition in project.transitions:
            named = f"{where}: transition {transition.name}"
            _among(named, [transition.to], statuses)
            _among(named, [transition.source], [*statuses, "*"])
            _among(f"{named}: screen", [item.field for item in transition.screen], fields)
            _among(f"{named}: roles", transition.roles, [*ROLES, *project.roles])
        people = [user.name for user in self.users]
        groups = [*BUILT_IN_GROUPS, *(group for user in self.users for group in user.groups)]
        roles = [*ROLES, *project.roles]
        _among(f"{where}: permissions", project.permissions, list(PERMISSIONS))
        known = {"role": roles, "group": groups, "user": people}
        for part, table in (("permissions", project.permissions), ("security", project.security)):
            for holder in (one for several in table.values() for one in several):
                kind, _, name = holder.partition(":")
                if holder not in ("lead", "reporter", "assignee"):
                    _among(f"{where}: {part}: holder", [kind], list(known))
                    _among(f"{where}: {part}: {kind}", [name], known[kind])
        if project.default_security is not None:
            _among(f"{where}: default_security", [project.default_security], list(project.security))
        members = [one for several in project.roles.values() for one in several]
        _among(f"{where}: roles", members, [*people, *(f"group:{group}" for group in groups)])


def _no_twins(part: str, names: list[str]) -> None:
    folded = [name.casefold() for name in names]
    twins = sorted({name for name in names if folded.count(name.casefold()) > 1})
    if twins:
        raise ValueError(f"{part}: {', '.join(twins)} more than once")


def _among(where: str, names: Iterable[str], known: list[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{where}: unknown {name!r}; known: {', '.join(known)}")


def load(path: Path) -> Seed:
    """Read a seed file.

    Raises
    ------
    ValueError
        Raised with one line for every mistake.
    """
    try:
        return Seed.model_validate_json(path.read_bytes())
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            where = ".".join(map(str, problem["loc"])) or "seed"
            lines.append(f"{path.name}: {where}: {problem['msg'].removeprefix('Value error, ')}")
        raise ValueError("\n".join(lines)) from None
