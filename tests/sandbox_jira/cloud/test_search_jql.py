"""Cloud's search: bounded queries, page tokens, ids only unless asked for more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cloud


def test_without_asking_there_is_only_an_id(cloud: Cloud) -> None:
    key = cloud.create()
    number = cloud.get(f"issue/{key}")["id"]
    assert cloud.post("search/jql", {"jql": "project = CM"}) == {"issues": [{"id": number}], "isLast": True}


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_fields_are_given_as_asked(cloud: Cloud, method: str, version: int) -> None:
    key = cloud.create(summary="named", labels=["a"])
    asked: dict[str, Any] = {"jql": "project = CM", "fields": ["summary", "labels"], "expand": "names"}
    form = {"json": asked} if method == "POST" else {"params": {**asked, "fields": "summary,labels"}}
    found = cloud.rest(method, "search/jql", version=version, **form).json()
    (issue,) = found["issues"]
    assert (issue["key"], issue["fields"]) == (key, {"summary": "named", "labels": ["a"]})
    assert f"/rest/api/{version}/issue/" in issue["self"]
    assert found["names"] == {"summary": "Summary", "labels": "Labels"}
    assert not {"total", "startAt", "maxResults"} & found.keys()


def test_tokens_lead_through_all_pages(cloud: Cloud) -> None:
    keys = [cloud.create(summary=str(number)) for number in range(5)]
    assert cloud.search("project = CM ORDER BY key", maxResults=2) == keys
    asked = {"jql": "project = CM", "maxResults": 5}
    assert "nextPageToken" not in cloud.post("search/jql", asked)
    first = cloud.post("search/jql", {**asked, "maxResults": 3})
    assert (len(first["issues"]), first["isLast"]) == (3, False)
    second = cloud.rest("GET", "search/jql", params={**asked, "nextPageToken": first["nextPageToken"]}).json()
    assert (len(second["issues"]), second["isLast"]) == (2, True)


def test_a_token_is_for_one_query_and_a_week(cloud: Cloud) -> None:
    for number in range(3):
        cloud.create(summary=str(number))
    token = cloud.post("search/jql", {"jql": "project = CM", "maxResults": 1})["nextPageToken"]
    other = {"jql": "project = CM ORDER BY key", "nextPageToken": token}
    assert cloud.rest("POST", "search/jql", json=other).status_code == 400
    same = {"jql": "project = CM", "nextPageToken": token}
    cloud.clock.advance(days=6)
    assert cloud.rest("POST", "search/jql", json=same).status_code == 200
    cloud.clock.advance(days=2)
    assert cloud.rest("POST", "search/jql", json=same).status_code == 400


@pytest.mark.parametrize(
    "token", ["", "x", "AAAA", "W10=", "WyJhIiwgMSwgMV0=", "ü", "[" * 2000, 7, ["a"], {}]
)
def test_an_invented_token_is_refused(calm_cloud: Cloud, token: Any) -> None:
    asked = {"jql": "project = CM", "nextPageToken": token}
    assert calm_cloud.rest("POST", "search/jql", json=asked).status_code == 400


@pytest.mark.parametrize("jql", ["", "order by created", "ORDER BY key DESC, updated"])
@pytest.mark.parametrize("path", ["search/jql", "search/approximate-count"])
def test_a_query_needs_a_restriction(calm_cloud: Cloud, path: str, jql: str) -> None:
    answer = calm_cloud.rest("POST", path, json={"jql": jql})
    assert answer.status_code == 400
    assert "Unbounded JQL" in answer.json()["errorMessages"][0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"jql": "project = CM ORDER BY " + ", ".join(["key", "created"] * 4)},
        {"jql": 1},
        {"jql": "nonsense = 1"},
        {"jql": "project = CM", "maxResults": 0},
        {"jql": "project = CM", "maxResults": "many"},
        {"jql": "project = CM", "fields": [1]},
        {"jql": "project = CM", "properties": list("abcdef")},
        {"jql": "project = CM", "reconcileIssues": list(range(51))},
        {"jql": "project = CM", "reconcileIssues": ["CM-1"]},
        {"jql": "project = CM", "reconcileIssues": 7},
    ],
)
def test_what_cannot_be_asked_is_refused(calm_cloud: Cloud, wrong: dict[str, Any]) -> None:
    assert calm_cloud.rest("POST", "search/jql", json=wrong).status_code == 400


def test_seven_fields_may_be_sorted_by_and_fifty_issues_reconciled(cloud: Cloud) -> None:
    key = cloud.create()
    jql = "project = CM ORDER BY key, created, updated, status, priority, assignee, reporter"
    assert cloud.search(jql, reconcileIssues=list(range(10_000, 10_050))) == [key]


def test_a_page_with_fields_is_shorter_than_asked(cloud: Cloud) -> None:
    fields = {"project": {"key": "CM"}, "issuetype": {"name": "Step"}, "summary": "s"}
    for _ in range(3):
        cloud.post("issue/bulk", {"issueUpdates": [{"fields": fields}] * 50}, 201)
    asked = {"jql": "project = CM", "maxResults": 5000}
    assert len(cloud.post("search/jql", asked)["issues"]) == 150
    page = cloud.post("search/jql", {**asked, "fields": ["summary"]})
    assert (len(page["issues"]), page["isLast"]) == (100, False)


def test_properties_come_with_the_issues(cloud: Cloud) -> None:
    key = cloud.create()
    cloud.rest("PUT", f"issue/{key}/properties/cmbot.state", json={"a": 1})
    (issue,) = cloud.post("search/jql", {"jql": "project = CM", "properties": ["cmbot.state"]})["issues"]
    assert issue["properties"] == {"cmbot.state": {"a": 1}}


def test_issues_are_counted_more_or_less(cloud: Cloud) -> None:
    for number in range(3):
        cloud.create(summary=str(number))
    assert cloud.post("search/approximate-count", {"jql": "project = CM"}) == {"count": 3}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("version", [2, 3, "latest"])
def test_the_old_search_is_gone(calm_cloud: Cloud, method: str, version: Any) -> None:
    answer = calm_cloud.rest(method, "search", version=version, json={"jql": "project = CM"})
    assert answer.status_code == 410
    assert answer.json()["errorMessages"][0].startswith("The requested API has been removed.")
    assert answer.json()["errors"] == {}


def test_creation_is_no_change_in_a_query(cloud: Cloud) -> None:
    key = cloud.create(assignee={"accountId": cloud.account("bob")})
    assert cloud.search("project = CM AND (status CHANGED OR assignee CHANGED)") == []
    assert cloud.search("status WAS Draft") == [key]
    cloud.move(key, "Launch")
    assert cloud.search("status CHANGED TO Launch BY currentUser()") == [key]
