"""The site's own names and ids for cmbot's statuses, issue types and fields (requirement W21)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cmbot.exceptions import UserError
from cmbot.jira_schema.fields import BY_NAME
from cmbot.models.issues import Level, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.models.issues import Person
    from cmbot.settings import JiraSettings


@dataclass(frozen=True)
class Names:
    """How this site calls things."""

    statuses: Mapping[str, Status]
    """Site's status name in lower case -> cmbot's."""
    levels: Mapping[str, Level]
    """Site's issue type name in lower case -> level."""
    fields: Mapping[str, str]
    """Field id -> cmbot's field name."""
    blocks: str = "Blocks"
    """Name of the blocking link type."""
    epic_link: str = ""
    """Id of the Epic Link field on Data Center; empty on Cloud."""
    site_statuses: Mapping[Status, str] = field(default_factory=dict)
    """cmbot's status -> the site's name."""
    changed: Mapping[str, str] = field(default_factory=dict)
    """Field as the history names it, see `cmbot.jira_schema.changelog.Change` -> cmbot's field name."""

    former: Mapping[str, Person] = field(default_factory=dict)
    """Account that cmbot had before -> the one that it has (requirement W3)."""

    def status(self, name: str) -> Status | None:
        """Translate a site's status, `None` if it is not one of ours.

        Parameters
        ----------
        name : `str`
            Name in Jira.
        """
        return self.statuses.get(name.lower())

    def managed(self, issue_type: str) -> bool:
        """Tell whether cmbot manages issues of a type.

        Parameters
        ----------
        issue_type : `str`
            Name in Jira.
        """
        return issue_type.lower() in self.levels


def names(
    settings: JiraSettings, field_ids: Mapping[str, str], epic_link: str = "", me: Person | None = None
) -> Names:
    """Resolve the names of a site.

    Parameters
    ----------
    settings : `cmbot.settings.JiraSettings`
        With the names that differ.
    field_ids : `~collections.abc.Mapping` [`str`, `str`]
        cmbot's field name -> id at this site.
    epic_link : `str`, optional
        Id of the Epic Link field.
    me : `~cmbot.models.issues.Person`, optional
        cmbot's own account.

    Returns
    -------
    names : `Names`
        The resolved names.

    Raises
    ------
    UserError
        If the settings map a status or level that cmbot does not have, or two to one name.
    """
    unknown = set(settings.statuses) - set(Status) | set(settings.issue_types) - set(Level)
    if unknown:
        listed = ", ".join(sorted(unknown))
        raise UserError(
            "settings jira", f"{listed} is no status or level of cmbot", "see config/settings.yaml"
        )
    own = {status: settings.statuses.get(status, str(status)) for status in Status}
    for meant in (own.values(), settings.issue_types.values()):
        lower = [name.lower() for name in meant]
        if twice := sorted({name for name in meant if lower.count(name.lower()) > 1}):
            raise UserError("settings jira", f"{', '.join(twice)} stands for two things", "name each apart")
    by_name = {f"custom {settings.fields.get(name, name).lower()}": name for name in BY_NAME}
    by_id = {site_id.lower(): name for name, site_id in field_ids.items() if name in BY_NAME}
    return Names(
        changed=by_name | by_id,
        statuses={name.lower(): status for status, name in own.items()},
        levels={name.lower(): Level(level) for level, name in settings.issue_types.items()},
        fields={site_id: name for name, site_id in field_ids.items() if name in BY_NAME},
        blocks=settings.blocks,
        epic_link=epic_link,
        site_statuses=own,
        former=dict.fromkeys(settings.former_accounts, me) if me else {},
    )
