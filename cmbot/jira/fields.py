"""The site's ids of cmbot's fields (requirement W21)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import Problem, UserError
from cmbot.jira_schema.fields import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cmbot.jira.dialect import Dialect
    from cmbot.settings import JiraSettings

#: System fields have the same id on every site.
SYSTEM = frozenset(
    {
        "assignee",
        "description",
        "issuelinks",
        "issuetype",
        "labels",
        "parent",
        "project",
        "reporter",
        "status",
        "summary",
        "updated",
    }
)


@dataclass(frozen=True)
class SiteFields:
    """cmbot's field names and what they are called here."""

    ids: Mapping[str, str]
    """cmbot's field name -> id, for those that were found."""
    problems: Mapping[str, Problem]
    """cmbot's field name -> what is wrong, for the others."""

    def id(self, name: str) -> str:
        """Give the id of a field.

        Parameters
        ----------
        name : `str`
            cmbot's name of a custom field, or the id of a system field.

        Returns
        -------
        id : `str`
            Its id at this site.

        Raises
        ------
        UserError
            If the site has no such field, or several.
        """
        if name in self.ids:
            return self.ids[name]
        if name in SYSTEM:
            return name
        if name in self.problems:
            problem = self.problems[name]
            raise UserError(f"field {name}", problem.problem, problem.remedy)
        raise UserError(f"field {name}", "is no field of cmbot", "see the table of fields in the manual")


def resolve(listed: Sequence[Mapping[str, Any]], settings: JiraSettings, dialect: Dialect) -> SiteFields:
    """Find cmbot's fields among the site's.

    Parameters
    ----------
    listed : `~collections.abc.Sequence`
        Answer of ``field``.
    settings : `cmbot.settings.JiraSettings`
        With the names or ids that differ.
    dialect : `~cmbot.jira.dialect.Dialect`
        For the fields that the deployment itself provides.

    Returns
    -------
    fields : `SiteFields`
        What was found and what was not.
    """
    ids: dict[str, str] = {}
    problems: dict[str, Problem] = {}
    for name in (*BY_NAME, *dialect.own_fields):
        wanted = settings.fields.get(name, name)
        kind = None if name in settings.fields else dialect.own_fields.get(name)
        found = sorted(set(_matches(listed, wanted, kind)))
        if len(found) == 1:
            ids[name] = found[0]
        else:
            problems[name] = _problem(name, wanted, found)
    return SiteFields(ids, problems)


def _matches(listed: Sequence[Mapping[str, Any]], wanted: str, kind: str | None) -> Iterator[str]:
    by_kind = [field for field in listed if kind and (field.get("schema") or {}).get("custom") == kind]
    if by_kind:
        yield from (str(field["id"]) for field in by_kind)
        return
    for field in listed:
        # A team-managed project on Cloud keeps fields for itself.
        if (field.get("scope") or {}).get("type") == "PROJECT":
            continue
        # A system field may have the same name ("Environment"); it is never meant.
        if field.get("id") == wanted or (field.get("custom") and field.get("name") == wanted):
            yield str(field["id"])


def _problem(name: str, wanted: str, found: Sequence[str]) -> Problem:
    if found:
        several = ", ".join(found)
        return Problem(
            name,
            f"Jira has several fields named {wanted}: {several}",
            f"set jira.fields to {{{name}: <the right id>}} in the settings",
        )
    return Problem(
        name,
        f"Jira has no custom field named {wanted}",
        "run `cmbot jira setup` or ask a Jira administrator; or map it in the settings (jira.fields)",
    )
