"""Reading what an administrator set up out of the store."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING

from .configuration import Configuration, IssueType, LinkType, Project, User
from .fielddefinition import Context, Field, Option, ScreenField
from .grants import Actor, Grant, Holder, PermissionScheme, Role
from .projectparts import Component, ProjectCategory, Version
from .security import SecurityLevel, SecurityScheme
from .statusparts import CATEGORIES, Status, StatusScheme, Transition
from .systemfields import SYSTEM_FIELDS

if TYPE_CHECKING:
    import sqlite3

    from .store import Store

ADMINISTRATORS = "jira-administrators"
"""The group whose members administer the site."""
EVERYBODY = "jira-software-users"
"""The group of all who may sign in."""
DEFAULT_SCREEN = "Default Screen"
"""Where issues are created and edited."""


def load(store: Store) -> Configuration:
    """Read the configuration from the store."""
    statuses = {
        row["id"]: Status(row["id"], row["name"], CATEGORIES[row["category"]])
        for row in store.rows("SELECT * FROM statuses ORDER BY id")
    }
    issue_types = {
        row["id"]: IssueType(row["id"], row["name"], row["level"])
        for row in store.rows("SELECT * FROM issue_types ORDER BY id")
    }
    fields = SYSTEM_FIELDS | _custom_fields(store)
    categories = {
        row["id"]: ProjectCategory(*row)
        for row in store.rows("SELECT id, name, description FROM project_categories ORDER BY name")
    }
    groups = _groups(store)
    screens = _screens(store)
    status_schemes = _status_schemes(store, statuses, fields, screens)
    security_schemes = _security_schemes(store)
    return Configuration(
        users=_users(store, groups[ADMINISTRATORS]) if groups else {},
        statuses=statuses,
        issue_types=issue_types,
        link_types={
            row["id"]: LinkType(row["id"], row["name"], row["inward"], row["outward"])
            for row in store.rows("SELECT * FROM link_types ORDER BY id")
        },
        fields=fields,
        projects={
            row["id"]: _project(store, row, issue_types, status_schemes, security_schemes, categories)
            for row in store.rows("SELECT * FROM projects ORDER BY id")
        },
        groups=groups,
        roles={
            row["id"]: Role(*row) for row in store.rows("SELECT id, name, description FROM roles ORDER BY id")
        },
        permission_schemes=_permission_schemes(store),
        status_schemes=status_schemes,
        security_schemes=security_schemes,
        categories=categories,
        default_screen=frozenset(
            field
            for row in store.rows("SELECT id FROM screens WHERE name = ?", DEFAULT_SCREEN)
            for field in screens.get(row["id"], ())
        ),
    )


def _groups(store: Store) -> dict[str, frozenset[str]]:
    members: dict[str, set[str]] = {}
    for row in store.rows("SELECT group_name, user FROM memberships"):
        members.setdefault(row["group_name"], set()).add(row["user"])
    names = [row["name"] for row in store.rows("SELECT name FROM groups ORDER BY name")]
    return {name: frozenset(members.get(name, ())) for name in names}


def _users(store: Store, administrators: frozenset[str]) -> dict[str, User]:
    return {
        row["name"]: User(
            id=row["id"],
            name=row["name"],
            display_name=row["display_name"],
            email=row["email"],
            time_zone=row["time_zone"],
            admin=row["name"] in administrators,
            active=bool(row["active"]),
        )
        for row in store.rows("SELECT * FROM users ORDER BY id")
    }


def _permission_schemes(store: Store) -> dict[int, PermissionScheme]:
    grants: dict[int, list[Grant]] = {}
    for row in store.rows("SELECT * FROM grants ORDER BY id"):
        grant = Grant(row["id"], row["permission"], Holder(row["holder"], row["parameter"]))
        grants.setdefault(row["scheme_id"], []).append(grant)
    return {
        row["id"]: PermissionScheme(
            row["id"], row["name"], row["description"], tuple(grants.get(row["id"], ()))
        )
        for row in store.rows("SELECT * FROM permission_schemes ORDER BY id")
    }


def _project(
    store: Store,
    row: sqlite3.Row,
    issue_types: dict[int, IssueType],
    schemes: dict[int, StatusScheme],
    levels: dict[int, SecurityScheme],
    categories: dict[int, ProjectCategory],
) -> Project:
    number = row["id"]
    return Project(
        id=number,
        key=row["key"],
        name=row["name"],
        lead=row["lead"],
        issue_types=tuple(issue_types[one] for one in _type_ids(store, number)),
        status_scheme=schemes[row["status_scheme"]],
        actors=tuple(
            Actor(*one)
            for one in store.rows(
                "SELECT id, role_id, kind, name FROM role_actors WHERE project_id = ? ORDER BY id", number
            )
        ),
        permission_scheme=row["permission_scheme"],
        security=levels.get(row["security_scheme"]),
        components=tuple(
            Component(*one)
            for one in store.rows(
                "SELECT id, name, description, lead, assignee_type FROM components WHERE project_id = ? "
                "ORDER BY name",
                number,
            )
        ),
        versions=tuple(
            Version(
                id=one["id"],
                name=one["name"],
                description=one["description"],
                started=one["started"],
                due=one["due"],
                released=bool(one["released"]),
                archived=bool(one["archived"]),
            )
            for one in store.rows(
                "SELECT id, name, description, started, due, released, archived FROM versions "
                "WHERE project_id = ? ORDER BY id",
                number,
            )
        ),
        category=categories.get(row["category_id"]),
        description=row["description"],
        url=row["url"],
        type_key=row["type_key"],
        assignee_type=row["assignee_type"],
        archived=row["archived"],
        archived_by=row["archived_by"],
    )


def _custom_fields(store: Store) -> dict[str, Field]:
    options: dict[int, list[Option]] = {}
    for row in store.rows("SELECT * FROM options ORDER BY id"):
        options.setdefault(row["context_id"], []).append(
            Option(row["id"], row["value"], bool(row["disabled"]))
        )
    rows = store.rows("SELECT * FROM field_contexts ORDER BY field_id, id")
    contexts = {
        field: [_context(row, tuple(options.get(row["id"], ()))) for row in several]
        for field, several in groupby(rows, key=lambda row: int(row["field_id"]))
    }
    fields = {}
    for row in store.rows("SELECT * FROM custom_fields ORDER BY id"):
        mine = tuple(contexts.get(row["id"], ()))
        field = Field(
            id=f"customfield_{row['id']}",
            name=row["name"],
            type=row["type"],
            number=row["id"],
            options=tuple(option for context in mine for option in context.options),
            contexts=mine,
            clauses=(f"cf[{row['id']}]", row["name"]),
            description=row["description"],
        )
        fields[field.id] = field
    return fields


def _context(row: sqlite3.Row, options: tuple[Option, ...]) -> Context:
    return Context(
        id=row["id"],
        name=row["name"],
        description=row["description"],
        projects=frozenset(json.loads(row["projects"])),
        issue_types=frozenset(json.loads(row["issue_types"])),
        options=options,
    )


def _type_ids(store: Store, project: int) -> list[int]:
    sql = "SELECT issue_type_id FROM project_issue_types WHERE project_id = ? ORDER BY position"
    return [row["issue_type_id"] for row in store.rows(sql, project)]


def _screens(store: Store) -> dict[int, list[str]]:
    """Ids of the fields on each screen, in their order."""
    sql = """SELECT t.screen_id, f.field FROM screen_fields f JOIN screen_tabs t ON t.id = f.tab_id
             ORDER BY t.position, t.id, f.position, f.field"""
    found: dict[int, list[str]] = {}
    for row in store.rows(sql):
        found.setdefault(row["screen_id"], []).append(row["field"])
    return found


def _status_schemes(
    store: Store, statuses: dict[int, Status], fields: dict[str, Field], screens: dict[int, list[str]]
) -> dict[int, StatusScheme]:
    transitions: dict[int, list[Transition]] = {}
    for row in store.rows("SELECT * FROM transitions ORDER BY scheme_id, id"):
        required = json.loads(row["required"])
        shown = screens.get(row["screen_id"], ())
        transition = Transition(
            id=row["id"],
            name=row["name"],
            to=statuses[row["to_status"]],
            sources=tuple(statuses[number] for number in json.loads(row["from_statuses"])),
            screen=tuple(ScreenField(fields[one], one in required) for one in shown if one in fields),
            roles=tuple(json.loads(row["roles"])),
            screen_id=row["screen_id"],
        )
        transitions.setdefault(row["scheme_id"], []).append(transition)
    return {
        row["id"]: StatusScheme(
            id=row["id"],
            name=row["name"],
            description=row["description"],
            initial=statuses[row["initial_status"]],
            transitions=tuple(transitions.get(row["id"], ())),
        )
        for row in store.rows("SELECT * FROM status_schemes ORDER BY id")
    }


def _security_schemes(store: Store) -> dict[int, SecurityScheme]:
    holders: dict[int, list[Holder]] = {}
    for row in store.rows("SELECT * FROM security_holders ORDER BY id"):
        holders.setdefault(row["level_id"], []).append(Holder(row["holder"], row["parameter"]))
    levels: dict[int, list[SecurityLevel]] = {}
    for row in store.rows("SELECT * FROM security_levels ORDER BY id"):
        level = SecurityLevel(row["id"], row["name"], row["description"], tuple(holders.get(row["id"], ())))
        levels.setdefault(row["scheme_id"], []).append(level)
    return {
        row["id"]: SecurityScheme(
            row["id"], row["name"], row["description"], row["default_level"], tuple(levels.get(row["id"], ()))
        )
        for row in store.rows("SELECT * FROM security_schemes ORDER BY id")
    }
