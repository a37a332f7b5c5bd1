"""Markup inside a line: bold, colours, links, mentions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEPTH_LIMIT = 8
"""How deep markup may be nested; below that it stays as written."""


@dataclass(frozen=True)
class Surroundings:
    """What a text may refer to."""

    base_url: str = ""
    """Address of the site, before ``/browse/KEY``."""
    people: Mapping[str, str] | None = None
    """Display names by login name, for mentions."""
    projects: frozenset[str] = frozenset()
    """Project keys, so that issue keys become links."""


# Spans are bounded, so that hostile text costs no more than its length times the bound.
_SPAN = r"(?=\S)[^\n]{1,400}?(?<=\S)"
_TOKENS = re.compile(
    r"\\\\(?=\s|$)(?P<break>)"
    r"|(?:(?<=h[1-6])|(?<=bq))\\(?=\.)(?P<unseen>)"
    r"|\\(?P<escaped>[{}\[\]*_+^~|!?#\\-])"
    r"|\{\{(?P<mono>[^\n]{1,1000}?)\}\}"
    r"|\{color:(?P<colour>[a-zA-Z]{1,20}|#[0-9a-fA-F]{3,8})\}(?P<coloured>(?:.|\n){0,2000}?)\{color\}"
    r"|\[~(?P<mention>[^\]\s|]{1,255})\]"
    r"|\[(?P<text>[^\]|\n]{1,1000})\|(?P<target>[^\]|\s]{1,2000})\]"
    r"|\[(?P<bare>[a-z]{2,10}:[^\]|\s]{1,2000})\]"
    r"|(?P<url>https?://[^\s<>\"'|\[\]{}\\]{1,2000})"
    r"|(?<![\w-])(?P<issue>[A-Z][A-Z0-9_]{1,9}-\d{1,9})(?![\w-])"
    r"|(?<![\w*])\*(?P<strong>" + _SPAN + r")\*(?![\w*])"
    r"|(?<![\w_])_(?P<em>" + _SPAN + r")_(?![\w_])"
    r"|(?<![\w-])-(?P<del>" + _SPAN + r")-(?![\w-])"
    r"|(?<![\w+])\+(?P<u>" + _SPAN + r")\+(?![\w+])"
    r"|(?<!\?)\?\?(?P<cite>" + _SPAN + r")\?\?(?!\?)"
)
COLOURS = {
    "aqua": "#00ffff",
    "black": "#000000",
    "blue": "#0000ff",
    "darkblue": "#00008b",
    "darkgreen": "#006400",
    "darkred": "#8b0000",
    "fuchsia": "#ff00ff",
    "gray": "#808080",
    "green": "#008000",
    "grey": "#808080",
    "lime": "#00ff00",
    "maroon": "#800000",
    "navy": "#000080",
    "olive": "#808000",
    "orange": "#ffa500",
    "purple": "#800080",
    "red": "#ff0000",
    "silver": "#c0c0c0",
    "teal": "#008080",
    "white": "#ffffff",
    "yellow": "#ffff00",
}
"""Colours that a text may have; others are ignored."""
_PLAIN_TAGS = ("strong", "em", "del", "u", "cite")


def inline(text: str, around: Surroundings, depth: int = 0) -> str:
    """HTML of a text without block markup."""
    if depth > DEPTH_LIMIT:
        return _lines(text)
    parts, last = [], 0
    for match in _TOKENS.finditer(text):
        parts += [_lines(text[last : match.start()]), _token(match, around, depth)]
        last = match.end()
    return "".join([*parts, _lines(text[last:])])


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>\n")


def _token(match: re.Match[str], around: Surroundings, depth: int) -> str:
    kind = match.lastgroup or ""
    if kind in _PLAIN_TAGS:
        return f"<{kind}>{inline(match[kind], around, depth + 1)}</{kind}>"
    return _TOKEN[kind](match, around, depth)


def _coloured(match: re.Match[str], around: Surroundings, depth: int) -> str:
    colour, content = match["colour"].casefold(), inline(match["coloured"], around, depth + 1)
    return f'<span class="c-{colour}">{content}</span>' if colour in COLOURS else content


def _mention(match: re.Match[str], around: Surroundings, _: int) -> str:
    name = (around.people or {}).get(match["mention"])
    shown = match["mention"] if name is None else name
    return f'<span class="mention" data-name="{escape(match["mention"])}">@{escape(shown)}</span>'


def _link(match: re.Match[str], around: Surroundings, depth: int) -> str:
    content = inline(match["text"], around, DEPTH_LIMIT if "://" in match["text"] else depth + 1)
    return anchor(match["target"], content) or _lines(match[0])


def _bare(match: re.Match[str], _: Surroundings, __: int) -> str:
    return anchor(match["bare"], escape(match["bare"])) or _lines(match[0])


def _url(match: re.Match[str], _: Surroundings, __: int) -> str:
    url = match["url"].rstrip(".,;:!?)*_+-")
    return (anchor(url, escape(url)) or escape(url)) + escape(match["url"][len(url) :])


def _issue(match: re.Match[str], around: Surroundings, _: int) -> str:
    key = match["issue"]
    if key.partition("-")[0] not in around.projects:
        return escape(key)
    return f'<a href="{escape(around.base_url)}/browse/{key}">{key}</a>'


def anchor(url: str, content: str) -> str | None:
    """A link to a web or mail address; None for any other scheme."""
    if not re.match(r"(?:https?://|mailto:)[^\s]", url, re.IGNORECASE):
        return None
    return f'<a href="{escape(url)}" rel="noopener noreferrer nofollow">{content}</a>'


_TOKEN: Mapping[str, Callable[[re.Match[str], Surroundings, int], str]] = {
    "break": lambda _, __, ___: "<br>",
    "unseen": lambda _, __, ___: "",
    "escaped": lambda match, _, __: escape(match["escaped"]),
    "mono": lambda match, _, __: f"<code>{escape(match['mono'])}</code>",
    "coloured": _coloured,
    "mention": _mention,
    "target": _link,
    "bare": _bare,
    "url": _url,
    "issue": _issue,
}
