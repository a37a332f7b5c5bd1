"""Who may speak to the sandbox PanDA: it runs what is posted to it (design.md section 5).

Loopback names only as Host, no foreign browser Origin, and the token of this start: as bearer token, or in
the cookie that a page sets when it is opened with the token in its address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from cmbot.sandbox.panda.access import Access

PANDA = ("/server/panda/", "/api/v1/")
"""Paths that check their credentials themselves, in PanDA's words, and their Origin, which names a VO."""


class Guard:
    """Middleware that lets only the right requests through.

    Parameters
    ----------
    app : ASGI application
        What is guarded.
    access : `Access`
        Who may come in.
    port : `int`
        Port the server listens on.
    open_paths : `tuple` [`str`, ...]
        Beginnings of paths that check their credentials themselves.
    """

    def __init__(self, app: ASGIApp, access: Access, *, port: int, open_paths: tuple[str, ...]) -> None:
        self._app = app
        self._access = access
        self._open = open_paths
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] == "http" and (answer := self._check(scope)) is not None:
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> Response | None:
        """Answer of the guard; `None` to pass."""
        headers = Headers(scope=scope)
        if headers.get("host") not in self._hosts:
            return PlainTextResponse("host not served here", status_code=403)
        if scope["path"].startswith(PANDA):
            return None
        origin = headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self._hosts:
            return PlainTextResponse("foreign origin", status_code=403)
        if self._access.is_known(headers):
            return None
        login = self._login(scope)
        if login is not None or scope["path"].startswith(self._open):
            return login
        return PlainTextResponse("token required", status_code=401)

    def _login(self, scope: Scope) -> Response | None:
        """Exchange the token in an address for a cookie, and take it out of the address."""
        query = parse_qsl(scope["query_string"].decode(errors="replace"))
        if scope["method"] != "GET" or not self._access.is_token(dict(query).get("token", "")):
            return None
        rest = urlencode([(key, value) for key, value in query if key != "token"])
        # the path alone could be read as another host
        path = "/" + scope["path"].lstrip("/")
        answer = RedirectResponse(path + (f"?{rest}" if rest else ""), status_code=303)
        answer.set_cookie(self._access.cookie, self._access.token, httponly=True, samesite="strict")
        return answer
