"""What a webhook names, in the dialects of both deployments (reference/jira.md section 9.3).

A body only says where to look: it may be late, doubled, older than what it tells, or forged. So nothing
but identities is read from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import RemoteError
from cmbot.jira_schema import values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.models.issues import Person

_ISSUE_EVENTS = frozenset({"jira:issue_created", "jira:issue_updated", "jira:issue_deleted"})
_COMMENT_EVENTS = frozenset({"comment_created", "comment_updated", "comment_deleted"})
_COMMENT_ADDRESS = re.compile(r"/issue/([0-9]+)/comment/[0-9]+/?$")
_ID = re.compile(r"[0-9]{1,18}")
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,254}-[0-9]{1,18}")


@dataclass(frozen=True)
class Told:
    """What one delivery names."""

    event: str
    """Jira's name of the event."""
    issue_id: str
    """The issue."""
    issue_key: str
    """Its key; empty where the body does not say it."""
    by: Person
    """Who did it, as far as the body says."""
    fold: tuple[str, ...]
    """The same for everything that tells of one and the same change."""


def parse(body: Any) -> Told | None:
    """Read a webhook's body.

    Parameters
    ----------
    body : `Any`
        The JSON.

    Returns
    -------
    told : `Told` or `None`
        `None` if it is about nothing that cmbot follows, or says nothing that another delivery does not
        say better: Data Center's second event about a deleted comment lacks the comment.

    Raises
    ------
    RemoteError
        If it does not have the form of a webhook.
    """
    try:
        event = body["webhookEvent"]
        if event in _COMMENT_EVENTS:
            return _about_comment(event, body)
        if event in _ISSUE_EVENTS and body.get("issue_event_type_name") != "issue_comment_deleted":
            return _about_issue(event, body)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RemoteError("webhook", "has an unknown form", "see what is registered in Jira") from None
    return None


def _about_issue(event: str, body: Mapping[str, Any]) -> Told:
    issue = _matching(_ID, body["issue"]["id"])
    if comment := body.get("comment"):
        fold = _comment_fold(comment, deleted=False)
    elif history := (body.get("changelog") or {}).get("id"):
        fold = ("history", str(history))
    else:
        fold = (event, str(body.get("timestamp")))
    return Told(event, issue, _key(body), _person(body.get("user")), (issue, *fold))


def _about_comment(event: str, body: Mapping[str, Any]) -> Told:
    comment = body["comment"]
    if "issue" in body:
        issue = _matching(_ID, body["issue"]["id"])
    elif found := _COMMENT_ADDRESS.search(comment["self"]):
        # Data Center names the issue nowhere else. The address is taken apart, never asked.
        issue = found[1]
    else:
        raise ValueError
    fold = _comment_fold(comment, deleted=event == "comment_deleted")
    by = body.get("user") or (None if fold[-1] == "deleted" else comment.get("updateAuthor"))
    return Told(event, issue, _key(body), _person(by), (issue, *fold))


def _comment_fold(comment: Mapping[str, Any], *, deleted: bool) -> tuple[str, ...]:
    return "comment", str(comment["id"]), "deleted" if deleted else str(comment["updated"])


def _key(body: Mapping[str, Any]) -> str:
    return _matching(_KEY, body["issue"]["key"]) if "issue" in body else ""


def _person(data: dict[str, Any] | None) -> Person:
    return values.person(data or {})


def _matching(form: re.Pattern[str], text: Any) -> str:
    if form.fullmatch(text) is None:
        raise ValueError
    return str(text)
