"""Writes that Jira itself makes repeatable (reference/jira.md section 12).

Sent again they change nothing, so an unknown outcome needs no look: the next call settles it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmbot.jira.wire import issue_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.jira.wire import Wire


def set_fields(wire: Wire, issue_id: str, raw: Mapping[str, Any]) -> bool:
    """Set fields, all in one request.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    issue_id : `str`
        The issue.
    raw : `~collections.abc.Mapping` [`str`, `Any`]
        Raw values by the site's field ids; `None` empties a field.

    Returns
    -------
    sent : `bool`
        `False` if there was nothing to set.

    Raises
    ------
    RemoteError
        If Jira did not do it.
    """
    if raw:
        _put(wire, issue_id, "setting fields", issue_path(issue_id), {"fields": dict(raw)})
    return bool(raw)


def add_label(wire: Wire, issue_id: str, label: str) -> None:
    """Add a label to those that people gave.

    Parameters
    ----------
    wire, issue_id
        As in `set_fields`.
    label : `str`
        Without spaces.

    Raises
    ------
    RemoteError
        If Jira did not do it.
    """
    change = {"update": {"labels": [{"add": label}]}}
    _put(wire, issue_id, f"adding the label {label}", issue_path(issue_id), change)


def set_property(wire: Wire, issue_id: str, key: str, value: Any) -> None:
    """Set a property; it is replaced whole.

    Parameters
    ----------
    wire, issue_id
        As in `set_fields`.
    key : `str`
        At most 255 characters.
    value : `Any`
        JSON of at most 32,768 characters.

    Raises
    ------
    RemoteError
        If Jira did not do it.
    """
    _put(wire, issue_id, f"setting the property {key}", issue_path(issue_id, "properties", key), value)


def set_remote_link(wire: Wire, issue_id: str, global_id: str, url: str, title: str) -> None:
    """Set a link to a page elsewhere; Jira keeps one for each global id.

    Parameters
    ----------
    wire, issue_id
        As in `set_fields`.
    global_id, url, title : `str`
        What identifies the link; where it leads; what people read.

    Raises
    ------
    RemoteError
        If Jira did not do it.
    """
    # What is left out would be emptied, so the whole object is sent.
    content = {"globalId": global_id, "object": {"url": url, "title": title}}
    path = issue_path(issue_id, "remotelink")
    wire.write(wire.subject(issue_id), f"setting the link {title!r}", "POST", path, content)


def _put(wire: Wire, issue_id: str, doing: str, path: str, body: Any) -> None:
    wire.write(wire.subject(issue_id), doing, "PUT", path, body)
