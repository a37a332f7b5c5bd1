"""Data Center: REST v2, people by login name, epics by a custom field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import FieldProblem
from .flavour import Flavour
from .shapes import Shapes

if TYPE_CHECKING:
    from .configuration import Configuration, User

VERSION = (10, 3, 5)


class DataCenter(Flavour):
    """Jira Data Center 10."""

    name = "data-center"
    apis = ("/rest/api/2", "/rest/api/latest")
    shapes = Shapes
    hidden_types = frozenset({"category-change"})

    def server_info(self, base_url: str, now: str) -> dict[str, Any]:
        """Answer of ``serverInfo``."""
        return {
            "baseUrl": base_url,
            "version": ".".join(map(str, VERSION)),
            "versionNumbers": list(VERSION),
            "deploymentType": "Server",
            "buildNumber": 10030005,
            "buildDate": "2025-01-01T00:00:00.000+0000",
            "serverTime": now,
            "scmInfo": "sandbox",
            "serverTitle": "Sandbox Jira (an emulator, not Atlassian's)",
        }

    def identified(self, config: Configuration, text: str) -> User | None:
        """By login name or key."""
        return config.user(text)

    def named_user(self, config: Configuration, text: str) -> User | None:
        """By login name or key."""
        return config.user(text)

    def signing_in(self, config: Configuration, text: str) -> User | None:
        """By login name."""
        found = config.user(text)
        return found if found is not None and found.name.casefold() == text.casefold() else None

    def read_user(self, config: Configuration, raw: Any) -> str | None:
        """Out of ``{"name": ...}`` or ``{"key": ...}``."""
        if raw is None:
            return None
        if not isinstance(raw, dict):
            raise FieldProblem("data was not an object")
        if not ("name" in raw or "key" in raw):
            raise FieldProblem("expected Object containing a 'name' property")
        name = raw.get("name") or raw.get("key")
        if not name:
            return None
        found = config.user(str(name))
        if found is None or not found.active:
            raise FieldProblem(f"User '{name}' does not exist.")
        return found.name


DATA_CENTER = DataCenter()
