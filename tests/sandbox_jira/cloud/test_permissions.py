"""What Cloud answers to those who may not: codes of its own, and the same silence about what is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Cloud, Sandbox

DOING = (
    *("CREATE_ISSUES", "EDIT_ISSUES", "TRANSITION_ISSUES", "ADD_COMMENTS", "ASSIGN_ISSUES", "LINK_ISSUES"),
    *("DELETE_ISSUES", "CREATE_ATTACHMENTS", "WORK_ON_ISSUES", "MANAGE_WATCHERS"),
    *("EDIT_ALL_COMMENTS", "DELETE_ALL_COMMENTS", "EDIT_ALL_WORKLOGS", "DELETE_ALL_WORKLOGS"),
)


@pytest.fixture
def guarded(start: Any, seed: dict[str, Any], cloud_of: Callable[[Sandbox], Cloud]) -> Cloud:
    """Everybody may look; only developers, of whom alice is one, may do something."""
    seed["projects"][0]["permissions"] = {permission: ["role:Developers"] for permission in DOING}
    seed["projects"][0]["roles"] = {"Developers": ["alice"]}
    return cloud_of(start(seed=seed, flavour="cloud"))


def test_who_only_may_look_is_refused_with_clouds_codes(guarded: Cloud) -> None:
    key, other = guarded.create(), guarded.create()
    comment = guarded.post(f"issue/{key}/comment", {"body": "c"}, 201, version=2)["id"]
    work = guarded.post(f"issue/{key}/worklog", {"timeSpent": "1h"}, 201, version=2)["id"]
    ends = {"inwardIssue": {"key": key}, "outwardIssue": {"key": other}}
    remote = {"object": {"url": "https://x.example", "title": "t"}}
    fields = {"project": {"key": "CM"}, "issuetype": {"name": "Step"}, "summary": "s"}
    refusals: dict[tuple[str, str], tuple[Any, int]] = {
        ("POST", "issue"): ({"fields": fields}, 400),
        ("PUT", f"issue/{key}"): ({"fields": {"summary": "mine"}}, 400),
        ("DELETE", f"issue/{key}"): (None, 403),
        ("PUT", f"issue/{key}/assignee"): ({"accountId": None}, 403),
        ("POST", f"issue/{key}/transitions"): ({"transition": {"id": "11"}}, 400),
        ("POST", f"issue/{key}/comment"): ({"body": "x"}, 400),
        ("PUT", f"issue/{key}/comment/{comment}"): ({"body": "x"}, 400),
        ("DELETE", f"issue/{key}/comment/{comment}"): (None, 400),
        ("PUT", f"issue/{key}/properties/p"): (1, 403),
        ("POST", "issueLink"): ({"type": {"name": "Blocks"}, **ends}, 404),
        ("POST", f"issue/{key}/remotelink"): (remote, 403),
        ("POST", f"issue/{key}/watchers"): (guarded.account("alice"), 403),
        ("POST", f"issue/{key}/worklog"): ({"timeSpent": "1h"}, 400),
        ("DELETE", f"issue/{key}/worklog/{work}"): (None, 400),
    }
    for (method, path), (body, status) in refusals.items():
        answer = guarded.rest(method, path, json=body, user="bob", version=2)
        assert (answer.status_code, path) == (status, path)
    assert guarded.get(f"issue/{key}")["fields"]["summary"] == "a step"


def test_an_issue_of_a_hidden_level_is_not_there(start: Any, seed: dict[str, Any], cloud_of: Any) -> None:
    seed["projects"][0]["security"] = {"Us": ["user:alice"]}
    cloud = cloud_of(start(seed=seed, flavour="cloud"))
    key = cloud.create(security={"name": "Us"})
    assert cloud.rest("GET", f"issue/{key}", user="bob").status_code == 404
    asked = {"jql": "project = CM"}
    assert cloud.post("search/jql", asked, user="bob")["issues"] == []
    assert len(cloud.post("search/jql", asked)["issues"]) == 1
