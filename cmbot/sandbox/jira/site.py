"""A Jira site: the store and what an administrator set up in it."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING

from .configuration import (
    CATEGORIES,
    Configuration,
    Field,
    IssueType,
    LinkType,
    Option,
    Project,
    ScreenField,
    Status,
    Transition,
    User,
)
from .datacenter import DATA_CENTER
from .systemfields import SYSTEM_FIELDS

if TYPE_CHECKING:
    from .flavour import Flavour
    from .shapes import Shapes
    from .store import Store


class Site:
    """What every operation needs to know.

    Parameters
    ----------
    store : `Store`
        The store; its configuration is read once, after the seed was applied.
    flavour : `Flavour`, optional
        As which deployment it behaves; Data Center if not given.
    """

    def __init__(self, store: Store, flavour: Flavour = DATA_CENTER) -> None:
        self.store = store
        self.flavour = flavour
        #: Most things that one issue may hold; a test may lower them.
        self.caps = flavour.caps

    def shapes(self, base_url: str, viewer: User | None, version: int = 2) -> Shapes:
        """What renders for a caller; arguments as of `Shapes`."""
        return self.flavour.shapes(self.config, base_url, viewer, version)

    @cached_property
    def config(self) -> Configuration:
        """People, types, statuses, fields, projects."""
        return self.flavour.configured(load(self.store))


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
    projects = {
        row["id"]: Project(
            id=row["id"],
            key=row["key"],
            name=row["name"],
            lead=row["lead"],
            initial=statuses[row["initial_status"]],
            issue_types=tuple(issue_types[number] for number in _type_ids(store, row["id"])),
            transitions=_transitions(store, row["id"], statuses, fields),
        )
        for row in store.rows("SELECT * FROM projects ORDER BY id")
    }
    return Configuration(
        users={
            row["name"]: User(
                id=row["id"],
                name=row["name"],
                display_name=row["display_name"],
                email=row["email"],
                time_zone=row["time_zone"],
                admin=bool(row["admin"]),
                active=bool(row["active"]),
            )
            for row in store.rows("SELECT * FROM users ORDER BY id")
        },
        statuses=statuses,
        issue_types=issue_types,
        link_types={
            row["id"]: LinkType(row["id"], row["name"], row["inward"], row["outward"])
            for row in store.rows("SELECT * FROM link_types ORDER BY id")
        },
        fields=fields,
        projects=projects,
    )


def _custom_fields(store: Store) -> dict[str, Field]:
    fields = {}
    for row in store.rows("SELECT * FROM custom_fields ORDER BY id"):
        options = store.rows("SELECT id, value FROM options WHERE field_id = ? ORDER BY id", row["id"])
        field = Field(
            id=f"customfield_{row['id']}",
            name=row["name"],
            type=row["type"],
            number=row["id"],
            options=tuple(Option(option["id"], option["value"]) for option in options),
            clauses=(f"cf[{row['id']}]", row["name"]),
        )
        fields[field.id] = field
    return fields


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
        )
        for row in store.rows("SELECT * FROM transitions WHERE project_id = ? ORDER BY id", project)
    )
