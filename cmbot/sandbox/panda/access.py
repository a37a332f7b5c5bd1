"""Who is asking: the token of this start, an id token, or a cookie made of the first."""

from __future__ import annotations

import hmac
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from cmbot.sandbox.panda.issuer import GROUPS, TokenError, username
from cmbot.sandbox.panda.store import USERNAME

if TYPE_CHECKING:
    from starlette.datastructures import Headers

    from cmbot.sandbox.panda.issuer import Issuer


class Access:
    """What the server knows of tokens.

    Parameters
    ----------
    token : `str`
        The token of this start.
    port : `int`
        Port the server listens on.
    issuer : `Issuer`
        Where id tokens come from.
    id_tokens : `bool`
        Whether the relay asks for an id token; otherwise the token of the start is enough.
    """

    def __init__(self, token: str, port: int, issuer: Issuer, *, id_tokens: bool) -> None:
        self.token = token
        self.issuer = issuer
        self.id_tokens = id_tokens
        # cookies are shared between the ports of a host
        self.cookie = f"cmbot_sandbox_panda_{port}"

    def is_token(self, given: str) -> bool:
        """Whether a text is the token of this start."""
        return hmac.compare_digest(given.encode(errors="replace"), self.token.encode())

    def is_known(self, headers: Headers) -> bool:
        """Whether a request carries the token of this start, in its headers or in its cookie."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.is_token(given)
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return False
        return morsel is not None and self.is_token(morsel.value)

    def may_read(self, headers: Headers) -> bool:
        """Whether a request carries any token that the monitor takes."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() not in {"bearer", "token"}:
            return self.is_known(headers)
        return self.is_token(given) or self._is_id_token(given)

    def caller(self, authorization: str, origin: str | None) -> str:
        """Check a call of the relay.

        Parameters
        ----------
        authorization, origin : `str`
            The two headers.

        Returns
        -------
        username : `str`
            Name under which PanDA books what is done.

        Raises
        ------
        TokenError
            If the token or the organisation is not right; with the relay's words.
        """
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise TokenError("Invalid token. Not enough segments")
        if not self.id_tokens and not self.is_token(given):
            wrong = "Signature verification failed" if given.count(".") == 2 else "Not enough segments"
            raise TokenError(f"Invalid token. {wrong}")
        claims = self.issuer.check(given) if self.id_tokens else {"name": USERNAME, "groups": GROUPS.values()}
        if origin not in GROUPS:
            raise TokenError(f"Unknown vo : {origin}")
        if GROUPS[origin] not in claims.get("groups", ()):
            raise TokenError(f"Not a member of the {GROUPS[origin][1:]} group")
        return username(claims)

    def _is_id_token(self, given: str) -> bool:
        try:
            self.issuer.check(given)
        except TokenError:
            return False
        return True
