"""Webhooks that apps register: through the gateway with a bearer token, as OAuth 2.0 apps do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from conftest import Receiver

    from .conftest import Cloud

App = Callable[..., requests.Response]
DAY = 24 * 3600 * 1000


@pytest.fixture
def app(cloud: Cloud, through_gateway: str) -> App:
    """Asks the resource as an app for bob."""

    def ask(method: str, path: str = "", user: str = "bob", **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {cloud.sandbox.app.access.tokens[user]}"}
        url = f"{through_gateway}/rest/api/3/webhook{path}"
        return requests.request(method, url, headers=headers, timeout=20, **more)

    return ask


def register(app: App, url: str, *webhooks: dict[str, Any]) -> list[dict[str, Any]]:
    answer = app("POST", json={"url": url, "webhooks": list(webhooks)})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["webhookRegistrationResult"]
    return found


def wanting(jql: str = "project = CM", *events: str, **more: Any) -> dict[str, Any]:
    return {"jqlFilter": jql, "events": list(events) or ["jira:issue_updated"], **more}


def test_an_app_registers_lists_and_removes_its_own(cloud: Cloud, app: App, receiver: Receiver) -> None:
    bad = wanting("summary ~ x"), wanting("status WAS Draft"), wanting("x", "no_event"), {"events": []}
    results = register(app, receiver.url, wanting(fieldIdsFilter=["status"]), *bad, wanting(""))
    first, last = results[0]["createdWebhookId"], results[-1]["createdWebhookId"]
    assert results[1] == {"errors": ["The clause summary is unsupported"]}
    assert ["errors" in one for one in results] == [False, True, True, True, True, False]
    page = app("GET").json()
    born = cloud.sandbox.store.now()
    assert (page["total"], page["isLast"], [one["id"] for one in page["values"]]) == (2, True, [first, last])
    assert page["values"][0] == {
        "id": first,
        "jqlFilter": "project = CM",
        "events": ["jira:issue_updated"],
        "fieldIdsFilter": ["status"],
        "url": receiver.url,
        "expirationDate": born + 30 * DAY,
    }
    assert app("GET", user="alice").json()["values"] == []
    assert cloud.ask("GET", "/rest/webhooks/1.0/webhook").json() == []  # the administrators' are others
    assert cloud.ask("GET", f"/rest/webhooks/1.0/webhook/{first}").status_code == 404
    assert app("DELETE", user="alice", json={"webhookIds": [first]}).status_code == 202
    assert app("DELETE", json={"webhookIds": [last, 4711]}).status_code == 202
    assert [one["id"] for one in app("GET").json()["values"]] == [first]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": "http://127.0.0.1:1/"},
        {"url": "http://127.0.0.1:1/", "webhooks": [1]},
        {"url": "http://192.0.2.1/", "webhooks": [{}]},
        {"url": 1, "webhooks": [{}]},
    ],
)
def test_what_is_no_registration_is_refused(app: App, body: dict[str, Any]) -> None:
    assert app("POST", json=body).status_code == 400
    for wrong in ({}, {"webhookIds": "1"}, {"webhookIds": [True]}, {"webhookIds": []}):
        assert app("DELETE", json=wrong).status_code == 400
        assert app("PUT", "/refresh", json=wrong).status_code == 400
    assert app("GET", "/failed?after=yesterday").status_code == 400


def test_an_app_has_one_address_and_five_webhooks(app: App, receiver: Receiver) -> None:
    results = register(app, receiver.url, *[wanting()] * 6)
    assert ["createdWebhookId" in one for one in results] == [True] * 5 + [False]
    other = app("POST", json={"url": receiver.url + "/other", "webhooks": [wanting()]})
    assert other.status_code == 400


def test_all_that_match_are_told_at_once(cloud: Cloud, app: App, receiver: Receiver) -> None:
    moved = wanting("status = Launch", fieldIdsFilter=["status"])
    results = register(app, receiver.url, wanting(), moved, wanting("project = CM", "comment_created"))
    numbers = [one["createdWebhookId"] for one in results]
    key = cloud.create()
    cloud.rest("PUT", f"issue/{key}", version=2, json={"fields": {"summary": "new"}})
    cloud.move(key, "Launch")
    cloud.rest("PUT", f"issue/{key}", version=2, json={"fields": {"summary": "newer"}})
    cloud.post(f"issue/{key}/comment", {"body": "c"}, 201, version=2)
    receiver.settle(cloud.sandbox)
    told = [(one.body["webhookEvent"], one.body["matchedWebhookIds"]) for one in receiver.got]
    assert told == [
        ("jira:issue_updated", numbers[:1]),
        ("jira:issue_updated", numbers[:2]),
        ("jira:issue_updated", numbers[:1]),
        ("comment_created", numbers[2:]),
    ]


def test_a_webhook_dies_after_30_days_unless_it_is_refreshed(
    cloud: Cloud, app: App, receiver: Receiver
) -> None:
    first, _ = register(app, receiver.url, wanting("", "jira:issue_created"), wanting())
    cloud.clock.advance(days=29)
    refreshed = app("PUT", "/refresh", json={"webhookIds": [first["createdWebhookId"], 4711]}).json()
    assert refreshed == {"expirationDate": cloud.sandbox.store.now() + 30 * DAY}
    cloud.clock.advance(days=2)
    assert [one["id"] for one in app("GET").json()["values"]] == [first["createdWebhookId"]]
    cloud.clock.advance(days=27, hours=23)
    cloud.create()
    cloud.clock.advance(hours=2)
    cloud.create()
    receiver.settle(cloud.sandbox)
    assert len(receiver.got) == 1


def test_what_was_given_up_can_be_asked_for_until_three_days_later(
    cloud: Cloud, app: App, receiver: Receiver
) -> None:
    (made,) = register(app, receiver.url, wanting("", "jira:issue_created"))
    cloud.ask("PUT", "/sandbox/strange", json={"webhooks": {"pace": [0, 0]}})
    receiver.answers[:] = [400, *[503] * 6, 200]
    keys = []
    for _ in range(3):
        keys.append(cloud.create())
        receiver.settle(cloud.sandbox)
        cloud.clock.advance(seconds=1)
    found = app("GET", "/failed").json()
    assert found["maxResults"] == 100
    assert "next" not in found
    assert [one["id"] for one in found["values"]] == [str(made["createdWebhookId"])] * 2
    assert [one["url"] for one in found["values"]] == [receiver.url] * 2
    assert [one["body"] for one in found["values"]] == [
        receiver.got[0].raw.decode(),
        receiver.got[6].raw.decode(),
    ]
    page = app("GET", "/failed?maxResults=1").json()
    token = cloud.sandbox.app.access.tokens["bob"]
    rest = requests.get(page["next"], headers={"Authorization": f"Bearer {token}"}, timeout=20).json()
    assert [*page["values"], *rest["values"]] == found["values"]
    assert app("GET", "/failed", user="alice").json()["values"] == []
    cloud.clock.advance(hours=72)
    assert app("GET", "/failed").json()["values"] == []
