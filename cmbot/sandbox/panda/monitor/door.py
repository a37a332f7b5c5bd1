"""Who may ask the monitor, and how often (reference/panda.md section 2)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import HTMLResponse, RedirectResponse, Response

from cmbot.sandbox.panda import settings as kept_settings
from cmbot.sandbox.panda.store import now

if TYPE_CHECKING:
    import sqlite3

    from starlette.requests import Request

    from cmbot.sandbox.panda.access import Access
    from cmbot.sandbox.panda.settings import Settings

_HOUR = timedelta(hours=1)
_HOST_LENGTH = 100
_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body>{0} (sandbox PanDA)</body></html>"


def answer(payload: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON as the monitor writes it: bare ``NaN`` and ``Infinity`` pass."""
    return Response(json.dumps(payload), status, headers, media_type="application/json")


def host(request: Request) -> str:
    """Address of who asks: the first in ``X-Forwarded-For``, or the other end of the connection."""
    forwarded = request.headers.get("x-forwarded-for", "").partition(",")[0].strip()
    client = request.client.host if request.client else "unknown"
    return (forwarded or client)[:_HOST_LENGTH]


def turned_away(request: Request, access: Access, settings: Settings, *, wants_json: bool) -> Response | None:
    """Refuse who has no right token; `None` when the request may go on.

    Parameters
    ----------
    request : `starlette.requests.Request`
        The request.
    access : `Access`
        What is known of tokens.
    settings : `Settings`
        Whether a token is needed.
    wants_json : `bool`
        Whether JSON is asked for; a page leads to the login instead.

    Returns
    -------
    response : `starlette.responses.Response` or `None`
        The refusal.
    """
    if access.may_read(request.headers):
        return None
    if request.headers.get("authorization"):
        return answer({"detail": "Invalid token."}, 401)
    if not wants_json:
        return RedirectResponse(f"/login/?next={quote(request.url.path)}", 302)
    return None if settings.anonymous else answer({"error": "No token provided"}, 401)


def counted(db: sqlite3.Connection, asker: str, settings: Settings) -> Response | None:
    """Count a request, and refuse one too many in the last hour; refused ones do not prolong it.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.
    asker : `str`
        As of `host`.
    settings : `Settings`
        The limits.

    Returns
    -------
    response : `starlette.responses.Response` or `None`
        403 for a blocked host, 429 over the limit.
    """
    if asker in settings.blocked:
        return answer({"error": "You are blacklisted, access denied"}, 403)
    instant = now(db)
    since = (datetime.fromisoformat(instant) - _HOUR).isoformat(timespec="microseconds")
    # a clock that was set back must not leave requests in the future behind
    db.execute("DELETE FROM asked WHERE instant <= ? OR instant > ?", (since, instant))
    asked, refused = db.execute(
        "SELECT coalesce(sum(refused = 0), 0), coalesce(sum(refused), 0) FROM asked WHERE host = ?", (asker,)
    ).fetchone()
    over = asked >= settings.rate_limit
    db.execute("INSERT INTO asked (host, instant, refused) VALUES (?, ?, ?)", (asker, instant, over))
    if not over:
        return None
    if settings.block_after is not None and refused + 1 >= settings.block_after:
        blocked = kept_settings.Settings(blocked=(*settings.blocked, asker)[-100:])
        kept_settings.change(db, blocked)
    return answer({"error": "too many requests per hour, please try later"}, 429)


def outage(settings: Settings) -> Response | None:
    """Answer during an outage; `None` when there is none, or when it changes the answer itself."""
    match settings.monitor:
        case "down":
            return HTMLResponse(_PAGE.format("Service Unavailable"), 503)
        case "error":
            return HTMLResponse(_PAGE.format("Server Error (500)"), 500)
        case "html":
            return HTMLResponse(_PAGE.format("Maintenance"))
        case "login":
            return RedirectResponse("/login/?next=/", 302)
        case "empty":
            return answer([])
    return None
