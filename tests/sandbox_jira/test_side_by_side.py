"""Both deployments over one store, in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmbot.sandbox.jira.sidebyside import CLOUD_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    import requests
    from conftest import Received, Receiver, Sandbox


class Both:
    """A listening pair, asked at either address."""

    def __init__(self, data_center: Sandbox) -> None:
        self.data_center = data_center
        assert data_center.beside is not None
        self.cloud = data_center.beside

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Ask Cloud as alice."""
        headers = {
            "Authorization": self.cloud.access.credentials("alice"),
            "Content-Type": "application/json",
        }
        return self.data_center.ask(method, f"{CLOUD_PATH}{path}", headers=headers, **more)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", f"/rest/api/3/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def both(listen: Callable[..., AbstractContextManager[Sandbox]]) -> Iterator[Both]:
    with listen(flavour="both", context_path="/jira") as sandbox:
        yield Both(sandbox)


def test_an_issue_made_on_one_side_is_there_on_the_other(both: Both) -> None:
    epic = both.data_center.create("Epic")
    link = {both.data_center.field("Epic Link"): epic}
    key = both.data_center.create(description="*bold*", **link)
    found = both.get(f"issue/{key}")
    assert found["fields"]["parent"]["key"] == epic
    assert found["fields"]["description"]["type"] == "doc"
    assert "accountId" in found["fields"]["creator"]
    assert found["self"].startswith(f"{both.data_center.url}{CLOUD_PATH}/rest/api/3/")
    both.ask("PUT", f"/rest/api/3/issue/{key}", json={"fields": {"summary": "by Cloud"}})
    there = both.data_center.get(f"issue/{key}")["fields"]
    assert (there["summary"], there["creator"]["name"]) == ("by Cloud", "alice")
    assert both.get("serverInfo")["deploymentType"] == "Cloud"
    assert both.data_center.get("serverInfo")["deploymentType"] == "Server"


def test_what_an_administrator_changes_on_one_side_is_known_on_the_other(both: Both) -> None:
    before = both.get("project/CM")["components"]
    both.data_center.rest("POST", "component", json={"name": "c", "project": "CM"})
    assert (before, len(both.get("project/CM")["components"])) == ([], 1)


def test_each_side_tells_its_own_webhooks_in_its_own_words(both: Both, receiver: Receiver) -> None:
    sent = {"name": "w", "url": receiver.url + "/dc", "events": ["jira:issue_updated", "comment_created"]}
    path = "/rest/webhooks/1.0/webhook"
    assert both.data_center.ask("POST", path, json=sent).status_code == 201
    assert both.ask("POST", path, json={**sent, "url": receiver.url + "/cloud"}).status_code == 201
    assert len(both.ask("GET", path).json()) == 1
    key = both.data_center.create()
    both.data_center.rest("POST", f"issue/{key}/comment", json={"body": "c"})
    receiver.settle(both.data_center)
    receiver.settle(both.data_center, both.cloud.deliverer)

    def events(side: str) -> list[Received]:
        return [one for one in receiver.got if one.path == side]

    assert [one.body["webhookEvent"] for one in events("/dc")] == ["comment_created", "jira:issue_updated"]
    (told,) = events("/cloud")
    assert "accountId" in told.body["comment"]["author"]


def test_each_side_is_strange_by_itself(both: Both) -> None:
    lag = {"search": {"lag": 60}}
    both.data_center.ask("PUT", "/sandbox/strange", json=lag)
    both.ask("PUT", "/sandbox/strange", json={"search": {"lag": 3600}})
    key = both.data_center.create()

    def found() -> tuple[list[str], int]:
        asked = {"jql": "project = CM"}
        return both.data_center.search(""), len(
            both.ask("POST", "/rest/api/3/search/jql", json=asked).json()["issues"]
        )

    assert found() == ([], 0)
    both.data_center.clock.advance(minutes=2)
    assert found() == ([key], 0)
    both.data_center.clock.advance(hours=1)
    assert found() == ([key], 1)


def test_both_begin_again_together(both: Both) -> None:
    seed = {
        "users": [
            {"name": "alice", "displayName": "Alice", "email": "alice@example.org", "admin": True},
            {"name": "carol", "displayName": "Carol", "email": "carol@example.org"},
        ],
        "statuses": [{"name": "Open", "category": "new"}],
        "issue_types": [{"name": "Task", "level": 0}],
    }
    tokens = both.ask("POST", "/sandbox/reset", json={"seed": seed}).json()["tokens"]
    assert tokens == both.cloud.access.tokens == both.data_center.app.access.tokens
    assert both.data_center.ask("GET", "/rest/api/2/myself", user="carol").json()["name"] == "carol"
    assert both.get("project/search")["total"] == 0
    now = "2030-01-01T00:00:00+00:00"
    both.data_center.ask("PUT", "/sandbox/clock", json={"now": now, "running": False})
    assert both.ask("GET", "/sandbox/clock").json()["now"].startswith("2030-01-01")
