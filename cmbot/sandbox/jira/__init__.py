"""A local Jira for learning and testing: an emulator, not Atlassian's product.

`serve` runs it; `create_app` builds the application over a `Store` for tests.
"""

from __future__ import annotations

from .app import create_app
from .server import export, serve
from .store import Store

__all__ = ["Store", "create_app", "export", "serve"]
