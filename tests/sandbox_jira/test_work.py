"""Votes, logged work and estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Sandbox


@pytest.fixture
def sandbox(calm: Sandbox) -> Sandbox:
    return calm


@pytest.fixture
def key(sandbox: Sandbox) -> str:
    return sandbox.create(timetracking={"originalEstimate": "1d"})


def tracking(sandbox: Sandbox, key: str) -> dict[str, Any]:
    return dict(sandbox.get(f"issue/{key}")["fields"]["timetracking"])


def log_work(sandbox: Sandbox, key: str, spent: str, query: str = "", **more: Any) -> Any:
    made = sandbox.rest("POST", f"issue/{key}/worklog{query}", json={"timeSpent": spent, **more})
    assert made.status_code == 201, made.text
    return made.json()


def test_an_estimate_is_written_in_weeks_days_hours_and_minutes(sandbox: Sandbox, key: str) -> None:
    assert tracking(sandbox, key) == {
        "originalEstimate": "1d",
        "originalEstimateSeconds": 28_800,
        "remainingEstimate": "1d",
        "remainingEstimateSeconds": 28_800,
    }
    edit = {
        "update": {"timetracking": [{"edit": {"originalEstimate": "1w 1d 30m", "remainingEstimate": "90"}}]}
    }
    assert sandbox.rest("PUT", f"issue/{key}", json=edit).status_code == 204
    found = tracking(sandbox, key)
    assert (found["originalEstimate"], found["remainingEstimate"]) == ("1w 1d 30m", "1h 30m")
    wrong = {"fields": {"timetracking": {"originalEstimate": "soon"}}}
    assert list(sandbox.rest("PUT", f"issue/{key}", json=wrong).json()["errors"]) == ["timetracking"]


def test_logged_work_takes_from_the_estimate_and_a_removed_log_gives_it_back(
    sandbox: Sandbox, key: str
) -> None:
    made = log_work(sandbox, key, "3h", comment="*looked*", started="2026-11-19T09:00:00.000+0000")
    assert (made["timeSpentSeconds"], made["author"]["name"]) == (10_800, "alice")
    found = tracking(sandbox, key)
    assert (found["timeSpent"], found["remainingEstimate"]) == ("3h", "5h")
    entry = sandbox.get(f"issue/{key}?expand=changelog")["changelog"]["histories"][-1]
    assert {(item["field"], item["from"], item["to"]) for item in entry["items"]} == {
        ("timespent", None, "10800"),
        ("timeestimate", "28800", "18000"),
    }
    edited = sandbox.rest("PUT", f"issue/{key}/worklog/{made['id']}", json={"timeSpent": "4h"})
    assert (edited.json()["comment"], tracking(sandbox, key)["remainingEstimate"]) == ("*looked*", "4h")
    assert sandbox.rest("DELETE", f"issue/{key}/worklog/{made['id']}").status_code == 204
    assert tracking(sandbox, key)["remainingEstimate"] == "1d"
    assert "timeSpent" not in tracking(sandbox, key)


@pytest.mark.parametrize(
    ("query", "remaining"),
    [
        ("?adjustEstimate=leave", "1d"),
        ("?adjustEstimate=new&newEstimate=2d", "2d"),
        ("?adjustEstimate=manual&reduceBy=1h", "7h"),
        ("?adjustEstimate=auto", "0m"),
    ],
)
def test_the_estimate_follows_as_asked(sandbox: Sandbox, key: str, query: str, remaining: str) -> None:
    log_work(sandbox, key, "2d", query)
    assert tracking(sandbox, key)["remainingEstimate"] == remaining


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", {}),
        ("", {"timeSpent": "x"}),
        ("", {"timeSpentSeconds": 0}),
        ("", {"timeSpentSeconds": 10**12}),
        ("", {"timeSpent": "1h", "started": "yesterday"}),
        ("", {"timeSpent": "1h", "comment": 7}),
        ("", {"timeSpent": "1h", "visibility": {"type": "role", "value": "Nobody"}}),
        ("?adjustEstimate=new", {"timeSpent": "1h"}),
        ("?adjustEstimate=guess", {"timeSpent": "1h"}),
    ],
)
def test_work_that_cannot_be_is_refused(sandbox: Sandbox, key: str, query: str, body: dict[str, Any]) -> None:
    assert sandbox.rest("POST", f"issue/{key}/worklog{query}", json=body).status_code == 400
    assert sandbox.get(f"issue/{key}/worklog")["total"] == 0


def test_work_is_hidden_from_those_outside_its_group(sandbox: Sandbox, key: str) -> None:
    visibility = {"type": "group", "value": "jira-administrators"}
    made = log_work(sandbox, key, "1h", visibility=visibility)
    assert sandbox.get(f"issue/{key}/worklog", user="bob")["total"] == 0
    assert sandbox.rest("GET", f"issue/{key}/worklog/{made['id']}", user="bob").status_code == 404
    assert sandbox.get(f"issue/{key}/worklog")["worklogs"][0]["visibility"] == visibility


def test_one_votes_for_the_issues_of_others(sandbox: Sandbox, key: str) -> None:
    assert sandbox.rest("POST", f"issue/{key}/votes").status_code == 404
    assert sandbox.rest("POST", f"issue/{key}/votes", user="bob").status_code == 204
    found = sandbox.get(f"issue/{key}/votes", user="bob")
    assert (found["votes"], found["hasVoted"], [one["name"] for one in found["voters"]]) == (1, True, ["bob"])
    assert sandbox.get(f"issue/{key}")["fields"]["votes"]["votes"] == 1
    assert sandbox.rest("DELETE", f"issue/{key}/votes", user="bob").status_code == 204
    assert sandbox.rest("DELETE", f"issue/{key}/votes", user="bob").status_code == 404


def test_a_due_date_is_a_day_and_can_be_searched(sandbox: Sandbox) -> None:
    key = sandbox.create(duedate="2026-12-24", environment="at USDF")
    assert sandbox.search('due <= "2026-12-24" AND due > "2026-12-23"') == [key]
    assert sandbox.get(f"issue/{key}")["fields"]["environment"] == "at USDF"
    wrong = sandbox.rest("PUT", f"issue/{key}", json={"fields": {"duedate": "2026-13-01"}})
    assert list(wrong.json()["errors"]) == ["duedate"]


def test_times_are_summed_over_the_sub_tasks(sandbox: Sandbox) -> None:
    parent = sandbox.create(timetracking={"originalEstimate": "4h"})
    child = sandbox.create("Group", parent={"key": parent}, timetracking={"originalEstimate": "2h"})
    for key, spent in ((parent, "1h"), (child, "2h")):
        sandbox.rest("POST", f"issue/{key}/worklog", json={"timeSpent": spent})
    fields = sandbox.get(f"issue/{parent}")["fields"]
    hour = 3600
    assert (fields["timespent"], fields["aggregatetimespent"]) == (hour, 3 * hour)
    assert fields["aggregatetimeoriginalestimate"] == 6 * hour
    assert fields["aggregatetimeestimate"] == 3 * hour
    assert fields["progress"] == {"progress": hour, "total": 4 * hour, "percent": 25}
    assert fields["aggregateprogress"] == {"progress": 3 * hour, "total": 6 * hour, "percent": 50}
    assert fields["workratio"] == 25
    empty = sandbox.get(f"issue/{sandbox.create()}")["fields"]
    assert (empty["aggregatetimespent"], empty["workratio"]) == (None, -1)
    assert empty["progress"] == {"progress": 0, "total": 0}
