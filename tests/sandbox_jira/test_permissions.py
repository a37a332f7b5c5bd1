"""What people may see and do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Sandbox, Start

Closed = Callable[..., dict[str, Any]]


@pytest.fixture
def closed(seed: dict[str, Any]) -> Closed:
    """The usual seed, with these holders and bob and the pilots as developers."""

    def changed(**permissions: list[str]) -> dict[str, Any]:
        seed["users"] += [
            {"name": "dev", "displayName": "Dev", "groups": ["pilots"]},
            {"name": "guest", "displayName": "Guest"},
        ]
        seed["projects"][0]["permissions"] = permissions
        seed["projects"][0]["roles"] = {"Developers": ["bob", "group:pilots"]}
        return seed

    return changed


@pytest.fixture
def guarded(start: Start, closed: Closed) -> Sandbox:
    """Everybody may look; only developers may do something."""
    doing = (
        *("CREATE_ISSUES", "EDIT_ISSUES", "TRANSITION_ISSUES", "ADD_COMMENTS", "ASSIGN_ISSUES"),
        *("LINK_ISSUES", "DELETE_ISSUES", "CREATE_ATTACHMENTS", "WORK_ON_ISSUES", "MANAGE_WATCHERS"),
        *("EDIT_ALL_COMMENTS", "DELETE_ALL_COMMENTS"),
    )
    return start(seed=closed(**{permission: ["role:Developers"] for permission in doing}))


def step(sandbox: Sandbox, user: str) -> Any:
    fields = {"project": {"key": "CM"}, "issuetype": {"name": "Step"}, "summary": "s"}
    return sandbox.rest("POST", "issue", json={"fields": fields}, user=user)


def test_who_only_may_look_changes_nothing(guarded: Sandbox) -> None:
    key = step(guarded, "dev").json()["key"]
    other = step(guarded, "bob").json()["key"]
    before = guarded.get(f"issue/{key}?expand=changelog&fields=*all", user="bob")
    assert guarded.get(f"issue/{key}/editmeta", user="guest") == {"fields": {}}
    assert guarded.get(f"issue/{key}/editmeta", user="bob")["fields"]
    ends = {"inwardIssue": {"key": key}, "outwardIssue": {"key": other}}
    remote = {"object": {"url": "https://x.example", "title": "t"}}
    refusals = {
        ("POST", "issueLink"): ({"type": {"name": "Blocks"}, **ends}, 401),
        ("PUT", f"issue/{key}"): ({"fields": {"summary": "mine"}}, 403),
        ("PUT", f"issue/{key}/assignee"): ({"name": "guest"}, 401),
        ("PUT", f"issue/{key}/properties/p"): (1, 403),
        ("POST", f"issue/{key}/transitions"): ({"transition": {"id": "11"}}, 400),
        ("POST", f"issue/{key}/comment"): ({"body": "x"}, 400),
        ("POST", f"issue/{key}/remotelink"): (remote, 403),
        ("POST", f"issue/{key}/worklog"): ({"timeSpent": "1h"}, 403),
        ("POST", f"issue/{key}/watchers"): ("bob", 401),
        ("DELETE", f"issue/{key}"): (None, 403),
    }
    for (method, path), (body, status) in refusals.items():
        answer = guarded.rest(method, path, json=body, user="guest")
        assert (answer.status_code, path) == (status, path)
    assert step(guarded, "guest").status_code == 400
    assert guarded.get(f"issue/{key}/transitions", user="guest")["transitions"] == []
    after = guarded.get(f"issue/{key}?expand=changelog&fields=*all", user="bob")
    assert after == before


def test_what_one_may_do_is_told(guarded: Sandbox) -> None:
    told = {
        user: guarded.get("mypermissions?projectKey=CM&permissions=EDIT_ISSUES,BROWSE_PROJECTS", user=user)
        for user in ("dev", "guest")
    }
    assert told["dev"]["permissions"]["EDIT_ISSUES"]["havePermission"] is True
    assert told["guest"]["permissions"]["EDIT_ISSUES"]["havePermission"] is False
    assert told["guest"]["permissions"]["BROWSE_PROJECTS"]["havePermission"] is True
    assert guarded.rest("GET", "mypermissions?permissions=FLY").status_code == 400


def test_ones_own_comments_are_ones_own(guarded: Sandbox) -> None:
    key = step(guarded, "dev").json()["key"]
    number = guarded.rest("POST", f"issue/{key}/comment", json={"body": "mine"}, user="dev").json()["id"]
    path = f"issue/{key}/comment/{number}"
    assert guarded.rest("PUT", path, json={"body": "yours"}, user="guest").status_code == 400
    assert guarded.rest("DELETE", path, user="guest").status_code == 400
    assert guarded.rest("PUT", path, json={"body": "better"}, user="bob").status_code == 200
    assert guarded.get(path, user="guest")["body"] == "better"


def test_a_hidden_issue_is_not_found_anywhere(start: Start, closed: Closed) -> None:
    sandbox = start(seed=closed(BROWSE_PROJECTS=["role:Developers"]))
    secret, other = (step(sandbox, "bob").json()["key"] for _ in range(2))
    sure = {"X-Atlassian-Token": "no-check"}
    sandbox.rest("POST", f"issue/{secret}/attachments", files={"file": ("x", b"1")}, headers=sure, user="bob")
    comment = sandbox.rest("POST", f"issue/{secret}/comment", json={"body": "c"}, user="bob").json()["id"]
    ends = {"inwardIssue": {"key": secret}, "outwardIssue": {"key": other}}
    sandbox.rest("POST", "issueLink", json={"type": {"name": "Blocks"}, **ends}, user="bob")
    (link,) = sandbox.get(f"issue/{secret}", user="bob")["fields"]["issuelinks"]
    for path in (
        *(f"issue/{secret}", f"issue/{secret}/comment", f"issue/{secret}/watchers", "attachment/10000"),
        *(f"comment/{comment}/properties", f"issueLink/{link['id']}", f"issue/{secret}/editmeta"),
        *("project/CM", "project/CM/statuses", "project/CM/role", f"issue/{secret}/worklog"),
    ):
        assert sandbox.rest("GET", path, user="guest").status_code == 404, path
    assert sandbox.search("", user="guest") == []
    hidden = sandbox.rest("POST", "search", json={"jql": "project = CM"}, user="guest")
    nowhere = sandbox.rest("POST", "search", json={"jql": "project = XX"}, user="guest")
    assert hidden.json()["errorMessages"] == ["The value 'CM' does not exist for the field 'project'."]
    assert (hidden.status_code, nowhere.json()["errorMessages"][0].replace("XX", "CM")) == (
        400,
        hidden.json()["errorMessages"][0],
    )
    named = sandbox.rest("POST", "search", json={"jql": f"key = {secret}"}, user="guest")
    unknown = sandbox.rest("POST", "search", json={"jql": "key = CM-99"}, user="guest")
    assert named.json()["errorMessages"] == [unknown.json()["errorMessages"][0].replace("CM-99", secret)]
    file = sandbox.ask("GET", "/secure/attachment/10000/x", user="guest")
    assert file.status_code == 404
    assert len(sandbox.search("project = CM", user="dev")) == 2


def test_who_reported_an_issue_sees_it_where_the_reporter_may(start: Start, closed: Closed) -> None:
    sandbox = start(seed=closed(BROWSE_PROJECTS=["role:Developers", "reporter"]))
    step(sandbox, "bob")
    mine = step(sandbox, "bob").json()["key"]
    sandbox.rest("PUT", f"issue/{mine}", json={"fields": {"reporter": {"name": "guest"}}}, user="bob")
    assert sandbox.search("", user="guest") == [mine]
    assert sandbox.rest("GET", f"issue/{mine}", user="guest").status_code == 200


def test_a_transition_can_be_kept_for_a_role(start: Start, closed: Closed) -> None:
    seed = closed()
    seed["projects"][0]["transitions"][0]["roles"] = ["Developers"]
    sandbox = start(seed=seed)
    key = step(sandbox, "guest").json()["key"]
    names = {
        user: [one["name"] for one in sandbox.get(f"issue/{key}/transitions", user=user)["transitions"]]
        for user in ("dev", "guest")
    }
    assert names == {"dev": ["Launch"], "guest": []}
    move = {"transition": {"id": "11"}}
    assert sandbox.rest("POST", f"issue/{key}/transitions", json=move, user="guest").status_code == 400
    assert sandbox.rest("POST", f"issue/{key}/transitions", json=move, user="dev").status_code == 204


def test_a_comment_for_a_role_is_read_by_that_role_only(guarded: Sandbox) -> None:
    key = step(guarded, "dev").json()["key"]
    visibility = {"type": "role", "value": "Developers"}
    sent = {"body": "between us", "visibility": visibility}
    made = guarded.rest("POST", f"issue/{key}/comment", json=sent, user="dev").json()
    assert made["visibility"] == visibility
    assert guarded.get(f"issue/{key}/comment", user="bob")["total"] == 1
    assert guarded.get(f"issue/{key}/comment", user="guest")["total"] == 0
    assert guarded.get(f"issue/{key}", user="guest")["fields"]["comment"]["total"] == 0
    for path in (f"issue/{key}/comment/{made['id']}", f"comment/{made['id']}/properties"):
        assert guarded.rest("GET", path, user="guest").status_code == 404
    for wrong in ({"type": "role", "value": "Administrators"}, {"type": "group", "value": "none"}):
        refused = guarded.rest(
            "POST", f"issue/{key}/comment", json={"body": "x", "visibility": wrong}, user="dev"
        )
        assert refused.status_code == 400


def test_silence_is_for_who_administers_the_project(guarded: Sandbox) -> None:
    key = step(guarded, "dev").json()["key"]
    role = next(one["id"] for one in guarded.get("role") if one["name"] == "Administrators")
    edit = {"fields": {"summary": "quietly"}}
    assert guarded.rest("PUT", f"issue/{key}?notifyUsers=false", json=edit, user="dev").status_code == 403
    guarded.rest("POST", f"project/CM/role/{role}", json={"user": ["dev"]})
    assert guarded.rest("PUT", f"issue/{key}?notifyUsers=false", json=edit, user="dev").status_code == 204


def test_issues_are_given_to_those_who_can_be_assigned(start: Start, closed: Closed) -> None:
    sandbox = start(seed=closed(ASSIGNABLE_USER=["role:Developers"]))
    key = step(sandbox, "alice").json()["key"]
    for place in (f"issueKey={key}", "project=CM"):
        found = sandbox.get(f"user/assignable/search?{place}&username=.")
        assert [person["name"] for person in found] == ["bob", "dev"]
    refused = sandbox.rest("PUT", f"issue/{key}/assignee", json={"name": "guest"})
    assert list(refused.json()["errors"]) == ["assignee"]
    assert sandbox.rest("PUT", f"issue/{key}/assignee", json={"name": "dev"}).status_code == 204
    assert sandbox.rest("GET", "user/assignable/search?username=.").status_code == 404
    fields = {"project": {"key": "CM"}, "issuetype": {"name": "Step"}, "summary": "s"}
    made = sandbox.rest("POST", "issue", json={"fields": {**fields, "assignee": {"name": "guest"}}})
    assert (made.status_code, sandbox.search("")) == (400, [key])
