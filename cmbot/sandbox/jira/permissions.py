"""Who may do what: permissions, project roles, and the schemes that join them.

The words and their meaning are Jira's. A scheme grants a permission to holders; a user has it in a project
if one of its holders fits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import security
from .errors import JiraError, missing
from .grants import ON_ISSUES
from .permissionkeys import PERMISSIONS, READING, REFUSALS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .configuration import Configuration, Project, User
    from .grants import Holder, HolderKind
    from .issues import Issue
    from .security import SecurityLevel


def in_role(config: Configuration, user: User, project: Project, role: int) -> bool:
    """Whether a user has a role in a project, in person or by a group."""
    return any(
        actor.name == user.name if actor.kind == "user" else user.name in config.groups.get(actor.name, ())
        for actor in project.actors
        if actor.role == role
    )


def may(
    config: Configuration, user: User, permission: str, project: Project, issue: Issue | None = None
) -> bool:
    """Whether a user has a project permission.

    Parameters
    ----------
    config : `Configuration`
        The site's configuration.
    user : `User`
        Who.
    permission : `str`
        Key of a project permission.
    project : `Project`
        Where.
    issue : `Issue`, optional
        On which issue; without one, holders that depend on the issue do not fit.
    """
    if permission == "ADMINISTER_PROJECTS" and user.admin:
        return True
    if permission not in READING and _archived(project, issue):
        return False
    if permission == "BROWSE_PROJECTS" and issue is not None and not _cleared(config, user, project, issue):
        return False
    if permission not in ("BROWSE_PROJECTS", "ADMINISTER_PROJECTS") and not may(
        config, user, "BROWSE_PROJECTS", project, issue
    ):
        return False
    grants = config.permission_schemes[project.permission_scheme].grants
    return any(
        fits(config, user, project, grant.holder, issue) for grant in grants if grant.permission == permission
    )


def _archived(project: Project, issue: Issue | None) -> bool:
    return project.archived is not None if issue is None else issue.read_only


def _cleared(config: Configuration, user: User, project: Project, issue: Issue) -> bool:
    """Whether a user sees issues of this one's security level."""
    number = issue.values.get(security.FIELD)
    return all(in_level(config, user, project, one, issue) for one in project.levels if one.id == number)


def in_level(
    config: Configuration, user: User, project: Project, level: SecurityLevel, issue: Issue | None = None
) -> bool:
    """Whether a user is in a level of issue security."""
    return any(fits(config, user, project, holder, issue) for holder in level.holders)


def fits(
    config: Configuration, user: User, project: Project, holder: Holder, issue: Issue | None = None
) -> bool:
    """Whether a user is among those that a holder means in a project, or on an issue of it."""
    values = {} if issue is None else issue.values
    match holder.kind:
        case "anyone" | "applicationRole":
            return True
        case "projectRole":
            return in_role(config, user, project, int(holder.parameter or 0))
        case "group":
            return user.name in config.groups.get(holder.parameter or "", ())
        case "user":
            return user.name == holder.parameter
        case "projectLead":
            return user.name == project.lead
        case "reporter" | "assignee":
            return user.name == values.get(holder.kind)


def need(
    config: Configuration,
    user: User,
    permission: str,
    project: Project,
    issue: Issue | None = None,
    refusal: int | None = None,
) -> None:
    """Refuse what a user may not do.

    Parameters
    ----------
    config, user, permission, project, issue
        As of `may`.
    refusal : `int`, optional
        Status of the refusal, if not the permission's own.

    Raises
    ------
    JiraError
        Raised with 404 for who may not even see it, else with the permission's own refusal.
    """
    if may(config, user, permission, project, issue):
        return
    if not may(config, user, "BROWSE_PROJECTS", project, issue):
        raise missing(
            "Issue Does Not Exist" if issue else f"No project could be found with key '{project.key}'."
        )
    found = _refusal(config, user, permission, project, issue)
    found.status = refusal or found.status
    raise found


def _refusal(
    config: Configuration, user: User, permission: str, project: Project, issue: Issue | None
) -> JiraError:
    status, text = REFUSALS[permission]
    key = "" if issue is None else issue.key
    if _archived(project, issue):
        text = "{what} is archived: it can only be read."
    filled = text.format(
        user=user.display_name, project=project.key, issue=key, what=key or f"Project '{project.key}'"
    )
    return JiraError(config.refusals.get(permission, status), filled)


def need_own(config: Configuration, user: User, verb: str, things: str, author: str, issue: Issue) -> None:
    """Refuse to touch a thing unless all may be touched, or it is one's own and own ones may.

    Parameters
    ----------
    config, user, issue
        As of `may`.
    verb : `str`
        ``EDIT`` or ``DELETE``.
    things : `str`
        ``COMMENTS``, ``WORKLOGS`` or ``ATTACHMENTS``.
    author : `str`
        Login name of who made the thing.
    """
    if may(config, user, f"{verb}_ALL_{things}", issue.project, issue):
        return
    own = f"{verb}_OWN_{things}"
    if user.name != author:
        raise _refusal(config, user, own, issue.project, issue)
    need(config, user, own, issue.project, issue)


def can_be_assigned(
    config: Configuration, person: User, project: Project, issue: Issue | None = None
) -> bool:
    """Whether somebody can be given issues of a project."""
    return person.active and may(config, person, "ASSIGNABLE_USER", project, issue)


def administer(user: User, what: str = "perform this operation") -> None:
    """Refuse who is no administrator of the site, with 403."""
    if not user.admin:
        raise JiraError(403, f"You are not authorized to {what}: Jira administrators only.")


def browsable(config: Configuration, user: User) -> list[Project]:
    """The projects a user can see whatever the issue; those that are archived are not listed."""
    return [
        p for p in config.projects.values() if p.archived is None and may(config, user, "BROWSE_PROJECTS", p)
    ]


def may_open(config: Configuration, user: User, project: Project) -> bool:
    """Whether a user can ask about a project itself; about one that is archived only administrators can."""
    return may(config, user, "BROWSE_PROJECTS", project) and (project.archived is None or user.admin)


def may_see(config: Configuration, user: User, project: Project) -> bool:
    """Whether a user can know that a project is there: for all of its issues, or for those of one's own."""
    if project.archived is not None:
        return False
    grants = config.permission_schemes[project.permission_scheme].grants
    return may(config, user, "BROWSE_PROJECTS", project) or any(
        grant.permission == "BROWSE_PROJECTS" and grant.holder.kind in ON_ISSUES for grant in grants
    )


def sees(config: Configuration, user: User, project: Project, kind: str | None, name: str | None) -> bool:
    """Whether a user is within the restriction of a comment or a worklog: a role, a group, or none."""
    if kind is None:
        return True
    if kind == "group":
        return user.name in config.groups.get(name or "", ())
    return any(in_role(config, user, project, role.id) for role in config.roles.values() if role.name == name)


def default_grants(administrators: int) -> Iterable[tuple[str, HolderKind, str | None]]:
    """Permission, holder and parameter of the scheme a new site has.

    Everybody who can sign in may do everything, except to administer.

    Parameters
    ----------
    administrators : `int`
        Number of the role that administers projects.
    """
    yield "ADMINISTER_PROJECTS", "projectRole", str(administrators)
    for permission in PERMISSIONS:
        if permission != "ADMINISTER_PROJECTS":
            yield permission, "applicationRole", None
