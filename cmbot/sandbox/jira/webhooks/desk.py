"""Where happenings become deliveries: which webhooks want them, with which body, address and headers."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import uuid
from typing import TYPE_CHECKING
from urllib.parse import quote

from cmbot.sandbox.jira.comments import Comment
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.jql import compile_query

from . import registration
from .bodies import bodies, told
from .shipment import Delivery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.sandbox.jira.happenings import Happening
    from cmbot.sandbox.jira.site import Site

    from .bodies import Json, Told
    from .delivery import Deliverer
    from .registration import Webhook

log = logging.getLogger(__name__)
_VARIABLE = re.compile(r"\$?\{([a-zA-Z.]+)\}")  # Data Center 10 dropped the dollar


class Desk:
    """Listens to a site and hands deliveries over as the last part of their transaction.

    Parameters
    ----------
    site : `Site`
        The site.
    base_url : `str`
        Address of the site, as its administrator would have configured it.
    deliverer : `Deliverer`
        Sends.
    """

    def __init__(self, site: Site, base_url: str, deliverer: Deliverer) -> None:
        self.site = site
        self.base_url = base_url
        self.deliverer = deliverer
        site.common.listeners.append(self.hear)

    def hear(self, happening: Happening) -> None:
        """Take note of a happening inside its transaction."""
        if self.site.store.row("SELECT 1 FROM webhooks WHERE enabled") is None:
            return
        if happening.kind == "deleted":  # afterwards there is nothing left to describe
            ready = self.prepare(happening)
            self.site.store.before_commit(lambda: self.deliverer.queue(ready))
        else:
            self.site.store.before_commit(lambda: self.deliverer.queue(self.prepare(happening)))

    def prepare(self, happening: Happening) -> list[Delivery]:
        """The deliveries of a happening."""
        about = told(self.site, self.base_url, happening)
        listening = [one for one in registration.listed(self.site) if self._listens(one)]
        meant = {webhook.id for webhook in listening if self._meant(webhook, about)}
        found = []
        for event, body in bodies(about):
            filtered = event in registration.ISSUE_EVENTS
            hearing = [one for one in listening if event in one.events and (one.id in meant or not filtered)]
            found += [self._delivery(one, about, event, body) for one in hearing if one.app is None]
            for app in sorted({one.app for one in hearing if one.app is not None}):
                matched = [one for one in hearing if one.app == app]  # told once
                numbers = {"matchedWebhookIds": [one.id for one in matched]}
                found.append(self._delivery(matched[0], about, event, body | numbers))
        return found

    def _listens(self, webhook: Webhook) -> bool:
        return webhook.enabled and (webhook.expires is None or webhook.expires > self.site.store.now())

    def _meant(self, webhook: Webhook, about: Told) -> bool:
        changed = {item.field_id for item in about.items}
        if about.happening.kind == "changed" and webhook.field_ids and not webhook.field_ids & changed:
            return False
        if not webhook.jql:
            return True
        user = self.site.config.users[webhook.updated_by]
        try:
            compiled = compile_query(self.site, user, webhook.jql)
        except JiraError as error:  # a field or a project is gone since it was registered
            log.warning("webhook %s: %s; register it anew", webhook.id, " ".join(error.messages))
            return False
        tables = "issues i JOIN statuses s ON s.id = i.status_id JOIN projects p ON p.id = i.project_id"
        sql = f"SELECT 1 FROM {tables} WHERE i.id = ? AND ({compiled.where})"  # noqa: S608 - compiled here
        return self.site.store.row(sql, about.issue.id, *compiled.values) is not None

    def _delivery(self, webhook: Webhook, about: Told, event: str, body: Json) -> Delivery:
        sent = b"" if webhook.exclude_body else json.dumps(body).encode()
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        if webhook.secret is not None:
            digest = hmac.new(webhook.secret.encode(), sent, hashlib.sha256).hexdigest()
            headers["X-Hub-Signature"] = f"sha256={digest}"
        return Delivery(
            identifier=str(uuid.uuid4()),
            webhook=webhook.id,
            event=event,
            issue=about.issue.key,
            url=_filled(webhook.url, about),
            headers=headers,
            body=sent,
        )


def _filled(url: str, about: Told) -> str:
    """The address with its variables; those that are not known stay as they are."""
    known: Mapping[str, str] = {
        "issue.id": str(about.issue.id),
        "issue.key": about.issue.key,
        "project.id": str(about.issue.project.id),
        "project.key": about.issue.project.key,
        "modifiedUser.name": about.happening.actor.name,
        "modifiedUser.key": about.happening.actor.key,
    }
    if isinstance(about.happening.about, Comment):
        known = {**known, "comment.id": str(about.happening.about.id)}
    return _VARIABLE.sub(
        lambda found: quote(known[found[1]], safe="") if found[1] in known else found[0], url
    )
