"""What a Jira project is like, as far as cmbot needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Deployment(StrEnum):
    """The two kinds of Jira."""

    DATA_CENTER = "Data Center"
    CLOUD = "Cloud"


@dataclass(frozen=True)
class TypeSeen:
    """One of cmbot's issue types as it is here."""

    id: str
    """Jira's id."""
    name: str
    """Jira's name."""
    subtask: bool
    """Whether it lives below a parent."""


@dataclass(frozen=True)
class TypePlace:
    """What a project offers for one of cmbot's issue types."""

    statuses: frozenset[str]
    """Status names in its status scheme, in lower case."""
    create: Mapping[str, frozenset[str] | None]
    """Fields of the create screen by id, with the choices where there is a list."""
    edit: frozenset[str] | None = None
    """Field ids of the edit screen; `None` if there is no issue yet to look at."""
    targets: frozenset[str] | None = None
    """Statuses that an issue can be in or be moved to, in lower case; `None` if there is none."""


@dataclass(frozen=True)
class Screen:
    """A screen to which lacking fields are added."""

    id: str
    """Jira's id."""
    name: str
    """Jira's name."""
    tab: str
    """Id of its first tab; empty if it has none, or is only known to be the default screen."""
    fields: frozenset[str]
    """Ids of the fields on all of its tabs, as far as known."""


@dataclass(frozen=True)
class Webhook:
    """A webhook that an administrator registered."""

    url: str
    """Where it is sent."""
    enabled: bool
    """Whether it is sent."""
    events: frozenset[str]
    """What it is sent for."""


@dataclass(frozen=True)
class Place:
    """A Jira project as it is."""

    deployment: Deployment
    """Data Center or Cloud."""
    url: str
    """Address of the site."""
    key: str
    """Key of the project."""
    project_id: str = ""
    """Its id; empty if it is not there, or hidden."""
    team_managed: bool = False
    """Whether it keeps fields and statuses of its own (Cloud), which nobody else can set up."""
    administrator: bool = False
    """Whether the account that looked may administer Jira."""
    site_types: Mapping[str, TypeSeen] = field(default_factory=dict)
    """Issue types of the site by name in lower case."""
    types: Mapping[str, TypePlace] = field(default_factory=dict)
    """Those of them that the project has, by name in lower case."""
    statuses: Mapping[str, str] = field(default_factory=dict)
    """Statuses of the site: name in lower case -> id."""
    workflow: bool = False
    """Whether the workflow that setup makes on Cloud is there (`cmbot.jira_schema.needs.workflow_name`)."""
    link_types: frozenset[str] = frozenset()
    """Names of the link types, in lower case."""
    custom: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Custom fields of the site: id -> name and type key."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """cmbot's field name -> id, for those that were found unambiguously."""
    options: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Choices of select fields by id, where they can be read apart from screens (Cloud)."""
    screens: tuple[Screen, ...] = ()
    """The project's screens, as far as an administrator can see them."""
