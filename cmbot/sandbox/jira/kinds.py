"""Issue types and link types, as administrators make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import adminparts
from .errors import JiraError
from .permissions import administer

if TYPE_CHECKING:
    from .adminparts import Body
    from .configuration import LinkType, User
    from .site import Site

LEVELS = {"standard": 0, "subtask": -1}
"""Level by the word of a request's ``type``."""


def add_issue_type(site: Site, caller: User, body: Body) -> int:
    """Add an issue type, which no project has yet; returns its number."""
    administer(caller, "edit issue types")
    name, word = adminparts.name(body, None), str(body.get("type", "standard"))
    if word not in LEVELS:
        raise JiraError(400, errors={"type": "An issue type is 'standard' or 'subtask'."})
    if site.config.first_type(name) is not None:
        raise JiraError(409, errors={"name": "An issue type with this name already exists."})
    with site.administering():
        return site.store.insert("issue_types", name=name, level=LEVELS[word])


def put_link_type(site: Site, caller: User, body: Body, old: LinkType | None) -> int:
    """Add a kind of issue link, or change one; returns its number."""
    administer(caller, "edit issue link types")
    name = adminparts.name(body, None if old is None else old.name)
    if any(
        name.casefold() == kind.name.casefold() for kind in site.config.link_types.values() if kind != old
    ):
        raise JiraError(400, errors={"name": "Another link type already has this name."})
    words = {
        side: body.get(side, None if old is None else getattr(old, side)) for side in ("inward", "outward")
    }
    for side, text in words.items():
        if not isinstance(text, str) or not text.strip() or len(text) > 255:
            raise JiraError(400, errors={side: f"Please specify a description for the {side} link."})
    return adminparts.put(site, "link_types", None, {"name": name, **words}, None if old is None else old.id)


def drop_link_type(site: Site, caller: User, old: LinkType) -> None:
    """Delete a kind of issue link with all its links."""
    administer(caller, "edit issue link types")
    with site.administering():
        site.store.run("DELETE FROM issue_links WHERE type_id = ?", old.id)
        site.store.run("DELETE FROM link_types WHERE id = ?", old.id)
