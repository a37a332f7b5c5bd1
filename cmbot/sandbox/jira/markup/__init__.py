"""Wiki markup rendered to HTML for people, and as the documents of REST v3, both ways.

Only tags written here ever leave this room; everything else is escaped, so nothing hostile survives.
What is not known of the markup stays as it was written.
"""

from __future__ import annotations

from .blocks import to_html
from .document import to_document
from .inline import Surroundings
from .wiki import NotADocument, to_wiki

__all__ = ["NotADocument", "Surroundings", "to_document", "to_html", "to_wiki"]
