"""Personal access tokens: made by their owner, shown once, kept as a digest, ending some day."""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import JiraError

if TYPE_CHECKING:
    import sqlite3

    from .configuration import User
    from .site import Site

log = logging.getLogger(__name__)
DAY = 24 * 3600 * 1000
LONGEST = 365
"""Days that a token may live, Jira's default."""
DEFAULT_LIFE = 90
NAME_LIMIT = 255
SEEN_EVERY = 60_000
"""Milliseconds between two notes that a token was used: reading must not become writing."""


@dataclass(frozen=True)
class PersonalToken:
    """What is known of a token; the token itself was shown once."""

    id: int
    """Number."""
    user: str
    """Login name of its owner."""
    name: str
    """Name for people."""
    created: int
    """Milliseconds."""
    expires: int | None
    """When it ends, milliseconds; None for never."""
    used: int | None
    """When it was last used, milliseconds."""


def listed(site: Site, user: User) -> list[PersonalToken]:
    """The tokens of a user, the ended ones too."""
    return [_from_row(row) for row in site.store.rows(f"{_SELECT} WHERE user = ? ORDER BY id", user.name)]


def find(site: Site, user: User, number: str) -> PersonalToken:
    """One's own token of that number, or 404."""
    row = site.store.row(f"{_SELECT} WHERE user = ? AND CAST(id AS TEXT) = ?", user.name, number)
    if row is None:
        raise JiraError(404, f"Token with id {number} does not exist.")
    return _from_row(row)


def create(site: Site, user: User, body: dict[str, Any]) -> tuple[PersonalToken, str]:
    """Make a token; returns it with its secret text.

    Parameters
    ----------
    site : `Site`
        The site.
    user : `User`
        Its owner.
    body : `dict`
        ``name`` and, optionally, ``expirationDuration`` in days (null is no end).

    Raises
    ------
    JiraError
        Raised with 400 without a name or with an unusable duration.
    """
    name = _name(body)
    days = body.get("expirationDuration", DEFAULT_LIFE)
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or not 0 < days <= LONGEST):
        raise JiraError(400, f"The expiry of a token is between 1 and {LONGEST} days.")
    secret, now = secrets.token_urlsafe(33), site.store.now()
    number = site.store.insert(
        "personal_tokens",
        user=user.name,
        name=name,
        digest=_digest(secret),
        created=now,
        expires=None if days is None else now + days * DAY,
    )
    log.info("token %s of %s made", number, user.name)
    return find(site, user, str(number)), secret


def rename(site: Site, token: PersonalToken, body: dict[str, Any]) -> None:
    """Give a token another name."""
    site.store.run("UPDATE personal_tokens SET name = ? WHERE id = ?", _name(body), token.id)


def revoke(site: Site, token: PersonalToken) -> None:
    """End a token for ever."""
    site.store.run("DELETE FROM personal_tokens WHERE id = ?", token.id)
    log.info("token %s of %s revoked", token.id, token.user)


def owner(site: Site, secret: str) -> str | None:
    """Login name of whose living token this is."""
    now = site.store.now()
    row = site.store.row(f"{_SELECT} WHERE digest = ?", _digest(secret))
    if row is None or (row["expires"] is not None and row["expires"] <= now):
        return None
    if row["used"] is None or now - row["used"] >= SEEN_EVERY:
        site.store.run("UPDATE personal_tokens SET used = ? WHERE id = ?", now, row["id"])
    return str(row["user"])


def _name(body: dict[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > NAME_LIMIT:
        raise JiraError(400, f"A token needs a name of 1 to {NAME_LIMIT} characters.")
    return name


def _digest(secret: str) -> str:
    # the secret is long and random: nothing to stretch
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


_SELECT = "SELECT id, user, name, created, expires, used FROM personal_tokens"


def _from_row(row: sqlite3.Row) -> PersonalToken:
    return PersonalToken(*row)
