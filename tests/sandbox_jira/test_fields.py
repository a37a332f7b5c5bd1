"""Custom fields, their contexts, screens, types and saved queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Sandbox
    from jira import JIRA

TEXT = "com.atlassian.jira.plugin.system.customfieldtypes:textfield"


def make(sandbox: Sandbox, name: str = "Camera", **more: Any) -> str:
    made = sandbox.rest("POST", "field", json={"name": name, "type": TEXT, **more})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def test_a_new_field_can_be_set_once_it_stands_on_the_screen(sandbox: Sandbox) -> None:
    field, key = make(sandbox), sandbox.create()
    refused = sandbox.rest("PUT", f"issue/{key}", json={"fields": {field: "LSSTCam"}})
    assert "not on the appropriate screen" in refused.json()["errors"][field]
    assert sandbox.rest("POST", f"screens/addToDefault/{field}").status_code == 204
    assert sandbox.rest("POST", f"screens/addToDefault/{field}").status_code == 400
    assert sandbox.rest("PUT", f"issue/{key}", json={"fields": {field: "LSSTCam"}}).status_code == 204
    assert sandbox.search('Camera ~ "LSSTCam"') == [key]
    assert field in sandbox.get(f"issue/{key}/editmeta")["fields"]


def test_a_field_applies_where_it_was_made_for(sandbox: Sandbox) -> None:
    epic = next(kind["id"] for kind in sandbox.get("issuetype") if kind["name"] == "Epic")
    field = make(sandbox, issueTypeIds=[epic], projectIds=[int(sandbox.get("project/CM")["id"])])
    sandbox.rest("POST", f"screens/addToDefault/{field}")
    assert field in sandbox.get(f"issue/{sandbox.create('Epic')}/editmeta")["fields"]
    assert field not in sandbox.get(f"issue/{sandbox.create()}/editmeta")["fields"]


@pytest.mark.parametrize(
    "wrong", [{"type": "?"}, {"name": ""}, {"name": "reason"}, {"projectIds": [1]}, {"issueTypeIds": "all"}]
)
def test_a_field_that_cannot_be_is_refused(sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    before = len(sandbox.get("field"))
    assert sandbox.rest("POST", "field", json={"name": "x", "type": TEXT, **wrong}).status_code == 400
    assert sandbox.rest("POST", "field", json={"name": "x", "type": TEXT}, user="bob").status_code == 403
    assert len(sandbox.get("field")) == before


def test_data_center_lists_custom_fields_and_their_options(sandbox: Sandbox) -> None:
    page = sandbox.get("customFields?search=WMS")
    assert [(one["name"], one["screensCount"]) for one in page["values"]] == [("WMS", 1)]
    found = sandbox.get(f"customFields/{page['values'][0]['id']}/options")
    assert [option["value"] for option in found["options"]] == ["PanDA", "Parsl"]
    number = found["options"][0]["id"]
    assert sandbox.get(f"customFieldOption/{number}")["value"] == "PanDA"
    assert sandbox.rest("GET", "customFieldOption/1").status_code == 404


def test_screens_have_tabs_and_tabs_have_fields(sandbox: Sandbox) -> None:
    screen = sandbox.get("screens")["values"][0]
    place = f"screens/{screen['id']}/tabs"
    (tab,) = sandbox.get(place)
    reason = sandbox.field("Reason")
    assert reason in [one["id"] for one in sandbox.get(f"{place}/{tab['id']}/fields")]
    assert sandbox.rest("DELETE", f"{place}/{tab['id']}/fields/{reason}").status_code == 204
    assert reason not in sandbox.get(f"issue/{sandbox.create()}/editmeta")["fields"]
    other = sandbox.rest("POST", place, json={"name": "More"}).json()
    added = sandbox.rest("POST", f"{place}/{other['id']}/fields", json={"fieldId": reason})
    assert added.json()["name"] == "Reason"
    assert reason in sandbox.get(f"issue/{sandbox.create()}/editmeta")["fields"]
    assert sandbox.rest("PUT", f"{place}/{other['id']}", json={"name": "Rest"}).json()["name"] == "Rest"
    assert sandbox.rest("DELETE", f"{place}/{tab['id']}/fields/summary").status_code == 400
    assert sandbox.rest("DELETE", f"{place}/{other['id']}").status_code == 204
    assert sandbox.rest("DELETE", f"{place}/{tab['id']}").status_code == 400
    assert reason in [one["id"] for one in sandbox.get(f"screens/{screen['id']}/availableFields")]


def test_a_screen_of_a_transition_is_listed_and_edited(sandbox: Sandbox) -> None:
    screens = {one["name"]: one["id"] for one in sandbox.get("screens")["values"]}
    place = f"screens/{screens['CM: Complete Screen (3)']}/tabs"
    (tab,) = sandbox.get(place)
    shown = [one["id"] for one in sandbox.get(f"{place}/{tab['id']}/fields")]
    assert shown == ["resolution", sandbox.field("Reason")]
    key = sandbox.create()
    for name in ("Launch", "Run"):
        sandbox.move(key, name)
    tag = sandbox.field("Tag")
    assert sandbox.rest("POST", f"{place}/{tab['id']}/fields", json={"fieldId": tag}).status_code == 200
    moves = sandbox.get(f"issue/{key}/transitions?expand=transitions.fields")["transitions"]
    fields = next(one["fields"] for one in moves if one["name"] == "Complete")
    assert {name: one["required"] for name, one in fields.items()} == {
        "resolution": True,
        sandbox.field("Reason"): False,
        tag: False,
    }
    sent = {"resolution": {"name": "Done"}, tag: "t"}
    assert sandbox.move(key, "Complete", fields=sent).status_code == 204
    assert sandbox.get(f"issue/{key}")["fields"][tag] == "t"


def test_data_center_has_no_contexts(sandbox: Sandbox) -> None:
    assert sandbox.rest("GET", f"field/{sandbox.field('WMS')}/context").status_code == 404


def test_link_types_and_issue_types_are_made(sandbox: Sandbox) -> None:
    sent = {"name": "Feeds", "inward": "is fed by", "outward": "feeds"}
    made = sandbox.rest("POST", "issueLinkType", json=sent).json()
    assert sandbox.rest("POST", "issueLinkType", json=sent).status_code == 400
    one, two = sandbox.create(), sandbox.create()
    ends = {"inwardIssue": {"key": one}, "outwardIssue": {"key": two}}
    sandbox.rest("POST", "issueLink", json={"type": {"name": "Feeds"}, **ends})
    changed = sandbox.rest("PUT", f"issueLinkType/{made['id']}", json={"outward": "nourishes"}).json()
    assert (changed["outward"], changed["inward"]) == ("nourishes", "is fed by")
    (link,) = sandbox.get(f"issue/{one}")["fields"]["issuelinks"]
    assert link["type"]["outward"] == "nourishes"
    assert sandbox.rest("DELETE", f"issueLinkType/{made['id']}").status_code == 204
    assert sandbox.get(f"issue/{one}")["fields"]["issuelinks"] == []
    kind = sandbox.rest("POST", "issuetype", json={"name": "Piece", "type": "subtask"}).json()
    assert sandbox.get(f"issuetype/{kind['id']}")["subtask"] is True
    assert sandbox.rest("POST", "issuetype", json={"name": "piece"}).status_code == 409


def test_a_query_is_saved_and_found_again(sandbox: Sandbox) -> None:
    sent = {"name": "Mine", "jql": "reporter = currentUser()", "favourite": True}
    made = sandbox.rest("POST", "filter", json=sent).json()
    assert sandbox.get(f"filter/{made['id']}", user="bob")["jql"] == sent["jql"]
    assert [(one["name"], str(one["favourite"])) for one in sandbox.get("filter/favourite")] == [
        ("Mine", "True")
    ]
    assert sandbox.get("filter/favourite", user="bob") == []
    assert sandbox.rest("POST", "filter", json=sent).status_code == 400
    assert sandbox.rest("POST", "filter", json={"name": "Bad", "jql": "nonsense = 1"}).status_code == 400
    stolen = sandbox.rest("PUT", f"filter/{made['id']}", json={"name": "Yours"}, user="bob")
    assert stolen.status_code == 400
    sandbox.rest("PUT", f"filter/{made['id']}", json={"jql": "project = CM"})
    assert sandbox.get(f"filter/{made['id']}")["jql"] == "project = CM"
    assert sandbox.rest("DELETE", f"filter/{made['id']}").status_code == 204
    assert sandbox.rest("GET", f"filter/{made['id']}").status_code == 404


def test_the_library_saves_queries(library: JIRA) -> None:
    made = library.create_filter("Mine", "d", "project = CM", favourite=True)
    assert library.filter(made.id).jql == "project = CM"
    assert [one.name for one in library.favourite_filters()] == ["Mine"]
