"""Archived issues and projects on Cloud: in lists with a report; otherwise as on Data Center."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import Cloud


def turn(cloud: Cloud, word: str, *names: str, user: str = "alice") -> Any:
    return cloud.rest("PUT", f"issue/{word}", json={"issueIdsOrKeys": list(names)}, user=user)


def test_the_report_counts_what_is_archived_and_says_what_is_not(cloud: Cloud) -> None:
    parent, other = cloud.create(), cloud.create()
    child = cloud.create("Group", parent={"key": parent})
    number = cloud.get(f"issue/{other}")["id"]
    answer = turn(cloud, "archive", parent, child, "CM-99", number)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "errors": {
                "issueIsSubtask": {"count": 1, "issueIdsOrKeys": [child], "message": "Issue is subtask."},
                "issuesNotFound": {"count": 1, "issueIdsOrKeys": ["CM-99"], "message": "Issue not found."},
            },
            "numberOfIssuesUpdated": 3,
        },
    )
    assert cloud.search("project = CM") == []
    answer = turn(cloud, "unarchive", parent)
    assert answer.json() == {"errors": {}, "numberOfIssuesUpdated": 2}
    assert cloud.search("project = CM ORDER BY key") == [parent, child]


def test_an_archived_issue_is_read_by_its_key_and_offers_nothing(cloud: Cloud) -> None:
    key = cloud.create(summary="old work")
    before = cloud.get(f"issue/{key}")
    turn(cloud, "archive", key)
    assert cloud.get(f"issue/{key}") == before
    assert "archiveddate" not in before["fields"]
    expanded = cloud.get(f"issue/{key}?expand=editmeta,transitions")
    assert (expanded["editmeta"], expanded["transitions"]) == ({"fields": {}}, [])
    assert cloud.post("issue/bulkfetch", {"issueIdsOrKeys": [key]})["issues"][0]["key"] == key
    assert cloud.post("search/approximate-count", {"jql": "project = CM"}) == {"count": 0}


WRITES: list[tuple[str, str, Any, int]] = [
    ("PUT", "", {"fields": {"summary": "x"}}, 400),
    ("POST", "/transitions", {"transition": {"id": "11"}}, 400),
    ("POST", "/comment", {"body": "x"}, 400),
    ("PUT", "/assignee", {"accountId": None}, 403),
    ("PUT", "/properties/k", {"v": 1}, 403),
    ("DELETE", "", None, 403),
]


def test_writes_to_it_are_refused(cloud: Cloud) -> None:
    key = cloud.create()
    turn(cloud, "archive", key)
    before = cloud.get(f"issue/{key}?expand=changelog&properties=*all")
    for method, path, body, status in WRITES:
        answer = cloud.rest(method, f"issue/{key}{path}", json=body, version=2)
        assert answer.status_code == status, f"{method} {path}: {answer.text}"
    assert cloud.get(f"issue/{key}?expand=changelog&properties=*all") == before


def test_who_is_no_administrator_archives_nothing(cloud: Cloud) -> None:
    key = cloud.create()
    answer = turn(cloud, "archive", key, user="bob")
    assert (answer.status_code, answer.json()["errorMessages"]) == (
        403,
        ["Only admins can archive or unarchive issues. Access denied."],
    )
    assert cloud.search("project = CM") == [key]


def test_a_request_without_a_valid_issue_is_refused(cloud: Cloud) -> None:
    assert turn(cloud, "archive", "CM-98", "CM-99").status_code == 400
    assert turn(cloud, "archive").status_code == 400
    assert cloud.rest("PUT", "issue/archive", json={"issueIdsOrKeys": [1, {}]}).status_code == 400
    assert cloud.rest("PUT", f"issue/{cloud.create()}/archive").status_code == 404  # Data Center's path


def test_of_more_than_a_thousand_the_first_are_archived(cloud: Cloud) -> None:
    keys = [cloud.create() for _ in range(2)]
    answer = turn(cloud, "archive", keys[0], *(f"CM-{number}" for number in range(10, 1009)), keys[1])
    assert answer.status_code == 412
    assert cloud.search("project = CM") == [keys[1]]


def test_an_archived_project_is_found_if_asked_for(cloud: Cloud) -> None:
    key = cloud.create()
    assert cloud.rest("PUT", "project/CM/archive").status_code == 405  # Data Center's method
    assert cloud.rest("POST", "project/CM/archive", user="bob").status_code == 403
    assert cloud.rest("POST", "project/CM/archive").status_code == 204
    assert cloud.get("project/search")["values"] == []
    assert [one["key"] for one in cloud.get("project/search?status=archived")["values"]] == ["CM"]
    assert cloud.rest("GET", "project/search?status=lost").status_code == 400
    project = cloud.get("project/CM")
    assert (project["archived"], project["archivedBy"]["accountId"]) == (True, cloud.account("alice"))
    assert project["archivedDate"].startswith("2026-11-20T")
    left = turn(cloud, "archive", key)
    assert left.status_code == 400
    assert cloud.rest("DELETE", "project/CM").status_code == 400
    restored = cloud.post("project/CM/restore", None)
    assert (restored["key"], restored["archived"]) == ("CM", False)
    assert "archivedBy" not in restored
    assert cloud.search("project = CM") == [key]
