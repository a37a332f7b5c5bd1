"""Wiki markup rendered to HTML for people.

Only tags written here ever leave this room; everything else is escaped, so nothing hostile survives.
What is not known of the markup stays as it was written.
"""

from __future__ import annotations

from .blocks import to_html
from .inline import Surroundings

__all__ = ["Surroundings", "to_html"]
