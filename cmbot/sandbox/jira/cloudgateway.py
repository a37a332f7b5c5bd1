"""What stands in front of a Cloud site: ``/ex/jira/{cloudId}`` and the header that names the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cloud import CLOUD_ID

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .site import Site

GATEWAY = f"/ex/jira/{CLOUD_ID}"


def around(app: ASGIApp, site: Site, context_path: str) -> ASGIApp:
    """Put the gateway around an application.

    Parameters
    ----------
    app : ``ASGIApp``
        The site's application.
    site : `Site`
        The site.
    context_path : `str`
        Prefix of every path.

    Returns
    -------
    app : ``ASGIApp``
        Answers at the site's own paths, and below ``/ex/jira/{cloudId}`` as the site does, where also bearer
        tokens are taken and ``self`` addresses lead through the gateway. Every authenticated answer carries
        ``X-AAccountId``.
    """
    prefix = context_path + GATEWAY

    async def passed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        if scope["path"].startswith(prefix + "/"):
            state["gateway"] = GATEWAY
            path = context_path + scope["path"].removeprefix(prefix)
            scope = {**scope, "path": path, "raw_path": path.encode()}

        async def naming(message: Message) -> None:
            person = site.config.users.get(state.get("user") or "")
            if message["type"] == "http.response.start" and person is not None:
                header = (b"x-aaccountid", person.account_id.encode())
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        await app(scope, receive, naming)

    return passed
