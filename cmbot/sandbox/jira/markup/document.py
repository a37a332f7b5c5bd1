"""Wiki markup as an Atlassian document (ADF), as REST v3 of Cloud gives it.

The document is built from the HTML that people see, so that there is one reading of the markup. Known:
paragraphs, headings, lists, quotes, code, panels, tables, rules, bold, italic, underlined, struck and
monospaced text, named colours, web and mail links, mentions. What the markup does not know is text.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from .blocks import to_html
from .inline import COLOURS, Surroundings

Node = dict[str, Any]
_BLOCKS = {
    "p": "paragraph",
    "hr": "rule",
    "blockquote": "blockquote",
    "pre": "codeBlock",
    "ul": "bulletList",
    "ol": "orderedList",
    "li": "listItem",
    "table": "table",
    "tr": "tableRow",
    "th": "tableHeader",
    "td": "tableCell",
}
_MARKS = {"strong": "strong", "em": "em", "del": "strike", "u": "underline", "code": "code", "cite": "em"}
_HOLDS_TEXT = ("paragraph", "heading", "codeBlock")
_WRAPPED = ("listItem", "tableHeader", "tableCell", "panel", "blockquote")
"""Blocks whose text needs a paragraph around it."""


def to_document(wiki: str, around: Surroundings | None = None) -> Node:
    """The document of a wiki text.

    Parameters
    ----------
    wiki : `str`
        Wiki markup, from anybody.
    around : `Surroundings`, optional
        What the text may refer to.

    Returns
    -------
    document : `dict`
        Node of type ``doc``, version 1.
    """
    builder = _Builder()
    builder.feed(to_html(wiki, around))
    builder.close()
    return {"version": 1, "type": "doc", "content": builder.root}


class _Builder(HTMLParser):
    """Turns this room's own HTML into nodes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root: list[Node] = []
        self._open: list[Node] = []
        self._marks: list[tuple[str, Node | None]] = []
        self._divs: list[str] = []
        self._mention: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block or a mark."""
        given = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS:
            language = given.get("data-language")
            self._begin(_BLOCKS[tag], {"language": language} if language else None, empty=tag == "hr")
        elif tag[0] == "h" and tag[1:].isdigit():
            self._begin("heading", {"level": int(tag[1:])})
        elif tag == "div":
            self._begin_div(given["class"])
        elif tag == "br":
            self._add({"type": "hardBreak"})
        elif tag in ("a", "span") or tag in _MARKS:
            self._mark(tag, given)

    def handle_endtag(self, tag: str) -> None:
        """Close what the tag opened."""
        if tag in ("a", "span") or tag in _MARKS:
            self._marks.pop()
            self._mention = None
        elif tag == "div":
            self._end_div()
        elif tag in _BLOCKS or tag[0] == "h":
            self._close(_BLOCKS.get(tag, "heading"))

    def handle_data(self, data: str) -> None:
        """Take text, as far as a block holds it."""
        inside = self._open[-1]["type"] if self._open else None
        if inside not in _HOLDS_TEXT and not data.strip():
            return  # line ends between blocks
        if self._mention is not None:
            attrs = {"id": self._mention.removeprefix("accountid:"), "text": data, "accessLevel": ""}
            self._add({"type": "mention", "attrs": attrs})
            return
        content = self._open[-1].get("content") if self._open else None
        if content and content[-1]["type"] == "hardBreak":
            data = data.removeprefix("\n")  # stands in the HTML for people who read it
        marks = [mark for _, mark in self._marks if mark is not None]
        if any(mark["type"] == "code" for mark in marks):  # which combines with links only
            marks = [mark for mark in marks if mark["type"] in ("code", "link")]
        if data:
            self._add({"type": "text", "text": data} | ({"marks": marks} if marks else {}))

    def _mark(self, tag: str, given: dict[str, str]) -> None:
        mark: Node | None = None
        if tag == "a":
            mark = {"type": "link", "attrs": {"href": given["href"]}}
        elif tag in _MARKS:
            mark = {"type": _MARKS[tag]}
        elif given["class"] == "mention":
            self._mention = given["data-name"]
        else:
            mark = {"type": "textColor", "attrs": {"color": COLOURS[given["class"].removeprefix("c-")]}}
        if mark is not None and mark["type"] in [known["type"] for _, known in self._marks if known]:
            mark = None  # no mark stands twice on a text
        self._marks.append((tag, mark))

    def _begin_div(self, name: str) -> None:
        self._divs.append(name)
        if name == "panel":
            self._begin("panel", {"panelType": "info"})
        elif name == "panel-title":
            self._begin("paragraph")
            self._marks.append(("div", {"type": "strong"}))

    def _end_div(self) -> None:
        name = self._divs.pop()
        if name == "panel":
            self._close("panel")
        elif name == "panel-title":
            self._marks.pop()
            self._close("paragraph")

    def _begin(self, kind: str, attrs: Node | None = None, *, empty: bool = False) -> None:
        """Open a block; a paragraph that only wraps text ends before another block."""
        if self._open and self._open[-1].pop("wrap", False):
            self._open.pop()
        node: Node = {"type": kind} | ({"attrs": attrs} if attrs else {})
        (self._open[-1]["content"] if self._open else self.root).append(node)
        if not empty:
            node["content"] = []
            self._open.append(node)

    def _add(self, node: Node) -> None:
        """Put a text node where it belongs."""
        if not self._open or self._open[-1]["type"] in _WRAPPED:
            self._begin("paragraph")
            self._open[-1]["wrap"] = True
        self._open[-1]["content"].append(node)

    def _close(self, kind: str) -> None:
        while self._open:
            node = self._open.pop()
            node.pop("wrap", None)
            if node["type"] == kind:
                if kind in _WRAPPED and not node["content"]:
                    node["content"] = [{"type": "paragraph", "content": []}]
                break
