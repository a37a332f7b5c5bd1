"""What an administrator registers (reference jira.md, section 9.1)."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.guard import LOOPBACK
from cmbot.sandbox.jira.jql import compile_query

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from cmbot.sandbox.jira.configuration import User
    from cmbot.sandbox.jira.site import Site

log = logging.getLogger(__name__)
ISSUE_FILTER = "issue-related-events-section"
ISSUE_EVENTS = frozenset(
    {
        *("jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "jira:worklog_updated"),
        *("comment_created", "comment_updated", "comment_deleted"),
    }
)
"""The events that a query filters: those of issues and of comments, as the vendor's own form says."""
OTHER_EVENTS = frozenset(
    {
        *("worklog_created", "worklog_updated", "worklog_deleted"),
        *("issuelink_created", "issuelink_deleted", "attachment_created", "attachment_deleted"),
    }
)
"""The other events that are sent, whatever the query. Data Center has none of attachments."""
SILENT_EVENTS = frozenset(
    {
        "issue_property_set",
        "issue_property_deleted",
        "project_created",
        "project_updated",
        "project_deleted",
        "user_created",
        "user_updated",
        "user_deleted",
        "jira:version_created",
        "jira:version_updated",
        "jira:version_deleted",
        "jira:version_released",
        "jira:version_unreleased",
        "option_watching_changed",
        "option_voting_changed",
        "option_subtasks_changed",
        "option_attachments_changed",
        "option_issuelinks_changed",
        "option_timetracking_changed",
    }
)
"""Events that Jira has and the sandbox never sends: they can be registered, with a line in the log."""


@dataclass(frozen=True)
class Webhook:
    """A registered webhook."""

    id: int
    """Number."""
    name: str
    """Name for people."""
    url: str
    """Where it is sent; may hold variables."""
    events: frozenset[str]
    """What it is sent for."""
    jql: str
    """Which issues; empty is all."""
    secret: str | None
    """Key of the signature."""
    exclude_body: bool
    """Whether it is sent without a body."""
    enabled: bool
    """Whether it is sent at all."""
    updated: int
    """When it was registered or changed, in milliseconds."""
    updated_by: str
    """Login name of who did; the filter finds what this person may see."""
    app: str | None = None
    """Login name of the user for whom an app registered it; None for an administrator's; see `dynamic`."""
    expires: int | None = None
    """When an app's is no longer sent, in milliseconds."""
    field_ids: frozenset[str] = frozenset()
    """Fields one of which must have changed, for an app's ``jira:issue_updated``; empty is any."""


def listed(site: Site) -> list[Webhook]:
    """All webhooks that were registered at this deployment, by administrators and by apps."""
    return [
        _from_row(row)
        for row in site.store.rows("SELECT * FROM webhooks WHERE flavour = ? ORDER BY id", site.flavour.name)
    ]


def find(site: Site, number: str) -> Webhook:
    """The administrators' webhook of that number.

    Raises
    ------
    JiraError
        Raised with 404 if there is none.
    """
    sql = "SELECT * FROM webhooks WHERE id = ? AND flavour = ? AND app IS NULL"
    row = site.store.row(sql, number, site.flavour.name)
    if row is None:
        raise JiraError(404, f"The webhook with id '{number}' does not exist.")
    return _from_row(row)


def register(site: Site, user: User, asked: Mapping[str, Any]) -> Webhook:
    """Keep a new webhook.

    Parameters
    ----------
    site : `Site`
        The site.
    user : `User`
        Who asks.
    asked : `~collections.abc.Mapping`
        ``name``, ``url``, ``events``, ``filters``, ``excludeBody``, ``enabled`` and ``secret``; or, as
        clients of Data Center 10 send them, ``active`` and ``configuration`` with ``SECRET`` and
        ``EXCLUDE_BODY``.

    Raises
    ------
    JiraError
        Raised with 400 for what cannot be kept.
    """
    values = _read(site, user, asked, {})
    with site.store.transaction():
        number = site.store.insert("webhooks", flavour=site.flavour.name, **values)
    log.info("webhook %s registered by %s for %s", number, user.name, values["events"])
    return find(site, str(number))


def change(site: Site, user: User, webhook: Webhook, asked: Mapping[str, Any]) -> Webhook:
    """Replace what is given of a webhook; a secret that is not sent stays."""
    before = {
        "name": webhook.name,
        "url": webhook.url,
        "events": sorted(webhook.events),
        "filters": {ISSUE_FILTER: webhook.jql},
        "excludeBody": webhook.exclude_body,
        "enabled": webhook.enabled,
        "secret": webhook.secret,
    }
    values = _read(site, user, asked, before)
    assignments = ", ".join(f"{name} = ?" for name in values)
    sql = f"UPDATE webhooks SET {assignments} WHERE id = ?"  # noqa: S608 - names from the code only
    site.store.run(sql, *values.values(), webhook.id)
    return find(site, str(webhook.id))


def remove(site: Site, webhook: Webhook) -> None:
    """Forget a webhook."""
    site.store.run("DELETE FROM webhooks WHERE id = ?", webhook.id)


def _read(site: Site, user: User, asked: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    settings = asked.get("configuration") or {}
    if not isinstance(settings, dict):
        raise JiraError(400, "'configuration' must be an object.")
    given = {**before, **{name: value for name, value in asked.items() if value is not None}}
    filters = given.get("filters") or {}
    jql = filters.get(ISSUE_FILTER) or "" if isinstance(filters, dict) else None
    if not isinstance(jql, str):
        raise JiraError(400, f"'filters' must be an object with a query under '{ISSUE_FILTER}'.")
    compile_query(site, user, jql)
    secret = settings.get("SECRET", given.get("secret"))
    return {
        "name": _text(given, "name"),
        "url": address(_text(given, "url")),
        "events": json.dumps(_events(given.get("events"))),
        "jql": jql,
        "secret": None if not secret else str(secret),
        "exclude_body": _true(settings.get("EXCLUDE_BODY", given.get("excludeBody", False))),
        "enabled": _true(given.get("active", given.get("enabled", True))),
        "updated": site.store.now(),
        "updated_by": user.name,
    }


def _text(given: Mapping[str, Any], name: str) -> str:
    found = given.get(name)
    if not isinstance(found, str) or not found.strip() or len(found) > 2000:
        raise JiraError(400, f"The webhook's {name} must be a text.")
    return found


def address(url: str) -> str:
    """Refuse an address by the sandbox's own rule: it speaks to nobody outside this machine."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname in LOOPBACK and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise JiraError(400, "The sandbox Jira sends webhooks to http(s) addresses on 127.0.0.1 only.")
    return url


def _events(raw: Any) -> list[str]:
    if not isinstance(raw, list) or not raw or not all(isinstance(word, str) for word in raw):
        raise JiraError(400, "'events' must be a list of event names.")
    for word in raw:
        if word in SILENT_EVENTS:
            log.warning("not emulated: webhook event %s is never sent", word)
        elif word not in ISSUE_EVENTS | OTHER_EVENTS:
            raise JiraError(400, f"'{word}' is not a webhook event.")
    return sorted(set(raw))


def _true(raw: Any) -> bool:
    return str(raw).casefold() == "true"


def _from_row(row: sqlite3.Row) -> Webhook:
    return Webhook(
        id=row["id"],
        name=row["name"],
        url=row["url"],
        events=frozenset(json.loads(row["events"])),
        jql=row["jql"],
        secret=row["secret"],
        exclude_body=bool(row["exclude_body"]),
        enabled=bool(row["enabled"]),
        updated=row["updated"],
        updated_by=row["updated_by"],
        app=row["app"],
        expires=row["expires"],
        field_ids=frozenset(json.loads(row["field_ids"])),
    )
