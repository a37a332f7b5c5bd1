"""The ``jira`` library works on the sandbox unmodified."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from jira.exceptions import JIRAError

if TYPE_CHECKING:
    from conftest import Sandbox
    from jira import JIRA


def test_it_connects_and_knows_who_it_is(library: JIRA) -> None:
    assert library.current_user() == "alice"
    assert not library._is_cloud
    assert "emulator" in library.server_info()["serverTitle"]
    assert library.my_permissions()["permissions"]["CREATE_ISSUES"]["havePermission"] is True


def test_it_reads_the_configuration(library: JIRA) -> None:
    assert [project.key for project in library.projects()] == ["CM"]
    assert library.project("CM").lead.name == "alice"
    assert {kind.name: kind.subtask for kind in library.issue_types()} == {
        "Epic": False,
        "Step": False,
        "Group": True,
    }
    assert [status.name for status in library.statuses()] == ["Draft", "Launch", "Running", "Completed"]
    assert library.issue_link_types()[0].inward == "is blocked by"
    assert {"Medium"} <= {priority.name for priority in library.priorities()}
    assert {"Done"} <= {resolution.name for resolution in library.resolutions()}
    kinds = library.project_issue_types("CM")
    fields = {field.fieldId for field in library.project_issue_fields("CM", kinds[0].id)}
    assert {"summary", "issuetype", "project"} <= fields


def test_it_finds_people(library: JIRA) -> None:
    assert [user.name for user in library.search_users(user="bob")] == ["bob"]
    assert library.user("bob").displayName == "Bob Beispiel"


def test_it_makes_epics_with_steps_and_groups(library: JIRA, sandbox: Sandbox) -> None:
    epic = library.create_issue(
        project="CM", issuetype="Epic", summary="DRP", **{sandbox.field("Epic Name"): "DRP"}
    )
    step = library.create_issue(
        project="CM", issuetype="Step", summary="step1", **{sandbox.field("Epic Link"): epic.key}
    )
    group = library.create_issue(project="CM", issuetype="Group", summary="g001", parent={"key": step.key})
    assert group.fields.parent.key == step.key
    assert [child.key for child in library.issue(step.key).fields.subtasks] == [group.key]
    assert [one.key for one in library.search_issues(f'"Epic Link" = {epic.key}')] == [step.key]


def test_it_writes_and_reads_custom_fields_of_every_type(library: JIRA, sandbox: Sandbox) -> None:
    sent = {
        "Reason": "because\nof *this*",
        "Tag": "w_2026_47",
        "WMS": {"value": "PanDA"},
        "Sites": [{"value": "SLAC"}, {"value": "UK"}],
        "Quanta": 1234.0,
        "Log": "https://panda.example.org/1",
        "Definer": {"name": "bob"},
        "Operators": [{"name": "bob"}, {"name": "alice"}],
        "Started": "2026-11-20T06:12:00.000-0500",
    }
    fields = {sandbox.field(name): value for name, value in sent.items()}
    issue = library.create_issue(project="CM", issuetype="Step", summary="s", **fields)
    raw = library.issue(issue.key).raw["fields"]
    read = {name: raw[sandbox.field(name)] for name in sent}
    assert read["WMS"]["value"] == "PanDA"
    assert [site["value"] for site in read["Sites"]] == ["SLAC", "UK"]
    assert read["Definer"]["name"] == "bob"
    assert [person["name"] for person in read["Operators"]] == ["bob", "alice"]
    assert read["Started"] == "2026-11-20T11:12:00.000+0000"
    assert {name: read[name] for name in ("Reason", "Tag", "Quanta", "Log")} == {
        name: sent[name] for name in ("Reason", "Tag", "Quanta", "Log")
    }


def test_it_edits_labels_and_assigns(library: JIRA) -> None:
    issue = library.create_issue(project="CM", issuetype="Step", summary="s", labels=["mine", "old"])
    issue.update(update={"labels": [{"add": "new"}, {"remove": "old"}]}, summary="renamed")
    library.assign_issue(issue, "bob")
    again = library.issue(issue.key)
    assert again.fields.labels == ["mine", "new"]
    assert again.fields.summary == "renamed"
    assert again.fields.assignee.name == "bob"
    library.assign_issue(issue, None)
    assert library.issue(issue.key).fields.assignee is None


def test_it_moves_issues_and_reads_who_moved_them(library: JIRA) -> None:
    issue = library.create_issue(project="CM", issuetype="Step", summary="s")
    assert [one["name"] for one in library.transitions(issue)] == ["Launch"]
    library.transition_issue(issue, "Launch", comment="go")
    again = library.issue(issue.key, expand="changelog")
    (entry,) = again.changelog.histories
    assert again.fields.status.name == "Launch"
    assert again.fields.status.statusCategory.key == "indeterminate"
    assert entry.author.name == "alice"
    assert [(item.field, item.fromString, item.toString) for item in entry.items] == [
        ("status", "Draft", "Launch")
    ]
    assert [comment.body for comment in library.comments(issue)] == ["go"]


def test_it_writes_edits_and_deletes_comments(library: JIRA) -> None:
    issue = library.create_issue(project="CM", issuetype="Step", summary="s")
    first = library.add_comment(issue, "one")
    second = library.add_comment(issue, "two", visibility={"type": "role", "value": "Developers"})
    first.update(body="one, edited")
    assert second.visibility.value == "Developers"
    assert [comment.body for comment in library.comments(issue)] == ["one, edited", "two"]
    second.delete()
    assert [comment.body for comment in library.comments(issue)] == ["one, edited"]


def test_it_keeps_issue_properties(library: JIRA) -> None:
    issue = library.create_issue(project="CM", issuetype="Step", summary="s")
    library.add_issue_property(issue, "cmbot.state", {"attempts": [1, 2]})
    assert library.issue_property(issue, "cmbot.state").value.attempts == [1, 2]
    library.issue_property(issue, "cmbot.state").delete()
    with pytest.raises(JIRAError, match=r"cmbot\.state"):
        library.issue_property(issue, "cmbot.state")


def test_a_link_says_who_blocks_whom(library: JIRA) -> None:
    first = library.create_issue(project="CM", issuetype="Step", summary="first")
    second = library.create_issue(project="CM", issuetype="Step", summary="second")
    for _ in range(2):  # the same link twice is one link
        library.create_issue_link("Blocks", inwardIssue=first.key, outwardIssue=second.key)
    (blocking,) = library.issue(first.key).fields.issuelinks
    (blocked,) = library.issue(second.key).fields.issuelinks
    assert (blocking.type.outward, blocking.outwardIssue.key) == ("blocks", second.key)
    assert (blocked.type.inward, blocked.inwardIssue.key) == ("is blocked by", first.key)
    library.delete_issue_link(blocked.id)
    assert library.issue(first.key).fields.issuelinks == []


def test_it_makes_remote_links_attachments_and_watchers(library: JIRA) -> None:
    issue = library.create_issue(project="CM", issuetype="Step", summary="s")
    for title in ("run 1", "run 2"):
        library.add_remote_link(
            issue, {"url": "https://x.example/", "title": title}, globalId="cmbot:run=1&a=b"
        )
    (link,) = library.remote_links(issue)
    assert (link.object.title, link.globalId) == ("run 2", "cmbot:run=1&a=b")
    attached = library.add_attachment(issue, io.BytesIO(b"content"), filename="log ü.txt")
    assert (attached.filename, attached.size) == ("log ü.txt", 7)
    assert library.attachment(attached.id).get() == b"content"
    library.add_watcher(issue, "bob")
    assert [user.name for user in library.watchers(issue).watchers] == ["alice", "bob"]
    library.remove_watcher(issue, "alice")
    assert [user.name for user in library.watchers(issue).watchers] == ["bob"]


def test_it_creates_several_at_once_and_deletes(library: JIRA) -> None:
    good = {"project": "CM", "issuetype": "Step", "summary": "good"}
    results = library.create_issues([good, {**good, "issuetype": {"name": "Nonsense"}}, good])
    assert [result["status"] for result in results] == ["Success", "Error", "Success"]
    assert len(library.search_issues("project = CM")) == 2
    library.issue(results[0]["issue"].key).delete()
    assert len(library.search_issues("project = CM")) == 1


def test_it_pages_through_a_search(library: JIRA, sandbox: Sandbox) -> None:
    keys = [sandbox.create(summary=f"step {number}") for number in range(7)]
    page = library.search_issues("project = CM ORDER BY key", startAt=2, maxResults=3, fields="summary")
    assert ([issue.key for issue in page], page.total) == (keys[2:5], 7)
    assert [one.key for one in library.search_issues("ORDER BY key ASC", maxResults=False)] == keys


def test_a_refusal_arrives_as_an_error_with_its_text(library: JIRA) -> None:
    with pytest.raises(JIRAError, match="Issue Does Not Exist") as error:
        library.issue("CM-99")
    assert error.value.status_code == 404
