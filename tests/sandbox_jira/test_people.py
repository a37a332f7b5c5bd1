"""People and groups, as administrators keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Sandbox
    from jira import JIRA

CARL = {"name": "carl", "password": "secret", "emailAddress": "carl@example.org", "displayName": "Carl C"}


def names(found: list[dict[str, str]]) -> list[str]:
    return [one["name"] for one in found]


def test_a_new_person_is_found_signs_in_and_works(sandbox: Sandbox) -> None:
    made = sandbox.rest("POST", "user", json=CARL)
    assert (made.status_code, made.json()["name"], made.json()["active"]) == (201, "carl", True)
    assert names(sandbox.get("user/search?username=carl")) == ["carl"]
    with_password = sandbox._session.post(
        f"{sandbox.url}/rest/api/2/issue",
        json={"fields": {"project": {"key": "CM"}, "issuetype": {"name": "Step"}, "summary": "mine"}},
        auth=("carl", "secret"),
        timeout=20,
    )
    assert with_password.status_code == 201
    assert sandbox.search("reporter = carl") == [with_password.json()["key"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**CARL, "name": "BOB"}, "username"),
        ({**CARL, "name": "a b"}, "username"),
        ({**CARL, "emailAddress": ""}, "emailAddress"),
        ({**CARL, "displayName": 7}, "displayName"),
    ],
)
def test_a_person_that_cannot_be_is_refused(sandbox: Sandbox, body: dict[str, object], field: str) -> None:
    refused = sandbox.rest("POST", "user", json=body)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])
    assert len(sandbox.get("user/search?username=.")) == 2


def test_only_administrators_keep_people_and_groups(sandbox: Sandbox) -> None:
    for method, path, body in (
        ("POST", "user", CARL),
        ("PUT", "user?username=alice", {"displayName": "x"}),
        ("PUT", "user/password?username=alice", {"password": "x"}),
        ("DELETE", "user?username=alice", None),
        ("POST", "group", {"name": "g"}),
        ("POST", "group/user?groupname=jira-administrators", {"name": "bob"}),
        ("DELETE", "group?groupname=jira-administrators", None),
    ):
        assert sandbox.rest(method, path, json=body, user="bob").status_code == 403, path
    assert sandbox.get("myself", user="bob")["displayName"] == "Bob Beispiel"


def test_who_is_no_longer_active_is_not_let_in(sandbox: Sandbox) -> None:
    assert sandbox.rest("PUT", "user?username=bob", json={"active": False}).json()["active"] is False
    assert sandbox.rest("GET", "myself", user="bob").status_code == 401
    assert sandbox.rest("PUT", "user?username=alice", json={"active": False}).status_code == 400


def test_who_has_left_a_trace_is_not_deleted(sandbox: Sandbox) -> None:
    sandbox.rest("POST", "user", json=CARL)
    key = sandbox.create(assignee={"name": "carl"})
    assert sandbox.rest("DELETE", "user?username=carl").status_code == 400
    sandbox.rest("PUT", f"issue/{key}/assignee", json={"name": None})
    assert sandbox.rest("DELETE", "user?username=carl").status_code == 204
    assert sandbox.rest("GET", "user?username=carl").status_code == 404
    assert sandbox.get(f"issue/{key}?expand=changelog")["fields"]["assignee"] is None


def test_groups_have_members_page_by_page(sandbox: Sandbox) -> None:
    assert sandbox.rest("POST", "group", json={"name": "operators"}).status_code == 201
    assert sandbox.rest("POST", "group", json={"name": "Operators"}).status_code == 400
    for name in ("alice", "bob"):
        sandbox.rest("POST", "group/user?groupname=operators", json={"name": name})
    page = sandbox.get("group/member?groupname=operators&maxResults=1&startAt=1")
    assert (names(page["values"]), page["total"], page["isLast"]) == (["bob"], 2, True)
    assert {one["name"] for one in sandbox.get("myself", user="bob")["groups"]["items"]} == {
        "operators",
        "jira-software-users",
    }
    assert [one["name"] for one in sandbox.get("groups/picker?query=oper")["groups"]] == ["operators"]
    assert sandbox.rest("DELETE", "group/user?groupname=operators&username=bob").status_code == 200
    assert sandbox.rest("DELETE", "group/user?groupname=operators&username=bob").status_code == 400
    assert sandbox.rest("DELETE", "group?groupname=operators").status_code == 200
    assert sandbox.rest("GET", "group?groupname=operators").status_code == 404


def test_who_joins_the_administrators_administers(sandbox: Sandbox) -> None:
    path = "group/user?groupname=jira-administrators"
    assert sandbox.rest("POST", path, json={"name": "bob"}).status_code == 201
    assert sandbox.rest("POST", "user", json=CARL, user="bob").status_code == 201
    assert sandbox.rest("DELETE", f"{path}&username=alice", user="bob").status_code == 200
    assert sandbox.rest("DELETE", f"{path}&username=bob", user="bob").status_code == 400


def test_the_library_keeps_people_and_groups(library: JIRA) -> None:
    assert library.add_user("carl", "carl@example.org", fullname="Carl C", password="secret")
    assert library.add_group("operators")
    assert library.add_user_to_group("carl", "operators")
    assert list(library.group_members("operators")) == ["carl"]
    assert library.remove_user_from_group("carl", "operators")
    assert library.remove_group("operators")
    assert library.delete_user("carl")
