"""Files on an issue that are replaced without ever being lost (requirement W20).

The hash of the content stands in the name, so a file that is there is known without reading it, and a new one
never hides the old one. The old ones are removed when the new one was read back.
"""

from __future__ import annotations

import hashlib
import logging
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import NotFound, OutcomeUnknown, RemoteError, UserError
from cmbot.jira.failures import strange
from cmbot.jira.wire import issue_path
from cmbot.jira_schema import values

if TYPE_CHECKING:
    from cmbot.jira.dialect import Dialect
    from cmbot.jira.wire import Wire
    from cmbot.models.issues import Person

log = logging.getLogger(__name__)
_DIGITS = 12
LARGEST = 100_000_000
"""Bytes of a file that is read: a million DataIds."""


def ensure(wire: Wire, me: Person, issue_id: str, name: str, content: bytes) -> str:
    """See that one file of a name is attached, with this content.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    me : `~cmbot.models.issues.Person`
        Our own account: nobody else's files are touched.
    issue_id : `str`
        The issue.
    name : `str`
        What the file is called; the hash is added to it.
    content : `bytes`
        What it holds.

    Returns
    -------
    id : `str`
        Of the attachment.

    Raises
    ------
    OutcomeUnknown
        If it may have been attached and is not found.
    RemoteError
        Otherwise; a file that was there before still is.
    """
    wanted = _named(name, content)
    found = _find(wire, me, issue_id, wanted, len(content))
    if found is None:
        try:
            path = issue_path(issue_id, "attachments")
            wire.upload(wire.subject(issue_id), f"attaching {name}", path, wanted, content)
        except OutcomeUnknown:
            found = _find(wire, me, issue_id, wanted, len(content))
            if found is None:
                raise
        found = found or _verified(wire, me, issue_id, wanted, content)
    _retire(wire, me, issue_id, name, found)
    return found


def read(wire: Wire, dialect: Dialect, issue_id: str, name: str, sha256: str = "") -> bytes:
    """Read the newest file of a name, whoever attached it.

    Parameters
    ----------
    wire, dialect
        The connection.
    issue_id : `str`
        The issue.
    name : `str`
        What the file is called.
    sha256 : `str`, optional
        Hash of what `ensure` attached under this name.

    Returns
    -------
    content : `bytes`
        What it holds; hostile until parsed.

    Raises
    ------
    UserError
        If there is none, or it is too large.
    RemoteError
        If it cannot be read.
    """
    path, subject = PurePath(name), wire.subject(issue_id)
    names = {name, f"{path.stem}-{sha256[:_DIGITS]}{path.suffix}"}
    found = [one for one in _all(wire, issue_id) if one.get("filename") in names]
    if not found:
        raise UserError(subject, f"has no attachment {name}", "attach it, or correct its name")
    newest = max(found, key=lambda one: int(one["id"]))
    if int(newest["size"]) > LARGEST:
        raise UserError(subject, f"{name} is larger than {LARGEST:,} bytes", "attach a smaller one")
    where, params = dialect.content(int(newest["id"]))
    return wire.download(subject, f"reading {name}", where, **params)


def _named(name: str, content: bytes) -> str:
    path = PurePath(name)
    return f"{path.stem}-{hashlib.sha256(content).hexdigest()[:_DIGITS]}{path.suffix}"


def _verified(wire: Wire, me: Person, issue_id: str, wanted: str, content: bytes) -> str:
    found = _find(wire, me, issue_id, wanted, len(content))
    if found is None:
        raise RemoteError(
            wire.subject(issue_id), f"{wanted} is not there after it was attached", "cmbot tries again"
        )
    return found


def _find(wire: Wire, me: Person, issue_id: str, wanted: str, size: int) -> str | None:
    """Give the oldest of those that are it: an upload that was cut off has another size."""
    ids = [
        int(one["id"])
        for one in _ours(wire, me, issue_id)
        if one["filename"] == wanted and one["size"] == size
    ]
    return str(min(ids)) if ids else None


def _retire(wire: Wire, me: Person, issue_id: str, name: str, kept: str) -> None:
    path = PurePath(name)
    version = re.compile(rf"{re.escape(path.stem)}-[0-9a-f]{{{_DIGITS}}}{re.escape(path.suffix)}")
    for one in _ours(wire, me, issue_id):
        if str(one["id"]) != kept and version.fullmatch(str(one["filename"])):
            subject, doing = wire.subject(issue_id), f"removing {one['filename']}"
            try:
                wire.write(subject, doing, "DELETE", f"attachment/{int(one['id'])}", None)
            except NotFound:
                continue
            log.info("%s %s replaced", subject, one["filename"])


def _ours(wire: Wire, me: Person, issue_id: str) -> list[dict[str, Any]]:
    return [
        one for one in _all(wire, issue_id) if values.person(one.get("author") or {}).account == me.account
    ]


def _all(wire: Wire, issue_id: str) -> list[dict[str, Any]]:
    subject = wire.subject(issue_id)
    data = wire.read(subject, "reading the attachments", issue_path(issue_id), fields="attachment")
    try:
        listed = data["fields"].get("attachment") or ()
        return [dict(one) for one in listed]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise strange(subject, "the attachments") from None
