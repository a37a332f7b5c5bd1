"""Answers that say no, as they were seen in the field (reference jira.md, sections 3, 4 and 10)."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_JSON = {"content-type": "application/json;charset=UTF-8"}
_HTML = {"content-type": "text/html;charset=UTF-8"}
_GATEWAY = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body></html>"
)


@dataclass(frozen=True)
class Failure:
    """An answer."""

    status: int
    """HTTP status."""
    headers: Mapping[str, str]
    """Headers, the content type among them."""
    body: str
    """Body."""


def _said(status: int, text: str, **headers: str) -> Failure:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Failure(status, _JSON | named, json.dumps({"errorMessages": [text], "errors": {}}))


def _limited(now: dt.datetime, reason: str, seconds: int, retry_after: str | None) -> Failure:
    """Cloud's 429; without ``Retry-After`` only the time of the reset tells."""
    reset = (now + dt.timedelta(seconds=seconds)).astimezone(dt.UTC)
    headers = {
        "x-ratelimit-limit": "350",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": reset.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "ratelimit-reason": reason,
    }
    if retry_after is not None:
        headers["retry-after"] = retry_after
    body = json.dumps({"errorMessages": ["Rate limit exceeded."], "errors": {}})
    return Failure(429, _JSON | headers, body)


def _gateway(status: int, title: str) -> Failure:
    return Failure(status, _HTML, _GATEWAY.format(f"{status} {title}"))


def _http_date(now: dt.datetime) -> str:
    return format_datetime((now + dt.timedelta(seconds=30)).astimezone(dt.UTC), usegmt=True)


FAILURES: dict[str, Callable[[dt.datetime], Failure]] = {
    "429-burst": lambda now: _limited(now, "jira-burst-based", 1, "1"),
    "429-per-issue": lambda now: _limited(now, "jira-per-issue-on-write", 2, "2"),
    "429-hour": lambda now: _limited(now, "jira-quota-tenant-based", 1847, "1847"),
    "429-global": lambda now: _limited(now, "jira-quota-global-based", 60, "60"),
    "429-date": lambda now: _limited(now, "jira-burst-based", 30, _http_date(now)),
    "429-silent": lambda now: _limited(now, "jira-burst-based", 1, None),
    "429-data-center": lambda _: _said(
        429,
        "Rate limit exceeded.",
        x_ratelimit_limit="50",
        x_ratelimit_remaining="0",
        x_ratelimit_fillrate="10",
        x_ratelimit_interval_seconds="60",
        retry_after="0",
    ),
    "503-retry-after": lambda _: _said(503, "Service temporarily unavailable.", retry_after="5"),
    "maintenance": lambda _: _gateway(503, "Service Temporarily Unavailable"),
    "bad-gateway": lambda _: _gateway(502, "Bad Gateway"),
    "gateway-timeout": lambda _: _gateway(504, "Gateway Time-out"),
    "expired": lambda _: _said(
        401,
        "You are not authenticated. Authentication required to perform this operation.",
        www_authenticate='Basic realm="Sandbox Jira"',
        x_seraph_loginreason="AUTHENTICATED_FAILED",
    ),
    "captcha": lambda _: _said(
        403,
        "Login denied: a CAPTCHA must be answered in a browser first.",
        x_authentication_denied_reason="CAPTCHA_CHALLENGE; login-url=http://localhost/login.jsp",
        x_seraph_loginreason="AUTHENTICATION_DENIED",
    ),
    "conflict": lambda _: _said(409, "The issue is being changed by another request."),
    "too-large": lambda _: _said(413, "The request entity is too large."),
}
"""By the word that a fault names; made for the moment in which it happens."""
