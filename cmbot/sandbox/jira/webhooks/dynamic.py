"""Webhooks of apps on Cloud: few, for 30 days, with a narrow filter (reference jira.md, section 9.1)."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.jql import compile_query
from cmbot.sandbox.jira.jql.syntax import parse
from cmbot.sandbox.jira.jql.tree import Both, Clause, Not

from . import registration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmbot.sandbox.jira.jql.tree import Condition
    from cmbot.sandbox.jira.site import Site

    from .registration import Webhook

log = logging.getLogger(__name__)
LIFE = 30 * 24 * 3600 * 1000
"""Milliseconds a webhook lives, unless it is refreshed."""
KEPT = 72 * 3600 * 1000
"""Milliseconds a failure is remembered."""
MOST = 5
"""Webhooks of one app for one user."""
EVENTS = frozenset(
    {
        *("jira:issue_created", "jira:issue_updated", "jira:issue_deleted"),
        *("comment_created", "comment_updated", "comment_deleted"),
    }
)
"""What can be registered and is sent."""
_SILENT = frozenset({"issue_property_set", "issue_property_deleted"})
_FIELDS = frozenset({"issuekey", "project", "issuetype", "status", "assignee", "reporter"})
_OPERATORS = frozenset({"=", "!=", "in", "not in"})


def listed(site: Site, app: str) -> list[Webhook]:
    """The webhooks that an app registered for a user and that still live."""
    now = site.store.now()
    return [one for one in registration.listed(site) if one.app == app and (one.expires or 0) > now]


def register(site: Site, app: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Keep what can be kept of ``webhooks``, all for one ``url``.

    Returns
    -------
    results : `list` [`dict`]
        ``createdWebhookId`` or ``errors`` for each, in their order.

    Raises
    ------
    JiraError
        Raised with 400 for a body that is none, and for an address.
    """
    wanted, url = asked.get("webhooks"), asked.get("url")
    if not isinstance(wanted, list) or not wanted or not all(isinstance(one, dict) for one in wanted):
        raise JiraError(400, "'webhooks' must be a list of webhooks.")
    if not isinstance(url, str) or len(url) > 2000:
        raise JiraError(400, "'url' must be an address.")
    registration.address(url)
    with site.store.transaction():
        if any(one.url != url for one in listed(site, app)):
            raise JiraError(400, "Only a single URL per app is allowed to be registered via REST API.")
        return [_registered(site, app, url, one) for one in wanted]


def _registered(site: Site, app: str, url: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    try:
        if len(listed(site, app)) >= MOST:
            raise JiraError(400, f"No more than {MOST} webhooks can be registered by an app for a user.")
        jql, now = _filter(site, app, asked.get("jqlFilter")), site.store.now()
        number = site.store.insert(
            "webhooks",
            flavour=site.flavour.name,
            name="dynamic",
            url=url,
            events=json.dumps(_words(asked.get("events"), "events", EVENTS | _SILENT)),
            jql=jql,
            exclude_body=False,
            enabled=True,
            updated=now,
            updated_by=app,
            app=app,
            expires=now + LIFE,
            field_ids=json.dumps(
                _words(asked.get("fieldIdsFilter", []), "fieldIdsFilter", site.config.fields)
            ),
        )
    except JiraError as error:
        return {"errors": [*error.messages, *error.errors.values()]}
    log.info("dynamic webhook %s registered for %s", number, app)
    return {"createdWebhookId": number}


def _words(raw: Any, name: str, known: Mapping[str, Any] | frozenset[str]) -> list[str]:
    if not isinstance(raw, list) or (name == "events" and not raw):
        raise JiraError(400, f"'{name}' must be a list.")
    for word in raw:
        if not isinstance(word, str) or word not in known:
            raise JiraError(400, f"'{word}' is not known in '{name}'.")
        if word in _SILENT:
            log.warning("not emulated: webhook event %s is never sent", word)
    return sorted(set(raw))


def _filter(site: Site, app: str, jql: Any) -> str:
    if not isinstance(jql, str):
        raise JiraError(400, "'jqlFilter' is required.")
    compile_query(site, site.config.users[app], jql)
    condition = parse(jql).condition
    if condition is not None:
        _check(condition)
    return jql


def _check(condition: Condition) -> None:
    """Refuse what such filters cannot say, though searches can."""
    match condition:
        case Both(parts=parts):
            for part in parts:
                _check(part)
        case Not(part=part):
            _check(part)
        case Clause(field=field, operator=operator) if (
            field.casefold() in _FIELDS or field.startswith("cf[")
        ) and operator in _OPERATORS:
            pass
        case Clause(field=field):
            raise JiraError(400, f"The clause {field} is unsupported")
        case _:
            raise JiraError(400, "Conditions on the past are unsupported")


def remove(site: Site, app: str, numbers: Sequence[int]) -> None:
    """Forget an app's webhooks."""
    with site.store.transaction():
        for number in numbers:
            site.store.run("DELETE FROM webhooks WHERE id = ? AND app = ?", number, app)


def refresh(site: Site, app: str, numbers: Sequence[int]) -> int:
    """Let an app's webhooks live on; returns until when."""
    expires = site.store.now() + LIFE
    with site.store.transaction():
        for one in listed(site, app):
            if one.id in numbers:
                site.store.run("UPDATE webhooks SET expires = ? WHERE id = ?", expires, one.id)
    return expires


def failures(site: Site, app: str, after: int, most: int) -> list[dict[str, Any]]:
    """What could not be delivered to an app, the oldest first."""
    sql = "SELECT * FROM webhook_failures WHERE app = ? AND failed > ? ORDER BY failed, id LIMIT ?"
    since = max(after, site.store.now() - KEPT)
    return [
        {
            "id": str(row["webhook"]),
            "body": row["body"],
            "url": row["url"],
            "failureTime": row["failed"],
        }
        for row in site.store.rows(sql, app, since, most)
    ]
