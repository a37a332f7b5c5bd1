"""People and groups, as an administrator keeps them."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from . import passwords
from .errors import FieldProblem, JiraError, refused
from .loading import ADMINISTRATORS, EVERYBODY
from .permissions import administer

if TYPE_CHECKING:
    from .configuration import User
    from .site import Site

log = logging.getLogger(__name__)
NAME = re.compile(r"[A-Za-z0-9._@+-]{1,255}")
LIMIT = 255
# Where a person leaves a trace that would point nowhere without them.
_TRACES = (
    "SELECT 1 FROM projects WHERE lead = ?",
    "SELECT 1 FROM issues WHERE creator = ?",
    "SELECT 1 FROM histories WHERE author = ?",
    "SELECT 1 FROM comments WHERE ? IN (author, update_author)",
    "SELECT 1 FROM worklogs WHERE ? IN (author, update_author)",
    "SELECT 1 FROM attachments WHERE author = ?",
    "SELECT 1 FROM issues, json_tree(issues.fields) AS v WHERE v.value = ?",
)


def create(site: Site, caller: User, body: dict[str, Any]) -> str:
    """Add a person; returns the login name.

    Raises
    ------
    JiraError
        Raised with 400 for a name or address that cannot be, 403 for who is no administrator.
    """
    administer(caller, "create users")
    email, display = _text(body, "emailAddress"), _text(body, "displayName")
    name = _text(body, "name") or email  # on Cloud there is no login name
    display = display or name
    problems = {
        field: text
        for field, bad, text in (
            ("emailAddress", not email, "You must specify an email address."),
            ("username", not NAME.fullmatch(name), "You must specify a valid username."),
            ("username", _taken(site, name), "A user with that username already exists."),
        )
        if bad
    }
    if problems:
        raise JiraError(400, errors=problems)
    password = body.get("password")
    with site.administering():
        site.store.insert(
            "users",
            name=name,
            display_name=display,
            email=email,
            time_zone=caller.time_zone,
            password=passwords.kept(str(password)) if password else None,
        )
        site.store.insert("memberships", group_name=EVERYBODY, user=name)
    log.info("user %s created by %s", name, caller.name)
    return name


def change(site: Site, caller: User, person: User, body: dict[str, Any]) -> None:
    """Change name for people, address, or whether somebody may sign in."""
    administer(caller, "edit users")
    display = _text(body, "displayName") or person.display_name
    email = _text(body, "emailAddress") or person.email
    active = bool(body.get("active", person.active))
    if person == caller and not active:
        raise JiraError(400, "You cannot deactivate yourself.")
    with site.administering():
        sql = "UPDATE users SET display_name = ?, email = ?, active = ? WHERE name = ?"
        site.store.run(sql, display, email, active, person.name)


def set_password(site: Site, caller: User, person: User, body: dict[str, Any]) -> None:
    """Give somebody a password; one's own needs the present one."""
    password = _text(body, "password")
    if not password:
        raise refused("password", "You must specify a password.")
    if person != caller:
        administer(caller, "set passwords")
    site.store.run("UPDATE users SET password = ? WHERE name = ?", passwords.kept(password), person.name)


def delete(site: Site, caller: User, person: User) -> None:
    """Remove somebody who has left no trace."""
    administer(caller, "delete users")
    if person == caller:
        raise JiraError(400, "You cannot delete the currently logged in user.")
    if any(site.store.row(sql, person.name) for sql in _TRACES):
        raise JiraError(
            400, f"Cannot delete user '{person.name}': there are issues or projects of this user."
        )
    with site.administering():
        for table in ("memberships", "watchers", "votes", "personal_tokens"):
            site.store.run(f"DELETE FROM {table} WHERE user = ?", person.name)  # noqa: S608 - names from the code
        site.store.run("DELETE FROM role_actors WHERE kind = 'user' AND name = ?", person.name)
        site.store.run("DELETE FROM users WHERE name = ?", person.name)
    log.info("user %s deleted by %s", person.name, caller.name)


def group(site: Site, name: str) -> str:
    """The group of that name as it is written, or 404."""
    found = site.config.group(name)
    if found is None:
        raise JiraError(404, f"The group named '{name}' does not exist.")
    return found


def add_group(site: Site, caller: User, body: dict[str, Any]) -> str:
    """Add a group; returns its name."""
    administer(caller, "create groups")
    name = _text(body, "name")
    if not name:
        raise refused("name", "You must specify a group name.")
    if site.config.group(name) is not None:
        raise refused("name", "A group or user with this name already exists.")
    with site.administering():
        site.store.insert("groups", name=name)
    return name


def delete_group(site: Site, caller: User, name: str) -> None:
    """Remove a group from everywhere."""
    administer(caller, "delete groups")
    if name in (ADMINISTRATORS, EVERYBODY):
        raise JiraError(400, f"The group '{name}' is needed and cannot be deleted.")
    with site.administering():
        site.store.run("DELETE FROM role_actors WHERE kind = 'group' AND name = ?", name)
        site.store.run("DELETE FROM grants WHERE holder = 'group' AND parameter = ?", name)
        site.store.run("DELETE FROM groups WHERE name = ?", name)


def join(site: Site, caller: User, group_name: str, raw: Any) -> None:
    """Put somebody into a group."""
    administer(caller, "edit groups")
    try:
        name = site.flavour.read_user(site.config, raw)
    except FieldProblem as problem:
        raise JiraError(404, str(problem)) from None
    if name is None:
        raise JiraError(400, "A user is expected.")
    if name in site.config.groups[group_name]:
        raise JiraError(400, f"Cannot add user '{name}', user is already a member of '{group_name}'")
    with site.administering():
        site.store.insert("memberships", group_name=group_name, user=name)


def leave(site: Site, caller: User, group_name: str, person: User) -> None:
    """Take somebody out of a group; the last administrator stays."""
    administer(caller, "edit groups")
    if person.name not in site.config.groups[group_name]:
        raise JiraError(400, f"Cannot remove user '{person.name}', user is not a member of '{group_name}'")
    if group_name == ADMINISTRATORS and len(site.config.groups[group_name]) == 1:
        raise JiraError(400, "The last administrator cannot leave.")
    with site.administering():
        sql = "DELETE FROM memberships WHERE group_name = ? AND user = ?"
        site.store.run(sql, group_name, person.name)


def _taken(site: Site, name: str) -> bool:
    return any(name.casefold() == known.casefold() for known in site.config.users)


def _text(body: dict[str, Any], name: str) -> str:
    found = body.get(name)
    if found is None:
        return ""
    if not isinstance(found, str) or len(found) > LIMIT:
        raise refused(name, f"'{name}' must be a text of at most {LIMIT} characters.")
    return found.strip()
