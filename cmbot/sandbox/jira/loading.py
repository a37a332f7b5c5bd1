"""Reading what an administrator set up out of the store."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING

from .configuration import CATEGORIES, Configuration, IssueType, LinkType, Project, Status, Transition, User
from .fielddefinition import Context, Field, Option, ScreenField
from .permissions import Actor, Grant, PermissionScheme, Role
from .projectparts import Component, ProjectCategory, Version
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
            row["id"]: _project(store, row, statuses, issue_types, fields, categories)
            for row in store.rows("SELECT * FROM projects ORDER BY id")
        },
        groups=groups,
        roles={
            row["id"]: Role(*row) for row in store.rows("SELECT id, name, description FROM roles ORDER BY id")
        },
        permission_schemes=_permission_schemes(store),
        categories=categories,
        default_screen=frozenset(
            row["field"]
            for row in store.rows(
                """SELECT f.field FROM screen_fields f JOIN screen_tabs t ON t.id = f.tab_id
                   JOIN screens s ON s.id = t.screen_id WHERE s.name = ?""",
                DEFAULT_SCREEN,
            )
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
        grant = Grant(row["id"], row["permission"], row["holder"], row["parameter"])
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
    statuses: dict[int, Status],
    issue_types: dict[int, IssueType],
    fields: dict[str, Field],
    categories: dict[int, ProjectCategory],
) -> Project:
    number = row["id"]
    return Project(
        id=number,
        key=row["key"],
        name=row["name"],
        lead=row["lead"],
        initial=statuses[row["initial_status"]],
        issue_types=tuple(issue_types[one] for one in _type_ids(store, number)),
        transitions=_transitions(store, number, statuses, fields),
        actors=tuple(
            Actor(*one)
            for one in store.rows(
                "SELECT id, role_id, kind, name FROM role_actors WHERE project_id = ? ORDER BY id", number
            )
        ),
        permission_scheme=row["permission_scheme"],
        components=tuple(
            Component(*one)
            for one in store.rows(
                "SELECT id, name, description, lead, assignee_type FROM components WHERE project_id = ? "
                "ORDER BY name",
                number,
            )
        ),
        versions=tuple(
            Version(*one)
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


def _transitions(
    store: Store, project: int, statuses: dict[int, Status], fields: dict[str, Field]
) -> tuple[Transition, ...]:
    return tuple(
        Transition(
            id=row["id"],
            name=row["name"],
            to=statuses[row["to_status"]],
            source=None if row["from_status"] is None else statuses[row["from_status"]],
            screen=tuple(
                ScreenField(fields[item["field"]], item["required"]) for item in json.loads(row["screen"])
            ),
            roles=tuple(json.loads(row["roles"])),
        )
        for row in store.rows("SELECT * FROM transitions WHERE project_id = ? ORDER BY id", project)
    )
