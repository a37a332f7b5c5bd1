"""Properties: JSON that clients keep on issues and comments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from .errors import JiraError

if TYPE_CHECKING:
    from .site import Site

VALUE_LIMIT = 32_768
KEY_LIMIT = 255
Owner = Literal["issue", "comment"]


def keys(site: Site, owner: Owner, number: int) -> list[str]:
    """The keys in use."""
    sql = f"SELECT key FROM {owner}_properties WHERE owner_id = ? ORDER BY key"  # noqa: S608 - one of two words
    return [row["key"] for row in site.store.rows(sql, number)]


def get(site: Site, owner: Owner, number: int, key: str) -> Any:
    """The value of a property.

    Raises
    ------
    JiraError
        Raised with 404 if there is none.
    """
    sql = f"SELECT value FROM {owner}_properties WHERE owner_id = ? AND key = ?"  # noqa: S608 - one of two words
    row = site.store.row(sql, number, key)
    if row is None:
        raise JiraError(404, f"The property with key '{key}' does not exist.")
    return json.loads(row["value"])


def packed(key: str, value: Any) -> str:
    """A value as it is kept.

    Raises
    ------
    JiraError
        Raised with 400 for a key or value that is too long.
    """
    text = json.dumps(value, ensure_ascii=False)
    if not key or len(key) > KEY_LIMIT:
        raise JiraError(400, f"The property key must have 1 to {KEY_LIMIT} characters.")
    if len(text) > VALUE_LIMIT:
        raise JiraError(400, f"The property value is too long: at most {VALUE_LIMIT} characters are allowed.")
    return text


def put(site: Site, owner: Owner, number: int, key: str, value: Any) -> bool:
    """Set a property, replacing it whole; returns whether it is new."""
    text = packed(key, value)
    with site.store.transaction():
        new = key not in keys(site, owner, number)
        sql = f"INSERT OR REPLACE INTO {owner}_properties (owner_id, key, value) VALUES (?, ?, ?)"  # noqa: S608 - one of two words
        site.store.run(sql, number, key, text)
        _touch(site, owner, number)
    return new


def put_all(site: Site, owner: Owner, number: int, sent: Any) -> None:
    """Set what a request's ``properties`` holds: a list of ``{"key", "value"}``."""
    if sent is None:
        return
    if not isinstance(sent, list) or not all(
        isinstance(p, dict) and isinstance(p.get("key"), str) for p in sent
    ):
        raise JiraError(400, "Can not deserialize 'properties': a list of key and value is expected.")
    for one in sent:
        put(site, owner, number, one["key"], one.get("value"))


def put_unless_ignored(site: Site, owner: Owner, number: int, sent: Any) -> None:
    """As `put_all`, for transitions and comments: whether every site keeps these is unverified."""
    if not site.habits.ignore_properties:
        put_all(site, owner, number, sent)


def _touch(site: Site, owner: Owner, number: int) -> None:
    if owner == "issue" and site.habits.property_moves_updated:
        site.store.run("UPDATE issues SET updated = ? WHERE id = ?", site.store.now(), number)


def delete(site: Site, owner: Owner, number: int, key: str) -> None:
    """Remove a property."""
    get(site, owner, number, key)
    sql = f"DELETE FROM {owner}_properties WHERE owner_id = ? AND key = ?"  # noqa: S608 - one of two words
    with site.store.transaction():
        site.store.run(sql, number, key)
        _touch(site, owner, number)
