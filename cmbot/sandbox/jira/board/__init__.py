"""The pages: signing in, projects, a board, issues with their forms, searching."""

from __future__ import annotations

from . import editing, hanging, routes, searching, signing

PAGES = (signing.router, routes.router, editing.router, hanging.router, searching.router)
"""Everything a browser can be led to."""
