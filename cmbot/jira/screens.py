"""Screens and the choices of select fields, as far as an account may see them; reads only.

Some lists come in pages on one deployment or version and whole on another; both are taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cmbot.jira.failures import strange
from cmbot.jira_schema.fields import BY_NAME
from cmbot.jira_schema.place import Screen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmbot.jira.wire import Wire

DEFAULT = "default"
"""Stands for the id of a default screen that is called otherwise."""
CONTEXT = "cmbot"
"""Name of a context that setup makes."""
_DEFAULT_NAME = "Default Screen"
_PAGE = 100


def create_screen(wire: Wire, project: str, type_id: str) -> dict[str, frozenset[str] | None]:
    """Read create metadata, whose pages name their list differently (reference/jira.md section 6.1).

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    project, type_id : `str`
        Key of the project and id of the issue type.

    Returns
    -------
    fields : `dict` [`str`, `frozenset` or `None`]
        Field id -> texts that can be chosen; `None` where there is no list.
    """
    path = f"issue/createmeta/{quote(project, safe='')}/issuetypes/{quote(type_id, safe='')}"
    found: dict[str, frozenset[str] | None] = {}
    start = 0
    while True:
        answer = wire.read(project, "reading a create screen", path, startAt=start, maxResults=_PAGE)
        page = answer.get("fields", answer.get("values"))
        if not isinstance(page, list):
            raise strange(project, "a create screen")
        for one in page:
            allowed = one.get("allowedValues")
            choices = None if allowed is None else frozenset(str(item.get("value")) for item in allowed)
            found[str(one["fieldId"])] = choices
        start += len(page)
        if not page or start >= int(answer.get("total", 0)):
            return found


def of_project(wire: Wire, project: str, chosen: Sequence[str]) -> tuple[Screen, ...]:
    """Find the screens on which the fields of a project belong; for administrators.

    Jira does not say which screens a project uses. Project templates name theirs after the project's key.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    project : `str`
        Key of the project.
    chosen : `~collections.abc.Sequence` [`str`]
        Ids of the screens, if somebody knows better.

    Returns
    -------
    screens : `tuple` [`~cmbot.jira_schema.place.Screen`, ...]
        At least one.
    """
    named = {str(one["id"]): str(one.get("name")) for one in _paged(wire, "the screens", "screens")}
    ids = (
        chosen
        or [number for number, name in named.items() if name.startswith(f"{project}:")]
        or [number for number, name in named.items() if name == _DEFAULT_NAME]
    )
    if not ids:
        # Translated or renamed: what is on it is not known, only that fields can be added.
        return (Screen(DEFAULT, "the default screen", "", frozenset()),)
    return tuple(_screen(wire, number, named.get(number, number)) for number in ids)


def _screen(wire: Wire, number: str, name: str) -> Screen:
    path = f"screens/{quote(number, safe='')}/tabs"
    tabs = [str(one["id"]) for one in listed(wire, f"screen {name}", path)]
    shown = [one for tab in tabs for one in listed(wire, f"screen {name}", f"{path}/{tab}/fields")]
    return Screen(number, name, tabs[0] if tabs else "", frozenset(str(one["id"]) for one in shown))


def choices(wire: Wire, ids: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Read the choices of cmbot's select fields, apart from screens; for administrators, Cloud only.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    ids : `~collections.abc.Mapping` [`str`, `str`]
        cmbot's field name -> id.

    Returns
    -------
    choices : `dict` [`str`, `frozenset`]
        By field id.
    """
    found = {}
    for name, field_id in ids.items():
        if name in BY_NAME and BY_NAME[name].options:
            there = own_context(wire, field_id)
            found[field_id] = frozenset(options(wire, field_id, there)) if there else frozenset()
    return found


def own_context(wire: Wire, field_id: str) -> str:
    """Find the context of a custom field that may be changed; for administrators, Cloud only.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    field_id : `str`
        The field.

    Returns
    -------
    id : `str`
        Of the one that setup made, or else of the one for all projects. Empty if there are only others,
        which may be other projects'.
    """
    found = _paged(wire, f"the contexts of {field_id}", f"field/{field_id}/context")
    named = [str(one["id"]) for one in found if one.get("name") == CONTEXT]
    everywhere = [str(one["id"]) for one in found if one.get("isGlobalContext")]
    return next(iter((*named, *everywhere)), "")


def options(wire: Wire, field_id: str, context: str) -> set[str]:
    """List the choices in a context; for administrators, Cloud only.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    field_id, context : `str`
        Ids of the field and the context.

    Returns
    -------
    options : `set` [`str`]
        Their texts.
    """
    path = f"field/{field_id}/context/{context}/option"
    return {str(one["value"]) for one in _paged(wire, f"the options of {field_id}", path)}


def listed(wire: Wire, what: str, path: str) -> list[dict[str, Any]]:
    """Read a list, without what team-managed projects of Cloud keep for themselves.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    what : `str`
        For messages.
    path : `str`
        As of `~cmbot.jira.wire.Wire.read_list`.

    Returns
    -------
    items : `list` [`dict`]
        Jira's JSON.
    """
    return [one for one in wire.read_list("Jira", f"reading {what}", path) if not _of_one_project(one)]


def _paged(wire: Wire, what: str, path: str) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    start = 0
    while True:
        page = wire.read_list(
            "Jira", f"reading {what}", f"{path}?startAt={start}&maxResults={_PAGE}", "values"
        )
        new = {str(one["id"]): one for one in page if str(one["id"]) not in found}
        if not new:
            return [one for one in found.values() if not _of_one_project(one)]
        found |= new
        start += len(page)


def _of_one_project(item: Mapping[str, Any]) -> bool:
    return (item.get("scope") or {}).get("type") == "PROJECT"
