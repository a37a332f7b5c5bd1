"""A sandbox Jira of the Cloud flavour that listens on loopback, and how to ask it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests
from jira import JIRA

from cmbot.sandbox.jira.cloudgateway import GATEWAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from conftest import MovableClock, Sandbox


@dataclass
class Cloud:
    """A listening Cloud site, asked with e-mail and API token."""

    sandbox: Sandbox

    @property
    def clock(self) -> MovableClock:
        return self.sandbox.clock

    def account(self, name: str) -> str:
        return self.sandbox.app.site.config.users[name].account_id

    def login(self, name: str) -> tuple[str, str]:
        return f"{name}@example.org", self.sandbox.app.access.tokens[name]

    def ask(self, method: str, path: str, *, user: str = "alice", **more: Any) -> requests.Response:
        more.setdefault("auth", self.login(user))
        return requests.request(method, self.sandbox.url + path, timeout=20, **more)

    def rest(self, method: str, path: str, *, version: int = 3, **more: Any) -> requests.Response:
        return self.ask(method, f"/rest/api/{version}/{path}", **more)

    def get(self, path: str, **more: Any) -> Any:
        answer = self.rest("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, status: int = 200, **more: Any) -> Any:
        answer = self.rest("POST", path, json=body, **more)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def create(self, kind: str = "Step", summary: str = "a step", **fields: Any) -> str:
        """Create an issue in v2; returns its key."""
        sent = {"project": {"key": "CM"}, "issuetype": {"name": kind}, "summary": summary, **fields}
        return str(self.post("issue", {"fields": sent}, 201, version=2)["key"])

    def move(self, key: str, name: str, **more: Any) -> requests.Response:
        found = self.get(f"issue/{key}/transitions")["transitions"]
        number = next(one["id"] for one in found if one["name"] == name)
        return self.rest("POST", f"issue/{key}/transitions", json={"transition": {"id": number}, **more})

    def search(self, jql: str, **more: Any) -> list[str]:
        """Keys that a query finds, in order, over all pages."""
        keys: list[str] = []
        asked = {"jql": jql, "fields": ["key"], **more}
        while True:
            page = self.post("search/jql", asked)
            keys += [issue["key"] for issue in page["issues"]]
            if "nextPageToken" not in page:
                return keys
            asked["nextPageToken"] = page["nextPageToken"]


@pytest.fixture
def cloud_of() -> Callable[[Sandbox], Cloud]:
    """Asks a listening site in Cloud's way."""
    return Cloud


@pytest.fixture(scope="module")
def calm_cloud(listen: Callable[..., AbstractContextManager[Sandbox]]) -> Iterator[Cloud]:
    """A seeded Cloud site that the tests of a module share; what they leave there must not matter."""
    with listen(flavour="cloud") as sandbox:
        yield Cloud(sandbox)


@pytest.fixture
def cloud(start: Callable[..., Sandbox]) -> Cloud:
    """A seeded Cloud site."""
    return Cloud(start(flavour="cloud"))


@pytest.fixture
def through_gateway(cloud: Cloud) -> str:
    """The site's address at the gateway."""
    return cloud.sandbox.url + GATEWAY


@pytest.fixture
def library(cloud: Cloud) -> Iterator[JIRA]:
    """The ``jira`` library, unmodified, signed in as alice."""
    client = JIRA(cloud.sandbox.url, basic_auth=cloud.login("alice"), max_retries=0, timeout=20)
    yield client
    client.close()
