"""Fields: system and custom ones, where they apply, and what can be chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .configuration import IssueType, Project


@dataclass(frozen=True)
class Option:
    """A choice of a select field."""

    id: int
    """Number."""
    value: str
    """Text."""
    disabled: bool = False
    """Whether it can no longer be chosen."""


@dataclass(frozen=True)
class Context:
    """Where a custom field applies, and its choices there."""

    id: int
    """Number."""
    name: str
    """Name."""
    description: str
    """What it is for."""
    projects: frozenset[int]
    """Numbers of its projects; empty is all."""
    issue_types: frozenset[int]
    """Numbers of its issue types; empty is all."""
    options: tuple[Option, ...]
    """Choices of a select field."""

    def covers(self, project: Project, kind: IssueType) -> bool:
        """Whether the field applies to issues of a type in a project by this context."""
        return project.id in (self.projects or (project.id,)) and kind.id in (self.issue_types or (kind.id,))


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
    """Choices of a select field, in all its contexts."""
    contexts: tuple[Context, ...] = ()
    """Where a custom field applies."""
    clauses: tuple[str, ...] = ()
    """Names by which JQL knows it."""
    description: str = ""
    """What it is for."""
    writable: bool = True
    """Whether it can stand on a screen."""
    navigable: bool = True
    """Whether a search returns it unasked."""

    @property
    def custom(self) -> bool:
        """Whether an administrator added it."""
        return self.number is not None

    def within(self, project: Project, kind: IssueType) -> Field | None:
        """The field as it is in a project and type: with what can be chosen there; None if it is not there.

        A context for the project comes before one for all projects, as in Jira.
        """
        if self.type in ("components", "versions"):
            return replace(self, options=project.choices(self.type))
        if self.type == "securitylevel":
            levels = tuple(Option(one.id, one.name) for one in project.levels)
            return replace(self, options=levels) if levels else None
        if not self.custom:
            return self
        fitting = [context for context in self.contexts if context.covers(project, kind)]
        chosen = next(iter(sorted(fitting, key=lambda context: not context.projects)), None)
        return None if chosen is None else replace(self, options=chosen.options)


@dataclass(frozen=True)
class ScreenField:
    """A field on a transition's screen."""

    field: Field
    """The field."""
    required: bool
    """Whether the transition needs a value."""
