"""What an administrator set up, as clients read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Sandbox


@pytest.fixture
def sandbox(calm: Sandbox) -> Sandbox:
    return calm


def test_a_project_tells_its_types_statuses_and_lead(sandbox: Sandbox) -> None:
    project = sandbox.get("project/CM")
    assert sandbox.get(f"project/{project['id']}") == project
    assert (project["lead"]["name"], [kind["name"] for kind in project["issueTypes"]]) == (
        "alice",
        ["Epic", "Step", "Group"],
    )
    for kind in sandbox.get("project/CM/statuses"):
        assert [status["name"] for status in kind["statuses"]] == ["Draft", "Launch", "Running", "Completed"]
    for path in ("project/NO", "project/NO/statuses"):
        assert sandbox.rest("GET", path).status_code == 404


def test_statuses_and_categories_are_found_by_name_and_number(sandbox: Sandbox) -> None:
    status = sandbox.get("status/Launch")
    assert sandbox.get(f"status/{status['id']}") == status
    assert {one["key"] for one in sandbox.get("statuscategory")} == {"new", "indeterminate", "done"}
    assert sandbox.rest("GET", "status/Gone").status_code == 404


def test_fields_tell_how_jql_names_them(sandbox: Sandbox) -> None:
    fields = {field["name"]: field for field in sandbox.get("field")}
    number = sandbox.field("Epic Link").removeprefix("customfield_")
    assert fields["Epic Link"]["clauseNames"] == [f"cf[{number}]", "Epic Link"]
    assert fields["Epic Link"]["schema"] == {
        "type": "any",
        "custom": "com.pyxis.greenhopper.jira:gh-epic-link",
        "customId": int(number),
    }
    assert fields["Summary"]["schema"] == {"type": "string", "system": "summary"}


def test_create_metadata_comes_in_pages_of_values(sandbox: Sandbox) -> None:
    types = sandbox.get("issue/createmeta/CM/issuetypes")["values"]
    epic = next(kind["id"] for kind in types if kind["name"] == "Epic")
    page = sandbox.get(f"issue/createmeta/CM/issuetypes/{epic}?maxResults=3&startAt=1")
    assert (page["startAt"], page["maxResults"], page["isLast"], len(page["values"])) == (1, 3, False, 3)
    fields = sandbox.get(f"issue/createmeta/CM/issuetypes/{epic}")["values"]
    required = {field["name"] for field in fields if field["required"]}
    assert required == {"Project", "Issue Type", "Summary", "Epic Name"}
    wms = next(field for field in fields if field["name"] == "WMS")
    assert [option["value"] for option in wms["allowedValues"]] == ["PanDA", "Parsl"]
    for path in ("NO/issuetypes", "CM/issuetypes/7"):
        assert sandbox.rest("GET", f"issue/createmeta/{path}").status_code == 400


def test_what_can_be_created_is_what_create_metadata_lists(sandbox: Sandbox) -> None:
    for kind in sandbox.get("issue/createmeta/CM/issuetypes")["values"]:
        listed = sandbox.get(f"issue/createmeta/CM/issuetypes/{kind['id']}")["values"]
        fields = {field["fieldId"]: None for field in listed} | {"nonsense": None}
        fields |= {"project": {"key": "CM"}, "issuetype": {"id": kind["id"]}, "summary": "s"}
        parent = {"parent": {"key": sandbox.create()}} if kind["subtask"] else {}
        refused = sandbox.rest("POST", "issue", json={"fields": fields | parent})
        assert set(refused.json()["errors"]) == {"nonsense"}


def test_the_old_create_metadata_ended_with_version_nine(sandbox: Sandbox) -> None:
    answer = sandbox.rest("GET", "issue/createmeta?projectKeys=CM")
    assert (answer.status_code, answer.json()["errorMessages"]) == (404, ["Issue Does Not Exist"])


def test_edit_metadata_lists_the_edit_screen(sandbox: Sandbox) -> None:
    fields = sandbox.get(f"issue/{sandbox.create()}/editmeta")["fields"]
    assert fields["labels"]["operations"] == ["set", "add", "remove"]
    assert sandbox.field("Epic Link") in fields
    assert sandbox.field("Epic Name") not in fields


def test_people_are_found_by_the_beginning_of_their_names(sandbox: Sandbox) -> None:
    found = {
        word: [user["name"] for user in sandbox.get("user/search", params={"username": word})]
        for word in (".", "beis", "BOB@", "ob")
    }
    assert found == {".": ["alice", "bob"], "beis": ["bob"], "BOB@": ["bob"], "ob": []}
    assert sandbox.rest("GET", "user/search").status_code == 400
    assert sandbox.rest("GET", "user?username=nobody").status_code == 404
    assert sandbox.get("user?key=JIRAUSER10001")["name"] == "bob"


def test_only_administrators_administer(sandbox: Sandbox) -> None:
    may = {
        user: sandbox.get("mypermissions", user=user)["permissions"]["ADMINISTER"]["havePermission"]
        for user in ("alice", "bob")
    }
    assert may == {"alice": True, "bob": False}
