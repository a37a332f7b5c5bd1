"""Cloud's histories: where they are found, in which order, and how they name things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cloud


def moved(cloud: Cloud, times: int) -> str:
    """A step launched several times; every move leaves an entry, after the one of its creation."""
    key = cloud.create()
    for _ in range(times):
        cloud.clock.advance(seconds=1)
        cloud.rest("PUT", f"issue/{key}", json={"fields": {"summary": f"at {cloud.clock.now}"}})
    return key


def ids(entries: list[dict[str, Any]]) -> list[int]:
    return [int(entry["id"]) for entry in entries]


def test_the_changelog_is_paged_oldest_first(cloud: Cloud) -> None:
    key = moved(cloud, 4)
    whole = cloud.get(f"issue/{key}/changelog")
    assert (whole["total"], whole["isLast"], whole["maxResults"]) == (5, True, 100)
    assert ids(whole["values"]) == sorted(ids(whole["values"]))
    page = cloud.get(f"issue/{key}/changelog?startAt=1&maxResults=2")
    assert ids(page["values"]) == ids(whole["values"])[1:3]
    assert page["isLast"] is False
    rest = cloud.ask("GET", page["nextPage"].removeprefix(cloud.sandbox.url)).json()
    assert (ids(rest["values"]), rest["isLast"]) == (ids(whole["values"])[3:], True)


def test_the_expanded_changelog_is_newest_first_and_capped(cloud: Cloud) -> None:
    key = moved(cloud, 44)
    found = cloud.get(f"issue/{key}?expand=changelog")["changelog"]
    everything = ids(cloud.get(f"issue/{key}/changelog")["values"])
    assert (found["total"], found["maxResults"]) == (45, 40)
    assert ids(found["histories"]) == everything[::-1][:40]


def test_creation_is_an_entry_with_a_capital_status(cloud: Cloud) -> None:
    key = cloud.create(labels=["b", "a"], assignee={"accountId": cloud.account("bob")})
    (entry,) = cloud.get(f"issue/{key}/changelog")["values"]
    assert [item["field"] for item in entry["items"]] == [
        "assignee",
        "labels",
        "priority",
        "reporter",
        "Status",
        "summary",
    ]
    status = next(item for item in entry["items"] if item["field"] == "Status")
    assert (status["fieldId"], status["from"], status["toString"]) == ("status", None, "Draft")
    assert entry["created"] == cloud.get(f"issue/{key}")["fields"]["created"]


def test_items_say_which_field_they_are_about(cloud: Cloud) -> None:
    key = cloud.create()
    reason = cloud.sandbox.field("Reason")
    cloud.rest("PUT", f"issue/{key}", version=2, json={"fields": {reason: "because", "labels": ["x"]}})
    cloud.move(key, "Launch")
    edit, move = cloud.get(f"issue/{key}/changelog?startAt=1")["values"]
    assert {item["field"]: item["fieldId"] for item in edit["items"]} == {
        "Reason": reason,
        "labels": "labels",
    }
    assert [item["fieldId"] for item in move["items"]] == ["status"]


def test_metadata_of_a_transition_is_kept(cloud: Cloud) -> None:
    key = cloud.create()
    metadata = {"type": "cmbot:transition", "cause": {"id": "run-1"}}
    assert cloud.move(key, "Launch", historyMetadata=metadata).status_code == 204
    entry = cloud.get(f"issue/{key}/changelog")["values"][-1]
    assert entry["historyMetadata"] == metadata


def test_entries_are_read_by_their_ids(cloud: Cloud) -> None:
    key = moved(cloud, 3)
    wanted = ids(cloud.get(f"issue/{key}/changelog")["values"])[1:3]
    found = cloud.post(f"issue/{key}/changelog/list", {"changelogIds": [*wanted, 1]})
    assert (ids(found["histories"]), found["total"]) == (wanted, 2)
    assert cloud.rest("POST", f"issue/{key}/changelog/list", json={"changelogIds": "x"}).status_code == 400
    assert cloud.rest("POST", "issue/CM-99/changelog/list", json={"changelogIds": []}).status_code == 404


def test_histories_of_many_issues_come_oldest_first_by_field(cloud: Cloud) -> None:
    first, second = cloud.create(), cloud.create()
    cloud.clock.advance(seconds=1)
    cloud.move(second, "Launch")
    cloud.clock.advance(seconds=1)
    cloud.move(first, "Launch")
    cloud.rest("PUT", f"issue/{first}", json={"fields": {"summary": "new"}})
    asked = {"issueIdsOrKeys": [first, second, "CM-99"], "fieldIds": ["status"]}
    numbers = {key: cloud.get(f"issue/{key}")["id"] for key in (first, second)}
    found = cloud.post("changelog/bulkfetch", asked)
    entries = {one["issueId"]: one["changeHistories"] for one in found["issueChangeLogs"]}
    assert entries.keys() == set(numbers.values())
    assert [len(several) for several in entries.values()] == [2, 2]
    launched = entries[numbers[first]][1]
    assert launched["created"] == int(cloud.clock.now.timestamp() * 1000)
    assert launched["items"][0]["toString"] == "Launch"
    assert "nextPageToken" not in found


def test_histories_of_many_issues_are_paged(cloud: Cloud) -> None:
    keys = [moved(cloud, 2), moved(cloud, 2)]
    asked: dict[str, Any] = {"issueIdsOrKeys": keys, "maxResults": 4}
    seen: list[int] = []
    while True:
        page = cloud.post("changelog/bulkfetch", asked)
        seen += [number for one in page["issueChangeLogs"] for number in ids(one["changeHistories"])]
        if "nextPageToken" not in page:
            break
        asked["nextPageToken"] = page["nextPageToken"]
    assert sorted(seen) == sorted(
        number for key in keys for number in ids(cloud.get(f"issue/{key}/changelog")["values"])
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"issueIdsOrKeys": []},
        {"issueIdsOrKeys": "CM-1"},
        {"issueIdsOrKeys": [{}]},
        {"issueIdsOrKeys": ["CM-1"] * 1001},
        {"issueIdsOrKeys": ["CM-1"], "fieldIds": [str(number) for number in range(11)]},
        {"issueIdsOrKeys": ["CM-1"], "maxResults": 10_001},
        {"issueIdsOrKeys": ["CM-1"], "maxResults": 0},
        {"issueIdsOrKeys": ["CM-1"], "nextPageToken": "x"},
        {"issueIdsOrKeys": ["CM-1"], "nextPageToken": 3},
    ],
)
def test_what_cannot_be_fetched_at_once_is_refused(calm_cloud: Cloud, wrong: dict[str, Any]) -> None:
    assert calm_cloud.rest("POST", "changelog/bulkfetch", json=wrong).status_code == 400


def test_many_issues_are_read_at_once_by_ids(cloud: Cloud) -> None:
    first, second = cloud.create(summary="one"), cloud.create(summary="two")
    asked = {
        "issueIdsOrKeys": [second, "CM-99", first.lower(), second],
        "fields": ["summary"],
        "expand": ["names"],
    }
    found = cloud.post("issue/bulkfetch", asked)
    assert [(one["key"], one["fields"]) for one in found["issues"]] == [
        (first, {"summary": "one"}),
        (second, {"summary": "two"}),
    ]
    assert [error["id"] for error in found["issueErrors"]] == ["CM-99"]
    assert found["names"] == {"summary": "Summary"}
    too_many = {"issueIdsOrKeys": [str(number) for number in range(101)]}
    assert cloud.rest("POST", "issue/bulkfetch", json=too_many).status_code == 400
