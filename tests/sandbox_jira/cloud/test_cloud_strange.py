"""Strange mode on Cloud: an index that lags, pages that are short, people who act meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Cloud


def test_reconciled_issues_are_found_as_they_are_now(cloud: Cloud) -> None:
    key = cloud.create()
    cloud.ask("PUT", "/sandbox/strange", json={"search": {"lag": 60}})
    cloud.move(key, "Launch")
    number = int(cloud.get(f"issue/{key}")["id"])
    assert cloud.search("status = Launch") == []
    assert cloud.search("status = Launch", reconcileIssues=[number]) == [key]


def test_pages_can_be_short_and_empty_and_still_lead_to_the_end(cloud: Cloud) -> None:
    keys = [cloud.create() for _ in range(6)]
    cloud.ask("PUT", "/sandbox/strange", json={"seed": 2, "search": {"short": 0.9}})
    assert cloud.search("project = CM ORDER BY key", maxResults=3) == keys
    sizes, token, tokens = [], None, set()
    while token not in tokens:
        tokens.add(token)
        asked = {"jql": "project = CM", "maxResults": 3, **({"nextPageToken": token} if token else {})}
        page = cloud.post("search/jql", asked)
        sizes.append(len(page["issues"]))
        token = page.get("nextPageToken")
    assert sum(sizes) == 6
    assert 0 in sizes


def test_somebody_else_acts_with_an_account_of_cloud(cloud: Cloud) -> None:
    key = cloud.create()
    act = {
        "user": "bob",
        "method": "PUT",
        "path": f"/rest/api/2/issue/{key}",
        "body": {"fields": {"labels": ["b"]}},
    }
    fault = {"kind": "meanwhile", "match": {"path": f"{key}$"}, "act": act}
    cloud.ask("POST", "/sandbox/disturb", json=fault)
    assert cloud.get(f"issue/{key}")["fields"]["labels"] == ["b"]
