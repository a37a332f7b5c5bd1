"""Screens, their tabs, and the fields on them.

The default screen is where issues are created and edited: a field that is not on it cannot be set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import adminparts
from .errors import JiraError
from .loading import DEFAULT_SCREEN
from .permissions import administer

if TYPE_CHECKING:
    from .adminparts import Body
    from .configuration import User
    from .fielddefinition import Field
    from .site import Site


@dataclass(frozen=True)
class Screen:
    """A screen."""

    id: int
    """Number."""
    name: str
    """Name."""
    description: str
    """What it is for."""


@dataclass(frozen=True)
class Tab:
    """A tab of a screen."""

    id: int
    """Number."""
    name: str
    """Name."""


def screens(site: Site) -> list[Screen]:
    """All screens."""
    return [Screen(*row) for row in site.store.rows("SELECT id, name, description FROM screens ORDER BY id")]


def screen(site: Site, number: str) -> Screen:
    """A screen by number, or 404."""
    found = next((one for one in screens(site) if str(one.id) == number), None)
    if found is None:
        raise JiraError(404, f"Screen with id {number} does not exist")
    return found


def add_screen(site: Site, caller: User, body: Body) -> int:
    """Add a screen with one tab; returns its number."""
    administer(caller, "edit screens")
    name = adminparts.name(body, None)
    if any(name.casefold() == one.name.casefold() for one in screens(site)):
        raise JiraError(400, errors={"name": "A screen with this name already exists."})
    with site.administering():
        number = site.store.insert("screens", name=name, description=str(body.get("description") or ""))
        site.store.insert("screen_tabs", screen_id=number, name="Field Tab", position=0)
    return number


def tabs(site: Site, one: Screen) -> list[Tab]:
    """The tabs of a screen, in their order."""
    sql = "SELECT id, name FROM screen_tabs WHERE screen_id = ? ORDER BY position, id"
    return [Tab(*row) for row in site.store.rows(sql, one.id)]


def tab(site: Site, one: Screen, number: str) -> Tab:
    """A tab of a screen, or 404."""
    found = next((each for each in tabs(site, one) if str(each.id) == number), None)
    if found is None:
        raise JiraError(404, f"Screen tab with id {number} does not exist")
    return found


def put_tab(site: Site, caller: User, one: Screen, body: Body, old: Tab | None) -> int:
    """Add a tab, or give one another name; returns its number."""
    administer(caller, "edit screens")
    name = adminparts.name(body, None)
    if any(name == each.name for each in tabs(site, one) if each != old):
        raise JiraError(400, errors={"name": "A tab with this name already exists."})
    if old is not None:
        site.store.run("UPDATE screen_tabs SET name = ? WHERE id = ?", name, old.id)
        return old.id
    return site.store.insert("screen_tabs", screen_id=one.id, name=name, position=len(tabs(site, one)))


def drop_tab(site: Site, caller: User, one: Screen, old: Tab) -> None:
    """Remove a tab with what is on it; the last one stays."""
    administer(caller, "edit screens")
    if len(tabs(site, one)) == 1:
        raise JiraError(400, "A screen needs at least one tab.")
    with site.administering():
        site.store.run("DELETE FROM screen_tabs WHERE id = ?", old.id)


def fields(site: Site, one: Tab) -> list[Field]:
    """The fields of a tab, in their order."""
    sql = "SELECT field FROM screen_fields WHERE tab_id = ? ORDER BY position, field"
    known = site.config.fields  # not those that the deployment hides
    return [known[row["field"]] for row in site.store.rows(sql, one.id) if row["field"] in known]


def available(site: Site, one: Screen) -> list[Field]:
    """The fields that could be put on a screen."""
    there = {field.id for each in tabs(site, one) for field in fields(site, each)}
    return [field for field in site.config.fields.values() if field.writable and field.id not in there]


def add_field(site: Site, caller: User, one: Screen, where: Tab, raw: Any) -> Field:
    """Put a field on a tab."""
    administer(caller, "edit screens")
    found = next((field for field in available(site, one) if field.id == raw), None)
    if found is None:
        raise JiraError(
            400, errors={"fieldId": f"Field with id {raw!r} is unknown or on the screen already."}
        )
    with site.administering():
        position = len(fields(site, where))
        site.store.insert("screen_fields", tab_id=where.id, field=found.id, position=position)
    return found


def drop_field(site: Site, caller: User, where: Tab, field: str) -> None:
    """Take a field off a tab; the summary stays on the default screen."""
    administer(caller, "edit screens")
    if field == "summary":
        raise JiraError(400, "The Summary field cannot be removed.")
    with site.administering():
        sql = "DELETE FROM screen_fields WHERE tab_id = ? AND field = ?"
        if not site.store.run(sql, where.id, field):
            raise JiraError(404, f"Field with id {field} is not on this tab.")


def default(site: Site) -> Screen:
    """The screen where issues are created and edited."""
    return next(one for one in screens(site) if one.name == DEFAULT_SCREEN)
