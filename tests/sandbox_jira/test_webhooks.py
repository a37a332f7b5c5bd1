"""Webhooks: who may register them, what they carry and when they are sent."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Differences, Receiver, Sandbox, Start

OLD, NEW = "/rest/webhooks/1.0/webhook", "/rest/jira-webhook/1.0/webhooks"
ISSUES = ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted"]
COMMENTS = ["comment_created", "comment_updated", "comment_deleted"]


def listen(sandbox: Sandbox, receiver: Receiver, *events: str, path: str = "", **more: Any) -> dict[str, Any]:
    asked = {"name": "bot", "url": receiver.url + path, "events": list(events) or ISSUES + COMMENTS, **more}
    answer = sandbox.ask("POST", OLD, json=asked)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


# ------------------------------------------------------------------------------------- registration
def test_the_old_resource_names_itself_by_address(sandbox: Sandbox) -> None:
    asked = {"name": "bot", "url": "http://127.0.0.1:9/x", "events": ["jira:issue_updated"]}
    asked |= {"filters": {"issue-related-events-section": "project = CM"}, "secret": "s3cret"}
    made = sandbox.ask("POST", OLD, json=asked).json()
    assert made["self"] == f"{sandbox.url}{OLD}/1"
    assert (made["enabled"], made["lastUpdatedUser"], made["excludeBody"]) == (True, "JIRAUSER10000", False)
    assert made["filters"] == {"issue-related-events-section": "project = CM"}
    assert sandbox.ask("GET", OLD).json() == [made] == [sandbox.ask("GET", f"{OLD}/1").json()]
    assert "s3cret" not in sandbox.ask("GET", OLD).text
    assert sandbox.ask("DELETE", f"{OLD}/1").status_code == 204
    assert sandbox.ask("GET", OLD).json() == []
    assert sandbox.ask("DELETE", f"{OLD}/1").status_code == 404


def test_the_resource_of_version_10_has_ids_and_a_configuration(sandbox: Sandbox) -> None:
    asked = {"name": "bot", "url": "http://127.0.0.1:9/x", "events": ["comment_created"], "active": True}
    asked |= {"scopeType": "global", "configuration": {"SECRET": "s3cret", "EXCLUDE_BODY": "false"}}
    made = sandbox.ask("POST", NEW, json=asked).json()
    assert (made["id"], made["active"], made["configuration"]) == (1, True, {"EXCLUDE_BODY": "false"})
    changed = sandbox.ask("PUT", f"{NEW}/1", json={**made, "active": False, "url": "http://localhost:8/"})
    assert (changed.json()["active"], changed.json()["url"]) == (False, "http://localhost:8/")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"url": "http://192.0.2.1/x"},
        {"url": "http://127.0.0.1.evil.example/"},
        {"url": "file:///etc/passwd"},
        {"url": "http://[/"},
        {"events": []},
        {"events": "jira:issue_updated"},
        {"events": ["nonsense"]},
        {"filters": "project = CM"},
        {"filters": {"issue-related-events-section": "nonsense = 1"}},
        {"configuration": "x"},
    ],
)
def test_a_webhook_that_cannot_work_is_refused(calm: Sandbox, wrong: dict[str, Any]) -> None:
    asked = {"name": "bot", "url": "http://127.0.0.1:9/", "events": ["jira:issue_updated"], **wrong}
    assert calm.ask("POST", OLD, json=asked).status_code == 400
    assert calm.ask("GET", OLD).json() == []


def test_only_administrators_register_webhooks(calm: Sandbox) -> None:
    for method, path in (("GET", OLD), ("POST", NEW), ("DELETE", f"{OLD}/1"), ("GET", "/sandbox/webhooks")):
        assert calm.ask(method, path, user="bob", json={}).status_code == 403


# ----------------------------------------------------------------------------------------- delivery
def test_an_issues_life_is_told_event_by_event(sandbox: Sandbox, receiver: Receiver) -> None:
    listen(sandbox, receiver)
    key = sandbox.create()
    sandbox.rest("PUT", f"issue/{key}", json={"fields": {"summary": "new"}})
    for name in ("Launch", "Run"):
        sandbox.move(key, name)
    sandbox.move(key, "Complete", fields={"resolution": {"name": "Done"}})
    sandbox.rest("PUT", f"issue/{key}", json={"fields": {"summary": "new"}})  # changes nothing
    sandbox.rest("DELETE", f"issue/{key}")
    receiver.settle(sandbox)
    assert receiver.events() == [
        ("jira:issue_created", "issue_created"),
        ("jira:issue_updated", "issue_updated"),
        ("jira:issue_updated", "issue_work_started"),
        ("jira:issue_updated", "issue_work_started"),
        ("jira:issue_updated", "issue_resolved"),
        ("jira:issue_deleted", "issue_deleted"),
    ]
    last = receiver.got[-2].body
    assert [item["field"] for item in last["changelog"]["items"]] == ["resolution", "status"]
    assert receiver.got[-1].body["issue"]["fields"]["summary"] == "new"


def test_the_changelog_of_a_webhook_is_the_entry_of_the_history(sandbox: Sandbox, receiver: Receiver) -> None:
    key = sandbox.create()
    listen(sandbox, receiver)
    sandbox.move(key, "Launch")
    receiver.settle(sandbox)
    (entry,) = sandbox.get(f"issue/{key}?expand=changelog")["changelog"]["histories"]
    assert receiver.got[0].body["changelog"] == {"id": entry["id"], "items": entry["items"]}
    assert receiver.got[0].body["user"]["name"] == "alice"
    assert receiver.got[0].body["issue"]["self"] == f"{sandbox.url}/rest/api/2/issue/10000"


def test_a_comment_is_told_twice_and_once_without_its_issue(sandbox: Sandbox, receiver: Receiver) -> None:
    key = sandbox.create()
    before = sandbox.get(f"issue/{key}?fields=updated")["fields"]["updated"]
    listen(sandbox, receiver)
    sandbox.clock.advance(minutes=1)
    number = sandbox.rest("POST", f"issue/{key}/comment", json={"body": "one"}).json()["id"]
    sandbox.rest("PUT", f"issue/{key}/comment/{number}", json={"body": "two"})
    sandbox.rest("DELETE", f"issue/{key}/comment/{number}")
    receiver.settle(sandbox)
    assert receiver.events() == [
        ("comment_created", None),
        ("jira:issue_updated", "issue_commented"),
        ("comment_updated", None),
        ("jira:issue_updated", "issue_comment_edited"),
        ("comment_deleted", None),
        ("jira:issue_updated", "issue_comment_deleted"),
    ]
    assert [set(one.body) & {"issue", "user", "comment"} for one in receiver.got] == [
        {"comment"},
        {"issue", "user", "comment"},
        {"comment", "user"},
        {"issue", "user", "comment"},
        {"comment", "user"},
        {"issue", "user"},
    ]
    assert receiver.got[1].body["issue"]["fields"]["updated"] == before  # older than the comment
    assert [one.body["comment"]["body"] for one in receiver.got[:3]] == ["one", "one", "two"]


def test_what_was_not_written_is_not_told(sandbox: Sandbox, receiver: Receiver) -> None:
    listen(sandbox, receiver)
    bad = {"fields": {"project": {"key": "CM"}, "issuetype": {"name": "Step"}, "summary": "x"}}
    bad["properties"] = [{"key": "", "value": 1}]  # type: ignore[assignment]  # refused after the issue was written
    assert sandbox.rest("POST", "issue", json=bad).status_code == 400
    sandbox.create(summary="good")
    receiver.settle(sandbox)
    assert [one.body["issue"]["fields"]["summary"] for one in receiver.got] == ["good"]


def test_a_filter_is_asked_of_the_issue_as_it_then_is(sandbox: Sandbox, receiver: Receiver) -> None:
    filters = {"issue-related-events-section": "status = Launch"}
    listen(sandbox, receiver, filters=filters)
    key, other = sandbox.create(), sandbox.create()
    sandbox.move(key, "Launch")
    sandbox.move(key, "Run")
    sandbox.move(other, "Launch")
    sandbox.rest("DELETE", f"issue/{other}")
    receiver.settle(sandbox)
    assert [(one.body["issue"]["key"], one.event[0]) for one in receiver.got] == [
        (key, "jira:issue_updated"),
        (other, "jira:issue_updated"),
        (other, "jira:issue_deleted"),
    ]


def test_a_webhook_hears_only_its_events_while_it_is_enabled(sandbox: Sandbox, receiver: Receiver) -> None:
    made = listen(sandbox, receiver, "comment_created")
    key = sandbox.create()
    sandbox.rest("POST", f"issue/{key}/comment", json={"body": "one"})
    sandbox.ask("PUT", made["self"].removeprefix(sandbox.url), json={"enabled": False})
    sandbox.rest("POST", f"issue/{key}/comment", json={"body": "two"})
    receiver.settle(sandbox)
    assert [one.body["comment"]["body"] for one in receiver.got] == ["one"]


def test_a_secret_signs_the_raw_body(sandbox: Sandbox, receiver: Receiver) -> None:
    listen(sandbox, receiver, secret="s3cret")
    sandbox.create(summary="Größe")
    receiver.settle(sandbox)
    (got,) = receiver.got
    expected = hmac.new(b"s3cret", got.raw, hashlib.sha256).hexdigest()
    assert got.headers["X-Hub-Signature"] == f"sha256={expected}"
    assert "X-Atlassian-Webhook-Identifier" not in got.headers  # Cloud's


def test_an_address_can_hold_variables_and_a_body_can_be_left_out(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    path = "/hook?issue={issue.id}&key=${issue.key}&who={modifiedUser.name}&x={sprint.id}"
    listen(sandbox, receiver, "jira:issue_created", path=path, excludeBody=True)
    key = sandbox.create()
    receiver.settle(sandbox)
    (got,) = receiver.got
    assert got.path.startswith(f"/hook?issue=10000&key={key}&who=alice&x=")
    assert got.raw == b""


def test_data_center_does_not_try_again(sandbox: Sandbox, receiver: Receiver) -> None:
    listen(sandbox, receiver)
    receiver.answers[:] = [503]
    sandbox.create()
    receiver.settle(sandbox)
    sandbox.clock.advance(days=1)
    receiver.settle(sandbox)
    assert len(receiver.got) == 1
    (outcome,) = sandbox.ask("GET", "/sandbox/webhooks").json()["deliveries"]
    assert (outcome["status"], outcome["fate"], outcome["event"]) == (503, "given up", "jira:issue_created")


def test_a_receiver_that_is_gone_harms_nobody(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.url = "http://127.0.0.1:1"
    listen(sandbox, receiver)
    sandbox.create()
    receiver.settle(sandbox)
    (outcome,) = sandbox.ask("GET", "/sandbox/webhooks").json()["deliveries"]
    assert (outcome["status"], outcome["fate"]) == (None, "given up")
    assert sandbox.ask("DELETE", "/sandbox/webhooks").status_code == 204
    assert sandbox.ask("GET", "/sandbox/webhooks").json()["deliveries"] == []


# ------------------------------------------------------------------------------------------- shapes
def test_bodies_have_the_shape_of_captured_ones(
    sandbox: Sandbox, receiver: Receiver, samples: Path, differences: Differences
) -> None:
    listen(sandbox, receiver)
    key = sandbox.create(summary="s", **{sandbox.field("Quanta"): 1})
    for change in ({"assignee": {"name": "bob"}}, {sandbox.field("Quanta"): 2}):
        sandbox.rest("PUT", f"issue/{key}", json={"fields": change})
    number = sandbox.rest("POST", f"issue/{key}/comment", json={"body": "c"}).json()["id"]
    sandbox.rest("PUT", f"issue/{key}/comment/{number}", json={"body": "d"})
    sandbox.rest("DELETE", f"issue/{key}/comment/{number}")
    for name in ("Launch", "Run"):
        sandbox.move(key, name)
    sandbox.move(key, "Complete", fields={"resolution": {"name": "Done"}})
    sandbox.move(key, "Launch")
    receiver.settle(sandbox)
    ours = dict(zip(_DATA_CENTER, receiver.got[1:], strict=True))
    for name, got in ours.items():
        if name:
            theirs = json.loads((samples / f"webhook-dc-{name}.json").read_text())
            assert differences(got.body, theirs) == [], name
            assert set(got.body) == set(theirs), name
            assert got.event == (theirs["webhookEvent"], theirs.get("issue_event_type_name")), name


_DATA_CENTER = (
    "assigned",
    "custom-field",
    "comment-created",
    "comment-created-as-issue-updated",
    "comment-updated",
    "comment-updated-as-issue-updated",
    "comment-deleted",
    "comment-deleted-as-issue-updated",
    "status-in-progress",
    "",  # a second move within the category: no capture
    "status-resolved",
    "status-reopened",
)


def test_a_move_to_closed_has_the_shape_and_name_of_a_captured_one(
    start: Start, seed: dict[str, Any], receiver: Receiver, samples: Path, differences: Differences
) -> None:
    seed["statuses"].append({"name": "Closed", "category": "done"})
    screen = [{"field": "resolution"}]
    seed["projects"][0]["transitions"].append(
        {"name": "Close", "to": "Closed", "from": "*", "screen": screen}
    )
    sandbox = start(seed=seed)
    key = sandbox.create()
    listen(sandbox, receiver)
    sandbox.move(key, "Close", fields={"resolution": {"name": "Done"}})
    receiver.settle(sandbox)
    (got,) = receiver.got
    theirs = json.loads((samples / "webhook-dc-status-closed.json").read_text())
    assert differences(got.body, theirs) == []
    assert (set(got.body), got.event[1]) == (set(theirs), theirs["issue_event_type_name"])


# ------------------------------------------------------------------------------------- strange mode
def trouble(sandbox: Sandbox, **webhooks: Any) -> None:
    answer = sandbox.ask("PUT", "/sandbox/strange", json={"seed": 5, "webhooks": webhooks})
    assert answer.status_code == 200, answer.text


def summaries(receiver: Receiver) -> list[str]:
    return [one.body["issue"]["fields"]["summary"] for one in receiver.got]


def test_webhooks_are_lost_and_doubled_on_purpose(sandbox: Sandbox, receiver: Receiver) -> None:
    listen(sandbox, receiver, "jira:issue_created")
    trouble(sandbox, lost=1)
    sandbox.create(summary="lost")
    trouble(sandbox, doubled=1)
    sandbox.create(summary="doubled")
    receiver.settle(sandbox)
    assert summaries(receiver) == ["doubled", "doubled"]
    fates = [one["fate"] for one in sandbox.ask("GET", "/sandbox/webhooks").json()["deliveries"]]
    assert fates == ["lost", "delivered", "delivered"]


def test_a_delayed_webhook_waits_for_the_sandboxs_clock(sandbox: Sandbox, receiver: Receiver) -> None:
    listen(sandbox, receiver, "jira:issue_created")
    trouble(sandbox, delayed=1, delay=[60, 120])
    sandbox.create(summary="late")
    trouble(sandbox)
    sandbox.create(summary="prompt")
    receiver.settle(sandbox)
    assert summaries(receiver) == ["prompt"]
    sandbox.ask("PUT", "/sandbox/clock", json={"advance": 120})
    receiver.settle(sandbox)
    assert summaries(receiver) == ["prompt", "late"]


def test_a_reordered_webhook_comes_behind_the_next(sandbox: Sandbox, receiver: Receiver) -> None:
    listen(sandbox, receiver, "jira:issue_created")
    trouble(sandbox, reordered=1)
    sandbox.create(summary="first")
    trouble(sandbox)
    sandbox.create(summary="second")
    receiver.settle(sandbox)
    assert summaries(receiver) == ["second", "first"]


# ------------------------------------------------------------------------- links, work, attachments
def with_all_events(sandbox: Sandbox, receiver: Receiver, **more: Any) -> None:
    links, work = ("issuelink_created", "issuelink_deleted"), ("worklog_created", "worklog_updated")
    events = [*ISSUES, *COMMENTS, *links, *work, "worklog_deleted", "jira:worklog_updated"]
    listen(sandbox, receiver, *events, "attachment_created", "attachment_deleted", **more)


def test_a_link_is_told_once_with_the_numbers_of_its_ends(sandbox: Sandbox, receiver: Receiver) -> None:
    first, second = sandbox.create(), sandbox.create()
    with_all_events(sandbox, receiver)
    ends = {"inwardIssue": {"key": first}, "outwardIssue": {"key": second}}
    for _ in range(2):  # the same link again is nothing new
        sandbox.rest("POST", "issueLink", json={"type": {"name": "Blocks"}, **ends})
    (link,) = sandbox.get(f"issue/{first}?fields=issuelinks")["fields"]["issuelinks"]
    sandbox.rest("DELETE", f"issueLink/{link['id']}")
    receiver.settle(sandbox)
    assert receiver.events() == [("issuelink_created", None), ("issuelink_deleted", None)]
    kind = {"id": 10000, "name": "Blocks", "outwardName": "blocks", "inwardName": "is blocked by"}
    kind |= {"isSubTaskLinkType": False, "isSystemLinkType": False}
    told = {"id": int(link["id"]), "sourceIssueId": 10000, "destinationIssueId": 10001}
    for one in receiver.got:
        assert one.body["issueLink"] == {**told, "issueLinkType": kind, "systemLink": False}
        assert set(one.body) == {"timestamp", "webhookEvent", "issueLink"}


def test_logged_work_is_told_alone_and_with_its_issue(sandbox: Sandbox, receiver: Receiver) -> None:
    key = sandbox.create()
    with_all_events(sandbox, receiver)
    made = sandbox.rest("POST", f"issue/{key}/worklog", json={"timeSpent": "1h", "comment": "w"}).json()
    path = f"issue/{key}/worklog/{made['id']}"
    sandbox.rest("PUT", path, json={"comment": "changes no sum"})
    sandbox.rest("DELETE", path)
    receiver.settle(sandbox)
    assert receiver.events() == [
        ("worklog_created", None),
        ("jira:worklog_updated", "issue_work_logged"),
        ("worklog_updated", None),
        ("jira:worklog_updated", "issue_worklog_updated"),
        ("worklog_deleted", None),
        ("jira:worklog_updated", "issue_worklog_deleted"),
    ]
    assert receiver.got[0].body["worklog"] == made
    assert receiver.got[1].body["issue"]["key"] == key
    assert receiver.got[1].body["changelog"]["items"][0]["field"] == "timespent"
    assert "changelog" not in receiver.got[3].body


def test_an_attachment_is_told_by_the_change_of_its_issue(sandbox: Sandbox, receiver: Receiver) -> None:
    key = sandbox.create()
    with_all_events(sandbox, receiver)
    sure, file = {"X-Atlassian-Token": "no-check"}, {"file": ("a.txt", b"x")}
    (made,) = sandbox.rest("POST", f"issue/{key}/attachments", files=file, headers=sure).json()
    sandbox.rest("DELETE", f"attachment/{made['id']}")
    receiver.settle(sandbox)
    assert receiver.events() == [("jira:issue_updated", "issue_updated")] * 2
    (item,) = receiver.got[0].body["changelog"]["items"]
    assert (item["field"], item["to"], item["toString"]) == ("Attachment", made["id"], "a.txt")


def test_a_filter_is_for_the_events_of_issues_and_comments(sandbox: Sandbox, receiver: Receiver) -> None:
    key, other = sandbox.create(), sandbox.create()
    with_all_events(sandbox, receiver, filters={"issue-related-events-section": "status = Launch"})
    ends = {"inwardIssue": {"key": key}, "outwardIssue": {"key": other}}
    sandbox.rest("POST", "issueLink", json={"type": {"name": "Blocks"}, **ends})
    sandbox.rest("POST", f"issue/{key}/worklog", json={"timeSpent": "1h"})
    sandbox.rest("POST", f"issue/{key}/comment", json={"body": "c"})
    receiver.settle(sandbox)
    assert receiver.events() == [("issuelink_created", None), ("worklog_created", None)]


def test_a_filter_that_no_longer_means_anything_stops_no_write(sandbox: Sandbox, receiver: Receiver) -> None:
    listen(sandbox, receiver, filters={"issue-related-events-section": "Tag ~ x"})
    sandbox.store.run("UPDATE webhooks SET jql = 'gone = 1'")
    assert sandbox.status(sandbox.create()) == "Draft"
    receiver.settle(sandbox)
    assert receiver.got == []


def test_data_center_forgets_at_a_restart_what_it_had_not_sent(
    start: Start, receiver: Receiver, tmp_path: Path
) -> None:
    first = start(store=tmp_path / "x.sqlite3")
    listen(first, receiver, "jira:issue_created")
    trouble(first, delayed=1, delay=[60, 60])
    key = first.create()
    assert len(first.app.deliverer.report()["waiting"]) == 1
    second = start(store=tmp_path / "x.sqlite3")  # as after a kill: the first was not told
    assert second.status(key) == "Draft"
    second.clock.advance(hours=1)
    assert second.app.deliverer.report() == {"deliveries": [], "waiting": [], "sending": False}
    assert receiver.got == []
