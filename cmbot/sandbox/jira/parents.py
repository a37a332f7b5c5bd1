"""Cloud's ``parent`` of standard issues: their epic, which the store keeps as Data Center does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import NOT_ON_SCREEN, FieldProblem, refused
from .fieldinput import epic_link
from .screens import section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .configuration import IssueType
    from .fielddefinition import Field
    from .fieldinput import Stored
    from .site import Site


def field(site: Site) -> Field:
    """Where the epic of an issue is kept."""
    found = site.config.field_of_type("epic-link")
    if found is None:
        raise LookupError("a flavour with parents keeps them in a field")
    return found


def taken(
    site: Site, issue_type: IssueType, body: Mapping[str, Any]
) -> tuple[dict[str, Stored], Mapping[str, Any]]:
    """Read the parent that a request gives a standard issue.

    Parameters
    ----------
    site : `Site`
        The site.
    issue_type : `IssueType`
        Type of the issue.
    body : `~collections.abc.Mapping`
        The request.

    Returns
    -------
    values : `dict`
        Stored value by field id; empty if the request names no parent.
    rest : `~collections.abc.Mapping`
        The request without it.

    Raises
    ------
    JiraError
        Raised with 400 if the issue cannot have that parent.
    """
    fields, update = section(body, "fields"), section(body, "update")
    if "parent" not in {**fields, **update}:
        return {}, body
    if not site.flavour.parents or issue_type.level != 0:
        raise refused("parent", NOT_ON_SCREEN.format("parent"))
    raw = fields.get("parent")
    if "parent" in update:
        operation = update["parent"][0] if isinstance(update["parent"], list) and update["parent"] else None
        if not isinstance(operation, dict) or set(operation) != {"set"}:
            raise refused("parent", "Only the 'set' operation is supported.")
        raw = operation["set"]
    without = {
        name: {key: value for key, value in part.items() if key != "parent"}
        for name, part in (("fields", fields), ("update", update))
    }
    return {field(site).id: _epic(site, raw)}, {**body, **without}


def _epic(site: Site, raw: Any) -> Stored:
    """The epic's key; None takes the issue out of its epic."""
    if raw is None or raw == {"none": True}:
        return None
    key = raw.get("key") if isinstance(raw, dict) else None
    if key is None and isinstance(raw, dict):
        row = site.store.row("SELECT key FROM issues WHERE CAST(id AS TEXT) = ?", str(raw.get("id")))
        key = None if row is None else row["key"]
    try:
        return epic_link(site, field(site), str(key))
    except FieldProblem as problem:
        raise refused("parent", str(problem)) from None
