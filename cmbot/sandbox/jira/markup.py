"""Wiki markup as HTML for people."""

from __future__ import annotations

import html


def to_html(text: str) -> str:
    """Render wiki markup; nothing hostile survives."""
    return html.escape(text).replace("\n", "<br>\n")
