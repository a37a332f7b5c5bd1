"""Archived issues and projects on Data Center: read by key, found nowhere, changed by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from atlassian import Jira

from cmbot.sandbox.jira import beginnings, snapshot

if TYPE_CHECKING:
    from conftest import Receiver, Sandbox, Start


def archive(sandbox: Sandbox, key: str) -> None:
    assert sandbox.rest("PUT", f"issue/{key}/archive").status_code == 204


@pytest.fixture
def archived(sandbox: Sandbox) -> str:
    """CM-1, with a comment, a file, a link and a sub-task, archived by alice."""
    key, other = sandbox.create(summary="old work"), sandbox.create()
    sandbox.create("Group", parent={"key": key})
    sandbox.rest("POST", f"issue/{key}/comment", json={"body": "c"})
    files = {"file": ("a.txt", b"a")}
    sandbox.rest("POST", f"issue/{key}/attachments", files=files, headers={"X-Atlassian-Token": "no-check"})
    ends = {"inwardIssue": {"key": key}, "outwardIssue": {"key": other}}
    sandbox.rest("POST", "issueLink", json={"type": {"name": "Blocks"}, **ends})
    archive(sandbox, key)
    return key


def test_an_archived_issue_is_read_by_its_key_and_says_since_when_and_by_whom(
    sandbox: Sandbox, archived: str
) -> None:
    fields = sandbox.get(f"issue/{archived}", user="bob")["fields"]
    assert (fields["summary"], fields["archiveddate"]) == ("old work", "2026-11-20T07:00:00.000-0500")
    assert fields["archivedby"]["name"] == "alice"
    assert sandbox.get(f"issue/{archived}/comment")["total"] == 1
    (attached,) = fields["attachment"]
    assert sandbox.ask("GET", attached["content"].removeprefix(sandbox.url)).content == b"a"
    other = sandbox.get("issue/CM-2")["fields"]
    assert (other["archiveddate"], other["archivedby"]) == (None, None)
    assert other["issuelinks"][0]["inwardIssue"]["key"] == archived


def test_no_search_finds_it_nor_its_sub_tasks(sandbox: Sandbox, archived: str) -> None:
    assert sandbox.search("project = CM") == ["CM-2"]
    assert sandbox.search(f"key = {archived}") == []
    assert sandbox.search(f"parent = {archived}") == []
    (child,) = sandbox.get(f"issue/{archived}")["fields"]["subtasks"]
    assert sandbox.get(f"issue/{child['key']}")["fields"]["archiveddate"]


WRITES: list[tuple[str, str, Any, int]] = [
    ("PUT", "", {"fields": {"summary": "x"}}, 403),
    ("DELETE", "?deleteSubtasks=true", None, 403),
    ("PUT", "/assignee", {"name": "bob"}, 401),
    ("POST", "/comment", {"body": "x"}, 400),
    ("PUT", "/comment/10000", {"body": "x"}, 400),
    ("DELETE", "/comment/10000", None, 400),
    ("POST", "/transitions", {"transition": {"id": "11"}}, 400),
    ("POST", "/worklog", {"timeSpent": "1h"}, 403),
    ("PUT", "/properties/k", {"v": 1}, 403),
    ("POST", "/remotelink", {"object": {"url": "https://x.example", "title": "t"}}, 403),
    ("POST", "/watchers", "alice", 401),
    ("POST", "/votes", None, 404),
]


def test_every_write_is_refused_as_to_one_without_the_permission(sandbox: Sandbox, archived: str) -> None:
    before = sandbox.get(f"issue/{archived}?expand=changelog&properties=*all")
    for method, path, body, status in WRITES:
        user = "bob" if path == "/votes" else "alice"
        answer = sandbox.rest(method, f"issue/{archived}{path}", json=body, user=user)
        assert answer.status_code == status, f"{method} {path}: {answer.text}"
    assert sandbox.get(f"issue/{archived}?expand=changelog&properties=*all") == before


def test_nothing_is_offered_on_it(sandbox: Sandbox, archived: str) -> None:
    assert sandbox.get(f"issue/{archived}/transitions")["transitions"] == []
    assert sandbox.get(f"issue/{archived}/editmeta") == {"fields": {}}
    asked = sandbox.get(f"mypermissions?issueKey={archived}")["permissions"]
    assert asked["BROWSE_PROJECTS"]["havePermission"]
    assert not asked["EDIT_ISSUES"]["havePermission"]
    child = {"project": {"key": "CM"}, "issuetype": {"name": "Group"}, "summary": "s"}
    answer = sandbox.rest("POST", "issue", json={"fields": child | {"parent": {"key": archived}}})
    assert answer.json()["errors"] == {"parent": f"{archived} is archived: it can only be read."}


def test_a_restored_issue_is_what_it_was_with_its_sub_tasks(sandbox: Sandbox, archived: str) -> None:
    assert sandbox.rest("PUT", f"issue/{archived}/restore").status_code == 204
    assert sandbox.search("project = CM ORDER BY key") == ["CM-1", "CM-2", "CM-3"]
    assert sandbox.get(f"issue/{archived}")["fields"]["archiveddate"] is None
    assert sandbox.move(archived, "Launch").status_code == 204


def test_what_cannot_be_archived_or_restored_is_refused(sandbox: Sandbox, archived: str) -> None:
    assert sandbox.rest("PUT", f"issue/{archived}/archive").status_code == 403
    assert sandbox.rest("PUT", "issue/CM-2/restore").status_code == 403
    assert sandbox.rest("PUT", "issue/CM-3/restore").status_code == 403  # a sub-task
    assert sandbox.rest("PUT", "issue/CM-99/archive").status_code == 404
    assert sandbox.rest("PUT", "issue/CM-2/archive", user="bob").status_code == 403
    assert sandbox.rest("PUT", "issue/archive", json={"issueIdsOrKeys": ["CM-2"]}).status_code == 404


def test_no_webhook_tells_of_it(sandbox: Sandbox, receiver: Receiver) -> None:
    hook = {"name": "h", "url": receiver.url, "events": ["jira:issue_updated", "jira:issue_deleted"]}
    sandbox.ask("POST", "/rest/jira-webhook/1.0/webhooks", json=hook)
    key = sandbox.create()
    archive(sandbox, key)
    sandbox.move(sandbox.create(), "Launch")
    receiver.settle(sandbox)
    assert [one.body["issue"]["key"] for one in receiver.got] == ["CM-2"]


def test_an_archived_project_is_not_listed_and_its_issues_are_read_only(sandbox: Sandbox) -> None:
    key = sandbox.create()
    assert sandbox.rest("PUT", "project/CM/archive", user="bob").status_code == 403
    assert sandbox.rest("PUT", "project/CM/archive").status_code == 204
    assert sandbox.get("project") == []
    assert [one["key"] for one in sandbox.get("project?includeArchived=true")] == ["CM"]
    assert sandbox.get("project/CM")["archived"]
    assert sandbox.rest("GET", "project/CM", user="bob").status_code == 404
    assert sandbox.get(f"issue/{key}", user="bob")["key"] == key
    assert sandbox.rest("PUT", f"issue/{key}", json={"fields": {"summary": "x"}}).status_code == 403
    assert sandbox.rest("PUT", f"issue/{key}/archive").status_code == 403
    assert sandbox.search("") == []
    assert sandbox.rest("GET", "search?jql=project=CM").status_code == 400
    assert sandbox.rest("DELETE", "project/CM").status_code == 400
    fields = {"project": {"key": "CM"}, "issuetype": {"name": "Step"}, "summary": "s"}
    assert sandbox.rest("POST", "issue", json={"fields": fields}).status_code == 400

    assert sandbox.rest("PUT", "project/CM/restore").status_code == 202
    assert sandbox.rest("PUT", "project/CM/restore").status_code == 400
    assert sandbox.search("project = CM") == [key]
    assert not sandbox.get("project/CM")["archived"]


def test_the_second_client_archives_and_restores(sandbox: Sandbox) -> None:
    client = Jira(url=sandbox.url, token=sandbox.app.access.tokens["alice"])
    key = sandbox.create()
    client.issue_archive(key)
    assert sandbox.search("project = CM") == []
    client.issue_restore(key)
    assert sandbox.search("project = CM") == [key]
    client.archive_project("CM")
    assert sandbox.get("project") == []


def test_what_is_archived_stays_so_in_an_export(sandbox: Sandbox, archived: str, start: Start) -> None:
    copy = start(beginning=beginnings.read(snapshot.take(sandbox.store).model_dump(mode="json")))
    assert copy.get(f"issue/{archived}")["fields"]["archivedby"]["name"] == "alice"
    assert copy.search("") == ["CM-2"]
