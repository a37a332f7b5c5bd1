"""Issue security: levels hide issues from those who are not in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Sandbox, Start


@pytest.fixture
def secured(start: Start, seed: dict[str, Any]) -> Sandbox:
    """Bob is in the level Pilots, alice in both; issues are public unless somebody says otherwise."""
    seed["users"].append({"name": "guest", "displayName": "Guest"})
    seed["projects"][0]["security"] = {"Pilots": ["user:bob", "user:alice"], "Owner": ["reporter", "lead"]}
    return start(seed=seed)


def secret(sandbox: Sandbox, level: str = "Pilots", **fields: Any) -> str:
    return sandbox.create(security={"name": level}, **fields)


def test_a_level_hides_an_issue_from_those_who_are_not_in_it(secured: Sandbox) -> None:
    key, public = secret(secured), secured.create()
    assert secured.get(f"issue/{key}", user="bob")["fields"]["security"]["name"] == "Pilots"
    assert secured.get(f"issue/{public}")["fields"]["security"] is None
    for path in (f"issue/{key}", f"issue/{key}/comment", f"issue/{key}/transitions"):
        assert secured.rest("GET", path, user="guest").status_code == 404
    assert secured.rest("PUT", f"issue/{key}", json={"fields": {}}, user="guest").status_code == 404
    assert secured.search("ORDER BY key", user="guest") == [public]
    assert secured.search("ORDER BY key", user="bob") == [key, public]
    assert secured.search("level = pilots", user="bob") == [key]
    assert secured.search("level is EMPTY", user="bob") == [public]


def test_the_reporter_is_in_a_level_that_says_so(secured: Sandbox) -> None:
    key = secret(secured, "Owner", reporter={"name": "guest"})
    assert secured.search("", user="guest") == [key]
    assert secured.rest("GET", f"issue/{key}", user="guest").status_code == 200
    assert secured.search("", user="bob") == []
    assert secured.search("") == [key]  # the project's lead


def test_what_is_linked_to_a_hidden_issue_does_not_show_it(secured: Sandbox) -> None:
    key, public = secret(secured), secured.create()
    ends = {"inwardIssue": {"key": key}, "outwardIssue": {"key": public}}
    secured.rest("POST", "issueLink", json={"type": {"name": "Blocks"}, **ends})
    assert len(secured.get(f"issue/{public}")["fields"]["issuelinks"]) == 1
    assert secured.get(f"issue/{public}", user="guest")["fields"]["issuelinks"] == []


def test_a_sub_task_has_the_level_of_its_parent(secured: Sandbox) -> None:
    parent = secret(secured)
    child = secured.create("Group", parent={"key": parent})
    assert secured.rest("GET", f"issue/{child}", user="guest").status_code == 404
    assert secured.rest("PUT", f"issue/{parent}", json={"fields": {"security": None}}).status_code == 204
    assert secured.get(f"issue/{child}", user="guest")["fields"]["security"] is None


def test_only_ones_own_levels_can_be_set_and_the_history_says_so(secured: Sandbox) -> None:
    key = secured.create()
    allowed = secured.get(f"issue/{key}/editmeta", user="bob")["fields"]["security"]["allowedValues"]
    assert [one["name"] for one in allowed] == ["Pilots"]
    assert [one["name"] for one in secured.get("project/CM/securitylevel", user="bob")["levels"]] == [
        "Pilots"
    ]
    sent = {"fields": {"security": {"name": "Pilots"}}}
    assert secured.rest("PUT", f"issue/{key}", json=sent, user="guest").status_code == 400
    assert secured.rest("PUT", f"issue/{key}", json=sent, user="bob").status_code == 204
    (entry,) = secured.get(f"issue/{key}?expand=changelog")["changelog"]["histories"]
    assert (entry["items"][0]["field"], entry["items"][0]["toString"]) == ("security", "Pilots")


def test_new_issues_get_the_default_level(start: Start, seed: dict[str, Any]) -> None:
    seed["projects"][0] |= {"security": {"Us": ["user:alice"]}, "default_security": "Us"}
    sandbox = start(seed=seed)
    key = sandbox.create()
    assert sandbox.get(f"issue/{key}")["fields"]["security"]["name"] == "Us"
    assert sandbox.rest("GET", f"issue/{key}", user="bob").status_code == 404


def test_clients_read_the_schemes(secured: Sandbox) -> None:
    scheme = secured.get("issuesecurityschemes")["issueSecuritySchemes"][1]
    assert scheme["name"] == "CM Issue Security Scheme"
    whole = secured.get(f"issuesecurityschemes/{scheme['id']}")
    assert [level["name"] for level in whole["levels"]] == ["Pilots", "Owner"]
    assert secured.get("project/CM/issuesecuritylevelscheme") == whole
    level = whole["levels"][0]
    assert secured.get(f"securitylevel/{level['id']}") == level
    assert secured.rest("GET", "issuesecurityschemes", user="bob").status_code == 403
    for path in ("issuesecurityschemes/1", "securitylevel/1"):
        assert secured.rest("GET", path).status_code == 404


def test_another_project_can_follow_a_scheme(secured: Sandbox) -> None:
    number = secured.get("issuesecurityschemes")["issueSecuritySchemes"][1]["id"]
    sent = {"key": "OTH", "name": "Other", "lead": "alice", "projectTypeKey": "business"}
    assert secured.rest("POST", "project", json=sent).status_code == 201
    assert secured.rest("GET", "project/OTH/issuesecuritylevelscheme").status_code == 404
    assert secured.rest("PUT", "project/OTH", json={"issueSecurityScheme": number}).status_code == 200
    assert secured.get("project/OTH/issuesecuritylevelscheme")["id"] == number


def test_the_board_does_not_show_what_is_hidden(secured: Sandbox) -> None:
    key = secret(secured, summary="behind the curtain")
    session = secured.app.access.open_session("guest")
    cookie = {"Cookie": f"{secured.app.access.cookie}={session}"}
    for path in ("/projects/CM/board", "/issues/?jql=project%20%3D%20CM", "/"):
        page = secured.ask("GET", path, headers={"Accept": "text/html", **cookie})
        assert "behind the curtain" not in page.text, path
    assert secured.ask("GET", f"/browse/{key}", headers={"Accept": "text/html", **cookie}).status_code == 404
