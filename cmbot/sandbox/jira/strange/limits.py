"""Rate limits that really count (reference jira.md, section 10), by the sandbox's clock."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from cmbot.sandbox.jira.errors import JiraError

if TYPE_CHECKING:
    from cmbot.sandbox.jira.site import Site

_ISSUE = re.compile(r"/rest/api/[^/]+/issue/([A-Za-z0-9_-]+)")
_VARYING = re.compile(r"/(?:\d+|[A-Za-z][A-Za-z0-9_]*-\d+)(?=/|$)")
_PER_ISSUE = ((2_000, 20), (30_000, 100))
"""Milliseconds, and most writes to one issue in them."""
_PER_SECOND = {"GET": 100, "POST": 100, "PUT": 50, "DELETE": 50}
"""Requests to one endpoint."""


class Bucket(BaseModel):
    """Data Center's token bucket, one for each user."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: Annotated[int, Field(ge=1, le=1_000_000)]
    """Most tokens it holds; one request takes one."""
    fill: Annotated[int, Field(ge=1, le=1_000_000)]
    """Tokens that come at a time."""
    interval: Annotated[float, Field(gt=0, le=86_400)] = 1.0
    """Seconds between them."""


class Limits(BaseModel):
    """Which limits are counted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_issue: bool = False
    """Cloud's writes per issue: 20 in 2 s, 100 in 30 s."""
    burst: bool = False
    """Cloud's requests per endpoint and method in a second, shared by all users."""
    bucket: Bucket | None = None
    """Data Center's bucket."""


class Limiter:
    """Counts requests.

    Parameters
    ----------
    site : `Site`
        The site, for its clock and for which issue a request is about.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self.limits = Limits()
        self.clear()

    def clear(self) -> None:
        """Forget what was counted."""
        self._writes: defaultdict[int, deque[int]] = defaultdict(deque)
        self._bursts: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)
        self._tokens: dict[str, tuple[float, int]] = {}

    def admit(self, user: str, method: str, path: str) -> dict[str, str]:
        """Count a request.

        Returns
        -------
        headers : `dict` [`str`, `str`]
            For its answer.

        Raises
        ------
        JiraError
            Raised with 429 and its headers if it is one too many.
        """
        headers: dict[str, str] = {}
        # the one who steers is not held up
        if "/sandbox/" in path or not self._site.is_strange_to(user):
            return headers
        if self.limits.bucket is not None:
            headers |= self._draw(self.limits.bucket, user)
        if self.limits.burst:
            headers |= self._burst(method, _VARYING.sub("/*", path))
        if self.limits.per_issue and method in ("POST", "PUT", "DELETE"):
            self._write(path)
        return headers

    def _draw(self, bucket: Bucket, user: str) -> dict[str, str]:
        now = self._site.store.now()
        tokens, since = self._tokens.get(user, (float(bucket.size), now))
        rounds = max(0, now - since) // round(bucket.interval * 1000)
        tokens = min(float(bucket.size), tokens + rounds * bucket.fill)
        since += rounds * round(bucket.interval * 1000)
        left = tokens - 1
        headers = {
            "X-RateLimit-Limit": str(bucket.size),
            "X-RateLimit-Remaining": str(max(0, int(left))),
            "X-RateLimit-FillRate": str(bucket.fill),
            "X-RateLimit-Interval-Seconds": f"{bucket.interval:g}",
            "Retry-After": "0",
        }
        if left < 0:
            self._tokens[user] = (tokens, since)
            wait = since + round(bucket.interval * 1000) - now
            raise _too_many(headers | {"Retry-After": str(max(1, -(-wait // 1000)))})
        self._tokens[user] = (left, since)
        return headers

    def _burst(self, method: str, endpoint: str) -> dict[str, str]:
        now, most = self._site.store.now(), _PER_SECOND.get(method, 100)
        recent = self._bursts[method, endpoint]
        _forget(recent, now - 1_000)
        headers = {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(max(0, most - len(recent) - 1)),
            "X-RateLimit-Reset": _instant(now + 1_000),
        }
        if len(recent) >= most:
            raise _too_many(headers | {"Retry-After": "1", "RateLimit-Reason": "jira-burst-based"})
        recent.append(now)
        near = most - len(recent) < most / 5
        return headers | ({"X-RateLimit-NearLimit": "true"} if near else {})

    def _write(self, path: str) -> None:
        named = _ISSUE.search(path)
        wanted = "" if named is None else named[1]
        row = self._site.store.row(
            "SELECT id FROM issues WHERE key = ? OR CAST(id AS TEXT) = ?", wanted.upper(), wanted
        )
        if row is None:
            return
        now, writes = self._site.store.now(), self._writes[row["id"]]
        _forget(writes, now - 30_000)
        for span, most in _PER_ISSUE:
            inside = [moment for moment in writes if moment > now - span]
            if len(inside) >= most:
                wait = inside[-most] + span - now
                raise _too_many(
                    {
                        "Retry-After": str(max(1, -(-wait // 1000))),
                        "X-RateLimit-Limit": str(most),
                        "X-RateLimit-Remaining": "0",
                        "X-RateLimit-Reset": _instant(now + wait),
                        "RateLimit-Reason": "jira-per-issue-on-write",
                    }
                )
        writes.append(now)


def _forget(moments: deque[int], before: int) -> None:
    while moments and moments[0] <= before:
        moments.popleft()


def _instant(milliseconds: int) -> str:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _too_many(headers: dict[str, str]) -> JiraError:
    return JiraError(429, "Rate limit exceeded.", headers=headers)
