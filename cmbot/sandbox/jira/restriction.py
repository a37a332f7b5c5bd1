"""Who may read a comment or a worklog: everybody who sees the issue, or only a role or a group."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .errors import refused
from .permissions import sees

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .configuration import Project, User
    from .site import Site

KINDS = ("role", "group")


def read(site: Site, user: User, project: Project, raw: Any) -> str | None:
    """What is stored of a request's ``visibility``; None is no restriction.

    Raises
    ------
    JiraError
        Raised with 400 for a role or group that does not exist or that the author is not in.
    """
    if raw is None:
        return None
    if not isinstance(raw, dict) or raw.get("type") not in KINDS:
        raise refused("visibility", "A visibility has a type (role or group) and a value.")
    kind, name = raw["type"], str(raw.get("value") or raw.get("identifier"))
    if kind == "role":
        role = site.config.role(name)
        known = None if role is None else role.name
    else:
        known = site.config.group(name)
    if known is None:
        raise refused("commentLevel", f"{kind.capitalize()} '{name}' does not exist.")
    if not sees(site.config, user, project, kind, known):
        words = "project role" if kind == "role" else "group"
        raise refused("commentLevel", f"You are currently not a member of the {words}: {known}.")
    return json.dumps({"type": kind, "value": known})


def readable(site: Site, user: User | None, project: Project, visibility: Mapping[str, Any] | None) -> bool:
    """Whether a user may read what has this restriction."""
    if visibility is None:
        return True
    return user is not None and sees(site.config, user, project, visibility["type"], visibility["value"])
