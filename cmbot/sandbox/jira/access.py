"""Who may sign in: tokens, passwords, and the sessions made from them."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from . import passwords, personaltokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .configuration import User
    from .site import Site

T = TypeVar("T")
SESSION_LIMIT = 1000
"""Most sessions of each kind; the oldest ends when there are more."""


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


@dataclass(frozen=True)
class LoginInfo:
    """How a user signed in before; counted since the start."""

    good: int = 0
    """How often it worked."""
    bad: int = 0
    """How often it did not."""
    last_good: int | None = None
    """When it last worked, milliseconds."""
    previous_good: int | None = None
    """When it worked the time before that, milliseconds."""
    last_bad: int | None = None
    """When it last did not, milliseconds."""


class Access:
    """Tokens, passwords and sessions of a running site.

    Parameters
    ----------
    site : `Site`
        The site, which keeps passwords and personal access tokens.
    tokens : `~collections.abc.Mapping` [`str`, `str`]
        This start's token by login name.
    """

    def __init__(self, site: Site, tokens: Mapping[str, str]) -> None:
        self.tokens = dict(tokens)
        # browsers share cookies among the ports of a host, and two sandboxes may run on one machine
        self.cookie = f"sandbox-jira-{secrets.token_hex(4)}"
        self._site = site
        self._browsers: dict[str, Session] = {}
        self._clients: dict[str, str] = {}
        self._logins: dict[str, LoginInfo] = {}

    def renew(self, fresh: Mapping[str, str]) -> None:
        """After the site began again: tokens for all its users, those of before where they are known."""
        self.tokens = {name: self.tokens.get(name, token) for name, token in fresh.items()}
        self._browsers = {k: one for k, one in self._browsers.items() if one.user in self.tokens}
        self._clients = {k: user for k, user in self._clients.items() if user in self.tokens}

    def credentials(self, name: str) -> str:
        """The ``Authorization`` header of a user; one that nobody knows for an unknown user."""
        person, flavour = self._site.config.users.get(name), self._site.flavour
        login = "" if person is None else flavour.login(person)
        return "Basic " + base64.b64encode(f"{login}:{self.tokens.get(name, '')}".encode()).decode()

    def by_token(self, token: str) -> str | None:
        """The user whose token this is: of this start, or personal."""
        return self._of_this_start(token) or personaltokens.owner(self._site, token)

    def by_password(self, name: str, password: str) -> User | None:
        """The user who signs in with this name and password, or this start's token in place of it."""
        user = self._site.flavour.signing_in(self._site.config, name)
        if user is None or not user.active:
            return None
        row = self._site.store.row("SELECT password FROM users WHERE name = ?", user.name)
        if self._of_this_start(password) == user.name or (row and passwords.fits(password, row["password"])):
            return user
        return None

    def by_header(self, header: str, *, bearer: bool = True) -> str | None:
        """The user of an ``Authorization`` header: bearer token, or basic."""
        scheme, _, rest = header.partition(" ")
        if scheme.casefold() == "bearer":
            return self.by_token(rest.strip()) if bearer else None
        if scheme.casefold() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        if not self._site.flavour.passwords:
            named, owner = self._site.flavour.signing_in(self._site.config, name), self.by_token(password)
            return owner if named is not None and named.name == owner else None
        found = self.by_password(name, password)
        return None if found is None else found.name

    def sign_in(self, name: str, password: str) -> User | None:
        """As `by_password`, and counted."""
        user, now = self.by_password(name, password), self._site.store.now()
        named = self._site.flavour.signing_in(self._site.config, name)
        if named is not None:
            before = self.login_info(named.name)
            self._logins[named.name] = (
                replace(before, bad=before.bad + 1, last_bad=now)
                if user is None
                else replace(before, good=before.good + 1, last_good=now, previous_good=before.last_good)
            )
        return user

    def login_info(self, user: str) -> LoginInfo:
        """How a user signed in before."""
        return self._logins.get(user, LoginInfo())

    def open_session(self, user: str) -> str:
        """Sign a browser in; returns the cookie's value."""
        return _opened(self._browsers, Session(user, secrets.token_urlsafe(24)))

    def session(self, cookie: str | None) -> Session | None:
        """The session of a browser's cookie."""
        return self._browsers.get(cookie or "")

    def close_session(self, cookie: str | None) -> None:
        """Sign a browser out."""
        self._browsers.pop(cookie or "", None)

    def act_as(self, cookie: str, user: str) -> None:
        """Let a signed-in browser act as another user."""
        self._browsers[cookie] = Session(user, self._browsers[cookie].csrf)

    def open_client_session(self, user: str) -> str:
        """Sign a client of REST in; returns the cookie's value. Such a session opens no page."""
        return _opened(self._clients, user)

    def client_session(self, cookie: str | None) -> str | None:
        """The user of a REST client's cookie."""
        return self._clients.get(cookie or "")

    def close_client_session(self, cookie: str | None) -> None:
        """Sign a client of REST out."""
        self._clients.pop(cookie or "", None)

    def _of_this_start(self, token: str) -> str | None:
        sent, found = token.encode(errors="replace"), None
        for name, known in self.tokens.items():
            if hmac.compare_digest(sent, known.encode()):
                found = name
        return found


def _opened(sessions: dict[str, T], value: T) -> str:
    while len(sessions) >= SESSION_LIMIT:
        del sessions[next(iter(sessions))]
    cookie = secrets.token_urlsafe(24)
    sessions[cookie] = value
    return cookie
