"""Putting a seed into an empty store."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from .seed import Seed, SeedField, SeedProject
from .systemfields import SYSTEM_FIELDS

if TYPE_CHECKING:
    from .store import Store

log = logging.getLogger(__name__)

DEFAULT = Seed.model_validate(
    {
        "users": [
            {"name": "admin", "displayName": "Administrator", "email": "admin@example.org", "admin": True}
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
        for user in seed.users:
            store.insert(
                "users",
                name=user.name,
                display_name=user.displayName,
                email=user.email,
                time_zone=user.timeZone,
                admin=user.admin,
            )
        statuses = {s.name: store.insert("statuses", name=s.name, category=s.category) for s in seed.statuses}
        fields = {name: name for name in SYSTEM_FIELDS} | {f.name: _add_field(store, f) for f in seed.fields}
        types = {t.name: store.insert("issue_types", name=t.name, level=t.level) for t in seed.issue_types}
        for kind in seed.link_types:
            store.insert("link_types", name=kind.name, inward=kind.inward, outward=kind.outward)
        for project in seed.projects:
            _add_project(store, project, statuses, types, fields)
    log.info("seeded: %d users, %d projects", len(seed.users), len(seed.projects))
    return True


def _add_field(store: Store, field: SeedField) -> str:
    number = store.insert("custom_fields", name=field.name, type=field.type)
    for option in field.options:
        store.insert("options", field_id=number, value=option)
    return f"customfield_{number}"


def _add_project(
    store: Store,
    project: SeedProject,
    statuses: dict[str, int],
    types: dict[str, int],
    fields: dict[str, str],
) -> None:
    number = store.insert(
        "projects",
        key=project.key,
        name=project.name,
        lead=project.lead,
        initial_status=statuses[project.initial],
    )
    for position, name in enumerate(project.issue_types):
        store.insert("project_issue_types", project_id=number, issue_type_id=types[name], position=position)
    for position, transition in enumerate(project.transitions, start=1):
        screen = [{"field": fields[item.field], "required": item.required} for item in transition.screen]
        store.insert(
            "transitions",
            project_id=number,
            id=10 * position + 1,  # 11, 21, 31 ... as Jira numbers them
            name=transition.name,
            to_status=statuses[transition.to],
            from_status=None if transition.source == "*" else statuses[transition.source],
            screen=json.dumps(screen),
        )
