"""Moving an issue from one status to another, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmbot.exceptions import Conflict, OutcomeUnknown, Refused, UserError
from cmbot.jira.failures import strange
from cmbot.jira.wire import issue_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.jira.dialect import Dialect
    from cmbot.jira.wire import Wire

MOVED_BY = "cmbot:transition"


def ensure(wire: Wire, dialect: Dialect, issue_id: str, source: str, target: str, cause: str) -> bool:
    """Move an issue if it still is where it was seen.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    dialect : `~cmbot.jira.dialect.Dialect`
        For reading the history.
    issue_id : `str`
        The issue.
    source, target : `str`
        The site's names of the statuses.
    cause : `str`
        What this move is for; kept in the history (requirement V14).

    Returns
    -------
    there : `bool`
        `True` if the issue is there or was moved there by this call; `False` if somebody else
        moved it, and nothing was done.

    Raises
    ------
    UserError
        If the project has no such move for our account.
    OutcomeUnknown
        If it may have been moved and is not seen to be.
    RemoteError
        Otherwise.
    """
    now = _status(wire, issue_id)
    if _same(now, target):
        return True
    if not _same(now, source):
        return False
    transition = _choose(wire, issue_id, target)
    if transition is None:
        return _no_way(wire, issue_id, source, target)
    try:
        wire.write(
            wire.subject(issue_id),
            f"the move to {target}",
            "POST",
            issue_path(issue_id, "transitions"),
            _request(str(transition["id"]), cause),
        )
    except (OutcomeUnknown, Refused, Conflict):
        # Two moves may have met, or the answer was lost: what is there decides, not the text.
        there = _look(wire, dialect, issue_id, source, target, cause)
        if there is None:
            raise
        return there
    return True


def _request(transition_id: str, cause: str) -> dict[str, Any]:
    mark = {"type": MOVED_BY, "actor": {"id": "cmbot"}, "cause": {"id": cause}}
    return {"transition": {"id": transition_id}, "historyMetadata": mark}


def _same(name: str, other: str) -> bool:
    return name.casefold() == other.casefold()


def _status(wire: Wire, issue_id: str) -> str:
    subject = wire.subject(issue_id)
    data = wire.read(subject, "reading the status", issue_path(issue_id), fields="status")
    return _status_of(subject, data)


def _status_of(subject: str, data: Mapping[str, Any]) -> str:
    try:
        return str(data["fields"]["status"]["name"])
    except (KeyError, TypeError):
        raise strange(subject, "the status") from None


def _choose(wire: Wire, issue_id: str, target: str) -> Mapping[str, Any] | None:
    subject = wire.subject(issue_id)
    path = issue_path(issue_id, "transitions")
    data = wire.read(subject, "reading the possible moves", path, expand="transitions.fields")
    try:
        ways = [way for way in data["transitions"] if _same(str(way["to"]["name"]), target)]
        # Names repeat: of several ways, one that asks for nothing.
        return min(ways, key=lambda way: len(_asks_for(way)), default=None)
    except (KeyError, TypeError, AttributeError):
        raise strange(subject, "the list of moves") from None


def _asks_for(way: Mapping[str, Any]) -> list[str]:
    fields: Mapping[str, Any] = way.get("fields") or {}
    return [
        str(field.get("name") or name)
        for name, field in fields.items()
        if field.get("required") and not field.get("hasDefaultValue")
    ]


def _no_way(wire: Wire, issue_id: str, source: str, target: str) -> bool:
    now = _status(wire, issue_id)
    if _same(now, source):
        raise UserError(
            wire.subject(issue_id),
            f"Jira offers cmbot's account no move from {source} to {target}",
            f"have an administrator add a global transition to {target}, or the right to use it",
        )
    return _same(now, target)


def _look(wire: Wire, dialect: Dialect, issue_id: str, source: str, target: str, cause: str) -> bool | None:
    subject = wire.subject(issue_id)
    path = issue_path(issue_id)
    data = wire.read(subject, "reading the status", path, fields="status", expand="changelog")
    now = _status_of(subject, data)
    if _same(now, target) or any(_made_by(entry, target, cause) for entry in dialect.histories(wire, data)):
        return True
    return None if _same(now, source) else False


def _made_by(entry: Mapping[str, Any], target: str, cause: str) -> bool:
    mark = entry.get("historyMetadata") or {}
    return (mark.get("cause") or {}).get("id") == cause and any(
        str(item.get("field")).lower() == "status" and _same(str(item.get("toString")), target)
        for item in entry.get("items") or ()
    )
