"""Putting a seed into an empty store."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from . import passwords
from .loading import ADMINISTRATORS, DEFAULT_SCREEN, EVERYBODY
from .permissions import default_grants
from .seed import BUILT_IN_GROUPS, ROLES, Seed, SeedField, SeedProject, SeedUser
from .systemfields import SYSTEM_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .store import Store

log = logging.getLogger(__name__)
DEFAULT_SCHEME = "Default Permission Scheme"
_HOLDERS = {
    "role": "projectRole",
    "group": "group",
    "user": "user",
    "lead": "projectLead",
    "reporter": "reporter",
    "assignee": "assignee",
}
"""Jira's words for the seed's holders."""

DEFAULT = Seed.model_validate(
    {
        "users": [
            {
                "name": "admin",
                "displayName": "Administrator",
                "email": "admin@example.org",
                "admin": True,
                "password": "admin",
            }
        ],
        "statuses": [
            {"name": "To Do", "category": "new"},
            {"name": "In Progress", "category": "indeterminate"},
            {"name": "Done", "category": "done"},
        ],
        "fields": [{"name": "Epic Link", "type": "epic-link"}, {"name": "Epic Name", "type": "epic-name"}],
        "issue_types": [
            {"name": "Epic", "level": 1},
            {"name": "Task", "level": 0},
            {"name": "Sub-task", "level": -1},
        ],
        "link_types": [
            {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"},
            {"name": "Relates", "inward": "relates to", "outward": "relates to"},
        ],
        "projects": [
            {
                "key": "CM",
                "name": "Campaigns",
                "lead": "admin",
                "issue_types": ["Epic", "Task", "Sub-task"],
                "initial": "To Do",
                "transitions": [{"name": name, "to": name} for name in ("To Do", "In Progress", "Done")],
            }
        ],
    }
)


def apply(store: Store, seed: Seed) -> bool:
    """Put the seed into an empty store; returns False, and changes nothing, if it is not empty."""
    with store.transaction():
        if store.row("SELECT 1 FROM users"):
            return False
        for group in dict.fromkeys([*BUILT_IN_GROUPS, *(one for user in seed.users for one in user.groups)]):
            store.insert("groups", name=group)
        for user in seed.users:
            _add_user(store, user)
        statuses = {s.name: store.insert("statuses", name=s.name, category=s.category) for s in seed.statuses}
        fields = {name: name for name in SYSTEM_FIELDS} | {f.name: _add_field(store, f) for f in seed.fields}
        types = {t.name: store.insert("issue_types", name=t.name, level=t.level) for t in seed.issue_types}
        for kind in seed.link_types:
            store.insert("link_types", name=kind.name, inward=kind.inward, outward=kind.outward)
        shown = (f for f in fields.values() if f not in SYSTEM_FIELDS or SYSTEM_FIELDS[f].writable)
        _add_screen(store, DEFAULT_SCREEN, "Allows to update all system fields.", shown)
        added = {name: "" for project in seed.projects for name in project.roles}
        roles = {
            name: store.insert("roles", name=name, description=text) for name, text in (ROLES | added).items()
        }
        scheme = _add_default_scheme(store, roles)
        # for clients that read it before they create a project
        text = "It has no levels: everybody sees every issue."
        store.insert("security_schemes", name="Default", description=text)
        for project in seed.projects:
            number = _add_project(store, project, statuses, types, fields, roles, scheme)
            add_members(store, number, roles, project.roles)
            if project.permissions:
                _add_own_scheme(store, project, number, roles)
            if project.security:
                _add_security(store, project, number, roles)
    log.info("seeded: %d users, %d projects", len(seed.users), len(seed.projects))
    return True


def _add_user(store: Store, user: SeedUser) -> None:
    store.insert(
        "users",
        name=user.name,
        display_name=user.displayName,
        email=user.email,
        time_zone=user.timeZone,
        password=None if user.password is None else passwords.kept(user.password),
    )
    for group in {EVERYBODY, *user.groups, *([ADMINISTRATORS] if user.admin else [])}:
        store.insert("memberships", group_name=group, user=user.name)


def _add_field(store: Store, field: SeedField) -> str:
    number = store.insert("custom_fields", name=field.name, type=field.type)
    context = store.insert(
        "field_contexts", field_id=number, name=f"Default Configuration Scheme for {field.name}"
    )
    for option in field.options:
        store.insert("options", context_id=context, value=option)
    return f"customfield_{number}"


def _add_screen(store: Store, name: str, description: str, fields: Iterable[str]) -> int:
    screen = store.insert("screens", name=name, description=description)
    tab = store.insert("screen_tabs", screen_id=screen, name="Field Tab", position=0)
    for position, field in enumerate(fields):
        store.insert("screen_fields", tab_id=tab, field=field, position=position)
    return screen


def _add_default_scheme(store: Store, roles: Mapping[str, int]) -> int:
    text = "What projects have that were given no other scheme."
    scheme = store.insert("permission_schemes", name=DEFAULT_SCHEME, description=text)
    for permission, holder, parameter in default_grants(roles["Administrators"]):
        store.insert("grants", scheme_id=scheme, permission=permission, holder=holder, parameter=parameter)
    return scheme


def _add_own_scheme(store: Store, project: SeedProject, number: int, roles: Mapping[str, int]) -> None:
    """A copy of the default scheme with the seed's holders in place of the default ones."""
    name = f"{project.key} Permission Scheme"
    scheme = store.insert("permission_schemes", name=name, description="")
    for permission, holder, parameter in default_grants(roles["Administrators"]):
        if permission not in project.permissions:
            store.insert(
                "grants", scheme_id=scheme, permission=permission, holder=holder, parameter=parameter
            )
    for permission, holders in project.permissions.items():
        for written in holders:
            store.insert("grants", scheme_id=scheme, permission=permission, **_holder(written, roles))
    store.run("UPDATE projects SET permission_scheme = ? WHERE id = ?", scheme, number)


def _add_security(store: Store, project: SeedProject, number: int, roles: Mapping[str, int]) -> None:
    scheme = store.insert("security_schemes", name=f"{project.key} Issue Security Scheme")
    for name, holders in project.security.items():
        level = store.insert("security_levels", scheme_id=scheme, name=name)
        for written in holders:
            store.insert("security_holders", level_id=level, **_holder(written, roles))
        if name == project.default_security:
            store.run("UPDATE security_schemes SET default_level = ? WHERE id = ?", level, scheme)
    store.run("UPDATE projects SET security_scheme = ? WHERE id = ?", scheme, number)


def _holder(written: str, roles: Mapping[str, int]) -> dict[str, str | None]:
    """Jira's words for the seed's."""
    word, _, who = written.partition(":")
    return {"holder": _HOLDERS[word], "parameter": str(roles[who]) if word == "role" else who or None}


def add_members(
    store: Store, project: int, roles: Mapping[str, int], members: Mapping[str, Iterable[str]]
) -> None:
    """Fill the roles of a new project: what is given, else what a new project has.

    Parameters
    ----------
    store : `Store`
        The store.
    project : `int`
        Number of the project.
    roles : `~collections.abc.Mapping` [`str`, `int`]
        Numbers of the roles by name.
    members : `~collections.abc.Mapping`
        Login names, or ``group:`` and a group, by role.
    """
    for role, number in roles.items():
        default = f"group:{ADMINISTRATORS if role == 'Administrators' else EVERYBODY}"
        for written in members.get(role, [default] if role in ROLES else []):
            kind, name = (
                ("group", written.removeprefix("group:"))
                if written.startswith("group:")
                else ("user", written)
            )
            store.insert("role_actors", project_id=project, role_id=number, kind=kind, name=name)


def _add_status_scheme(
    store: Store,
    project: SeedProject,
    statuses: dict[str, int],
    fields: dict[str, str],
    roles: dict[str, int],
) -> int:
    scheme = store.insert(
        "status_schemes", name=f"{project.key} Workflow", initial_status=statuses[project.initial]
    )
    screens: dict[tuple[str, ...], int] = {}
    for position, transition in enumerate(project.transitions, start=1):
        shown = tuple(fields[item.field] for item in transition.screen)
        if shown and shown not in screens:
            # several transitions may have a name, but not several screens
            name = f"{project.key}: {transition.name} Screen ({position})"
            screens[shown] = _add_screen(store, name, "Shown in transitions.", shown)
        required = [fields[item.field] for item in transition.screen if item.required]
        store.insert(
            "transitions",
            scheme_id=scheme,
            id=10 * position + 1,  # 11, 21, 31 ... as Jira numbers them
            name=transition.name,
            to_status=statuses[transition.to],
            from_statuses=json.dumps([] if transition.source == "*" else [statuses[transition.source]]),
            screen_id=screens.get(shown),
            required=json.dumps(required),
            roles=json.dumps([roles[name] for name in transition.roles]),
        )
    return scheme


def _add_project(
    store: Store,
    project: SeedProject,
    statuses: dict[str, int],
    types: dict[str, int],
    fields: dict[str, str],
    roles: dict[str, int],
    scheme: int,
) -> int:
    number = store.insert(
        "projects",
        key=project.key,
        name=project.name,
        lead=project.lead,
        status_scheme=_add_status_scheme(store, project, statuses, fields, roles),
        permission_scheme=scheme,
    )
    for position, name in enumerate(project.issue_types):
        store.insert("project_issue_types", project_id=number, issue_type_id=types[name], position=position)
    for component in project.components:
        store.insert(
            "components",
            project_id=number,
            name=component.name,
            description=component.description,
            lead=component.lead,
            assignee_type="PROJECT_DEFAULT",
        )
    for version in project.versions:
        store.insert(
            "versions",
            project_id=number,
            name=version.name,
            description=version.description,
            released=version.released,
            archived=False,
        )
    return number
