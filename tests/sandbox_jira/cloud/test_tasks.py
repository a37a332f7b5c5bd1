"""Cloud's work on many issues at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cloud


def test_many_issues_are_moved_at_once_and_each_failure_is_told(cloud: Cloud) -> None:
    one, two, three = (cloud.create() for _ in range(3))
    ids = {key: int(cloud.get(f"issue/{key}")["id"]) for key in (one, two, three)}
    cloud.move(three, "Launch")
    cloud.move(three, "Run")
    inputs = [
        {"selectedIssueIdsOrKeys": [one, str(ids[two]), "CM-99"], "transitionId": "11"},
        {"selectedIssueIdsOrKeys": [three], "transitionId": "31"},
    ]
    task = cloud.post("bulk/issues/transition", {"bulkTransitionInputs": inputs}, 201)["taskId"]
    found = cloud.get(f"bulk/queue/{task}")
    assert (found["status"], found["progressPercent"], found["totalIssueCount"]) == ("COMPLETE", 100, 4)
    assert found["processedAccessibleIssues"] == [ids[one], ids[two]]
    assert found["failedAccessibleIssues"] == {str(ids[three]): ["Resolution is required."]}
    assert found["invalidOrInaccessibleIssueCount"] == 1
    assert found["submittedBy"] == {"accountId": cloud.account("alice")}
    assert cloud.search("status = Launch ORDER BY key") == [one, two]
    assert cloud.rest("GET", f"bulk/queue/{task}", user="bob").status_code == 400


def test_a_property_is_set_on_many_issues(cloud: Cloud) -> None:
    keys = [cloud.create() for _ in range(3)]
    ids = [int(cloud.get(f"issue/{key}")["id"]) for key in keys]
    cloud.rest("PUT", f"issue/{keys[0]}/properties/mark", json=1)

    def put(body: Any) -> str:
        answer = cloud.rest("PUT", "issue/properties/mark", json=body, allow_redirects=False)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    def marks() -> list[Any]:
        found = (cloud.rest("GET", f"issue/{key}/properties/mark") for key in keys)
        return [one.json().get("value") for one in found]

    place = put({"value": 2, "filter": {"hasProperty": False, "entityIds": ids[:2]}})
    assert marks() == [1, 2, None]
    task = cloud.ask("GET", place.removeprefix(cloud.sandbox.url)).json()
    assert (task["status"], task["progress"]) == ("COMPLETE", 100)
    put({"value": 3, "filter": {"currentValue": 2}})
    assert marks() == [1, 3, None]
    put({"value": [4]})
    assert marks() == [[4], [4], [4]]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "bulk/issues/transition", {}),
        ("POST", "bulk/issues/transition", {"bulkTransitionInputs": [{"transitionId": "11"}]}),
        ("POST", "bulk/issues/transition", {"bulkTransitionInputs": [{"selectedIssueIdsOrKeys": ["CM-1"]}]}),
        ("GET", "bulk/queue/99", None),
        ("PUT", "issue/properties/p", {}),
        ("PUT", "issue/properties/p", {"value": 1, "expression": "issue.id"}),
        ("PUT", "issue/properties/p", {"value": 1, "filter": 1}),
        ("PUT", "issue/properties/p", {"value": "x" * 40_000}),
    ],
)
def test_what_cannot_be_done_is_refused(calm_cloud: Cloud, method: str, path: str, body: Any) -> None:
    assert calm_cloud.rest(method, path, json=body).status_code == 400


def test_a_task_that_is_not_there_is_not_found(calm_cloud: Cloud) -> None:
    assert calm_cloud.rest("GET", "task/1").status_code == 404
