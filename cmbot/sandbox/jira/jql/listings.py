"""Functions of JQL that stand for lists of what the site has: issue types, linked issues, versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.sandbox.jira import issuelinks
from cmbot.sandbox.jira.errors import JiraError

from . import values
from .functions import Function
from .tree import Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.sandbox.jira.configuration import Project

    from .values import Asker


def _standard(asker: Asker) -> list[int]:
    return [kind.id for kind in asker.site.config.issue_types.values() if not kind.subtask]


def _subtasks(asker: Asker) -> list[int]:
    return [kind.id for kind in asker.site.config.issue_types.values() if kind.subtask]


def _linked(asker: Asker, key: str, *words: str) -> list[int]:
    """The issues at the other ends; ``words`` are names of link types, or how one reads from this end."""
    number = values.issue(asker, "issue", Literal(key, quoted=False))
    known = {
        text.casefold()
        for kind in asker.site.config.link_types.values()
        for text in (kind.name, kind.inward, kind.outward)
    }
    wanted = {word.casefold() for word in words}
    if unknown := wanted - known:
        raise JiraError(400, f"Function 'linkedIssues' knows no issue link type '{min(unknown)}'.")
    found = []
    for link in issuelinks.of_issue(asker.site, number):
        outgoing = link.inward == number
        reads = link.type.outward if outgoing else link.type.inward
        if not wanted or wanted & {link.type.name.casefold(), reads.casefold()}:
            found.append(link.outward if outgoing else link.inward)
    return found


def _versions(asker: Asker, keys: tuple[str, ...], *, released: bool) -> list[str]:
    """Names of versions that are not archived, of all projects or of those named."""
    literals = (Literal(key, quoted=False) for key in keys)
    wanted = {values.project(asker, "project", literal) for literal in literals}
    places: list[Project] = list(asker.site.config.projects.values())
    return [
        one.name
        for place in places
        if not wanted or place.id in wanted
        for one in place.versions
        if one.released is released and not one.archived
    ]


_MANY = 20
ISSUE_TYPES: Mapping[str, Function] = {
    "standardissuetypes": Function(_standard, several=True),
    "subtaskissuetypes": Function(_subtasks, several=True),
}
ISSUES: Mapping[str, Function] = {"linkedissues": Function(_linked, 1, _MANY, several=True)}
VERSIONS: Mapping[str, Function] = {
    "releasedversions": Function(
        lambda asker, *keys: _versions(asker, keys, released=True), most=_MANY, several=True
    ),
    "unreleasedversions": Function(
        lambda asker, *keys: _versions(asker, keys, released=False), most=_MANY, several=True
    ),
}
