"""A second client, independent of the ``jira`` library, works on both flavours unmodified."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Sandbox

atlassian = pytest.importorskip("atlassian", reason="atlassian-python-api is not installed")
STEP = {"project": {"key": "CM"}, "issuetype": {"name": "Step"}, "summary": "a step"}


@pytest.fixture(params=["data-center", "cloud"])
def site(request: pytest.FixtureRequest, start: Callable[..., Sandbox]) -> Sandbox:
    return start(flavour=request.param)


@pytest.fixture
def client(site: Sandbox) -> Any:
    cloud = site.app.site.flavour.name == "cloud"
    name = "alice@example.org" if cloud else "alice"
    return atlassian.Jira(site.url, username=name, password=site.app.access.tokens["alice"], cloud=cloud)


@pytest.fixture
def bob(site: Sandbox) -> str:
    return site.app.site.config.users["bob"].account_id if client_is_cloud(site) else "bob"


def client_is_cloud(site: Sandbox) -> bool:
    return site.app.site.flavour.name == "cloud"


def test_it_makes_finds_edits_and_deletes_issues(client: Any) -> None:
    key = client.create_issue(fields=STEP)["key"]
    several = client.create_issues([{"fields": STEP}, {"fields": STEP}])["issues"]
    client.update_issue_field(key, {"summary": "renamed"})
    client.edit_issue(key, {"labels": [{"add": "mine"}]})
    found = client.issue(key)["fields"]
    assert (found["summary"], found["labels"]) == ("renamed", ["mine"])
    listed = client.jql("project = CM ORDER BY key", fields=["summary"])["issues"]
    assert [one["key"] for one in listed] == [key, *(one["key"] for one in several)]
    client.delete_issue(key)
    assert len(client.jql("project = CM", fields=["summary"])["issues"]) == 2


def test_it_moves_assigns_and_comments(client: Any, site: Sandbox, bob: str) -> None:
    key = client.create_issue(fields=STEP)["key"]
    assert [one["name"] for one in client.get_issue_transitions(key)] == ["Launch"]
    client.set_issue_status(key, "Launch")
    assert client.get_issue_status(key) == "Launch"
    client.assign_issue(key, bob)
    assert client.issue(key)["fields"]["assignee"]["displayName"] == "Bob Beispiel"
    client.issue_add_comment(key, "hello")
    assert [one["body"] for one in client.issue_get_comments(key)["comments"]] == ["hello"]
    log = client.get_issue_changelog(key)
    entries = log["values"] if client_is_cloud(site) else log["histories"]
    assert [item["toString"] for entry in entries[-2:] for item in entry["items"]] == [
        "Launch",
        "Bob Beispiel",
    ]


def test_it_links_watches_and_attaches(client: Any, bob: str) -> None:
    first, second = (client.create_issue(fields=STEP)["key"] for _ in range(2))
    link = {"type": {"name": "Blocks"}, "inwardIssue": {"key": first}, "outwardIssue": {"key": second}}
    client.create_issue_link(link)
    assert client.issue(second)["fields"]["issuelinks"][0]["inwardIssue"]["key"] == first
    for title in ("one", "two"):
        client.create_or_update_issue_remote_links(first, "https://x.example", title, global_id="g")
    assert [one["object"]["title"] for one in client.get_issue_remote_links(first)] == ["two"]
    client.issue_add_watcher(first, bob)
    assert client.issue_get_watchers(first)["watchCount"] == 2
    client.add_attachment_object(first, io.BytesIO(b"x"))
    assert [one["size"] for one in client.issue(first)["fields"]["attachment"]] == [1]


def test_it_reads_the_configuration(client: Any, site: Sandbox) -> None:
    assert [one["key"] for one in client.projects()] == ["CM"]
    assert client.project("CM")["name"] == "Campaigns"
    assert "Quanta" in {one["name"] for one in client.get_all_fields()}
    page = client.issue_createmeta_issuetypes("CM")
    kinds = page["issueTypes"] if client_is_cloud(site) else page["values"]
    assert [one["name"] for one in kinds] == ["Epic", "Step", "Group"]
    page = client.issue_createmeta_fieldtypes("CM", kinds[1]["id"])
    fields = page["fields"] if client_is_cloud(site) else page["values"]
    assert {"summary", "issuetype"} <= {one["fieldId"] for one in fields}
    assert client.get_server_info()["deploymentType"] == ("Cloud" if client_is_cloud(site) else "Server")
