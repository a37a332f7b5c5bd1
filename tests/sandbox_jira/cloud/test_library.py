"""The ``jira`` library works on the Cloud flavour unmodified."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from jira.exceptions import JIRAError

if TYPE_CHECKING:
    from conftest import Cloud
    from jira import JIRA


def test_it_knows_that_it_speaks_to_cloud(library: JIRA, cloud: Cloud) -> None:
    assert library._is_cloud
    assert library.myself()["accountId"] == library.current_user() == cloud.account("alice")
    assert library.user(cloud.account("bob")).displayName == "Bob Beispiel"
    assert [user.accountId for user in library.search_users(query="bob")] == [cloud.account("bob")]


def test_it_reads_the_configuration(library: JIRA) -> None:
    assert [project.key for project in library.projects()] == ["CM"]
    assert library.project("CM").lead.displayName == "Alice Example"
    assert [kind.name for kind in library.issue_types()] == ["Epic", "Step", "Group"]
    assert [status.name for status in library.statuses()] == ["Draft", "Launch", "Running", "Completed"]
    assert "parent" in {field["id"] for field in library.fields()}


def test_it_makes_epics_with_steps_and_groups(library: JIRA) -> None:
    epic = library.create_issue(project="CM", issuetype="Epic", summary="DRP")
    step = library.create_issue(project="CM", issuetype="Step", summary="step1", parent={"key": epic.key})
    group = library.create_issue(project="CM", issuetype="Group", summary="g001", parent={"key": step.key})
    assert (step.fields.parent.key, group.fields.parent.key) == (epic.key, step.key)
    assert [one.key for one in library.search_issues(f"parent = {epic.key}")] == [step.key]


def test_it_finds_all_issues_page_by_page(library: JIRA, cloud: Cloud) -> None:
    keys = [cloud.create(summary=str(number)) for number in range(7)]
    found = library.search_issues("project = CM ORDER BY key", maxResults=False)
    assert [issue.key for issue in found] == keys
    page = library.enhanced_search_issues("project = CM ORDER BY key", maxResults=3, fields="summary")
    assert [issue.key for issue in page] == keys[:3]
    assert library.approximate_issue_count("project = CM") == 7


def test_it_moves_assigns_comments_and_reads_who_did(library: JIRA, cloud: Cloud) -> None:
    issue = library.create_issue(project="CM", issuetype="Step", summary="s", description="*bold*")
    library.transition_issue(issue, "Launch", comment="go")
    library.assign_issue(issue, "bob@example.org")  # the library looks the account up
    comment = library.add_comment(issue, "one")
    comment.update(body="one, edited")
    again = library.issue(issue.key, expand="changelog")
    assert again.fields.status.name == "Launch"
    assert again.fields.assignee.accountId == cloud.account("bob")
    assert again.fields.description == "*bold*"
    assert [one.body for one in library.comments(issue)] == ["go", "one, edited"]
    newest = again.changelog.histories[0]
    assert newest.author.accountId == cloud.account("alice")
    assert [item.fieldId for item in newest.items] == ["assignee"]


def test_it_writes_people_into_fields(library: JIRA, cloud: Cloud) -> None:
    definer = cloud.sandbox.field("Definer")
    bob = cloud.account("bob")
    issue = library.create_issue(project="CM", issuetype="Step", summary="s", **{definer: {"accountId": bob}})
    assert library.issue(issue.key).raw["fields"][definer]["accountId"] == bob
    library.add_watcher(issue, "bob@example.org")
    assert bob in {user.accountId for user in library.watchers(issue).watchers}
    library.remove_watcher(issue, "bob@example.org")
    assert bob not in {user.accountId for user in library.watchers(issue).watchers}


def test_it_makes_links_attachments_and_properties(library: JIRA) -> None:
    first = library.create_issue(project="CM", issuetype="Step", summary="first")
    second = library.create_issue(project="CM", issuetype="Step", summary="second")
    library.create_issue_link("Blocks", inwardIssue=first.key, outwardIssue=second.key)
    assert library.issue(second.key).fields.issuelinks[0].inwardIssue.key == first.key
    library.add_remote_link(first, {"url": "https://x.example/", "title": "run"}, globalId="g")
    (link,) = library.remote_links(first)
    link.delete()
    assert library.remote_links(first) == []
    attached = library.add_attachment(first, io.BytesIO(b"content"), filename="log.txt")
    assert library.attachment(attached.id).get() == b"content"
    library.add_issue_property(first, "cmbot.state", {"a": 1})
    assert library.issue_property(first, "cmbot.state").value.a == 1


def test_it_creates_several_at_once(library: JIRA) -> None:
    good = {"project": "CM", "issuetype": "Step", "summary": "good"}
    results = library.create_issues([good, {**good, "issuetype": {"name": "Nonsense"}}, good])
    assert [result["status"] for result in results] == ["Success", "Error", "Success"]


def test_a_refusal_arrives_as_an_error_with_its_text(library: JIRA) -> None:
    with pytest.raises(JIRAError, match="Issue Does Not Exist") as error:
        library.issue("CM-99")
    assert error.value.status_code == 404
