"""Cloud's webhooks: one event per comment, identified deliveries, and patience with receivers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Differences, Receiver, Sandbox, Start

    from .conftest import Cloud

ADMIN = "/rest/webhooks/1.0/webhook"
EVENTS = ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted"]
EVENTS += ["comment_created", "comment_updated", "comment_deleted"]


def listen(cloud: Cloud, receiver: Receiver, *more: str) -> None:
    asked = {"name": "bot", "url": receiver.url, "events": [*EVENTS, *more], "secret": "s3cret"}
    answer = cloud.ask("POST", ADMIN, json=asked)
    assert answer.status_code == 201, answer.text
    assert "s3cret" not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "webhook"),
        ("POST", "webhook"),
        ("DELETE", "webhook"),
        ("PUT", "webhook/refresh"),
        ("GET", "webhook/failed"),
    ],
)
def test_an_api_token_may_not_use_dynamic_webhooks(cloud: Cloud, method: str, path: str) -> None:
    assert cloud.rest(method, path, json={}).status_code == 403


def test_there_is_no_resource_of_data_center(cloud: Cloud) -> None:
    assert cloud.ask("GET", "/rest/jira-webhook/1.0/webhooks").status_code == 404


def test_bodies_have_the_shape_of_captured_ones(
    cloud: Cloud, receiver: Receiver, samples: Path, differences: Differences
) -> None:
    listen(cloud, receiver)
    quanta = cloud.sandbox.field("Quanta")
    key = cloud.create(description="d", labels=["a"], assignee={"accountId": cloud.account("bob")})
    for change in ({quanta: 2}, {"labels": ["b"]}):
        cloud.rest("PUT", f"issue/{key}", version=2, json={"fields": change})
    file, sure = {"file": ("test.xml", b"x")}, {"X-Atlassian-Token": "no-check"}
    cloud.rest("POST", f"issue/{key}/attachments", version=2, files=file, headers=sure)
    number = cloud.post(f"issue/{key}/comment", {"body": "c"}, 201, version=2)["id"]
    cloud.rest("PUT", f"issue/{key}/comment/{number}", version=2, json={"body": "d"})
    cloud.rest("DELETE", f"issue/{key}/comment/{number}")
    for name in ("Launch", "Run"):
        cloud.move(key, name)
    cloud.move(key, "Complete", fields={"resolution": {"name": "Done"}})
    cloud.move(key, "Launch")
    receiver.settle(cloud.sandbox)
    assert len(receiver.got) == len(_CAPTURED)
    for name, got in zip(_CAPTURED, receiver.got, strict=True):
        if name:
            theirs = json.loads((samples / f"webhook-cloud-{name}.json").read_text())
            assert _today(differences(got.body, theirs)) == [], name
            assert set(got.body) == set(theirs), name
            assert got.event == (theirs["webhookEvent"], theirs.get("issue_event_type_name")), name
            text = got.raw.decode()
            assert '"name": "alice"' not in text, name
            assert "JIRAUSER" not in text, name


_CAPTURED = (
    "issue-created",
    "custom-field",
    "labels",
    "attachment-edited",
    "comment-created",
    "comment-updated",
    "comment-deleted",
    "status-started-working",
    "",  # a second move within the category: no capture
    "status-resolved",
    "status-reopened",
)


def _today(found: list[str]) -> list[str]:
    """Without what the bodies of 2019 had and today's have not: names and keys of people."""
    people = ("user", "author", "updateAuthor", "creator", "reporter", "assignee", "lead")
    gone = tuple(f".{person}.{key} is missing" for person in people for key in ("name", "key"))
    return [one for one in found if not one.endswith(gone)]


def test_a_creation_has_a_changelog_with_a_capital_status(cloud: Cloud, receiver: Receiver) -> None:
    listen(cloud, receiver)
    key = cloud.create()
    receiver.settle(cloud.sandbox)
    (got,) = receiver.got
    items = {item["field"]: item for item in got.body["changelog"]["items"]}
    assert (items["Status"]["fieldId"], items["Status"]["from"], items["Status"]["toString"]) == (
        "status",
        None,
        "Draft",
    )
    (entry,) = cloud.get(f"issue/{key}/changelog")["values"]
    assert entry["id"] == got.body["changelog"]["id"]
    assert "comment" not in got.body["issue"]["fields"]


def test_a_comment_is_told_once_with_a_small_issue(cloud: Cloud, receiver: Receiver) -> None:
    key = cloud.create()
    listen(cloud, receiver)
    number = cloud.post(f"issue/{key}/comment", {"body": "c"}, 201, version=2)["id"]
    cloud.rest("DELETE", f"issue/{key}/comment/{number}")
    cloud.rest("DELETE", f"issue/{key}")
    receiver.settle(cloud.sandbox)
    assert receiver.events() == [
        ("comment_created", None),
        ("comment_deleted", None),
        ("jira:issue_deleted", "issue_deleted"),
    ]
    created, deleted, gone = (one.body for one in receiver.got)
    assert set(created) == {"timestamp", "webhookEvent", "comment", "issue"}
    assert len(created["issue"]["fields"]) == 6
    assert deleted["issue"]["self"].endswith(f"/rest/api/2/{deleted['issue']['id']}")  # as a real site's is
    assert "changelog" not in gone


def test_an_assignment_has_its_own_name(cloud: Cloud, receiver: Receiver) -> None:
    key = cloud.create()
    listen(cloud, receiver)
    cloud.rest("PUT", f"issue/{key}/assignee", json={"accountId": cloud.account("bob")})
    receiver.settle(cloud.sandbox)
    assert receiver.events() == [("jira:issue_updated", "issue_assigned")]


def test_a_receiver_in_trouble_is_tried_again(cloud: Cloud, receiver: Receiver) -> None:
    listen(cloud, receiver)
    receiver.answers[:] = [503, 429, 408, 425, 409, 500, 200]
    cloud.create()
    for tries in range(1, 8):
        receiver.settle(cloud.sandbox)
        assert len(receiver.got) == min(tries, 6)  # the first, and five more
        cloud.ask("PUT", "/sandbox/clock", json={"advance": 299})
        receiver.settle(cloud.sandbox)
        assert len(receiver.got) == min(tries, 6)
        cloud.ask("PUT", "/sandbox/clock", json={"advance": 601})
    headers: list[dict[str, Any]] = [one.headers for one in receiver.got]
    assert len({one["X-Atlassian-Webhook-Identifier"] for one in headers}) == 1
    assert [one.get("X-Atlassian-Webhook-Retry") for one in headers] == [None, "1", "2", "3", "4", "5"]
    assert {one["X-Atlassian-Webhook-Flow"] for one in headers} == {"Primary"}
    assert len({one["X-Hub-Signature"] for one in headers}) == 1
    fates = [one["fate"] for one in cloud.ask("GET", "/sandbox/webhooks").json()["deliveries"]]
    assert fates == ["to be retried"] * 5 + ["given up"]


def test_a_refusal_is_not_tried_again(cloud: Cloud, receiver: Receiver) -> None:
    listen(cloud, receiver)
    receiver.answers[:] = [400]
    cloud.create()
    receiver.settle(cloud.sandbox)
    cloud.ask("PUT", "/sandbox/clock", json={"advance": 10_000})
    receiver.settle(cloud.sandbox)
    assert len(receiver.got) == 1


def test_the_pace_of_retries_can_be_set(cloud: Cloud, receiver: Receiver) -> None:
    cloud.ask("PUT", "/sandbox/strange", json={"webhooks": {"pace": [0, 0]}})
    listen(cloud, receiver)
    receiver.answers[:] = [503, 503]
    cloud.create()
    receiver.settle(cloud.sandbox)
    assert len(receiver.got) == 3


def test_links_work_and_files_are_told_by_themselves_and_as_changes(cloud: Cloud, receiver: Receiver) -> None:
    key, other = cloud.create(), cloud.create()
    events = ["issuelink_created", "worklog_created", "attachment_created", "attachment_deleted"]
    listen(cloud, receiver, *events)
    ends = {"inwardIssue": {"key": key}, "outwardIssue": {"key": other}}
    cloud.post("issueLink", {"type": {"name": "Blocks"}, **ends}, 201)
    work = cloud.post(f"issue/{key}/worklog", {"timeSpent": "1h"}, 201, version=2)
    sure, file = {"X-Atlassian-Token": "no-check"}, {"file": ("a.txt", b"x")}
    (made,) = cloud.rest("POST", f"issue/{key}/attachments", version=2, files=file, headers=sure).json()
    cloud.rest("DELETE", f"attachment/{made['id']}")
    receiver.settle(cloud.sandbox)
    changed = ("jira:issue_updated", "issue_updated")
    assert receiver.events() == [
        *(("issuelink_created", None), changed, changed),
        *(("worklog_created", None), changed),
        *(("attachment_created", None), changed, ("attachment_deleted", None), changed),
    ]
    bodies = {one.event[0]: one.body for one in receiver.got}
    assert bodies["worklog_created"]["worklog"] == work
    assert bodies["attachment_created"]["attachment"] == made == bodies["attachment_deleted"]["attachment"]
    flows = {one.event[0]: one.headers["X-Atlassian-Webhook-Flow"] for one in receiver.got}
    assert (flows["jira:issue_updated"], flows["attachment_deleted"]) == ("Primary", "Secondary")


@pytest.fixture
def killed(start: Start, cloud_of: Callable[[Sandbox], Cloud], tmp_path: Path) -> Callable[[], Cloud]:
    """Starts a site over the store of one that was not told to end."""
    return lambda: cloud_of(start(store=tmp_path / "x.sqlite3", flavour="cloud"))


def test_what_waits_to_be_tried_again_survives_a_kill(
    killed: Callable[[], Cloud], receiver: Receiver
) -> None:
    first = killed()
    listen(first, receiver)
    receiver.answers[:] = [503, 503]
    first.create(summary="told in the end")
    receiver.settle(first.sandbox)
    second = killed()
    second.clock.advance(minutes=20)
    receiver.settle(second.sandbox)
    third = killed()
    third.clock.advance(minutes=40)
    receiver.settle(third.sandbox)
    assert [one.headers.get("X-Atlassian-Webhook-Retry") for one in receiver.got] == [None, "1", "2"]
    assert len({(one.raw, one.headers["X-Atlassian-Webhook-Identifier"]) for one in receiver.got}) == 1
    assert third.sandbox.store.rows("SELECT * FROM deliveries") == []
    fourth = killed()
    fourth.clock.advance(hours=2)
    receiver.settle(fourth.sandbox)
    assert len(receiver.got) == 3


def test_what_is_kept_is_forgotten_when_asked(killed: Callable[[], Cloud], receiver: Receiver) -> None:
    first = killed()
    listen(first, receiver)
    receiver.answers[:] = [503]
    first.create()
    receiver.settle(first.sandbox)
    assert first.ask("DELETE", "/sandbox/webhooks").status_code == 204
    again = killed()
    again.clock.advance(hours=1)
    receiver.settle(again.sandbox)
    assert len(receiver.got) == 1


def test_what_was_not_written_is_not_kept_to_be_told(cloud: Cloud, receiver: Receiver) -> None:
    listen(cloud, receiver)
    bad = {"project": {"key": "CM"}, "issuetype": {"name": "Step"}, "summary": "x"}
    refused = {"fields": bad, "properties": [{"key": "", "value": 1}]}
    assert cloud.rest("POST", "issue", version=2, json=refused).status_code == 400
    cloud.create(summary="good")
    receiver.settle(cloud.sandbox)
    assert [one.body["issue"]["fields"]["summary"] for one in receiver.got] == ["good"]
