"""Who may sign in: one random token per user and start, and browser sessions made from it."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def new_tokens(names: list[str]) -> dict[str, str]:
    """A fresh token for every user."""
    return {name: secrets.token_urlsafe(24) for name in names}


@dataclass(frozen=True)
class Session:
    """A browser that is signed in."""

    user: str
    """Login name of who acts."""
    csrf: str
    """What its forms must carry."""


class Access:
    """Tokens and sessions of a running site.

    Parameters
    ----------
    tokens : `~collections.abc.Mapping` [`str`, `str`]
        Token by login name.
    """

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self.tokens = dict(tokens)
        # browsers share cookies among the ports of a host, and two sandboxes may run on one machine
        self.cookie = f"sandbox-jira-{secrets.token_hex(4)}"
        self._sessions: dict[str, Session] = {}

    def by_token(self, token: str) -> str | None:
        """The user whose token this is."""
        sent, found = token.encode(errors="replace"), None
        for name, known in self.tokens.items():
            if hmac.compare_digest(sent, known.encode()):
                found = name
        return found

    def by_header(self, header: str) -> str | None:
        """The user of an ``Authorization`` header: bearer token, or basic with the token as password."""
        scheme, _, rest = header.partition(" ")
        if scheme.casefold() == "bearer":
            return self.by_token(rest.strip())
        if scheme.casefold() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        found = self.by_token(password)
        return found if found is not None and found.casefold() == name.casefold() else None

    def open_session(self, user: str) -> str:
        """Sign a browser in; returns the cookie's value."""
        cookie = secrets.token_urlsafe(24)
        self._sessions[cookie] = Session(user, secrets.token_urlsafe(24))
        return cookie

    def session(self, cookie: str | None) -> Session | None:
        """The session of a cookie."""
        return self._sessions.get(cookie or "")

    def act_as(self, cookie: str, user: str) -> None:
        """Let a signed-in browser act as another user."""
        self._sessions[cookie] = Session(user, self._sessions[cookie].csrf)
