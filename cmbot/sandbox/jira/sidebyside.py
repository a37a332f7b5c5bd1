"""Both deployments at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .app import Application
from .cloud import CLOUD
from .datacenter import DATA_CENTER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from .site import Site
    from .store import Store

CLOUD_PATH = "/cloud"
"""Where Cloud is found below the context path."""


class SideBySide:
    """Both deployments over one store: Data Center at the context path, Cloud below it.

    Parameters
    ----------
    store, tokens, context_path
        As of `Application`.
    """

    def __init__(self, store: Store, tokens: Mapping[str, str] | None, context_path: str) -> None:
        self._cloud_path = context_path + CLOUD_PATH
        self.data_center = Application(store, tokens, context_path, DATA_CENTER.name)
        shared = self.data_center.access.tokens
        self.cloud = Application(store, shared, self._cloud_path, CLOUD.name, self.data_center)

    @property
    def site(self) -> Site:
        """The site as Data Center shows it."""
        return self.data_center.site

    def answers_at(self, url: str) -> None:
        """As of `Application`."""
        self.data_center.answers_at(url)
        self.cloud.answers_at(url + CLOUD_PATH)

    def become(self, strange: str) -> None:
        """As of `Application`."""
        self.data_center.become(strange)
        self.cloud.become(strange)

    def about(self) -> dict[str, Any]:
        """As of `Application`; ``cloud`` holds the same about Cloud."""
        return {**self.data_center.about(), "cloud": self.cloud.about()}

    def close(self) -> None:
        """End what runs in the background."""
        self.data_center.close()
        self.cloud.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope.get("path", "")
        cloud = path == self._cloud_path or path.startswith(self._cloud_path + "/")
        await (self.cloud if cloud else self.data_center)(scope, receive, send)
