"""What the sandbox Jira begins with, written from cmbot's own schema."""

from __future__ import annotations

from typing import Any

from cmbot.jira_schema.fields import FIELDS
from cmbot.jira_schema.statuses import CATEGORIES
from cmbot.models.issues import Status

PROJECT = "CM"
PERSON = "alice"
BOT = "cmbot"
TYPES = {"Epic": 1, "CM Step": 0, "CM Group": -1}


def seed() -> dict[str, Any]:
    """Describe the project.

    Returns
    -------
    seed : `dict`
        For ``cmbot sandbox jira --seed``.
    """
    return {
        "users": [
            _user(PERSON, "Alice Example", "America/New_York", admin=True),
            _user("bob", "Bob Example", "Europe/Paris"),
            _user(BOT, "cmbot", "UTC"),
        ],
        "statuses": [{"name": status, "category": category} for status, category in CATEGORIES.items()],
        "fields": [
            *({"name": name, "type": name.lower().replace(" ", "-")} for name in ("Epic Link", "Epic Name")),
            *({"name": field.name, "type": field.type, **_options(field.options)} for field in FIELDS),
        ],
        "issue_types": [{"name": name, "level": level} for name, level in TYPES.items()],
        "link_types": [{"name": "Blocks", "inward": "is blocked by", "outward": "blocks"}],
        "projects": [
            {
                "key": PROJECT,
                "name": "Campaigns",
                "lead": PERSON,
                "issue_types": list(TYPES),
                "initial": Status.DRAFT,
                # Global transitions: cmbot's table says who may do what, not Jira's (design.md section 3).
                "transitions": [{"name": status, "to": status, "from": "*"} for status in Status],
            }
        ],
    }


def _user(name: str, display_name: str, zone: str, *, admin: bool = False) -> dict[str, Any]:
    email = f"{name}@example.org"
    return {"name": name, "displayName": display_name, "email": email, "timeZone": zone, "admin": admin}


def _options(options: tuple[str, ...]) -> dict[str, list[str]]:
    return {"options": list(options)} if options else {}
