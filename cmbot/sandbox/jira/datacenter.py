"""What is particular to the Data Center flavour: every shape that Cloud gives another form.

The second flavour will be a sibling of this module.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .errors import FieldProblem

if TYPE_CHECKING:
    from .configuration import Configuration, User

VERSION = (10, 3, 5)
API = "/rest/api/2"
ALIASES = (API, "/rest/api/latest")
AVATAR_SIZES = ("48x48", "24x24", "16x16", "32x32")


def server_info(base_url: str, now: str) -> dict[str, Any]:
    """Answer of ``serverInfo`` (reference jira.md, section 4)."""
    return {
        "baseUrl": base_url,
        "version": ".".join(map(str, VERSION)),
        "versionNumbers": list(VERSION),
        "deploymentType": "Server",
        "buildNumber": 10030005,
        "buildDate": "2025-01-01T00:00:00.000+0000",
        "serverTime": now,
        "scmInfo": "sandbox",
        "serverTitle": "Sandbox Jira (an emulator, not Atlassian's)",
    }


def user(base_url: str, person: User) -> dict[str, Any]:
    """A user: ``name`` and ``key``, no ``accountId``."""
    return {
        "self": f"{base_url}{API}/user?username={quote(person.name)}",
        "name": person.name,
        "key": person.key,
        "emailAddress": person.email,
        "avatarUrls": dict.fromkeys(AVATAR_SIZES, f"{base_url}/static/icon.svg"),
        "displayName": person.display_name,
        "active": person.active,
        "timeZone": person.time_zone,
    }


def read_user(config: Configuration, raw: Any) -> str | None:
    """Login name out of ``{"name": ...}`` or ``{"key": ...}``; None for nobody.

    Raises
    ------
    FieldProblem
        Raised for an unknown user or another shape.
    """
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise FieldProblem("data was not an object")
    if not ("name" in raw or "key" in raw):
        raise FieldProblem("expected Object containing a 'name' property")
    name = raw.get("name") or raw.get("key")
    if not name:
        return None
    found = config.user(str(name))
    if found is None or not found.active:
        raise FieldProblem(f"User '{name}' does not exist.")
    return found.name


def history_item(
    field: str, field_type: str, field_id: str | None, old: tuple[Any, Any], new: tuple[Any, Any]
) -> dict[str, Any]:
    """An entry of a history's ``items``: without ``fieldId`` here."""
    del field_id
    return {
        "field": field,
        "fieldtype": field_type,
        "from": old[0],
        "fromString": old[1],
        "to": new[0],
        "toString": new[1],
    }


def metadata_page(values: list[dict[str, Any]], start: int, limit: int) -> dict[str, Any]:
    """A page of create metadata, under ``values`` here."""
    page = values[start : start + limit]
    return {
        "maxResults": limit,
        "startAt": start,
        "total": len(values),
        "isLast": start + len(page) >= len(values),
        "values": page,
    }


def instant(milliseconds: int, zone: dt.tzinfo) -> str:
    """A time stamp as Jira writes it: milliseconds and an offset without a colon."""
    moment = dt.datetime.fromtimestamp(milliseconds / 1000, zone)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}" + moment.strftime("%z")
