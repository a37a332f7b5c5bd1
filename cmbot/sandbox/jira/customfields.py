"""Custom fields: made by administrators, with the contexts in which they apply and their choices."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from . import adminparts
from .errors import JiraError
from .fieldtypes import TYPES
from .permissions import administer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .adminparts import Body
    from .configuration import User
    from .fielddefinition import Context, Field, Option
    from .site import Site

log = logging.getLogger(__name__)
WORDS = {kind.schema["custom"]: word for word, kind in TYPES.items() if "custom" in kind.schema}
"""Our word for each of the vendor's type keys."""
ONLY_ONE = ("epic-link", "epic-name")
WITH_OPTIONS = ("select", "multiselect")
OPTION_LIMIT = 255


def create(site: Site, caller: User, body: Body) -> Field:
    """Make a custom field; it stands on no screen until it is put on one.

    Parameters
    ----------
    site : `Site`
        The site.
    caller : `User`
        An administrator.
    body : `dict`
        ``name``, ``type`` (the vendor's key), ``description``; on Data Center also ``projectIds`` and
        ``issueTypeIds``, where the field applies.

    Raises
    ------
    JiraError
        Raised with 400 for a type that is not emulated or a second field of a type that is unique.
    """
    administer(caller, "create custom fields")
    name = adminparts.name(body, None)
    word = WORDS.get(str(body.get("type")))
    if word is None or (word in ONLY_ONE and site.config.field_of_type(word) is not None):
        raise JiraError(400, errors={"type": f"The field type '{body.get('type')}' cannot be made here."})
    if _taken(site, name, None):
        # Jira allows twins; a store in which a name means one field is what people want to learn on
        raise JiraError(400, errors={"name": f"A custom field with the name '{name}' already exists."})
    with site.administering():
        number = site.store.insert(
            "custom_fields", name=name, type=word, description=str(body.get("description") or "")
        )
        _insert_context(site, number, f"Default Configuration Scheme for {name}", "", body)
    log.info("field %s (%s) created by %s", number, name, caller.name)
    return site.config.fields[f"customfield_{number}"]


def change(site: Site, caller: User, field: Field, body: Body) -> None:
    """Give a custom field another name or description."""
    administer(caller, "edit custom fields")
    name = adminparts.name(body, field.name)
    if _taken(site, name, field):
        raise JiraError(400, errors={"name": f"A custom field with the name '{name}' already exists."})
    with site.administering():
        sql = "UPDATE custom_fields SET name = ?, description = ? WHERE id = ?"
        site.store.run(sql, name, str(body.get("description", field.description) or ""), field.number)


def find(site: Site, field_id: str) -> Field:
    """The custom field of that id, or 404."""
    found = site.config.fields.get(field_id)
    if found is None or not found.custom:
        raise JiraError(404, f"The custom field was not found: {field_id}.")
    return found


def context(field: Field, number: str) -> Context:
    """A context of a field, or 404."""
    for one in field.contexts:
        if str(one.id) == number:
            return one
    raise JiraError(404, f"The context with id {number} does not exist.")


def add_context(site: Site, caller: User, field: Field, body: Body) -> int:
    """Let a field apply in more places, with its own choices; returns the context's number."""
    administer(caller, "edit custom fields")
    name = adminparts.name(body, None)
    if any(name.casefold() == one.name.casefold() for one in field.contexts):
        raise JiraError(409, f"A context with the name '{name}' already exists.")
    with site.administering():
        return _insert_context(site, field.number or 0, name, str(body.get("description") or ""), body)


def change_context(site: Site, caller: User, field: Field, one: Context, body: Body) -> None:
    """Give a context another name or description."""
    administer(caller, "edit custom fields")
    name = adminparts.name(body, one.name)
    if any(name.casefold() == other.name.casefold() for other in field.contexts if other != one):
        raise JiraError(409, f"A context with the name '{name}' already exists.")
    with site.administering():
        sql = "UPDATE field_contexts SET name = ?, description = ? WHERE id = ?"
        site.store.run(sql, name, str(body.get("description", one.description) or ""), one.id)


def drop_context(site: Site, caller: User, field: Field, one: Context) -> None:
    """Let a field no longer apply there."""
    administer(caller, "edit custom fields")
    for option in one.options:
        sql = "SELECT 1 FROM issues, json_tree(issues.fields, ?) AS v WHERE v.value = ?"
        if site.store.row(sql, f"$.{field.id}", option.id):
            raise JiraError(400, f"The option '{option.value}' of this context is in use.")
    with site.administering():
        site.store.run("DELETE FROM field_contexts WHERE id = ?", one.id)


def add_options(site: Site, caller: User, field: Field, one: Context, values: Any) -> list[Option]:
    """Add choices to a context.

    Parameters
    ----------
    site, caller, field, one
        Where, and who.
    values : `list` [`dict`]
        Objects with ``value`` and, optionally, ``disabled``.

    Returns
    -------
    options : `list` [`Option`]
        The new ones.
    """
    administer(caller, "edit custom fields")
    if field.type not in WITH_OPTIONS:
        raise JiraError(400, f"The field {field.id} has no options.")
    if not isinstance(values, list) or not values:
        raise JiraError(400, "A list of options is expected.")
    known = {option.value.casefold() for option in one.options}
    with site.administering():
        made = []
        for raw in values:
            value = raw.get("value") if isinstance(raw, dict) else None
            if not isinstance(value, str) or not value.strip() or len(value) > OPTION_LIMIT:
                raise JiraError(400, f"An option is a text of 1 to {OPTION_LIMIT} characters.")
            if value.casefold() in known:
                raise JiraError(400, f"The option '{value}' already exists.")
            known.add(value.casefold())
            disabled = bool(raw.get("disabled", False))
            made.append(site.store.insert("options", context_id=one.id, value=value, disabled=disabled))
    fresh = context(site.config.fields[field.id], str(one.id))
    return [option for option in fresh.options if option.id in made]


def change_option(site: Site, caller: User, one: Context, raw: Any) -> None:
    """Give a choice another text, or take it out of what can be chosen."""
    administer(caller, "edit custom fields")
    wanted = str(raw.get("id")) if isinstance(raw, dict) else ""
    old = next((option for option in one.options if str(option.id) == wanted), None)
    if old is None:
        raise JiraError(404, f"The option with id {wanted} does not exist.")
    value = raw.get("value", old.value)
    if not isinstance(value, str) or not value.strip() or len(value) > OPTION_LIMIT:
        raise JiraError(400, f"An option is a text of 1 to {OPTION_LIMIT} characters.")
    if any(option.value == value for option in one.options if option != old):
        raise JiraError(400, f"The option '{value}' already exists.")
    with site.administering():
        sql = "UPDATE options SET value = ?, disabled = ? WHERE id = ?"
        site.store.run(sql, value, bool(raw.get("disabled", old.disabled)), old.id)


def _taken(site: Site, name: str, but: Field | None) -> bool:
    """Whether another custom field, also one that this deployment hides, has a name."""
    others = (field for field in (site.config.fields | site.config.hidden).values() if field.custom)
    return any(name.casefold() == one.name.casefold() for one in others if but is None or one.id != but.id)


def _insert_context(site: Site, field: int, name: str, description: str, body: Body) -> int:
    projects = _numbers(body.get("projectIds"), site.config.projects, "project")
    types = _numbers(body.get("issueTypeIds"), site.config.issue_types, "issue type")
    return site.store.insert(
        "field_contexts",
        field_id=field,
        name=name,
        description=description,
        projects=json.dumps(projects),
        issue_types=json.dumps(types),
    )


def _numbers(raw: Any, known: Iterable[int], what: str) -> list[int]:
    if raw is None:
        return []
    numbers = {str(number): number for number in known}
    if not isinstance(raw, list) or any(str(one) not in numbers for one in raw):
        raise JiraError(400, f"A list of known {what} ids is expected.")
    return [numbers[str(one)] for one in raw]
