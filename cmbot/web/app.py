"""What is served: webhooks, ``POST /api/campaigns``, ``/healthz``, ``/readyz``, ``/metrics``, and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from cmbot.web.creating import Creating
    from cmbot.web.health import Health
    from cmbot.web.hooks import Hooks
    from cmbot.web.pages import Pages

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer: nothing of it belongs into another page (OWASP secure headers)."""


class _Headers:
    """Puts the headers on every answer.

    Parameters
    ----------
    app : ASGI application
        What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, telling)


def create_app(
    health: Health, hooks: Hooks | None, pages: Pages | None = None, creating: Creating | None = None
) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    health : `~cmbot.web.health.Health`
        What is known of the passes.
    hooks : `~cmbot.web.hooks.Hooks` or `None`
        What takes webhooks; without it there is no such path.
    pages : `~cmbot.web.pages.Pages`, optional
        What shows campaigns; without it there are no pages.
    creating : `~cmbot.web.creating.Creating`, optional
        What creates campaigns for programs; without it there is no such path.

    Returns
    -------
    app : `fastapi.FastAPI`
        To be served.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(_Headers)

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        well, report = health.report()
        return JSONResponse(report, 200 if well else 503)

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        ready, report = health.ready()
        return JSONResponse(report, 200 if ready else 503)

    if hooks is not None:
        app.add_api_route("/webhooks/jira", hooks.receive, methods=["POST"], response_model=None)
    if creating is not None:
        app.add_api_route("/api/campaigns", creating.receive, methods=["POST"], response_model=None)
    if pages is not None:
        app.add_api_route("/metrics", pages.metrics, methods=["GET"], response_model=None)
        # Last: every address that is nobody else's is a page's, or of none.
        app.add_api_route("/{path:path}", pages.show, methods=["GET"], response_model=None)
    return app
