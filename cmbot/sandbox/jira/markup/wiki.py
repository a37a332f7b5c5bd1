"""An Atlassian document (ADF), as REST v3 of Cloud takes it, as wiki markup, which is kept.

What wiki markup knows is kept (see `document`); of all else only the text remains, in paragraphs of its own.
Text that looks like markup is escaped, so that it stays text.
"""

from __future__ import annotations

import datetime as dt
import re
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from .inline import COLOURS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .document import Node

_WEB = re.compile(r"(?:https?://|mailto:)[^\s]+", re.IGNORECASE)
_SPANS = {"strong": "*", "em": "_", "strike": "-", "underline": "+"}
_NAMES = {code: name for name, code in reversed(COLOURS.items())}
_SPECIAL = re.compile(
    r"[{}\[\]|]|\\(?=[{}\[\]*_+^~|!?#\\-])|\?(?=\?)|(?<=\?)\?|(?<!\w)[*_+-]|[*_+-](?!\w)|(?m:^\s*)#"
)
_LINE_START = re.compile(r"(?m)^(\s*(?:h[1-6]|bq))(?=\. )")


class NotADocument(ValueError):
    """What was sent is no Atlassian document."""


def to_wiki(document: Any) -> str:
    """The wiki markup of a document.

    Parameters
    ----------
    document : `dict`
        A node of type ``doc``, version 1, from anybody.

    Returns
    -------
    wiki : `str`
        Wiki markup.

    Raises
    ------
    NotADocument
        Raised for anything else, also inside.
    """
    if not isinstance(document, dict) or document.get("type") != "doc" or document.get("version") != 1:
        raise NotADocument("a document of type 'doc' and version 1 is expected")
    return "\n\n".join(_blocks(document))


def _children(node: Node) -> list[Node]:
    content = node.get("content", [])
    if not isinstance(content, list):
        raise NotADocument("'content' is a list of nodes")
    if not all(isinstance(one, dict) and isinstance(one.get("type"), str) for one in content):
        raise NotADocument("a node is an object with a type")
    return content


def _attrs(node: Node) -> Node:
    attrs = {} if node.get("attrs") is None else node["attrs"]
    if not isinstance(attrs, dict):
        raise NotADocument("'attrs' is an object")
    return attrs


def _runs(node: Node) -> Iterator[list[Node] | Node]:
    """The children of a node: each block, and together the nodes between blocks that stand in a line."""
    for in_line, several in groupby(_children(node), lambda child: child["type"] in _INLINE):
        if in_line:
            yield list(several)
        else:
            yield from several


def _blocks(node: Node) -> Iterator[str]:
    """The blocks in a node; nodes that stand in a line, and stand alone here, make a paragraph."""
    for run in _runs(node):
        yield from filter(None, [_paragraph(run)] if isinstance(run, list) else _block(run))


def _block(node: Node) -> Iterator[str]:
    match node["type"]:
        case "heading":
            level = _attrs(node).get("level")
            level = level if isinstance(level, int) and 1 <= level <= 6 else 1
            yield f"h{level}. {_one_line(node)}"
        case "bulletList" | "orderedList":
            yield "\n".join(_items(node, ""))
        case "codeBlock":
            yield _code(node)
        case "blockquote" | "panel" as kind:
            mark = "{quote}" if kind == "blockquote" else "{panel}"
            yield "\n".join((mark, "\n\n".join(_blocks(node)), mark))
        case "rule":
            yield "----"
        case "table":
            yield "\n".join(_row(row) for row in _children(node))
        case _:
            yield _escaped(str(_attrs(node).get("title") or ""))
            yield from _blocks(node)


def _paragraph(nodes: list[Node]) -> str:
    return _LINE_START.sub(r"\1\\", _line(nodes, "\n"))


def _one_line(node: Node) -> str:
    """All text below a node, on one line."""
    parts = (_line(run, " ") if isinstance(run, list) else _one_line(run) for run in _runs(node))
    return " ".join(filter(None, parts))


def _said(node: Node) -> str:
    """What a node says, on one line."""
    return _line([node], " ") if node["type"] in _INLINE else _one_line(node)


def _items(node: Node, marks: str) -> Iterator[str]:
    """The lines of a list, nested ones below their item."""
    marks += "*" if node["type"] == "bulletList" else "#"
    for item in _children(node):
        nested = [one for one in _children(item) if one["type"] in ("bulletList", "orderedList")]
        rest = [one for one in _children(item) if one not in nested]
        yield f"{marks} {_said({**item, 'content': rest})}"
        for one in nested:
            yield from _items(one, marks)


def _code(node: Node) -> str:
    text = "".join(str(child.get("text", "")) for child in _children(node))
    language = str(_attrs(node).get("language") or "")
    named = f":{language}" if re.fullmatch(r"[\w+#-]{1,30}", language) else ""
    for word in ("code", "noformat"):
        if "{" + word not in text:
            return "{" + word + (named if word == "code" else "") + "}\n" + text + "\n{" + word + "}"
    return _escaped(text)


def _row(row: Node) -> str:
    cells = _children(row)
    marks = ["||" if cell["type"] == "tableHeader" else "|" for cell in cells]
    return "".join(f"{mark}{_said(cell) or ' '}" for mark, cell in zip(marks, cells, strict=True)) + (
        marks[-1] if marks else "|"
    )


def _line(nodes: list[Node], line_end: str) -> str:
    """Nodes that stand in a line; a mark needs a border to the letters around it, or it is left out."""
    texts = [_plain(node) for node in nodes]
    around = list(pairwise(["", *texts, ""]))
    parts = []
    for node, text, (before, _), (_, after) in zip(nodes, texts, around[:-1], around[1:], strict=True):
        if node["type"] == "text":
            parts.append(_marked(node, text, before[-1:], after[:1]))
        else:
            parts.append(line_end if node["type"] == "hardBreak" else _INLINE[node["type"]](node))
    return "".join(parts).strip() if line_end != "\n" else re.sub(r"\n(?=\n)", r"\\\\ ", "".join(parts))


def _plain(node: Node) -> str:
    if node["type"] != "text":
        return " "
    text = node.get("text")
    if not isinstance(text, str):
        raise NotADocument("a text node has a text")
    return re.sub(r"\s*\n\s*", " ", text.replace("\r", "\n"))


def _marked(node: Node, text: str, before: str, after: str) -> str:
    marks = node.get("marks") or []
    if not isinstance(marks, list) or not all(isinstance(mark, dict) for mark in marks):
        raise NotADocument("'marks' is a list of objects")
    kinds = {mark.get("type"): _attrs(mark) for mark in marks}
    inner = text.strip()
    if not inner or not kinds:
        return _escaped(text)
    lead, trail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    bordered = not re.search(r"\w", (before if not lead else "") + (after if not trail else ""))
    found = _escaped(inner)
    if "code" in kinds:
        found = f"{{{{{inner}}}}}" if "}}" not in inner and not inner.startswith("{") else found
    elif bordered:
        for kind, sign in _SPANS.items():
            found = f"{sign}{found}{sign}" if kind in kinds else found
    colour = str(kinds.get("textColor", {}).get("color", "")).casefold()
    if colour in _NAMES:
        found = f"{{color:{_NAMES[colour]}}}{found}{{color}}"
    if "link" in kinds:
        found = _linked(found, str(kinds["link"].get("href", "")))
    return f"{lead}{found}{trail}"


def _linked(text: str, url: str) -> str:
    if not _WEB.fullmatch(url) or "{" in text or "]" in text:
        return text
    return f"[{text}|{_safe(url)}]"


def _safe(url: str) -> str:
    return url.replace("|", "%7C").replace("]", "%5D").replace("[", "%5B")


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: found[0][:-1] + "\\" + found[0][-1], text)


def _mention(node: Node) -> str:
    attrs = _attrs(node)
    account = str(attrs.get("id") or "")
    if re.fullmatch(r"[\w:.@-]{1,255}", account):
        return f"[~accountid:{account}]"
    return _escaped(str(attrs.get("text") or ""))


def _card(node: Node) -> str:
    url = str(_attrs(node).get("url") or "")
    return f"[{_safe(url)}]" if _WEB.fullmatch(url) else _escaped(url)


def _date(node: Node) -> str:
    stamp = str(_attrs(node).get("timestamp") or "")
    if not re.fullmatch(r"\d{1,14}", stamp):
        return ""
    return dt.datetime.fromtimestamp(int(stamp) / 1000, dt.UTC).date().isoformat().replace("-", r"\-")


_INLINE: dict[str, Callable[[Node], str]] = {
    "text": _plain,
    "hardBreak": lambda _: "\n",
    "mention": _mention,
    "emoji": lambda node: _escaped(str(_attrs(node).get("text") or _attrs(node).get("shortName") or "")),
    "status": lambda node: _escaped(str(_attrs(node).get("text") or "")),
    "date": _date,
    "inlineCard": _card,
}
"""Nodes that stand in a line."""
