"""Wiki markup: text from outside is shown as it is, never as markup (design.md section 6)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from difflib import unified_diff
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmbot.models.issues import Person

_ALWAYS = re.compile(r"[{}\[\]|*!^~]")
# _ - + are markup only at the edge of a word; run names keep their underscores readable.
_AT_EDGE = re.compile(r"(?<![A-Za-z0-9])[_+\-]|[_+\-](?![A-Za-z0-9])|\?(?=\?)|(?<=\?)\?")
_AT_START = re.compile(r"^(#|h[1-6]\.|bq\.)")
# A backslash means nothing before a letter, \\ is a new line, and before the rest it takes a meaning away.
_BACKSLASH = re.compile(r"\\(?![A-Za-z0-9])")
# Stands between characters that would mean something together, where a backslash would be shown.
_NOTHING = "\u200b"
_LIMIT = 300
_MOST = 20


def escape(text: object) -> str:
    """Show text as it is.

    Parameters
    ----------
    text : `object`
        From anywhere; made one line, without what cannot be seen, and cut at 300 characters.

    Returns
    -------
    markup : `str`
        Without any meaning as markup.
    """
    line = "".join(filter(str.isprintable, " ".join(str(text).split()))).strip()
    if len(line) > _LIMIT:
        line = line[: _LIMIT - 1] + "…"
    line = _BACKSLASH.sub(rf"\g<0>{_NOTHING}", line)
    line = _AT_EDGE.sub(r"\\\g<0>", _ALWAYS.sub(r"\\\g<0>", line))
    return _AT_START.sub(rf"{_NOTHING}\1", line)


def difference(before: str, after: str) -> list[str]:
    """Show how a text was changed, a line each.

    Parameters
    ----------
    before, after : `str`
        The texts.

    Returns
    -------
    lines : `list` [`str`]
        Markup: what is gone with a minus, what is new with a plus; at most `_MOST` lines.
    """
    _, _, *lines = [*unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")] or ("", "")
    changed = [line for line in lines if not line.startswith("@@")]
    more = [f"… and {len(changed) - _MOST} more lines"] if len(changed) > _MOST else []
    return [escape(line) for line in (*changed[:_MOST], *more)]


def link(text: object, url: str) -> str:
    """Link text, if there is a safe address.

    Parameters
    ----------
    text : `object`
        What is shown.
    url : `str`
        An http or https address, or anything else for no link.

    Returns
    -------
    markup : `str`
        A link, or the text alone.
    """
    if not re.fullmatch(r"https?://[^\s|\]\[{}]+", url):
        return escape(text)
    return f"[{escape(text)}|{url}]"


def instant(at: datetime) -> str:
    """Write an instant for people.

    Parameters
    ----------
    at : `datetime.datetime`
        With a zone.

    Returns
    -------
    text : `str`
        UTC to the minute.
    """
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def mention(person: Person, prefix: str) -> str:
    """Mention a person of Jira's; one at a terminal is only named, as Jira may know another by that name.

    Parameters
    ----------
    person : `~cmbot.models.issues.Person`
        Who.
    prefix : `str`
        What the deployment wants before it.

    Returns
    -------
    markup : `str`
        A mention, or escaped text if the name could be markup.
    """
    allowed = r"[\w.@+\-:]+" if prefix else r"[\w.@+\-]+"  # old account ids hold a colon
    mentioned = person.name and re.fullmatch(allowed, person.account)
    return f"[~{prefix}{person.account}]" if mentioned else escape(person.account)
