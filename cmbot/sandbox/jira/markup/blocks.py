"""Markup of whole lines: headings, lists, tables, quotes, code, panels."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from .inline import Surroundings, inline

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_OPENING = re.compile(r"\{(code|noformat|quote|panel)(?::([^}\n]{0,500}))?\}")
_HEADING = re.compile(r"\s*h([1-6])\.\s+(.*)")
_ITEM = re.compile(r"\s*([*#]+|-)\s+(.*)")
_RULE = re.compile(r"\s*-{4,5}\s*")
_ROW = re.compile(r"\s*\|")
_CELL = re.compile(r"\[[^\]\n]{0,2000}\]|\{\{[^\n]{1,1000}?\}\}|\\\||\|\|?|[^|\\\[{]+|.")
DEPTH_LIMIT = 4


def to_html(text: str, around: Surroundings | None = None) -> str:
    """Render wiki markup.

    Parameters
    ----------
    text : `str`
        Wiki markup, from anybody.
    around : `Surroundings`, optional
        What the text may refer to.

    Returns
    -------
    html : `str`
        Safe HTML: no attribute or tag comes from the text except link addresses (http, https, mailto).
    """
    clean = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(_blocks(clean, around or Surroundings(), 0))


def _blocks(text: str, around: Surroundings, depth: int) -> Iterator[str]:
    """Cut out the macros that hold several lines; what is between them is lines."""
    position = start = 0
    while (opening := _OPENING.search(text, position)) is not None:
        closing = "{" + opening[1] + "}"
        end = text.find(closing, opening.end())
        if end < 0 or depth > DEPTH_LIMIT:
            position = opening.end()
            continue
        yield from _lines(text[start : opening.start()], around)
        yield _macro(opening, text[opening.end() : end], around, depth)
        position = start = end + len(closing)
    yield from _lines(text[start:], around)


def _macro(opening: re.Match[str], content: str, around: Surroundings, depth: int) -> str:
    name, title = opening[1], _title(opening[2] or "")
    if name in ("code", "noformat"):
        language = re.match(r"[\w+#-]{1,30}(?=$|\|)", opening[2] or "") if name == "code" else None
        tag = f'<pre data-language="{language[0]}">' if language else "<pre>"
        return f"{title}{tag}{escape(content.strip(chr(10)))}</pre>"
    inner = "\n".join(_blocks(content, around, depth + 1))
    return (
        f"<blockquote>{inner}</blockquote>" if name == "quote" else f'<div class="panel">{title}{inner}</div>'
    )


def _title(parameters: str) -> str:
    for parameter in parameters.split("|"):
        name, _, value = parameter.partition("=")
        if name.strip() == "title" and value:
            return f'<div class="panel-title">{escape(value)}</div>'
    return ""


def _lines(text: str, around: Surroundings) -> Iterator[str]:
    lines = text.split("\n")
    position = 0
    while position < len(lines):
        kind = _kind(lines[position])
        end = position + 1
        while kind in ("item", "row", "text") and end < len(lines) and _kind(lines[end]) == kind:
            end += 1
        chunk = lines[position:end]
        position = end
        match kind:
            case "heading":
                level, title = _HEADING.fullmatch(chunk[0]).groups()  # type: ignore[union-attr]  # _kind matched it
                yield f"<h{level}>{inline(title, around)}</h{level}>"
            case "rule":
                yield "<hr>"
            case "quote":
                yield f"<blockquote><p>{inline(chunk[0].strip()[3:].strip(), around)}</p></blockquote>"
            case "item":
                yield _list(chunk, around)
            case "row":
                yield _table(chunk, around)
            case "text":
                yield f"<p>{inline(chr(10).join(chunk), around)}</p>"


def _kind(line: str) -> str:
    if not line.strip():
        return "blank"
    if _HEADING.fullmatch(line):
        return "heading"
    if _RULE.fullmatch(line):
        return "rule"
    if line.lstrip().startswith("bq. "):
        return "quote"
    if _ITEM.fullmatch(line):
        return "item"
    return "row" if _ROW.match(line) else "text"


def _list(lines: list[str], around: Surroundings) -> str:
    """Nested lists: each item's marks say how deep it is and of which kind."""
    html: list[str] = []
    opened: list[str] = []
    for line in lines:
        marks, content = _ITEM.fullmatch(line).groups()  # type: ignore[union-attr]  # _kind matched it
        tags = ["ol" if mark == "#" else "ul" for mark in marks[:6]]
        shared = 0
        while shared < min(len(opened), len(tags)) and opened[shared] == tags[shared]:
            shared += 1
        html += [f"</li></{tag}>" for tag in reversed(opened[shared:])]
        if shared == len(tags):
            html.append("</li><li>")
        html += [f"<{tag}><li>" for tag in tags[shared:]]
        opened = tags
        html.append(inline(content, around))
    return "".join(html + [f"</li></{tag}>" for tag in reversed(opened)])


def _table(lines: list[str], around: Surroundings) -> str:
    rows = "\n".join(f"<tr>{''.join(_cells(line, around))}</tr>" for line in lines)
    return f'<div class="scrolling"><table>\n{rows}\n</table></div>'


def _cells(line: str, around: Surroundings) -> Iterator[str]:
    tag, content, first = "td", "", True
    for piece in _CELL.findall(line.strip()):
        if piece not in ("|", "||"):
            content += piece
            continue
        if not first:
            yield f"<{tag}>{inline(content.strip(), around)}</{tag}>"
        tag, content, first = ("th" if piece == "||" else "td"), "", False
    if content.strip():
        yield f"<{tag}>{inline(content.strip(), around)}</{tag}>"
