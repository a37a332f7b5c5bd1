"""Issues and links that are made once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import OutcomeUnknown
from cmbot.jira import reading
from cmbot.jira.failures import strange
from cmbot.jira.wire import issue_path
from cmbot.jira_schema import values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.jira.dialect import Dialect
    from cmbot.jira.wire import Wire
    from cmbot.models.issues import Person

ORIGIN = "cmbot.origin"


def label(marker: str) -> str:
    """Name the label that finds an issue: the only mark that JQL can search for.

    Parameters
    ----------
    marker : `str`
        The issue's marker.

    Returns
    -------
    label : `str`
        ``cmbot-`` and eight hexadecimal digits.
    """
    return f"cmbot-{hashlib.sha256(marker.encode()).hexdigest()[:8]}"


def ensure_issue(
    wire: Wire, dialect: Dialect, me: Person, project: str, marker: str, fields: Mapping[str, Any]
) -> tuple[str, str]:
    """See that the issue with a marker exists.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    dialect : `~cmbot.jira.dialect.Dialect`
        For the form of the search.
    me : `~cmbot.models.issues.Person`
        Our own account.
    project : `str`
        Key of the project.
    marker : `str`
        What it was made for.
    fields : `~collections.abc.Mapping` [`str`, `Any`]
        Raw values by the site's field ids; used only if it has to be made.

    Returns
    -------
    id, key : `str`
        The issue's.

    Raises
    ------
    OutcomeUnknown
        If it may have been made and was not found.
    RemoteError
        Otherwise.
    """
    found = _find(wire, dialect, me, project, marker)
    if found:
        return found
    labels = [*(name for name in fields.get("labels") or () if name != label(marker)), label(marker)]
    content = {
        "fields": {**fields, "project": {"key": project}, "labels": labels},
        "properties": [{"key": ORIGIN, "value": {"marker": marker}}],
    }
    what = str(fields.get("summary") or marker)
    try:
        made = wire.write(project, f"making the issue {what!r}", "POST", "issue", content, answer=True)
    except OutcomeUnknown:
        found = _find(wire, dialect, me, project, marker)
        if not found:
            raise
        return found
    try:
        issue_id, key = str(made["id"]), str(made["key"])
    except KeyError:
        raise strange(project, "the new issue") from None
    wire.keys[issue_id] = key
    wire.wrote(issue_id)
    return issue_id, key


def ensure_link(wire: Wire, kind: str, blocker_key: str, blocked_key: str) -> None:
    """See that "blocked is blocked by blocker" is written once.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    kind : `str`
        Name of the link type.
    blocker_key, blocked_key : `str`
        The issues.

    Raises
    ------
    OutcomeUnknown
        If it may have been written and was not found.
    RemoteError
        Otherwise.
    """
    if _is_linked(wire, kind, blocker_key, blocked_key):
        return
    # The inward issue is the one that blocks, in requests as in what is read back.
    content = {
        "type": {"name": kind},
        "inwardIssue": {"key": blocker_key},
        "outwardIssue": {"key": blocked_key},
    }
    try:
        wire.write(blocked_key, f"the link to {blocker_key}", "POST", "issueLink", content)
    except OutcomeUnknown:
        if not _is_linked(wire, kind, blocker_key, blocked_key):
            raise


def _find(wire: Wire, dialect: Dialect, me: Person, project: str, marker: str) -> tuple[str, str] | None:
    clause = f"project = {reading.quoted(project)} AND labels = {reading.quoted(label(marker))}"
    unmarked: list[tuple[int, str]] = []
    for page in dialect.pages(wire, clause, "updated", reading.PAGE):
        for data in page:
            issue_id, key = str(data["id"]), str(data["key"])
            origin, mine = _origin(wire, me, issue_id)
            if origin == marker:
                wire.keys[issue_id] = key
                return issue_id, key
            # People's clones copy labels, and eight digits may meet: without the property only
            # an issue of our own counts, on a site that did not keep the property.
            if mine and not origin:
                unmarked.append((int(issue_id), key))
    return next(((str(number), key) for number, key in sorted(unmarked)), None)


def _origin(wire: Wire, me: Person, issue_id: str) -> tuple[str, bool]:
    subject, path = wire.subject(issue_id), issue_path(issue_id)
    data = wire.read(subject, "reading the issue's origin", path, fields="creator", properties=ORIGIN)
    try:
        creator = values.person(data["fields"].get("creator") or {})
        value = (data.get("properties") or {}).get(ORIGIN) or {}
        return str(value.get("marker") or ""), creator.account == me.account
    except (KeyError, TypeError, AttributeError):
        raise strange(subject, "the issue's origin") from None


def _is_linked(wire: Wire, kind: str, blocker_key: str, blocked_key: str) -> bool:
    data = wire.read(blocked_key, "reading the links", issue_path(blocked_key), fields="issuelinks")
    try:
        return any(
            link["type"]["name"] == kind and (link.get("inwardIssue") or {}).get("key") == blocker_key
            for link in data["fields"].get("issuelinks") or ()
        )
    except (KeyError, TypeError, AttributeError):
        raise strange(blocked_key, "the links") from None
