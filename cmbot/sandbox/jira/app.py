"""The application: REST, board and the sandbox's own paths behind one door."""

from __future__ import annotations

import logging
from datetime import UTC
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from . import cloudgateway
from .access import Access, new_tokens
from .board import PAGES
from .board.signing import sign_in_page
from .board.visit import NotSignedIn, visiting
from .clock import SteerableClock
from .cloud import CLOUD
from .datacenter import DATA_CENTER
from .errors import JiraError
from .flavours import named
from .guard import Guard, RequestLog
from .jql.words import matches
from .rest import (
    accounts,
    apitokens,
    appwebhooks,
    archiving,
    bulk,
    comments,
    contents,
    fields,
    files,
    issue,
    jqlsearch,
    kinds,
    links,
    paging,
    people,
    projects,
    properties,
    queries,
    schemes,
    screens,
    search,
    server,
    sessions,
    setup,
    tasks,
    watchers,
    webhooks,
    work,
    workflows,
)
from .sandboxpaths import router as sandbox_paths
from .site import Site
from .strange import Strange
from .webhooks import MANNERS, Deliverer, Desk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .store import Store

log = logging.getLogger(__name__)
_SHARED = tuple(
    module.router
    for module in (
        *(server, setup, people, projects, schemes, fields, screens, kinds, workflows),
        *(issue, comments, properties, links, files, watchers, work),
    )
)
"""REST resources of both deployments."""
_OWN = {
    DATA_CENTER.name: (search.router, fields.datacenter, archiving.datacenter),
    CLOUD.name: (
        *(jqlsearch.router, bulk.router, accounts.router, paging.router, contents.router, appwebhooks.router),
        *(fields.cloud, kinds.cloud, comments.cloud, queries.router, workflows.cloud, tasks.router),
        archiving.cloud,
    ),
}
"""REST resources of one deployment, which come before the shared ones."""
_BESIDE = {DATA_CENTER.name: (sessions.router,), CLOUD.name: (paging.edge, apitokens.router)}
"""What one deployment has outside its REST prefixes."""


class Application:
    """The sandbox Jira as an ASGI application.

    Parameters
    ----------
    store : `Store`
        The store; see `seeding.apply`.
    tokens : `~collections.abc.Mapping` [`str`, `str`], optional
        Token by login name; fresh ones if not given.
    context_path : `str`, optional
        Prefix of every path, for example ``/jira``.
    flavour : `str`, optional
        ``data-center`` or ``cloud``.
    beside : `Application`, optional
        Another deployment over the same store, with which it shares the clock and the news.

    Raises
    ------
    ValueError
        Raised for another flavour.
    """

    def __init__(
        self,
        store: Store,
        tokens: Mapping[str, str] | None,
        context_path: str,
        flavour: str,
        beside: Application | None = None,
    ) -> None:
        self.site: Site = Site(store, named(flavour), None if beside is None else beside.site.common)
        fresh = new_tokens(list(self.site.config.users))
        self.access = Access(self.site, fresh if tokens is None else tokens)
        self.requests = RequestLog()
        self.deliverer = Deliverer(MANNERS[self.site.flavour.name], store)
        self.clock: SteerableClock = SteerableClock(store) if beside is None else beside.clock
        self.clock.listeners.append(self.deliverer.wake)
        self.desk = Desk(self.site, f"http://localhost{context_path}", self.deliverer)
        self.strange = Strange(self.site, self.deliverer, self.access)
        self.site.common.begun_again.append(self._begin_again)
        store.function("jql_words", 2, matches)
        # no schema pages: they would load scripts from elsewhere
        inner = FastAPI(openapi_url=None, redirect_slashes=False)
        for name in ("site", "access", "requests", "deliverer", "strange", "clock"):
            setattr(inner.state, name, getattr(self, name))
        inner.state.context_path = context_path
        for prefix in self.site.flavour.apis:
            for router in (*_OWN[flavour], *_SHARED):
                inner.include_router(router, prefix=context_path + prefix)
        for path in webhooks.PATHS[flavour]:
            inner.include_router(webhooks.router, prefix=context_path + path)
        for router in (*_BESIDE[flavour], server.application_links, files.downloads, sandbox_paths, *PAGES):
            inner.include_router(router, prefix=context_path)
        inner.add_exception_handler(JiraError, _refused)
        inner.add_exception_handler(NotSignedIn, _not_signed_in)
        inner.add_exception_handler(HTTPException, _not_emulated)
        inner.add_exception_handler(Exception, _broken)
        # outside FastAPI, whose own layers would stand between the door and the connection
        whole = cloudgateway.around(inner, self.site, context_path) if flavour == CLOUD.name else inner
        self._door = Guard(self._dated(self.strange.around(whole)), self.requests)

    def answers_at(self, url: str) -> None:
        """Say at which address it is reached: webhooks' bodies name it."""
        self.desk.base_url = url

    def about(self) -> dict[str, Any]:
        """What a client needs to know: the address, a token for every user, and what to sign in as."""
        url = self.desk.base_url
        return {"url": url, "tokens": self.access.tokens, **self.site.flavour.contact(self.site.config, url)}

    def become(self, strange: str) -> None:
        """Misbehave from the start: a word of `strange.profiles.PROFILES`."""
        self.strange.become({"profile": strange})

    def _begin_again(self, tokens: Mapping[str, str]) -> None:
        self.deliverer.forget()
        self.strange.restart()
        self.access.renew(tokens)

    def close(self) -> None:
        """End what runs in the background."""
        self.deliverer.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._door(scope, receive, send)

    def _dated(self, app: ASGIApp) -> ASGIApp:
        """Let answers carry the sandbox's time; inside the door, which must meet the connection itself."""

        async def dated(scope: Scope, receive: Receive, send: Send) -> None:
            async def telling(message: Message) -> None:
                if message["type"] == "http.response.start":
                    date = format_datetime(self.clock().astimezone(UTC), usegmt=True).encode()
                    message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
                await send(message)

            await app(scope, receive, telling)

        return dated


def create_app(
    store: Store,
    *,
    tokens: Mapping[str, str] | None = None,
    context_path: str = "",
    flavour: str = DATA_CENTER.name,
) -> Application:
    """Build the application over a seeded store.

    Parameters
    ----------
    store, tokens, context_path, flavour
        As of `Application`.

    Returns
    -------
    app : `Application`
        ASGI application; ``app.access.tokens`` holds the tokens.
    """
    return Application(store, tokens, context_path, flavour)


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, JiraError):
        raise error
    if _wants_page(request):
        try:
            visit = await visiting(request)
        except NotSignedIn:
            return sign_in_page(request)
        texts = [*error.messages, *error.errors.values()]
        title = "Not found" if error.status == 404 else "That was refused"
        return visit.page("message.html", title, error.status, texts=texts)
    return JSONResponse(error.envelope(), error.status, error.headers)


def _not_signed_in(request: Request, _: Exception) -> Response:
    if _wants_page(request):
        return sign_in_page(request)
    return JSONResponse(JiraError(401, "Sign in first.").envelope(), 401)


def _wants_page(request: Request) -> bool:
    path = request.url.path.removeprefix(request.app.state.context_path)
    return not path.startswith(("/rest/", "/sandbox/")) and "text/html" in request.headers.get("accept", "")


def _not_emulated(request: Request, error: Exception) -> Response:
    """404 and 405 of the router are gaps of the emulator, not facts about Jira; the rest is a bad form."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    if isinstance(error, HTTPException) and status not in (404, 405):
        return JSONResponse(JiraError(status, str(error.detail)).envelope(), status)
    log.warning("not emulated: %s %s", request.method, request.url.path)
    message = f"{request.method} {request.url.path} is not emulated by the sandbox Jira."
    return JSONResponse(JiraError(status, message).envelope(), status)


def _broken(request: Request, error: Exception) -> Response:
    log.error("%s %s broke the sandbox: %r", request.method, request.url.path, error)
    return JSONResponse(JiraError(500, "Internal server error").envelope(), 500)
