"""Creating, editing, moving and deleting issues: what is accepted, what is refused, what is left."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from conftest import Sandbox, Start

STEP = {"project": {"key": "CM"}, "issuetype": {"name": "Step"}, "summary": "s"}


def created(sandbox: Sandbox, fields: dict[str, Any], **more: Any) -> tuple[int, dict[str, Any]]:
    answer = sandbox.rest("POST", "issue", json={"fields": fields, **more})
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"project": None}, "project", "project is required"),
        ({"project": {"key": "NO"}}, "project", "valid project is required"),
        ({"issuetype": {"name": "No"}}, "issuetype", "valid issue type is required"),
        ({"issuetype": {"name": "Epic"}}, "customfield_10001", "Epic Name is required."),
        ({"issuetype": {"name": "Group"}}, "parent", "parent issue key or id not specified"),
        ({"issuetype": {"name": "Group"}, "parent": {"key": "CM-9"}}, "parent", "Could not find issue"),
        ({"summary": " "}, "summary", "You must specify a summary"),
        ({"summary": "a\nb"}, "summary", "newline"),
        ({"summary": "x" * 256}, "summary", "255"),
        ({"description": "x" * 32_768}, "description", "32,767"),
        ({"labels": ["two words"]}, "labels", "contains spaces"),
        ({"priority": {"name": "Sky"}}, "priority", "not valid"),
        ({"assignee": {"name": "nobody"}}, "assignee", "does not exist"),
        ({"status": {"name": "Launch"}}, "status", "not on the appropriate screen"),
        ({"customfield_99999": 1}, "customfield_99999", "not on the appropriate screen"),
        ({"customfield_10001": "n"}, "customfield_10001", "not on the appropriate screen"),
        ({"customfield_10000": "CM-77"}, "customfield_10000", "does not exist"),
        ({"customfield_10004": {"value": "Slurm"}}, "customfield_10004", "not valid"),
        ({"customfield_10006": "many"}, "customfield_10006", "must be a number"),
        ({"customfield_10007": "javascript:x"}, "customfield_10007", "Not a valid URL"),
        ({"customfield_10010": "2026-11-20"}, "customfield_10010", "Error parsing date"),
        ({"customfield_10010": "0001-01-01T00:00:00+1400"}, "customfield_10010", "Error parsing date"),
    ],
)
def test_a_field_that_is_wrong_is_named_and_nothing_is_created(
    calm: Sandbox, fields: dict[str, Any], field: str, text: str
) -> None:
    status, answer = created(calm, {**STEP, **fields})
    assert status == 400
    assert text in answer["errors"][field]
    assert calm.search("") == []


def test_every_wrong_field_is_named_at_once(sandbox: Sandbox) -> None:
    _, answer = created(sandbox, {**STEP, "labels": ["a b"], "nonsense": 1})
    assert set(answer["errors"]) == {"labels", "nonsense"}


def test_the_longest_text_is_accepted(sandbox: Sandbox) -> None:
    key = sandbox.create(description="ü" * 32_767)
    assert len(sandbox.get(f"issue/{key}")["fields"]["description"]) == 32_767


def test_properties_of_a_create_are_there_with_the_issue(sandbox: Sandbox) -> None:
    _, made = created(sandbox, STEP, properties=[{"key": "cmbot.origin", "value": {"id": "4f1c9"}}])
    read = sandbox.get(f"issue/{made['key']}?fields=status&properties=cmbot.origin")
    assert read["properties"] == {"cmbot.origin": {"id": "4f1c9"}}
    assert set(read["fields"]) == {"status"}


def test_a_create_with_a_bad_property_leaves_nothing(sandbox: Sandbox) -> None:
    status, _ = created(sandbox, STEP, properties=[{"key": "k", "value": "x" * 32_769}])
    assert status == 400
    assert sandbox.search("") == []


def test_a_bulk_create_fails_only_if_all_fail(sandbox: Sandbox) -> None:
    bad = {"fields": {**STEP, "labels": ["a b"]}}
    some = sandbox.rest("POST", "issue/bulk", json={"issueUpdates": [bad, {"fields": STEP}]})
    none = sandbox.rest("POST", "issue/bulk", json={"issueUpdates": [bad]})
    assert (some.status_code, none.status_code) == (201, 400)
    assert [one["failedElementNumber"] for one in some.json()["errors"]] == [0]
    assert len(some.json()["issues"]) == 1


def test_an_edit_is_one_history_entry_with_the_vendors_words(sandbox: Sandbox) -> None:
    epic, key = sandbox.create("Epic", "DRP"), sandbox.create(labels=["a"])
    sandbox.clock.advance(minutes=5)
    edit = {
        "fields": {
            "summary": "new",
            "assignee": {"name": "bob"},
            sandbox.field("WMS"): {"value": "PanDA"},
            sandbox.field("Epic Link"): epic,
            sandbox.field("Quanta"): 5,
        },
        "update": {"labels": [{"add": "b"}]},
        "historyMetadata": {"type": "cmbot:edit", "cause": {"id": "7"}},
    }
    assert sandbox.rest("PUT", f"issue/{key}", json=edit).status_code == 204
    issue = sandbox.get(f"issue/{key}?expand=changelog&fields=updated")
    (entry,) = issue["changelog"]["histories"]
    items = {item["field"]: item for item in entry["items"]}
    assert all("fieldId" not in item for item in entry["items"])
    assert items["labels"] == {
        "field": "labels",
        "fieldtype": "jira",
        "from": None,
        "fromString": "a",
        "to": None,
        "toString": "a b",
    }
    assert (items["assignee"]["to"], items["assignee"]["toString"]) == ("JIRAUSER10001", "Bob Beispiel")
    assert (items["WMS"]["fieldtype"], items["WMS"]["toString"]) == ("custom", "PanDA")
    assert items["Epic Link"]["toString"] == epic
    assert items["Quanta"]["toString"] == "5"
    assert entry["historyMetadata"]["cause"] == {"id": "7"}
    assert issue["fields"]["updated"] == "2026-11-20T12:05:00.000+0000"


def test_an_edit_that_changes_nothing_leaves_no_trace(sandbox: Sandbox) -> None:
    key = sandbox.create(summary="same")
    sandbox.clock.advance(minutes=1)
    assert sandbox.rest("PUT", f"issue/{key}", json={"fields": {"summary": "same"}}).status_code == 204
    issue = sandbox.get(f"issue/{key}?expand=changelog&fields=updated")
    assert issue["changelog"]["total"] == 0
    assert issue["fields"]["updated"] == "2026-11-20T12:00:00.000+0000"


def test_a_field_in_both_fields_and_update_is_refused(sandbox: Sandbox) -> None:
    key = sandbox.create()
    both = {"fields": {"labels": ["a"]}, "update": {"labels": [{"add": "b"}]}}
    assert "labels" in sandbox.rest("PUT", f"issue/{key}", json=both).json()["errors"]


def test_list_fields_take_add_and_remove(sandbox: Sandbox) -> None:
    key, sites = sandbox.create(), sandbox.field("Sites")
    for operations in (
        [{"add": {"value": "SLAC"}}, {"add": {"value": "UK"}}],
        [{"remove": {"value": "SLAC"}}],
    ):
        assert sandbox.rest("PUT", f"issue/{key}", json={"update": {sites: operations}}).status_code == 204
    assert [site["value"] for site in sandbox.get(f"issue/{key}")["fields"][sites]] == ["UK"]


def test_only_an_administrator_may_edit_without_mail(sandbox: Sandbox) -> None:
    key, edit = sandbox.create(), {"fields": {"summary": "x"}}
    quiet = f"issue/{key}?notifyUsers=false"
    assert sandbox.rest("PUT", quiet, json=edit, user="bob").status_code == 403
    assert sandbox.rest("PUT", quiet, json=edit, user="alice").status_code == 204


def test_an_issue_with_sub_tasks_is_deleted_only_with_them(sandbox: Sandbox) -> None:
    step = sandbox.create()
    sandbox.create("Group", parent={"key": step})
    refused = sandbox.rest("DELETE", f"issue/{step}")
    assert (refused.status_code, "subtasks" in refused.json()["errorMessages"][0]) == (400, True)
    assert sandbox.rest("DELETE", f"issue/{step}?deleteSubtasks=true").status_code == 204
    assert sandbox.search("") == []


def test_steps_lose_their_link_to_a_deleted_epic(sandbox: Sandbox) -> None:
    epic = sandbox.create("Epic", "DRP")
    step = sandbox.create(**{sandbox.field("Epic Link"): epic})
    sandbox.rest("DELETE", f"issue/{epic}")
    assert sandbox.get(f"issue/{step}")["fields"][sandbox.field("Epic Link")] is None
    assert sandbox.create() == "CM-3"  # a key is never given twice


def test_a_transition_changes_all_at_once(sandbox: Sandbox) -> None:
    key = sandbox.create()
    sandbox.move(key, "Launch")
    sandbox.move(
        key,
        "Run",
        update={"comment": [{"add": {"body": "running"}}]},
        properties=[{"key": "cmbot.state", "value": 1}],
        historyMetadata={"type": "cmbot:transition", "cause": {"id": "run-123"}},
    )
    issue = sandbox.get(f"issue/{key}?expand=changelog&properties=*all")
    entries = issue["changelog"]["histories"]
    assert issue["fields"]["status"]["name"] == "Running"
    assert [one["body"] for one in issue["fields"]["comment"]["comments"]] == ["running"]
    assert issue["properties"] == {"cmbot.state": 1}
    assert [entry.get("historyMetadata", {}).get("type") for entry in entries] == [None, "cmbot:transition"]
    assert int(entries[0]["id"]) < int(entries[1]["id"])


def test_a_transition_with_a_bad_comment_does_not_happen(sandbox: Sandbox) -> None:
    key = sandbox.create()
    answer = sandbox.move(key, "Launch", update={"comment": [{"add": {"body": ""}}]})
    assert answer.status_code == 400
    assert sandbox.status(key) == "Draft"
    assert sandbox.get(f"issue/{key}?expand=changelog")["changelog"]["total"] == 0


def test_transitions_list_what_is_possible_now_with_their_screens(sandbox: Sandbox) -> None:
    key = sandbox.create()
    sandbox.move(key, "Launch")
    sandbox.move(key, "Run")
    found = sandbox.get(f"issue/{key}/transitions?expand=transitions.fields")["transitions"]
    fields = {one["name"]: one["fields"] for one in found}
    assert set(fields) == {"Launch", "Complete"}
    assert fields["Complete"]["resolution"]["required"] is True
    assert {"Done"} <= {one["name"] for one in fields["Complete"]["resolution"]["allowedValues"]}


def test_a_transition_keeps_to_its_screen(sandbox: Sandbox) -> None:
    key = sandbox.create()
    sandbox.move(key, "Launch")
    sandbox.move(key, "Run")
    assert sandbox.move(key, "Complete").json()["errors"] == {"resolution": "Resolution is required."}
    foreign = sandbox.move(key, "Complete", fields={"resolution": {"name": "Done"}, "summary": "x"})
    assert "not on the appropriate screen" in foreign.json()["errors"]["summary"]
    assert sandbox.status(key) == "Running"
    assert sandbox.move(key, "Complete", fields={"resolution": {"name": "Done"}}).status_code == 204
    fields = sandbox.get(f"issue/{key}")["fields"]
    assert (fields["status"]["name"], fields["resolution"]["name"]) == ("Completed", "Done")
    assert fields["resolutiondate"] == "2026-11-20T12:00:00.000+0000"


def test_impossible_and_unknown_transitions_are_refused(sandbox: Sandbox) -> None:
    key = sandbox.create()
    answers = {
        number: sandbox.rest("POST", f"issue/{key}/transitions", json={"transition": {"id": number}})
        for number in ("21", "999", "", "Launch")
    }
    assert {number: answer.status_code for number, answer in answers.items()} == {
        "21": 400,
        "999": 500,  # as Data Center declares
        "": 400,
        "Launch": 400,
    }
    assert "not valid for the current state" in answers["21"].json()["errorMessages"][0]
    assert sandbox.status(key) == "Draft"


def test_of_two_transitions_that_meet_one_wins(sandbox: Sandbox) -> None:
    key = sandbox.create()
    sandbox.move(key, "Launch")
    together = threading.Barrier(2)

    def run() -> int:
        together.wait()
        path = f"{sandbox.url}/rest/api/2/issue/{key}/transitions"
        sure = {"Authorization": f"Bearer {sandbox.app.access.tokens['alice']}"}
        return requests.post(path, json={"transition": {"id": "21"}}, headers=sure, timeout=20).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = [future.result() for future in [pool.submit(run), pool.submit(run)]]
    assert sorted(answers) == [204, 400]
    assert sandbox.get(f"issue/{key}?expand=changelog")["changelog"]["total"] == 2


def test_fields_and_expansions_are_what_was_asked_for(sandbox: Sandbox) -> None:
    key = sandbox.create(description="*bold*")
    whole = sandbox.get(f"issue/{key}")["fields"]
    assert {"comment", "attachment", "issuelinks"} <= set(whole)
    without = sandbox.get(f"issue/{key}?fields=*all,-comment,-attachment")["fields"]
    assert set(whole) - set(without) == {"comment", "attachment"}
    rich = sandbox.get(
        f"issue/{key}?fields=summary,Tag,description&expand=names,schema,renderedFields,editmeta"
    )
    assert rich["names"] == {"summary": "Summary", "description": "Description", sandbox.field("Tag"): "Tag"}
    assert rich["renderedFields"]["description"] == "<p><strong>bold</strong></p>"
    assert rich["schema"]["summary"] == {"type": "string", "system": "summary"}
    assert "description" in rich["editmeta"]["fields"]
    found = sandbox.get("search?jql=project=CM")["issues"][0]["fields"]
    assert not {"comment", "attachment"} & set(found)


def test_instants_are_written_in_the_callers_zone(sandbox: Sandbox) -> None:
    key = sandbox.create()
    assert sandbox.get(f"issue/{key}", user="bob")["fields"]["created"] == "2026-11-20T07:00:00.000-0500"


def test_an_issue_is_found_by_its_number_and_any_case(sandbox: Sandbox) -> None:
    key = sandbox.create()
    number = sandbox.get(f"issue/{key.lower()}")["id"]
    assert sandbox.get(f"issue/{number}")["key"] == key


@pytest.mark.parametrize("context_path", ["", "/jira"])
def test_addresses_lead_back_to_what_they_name(start: Start, context_path: str) -> None:
    sandbox = start(context_path=context_path)
    key = sandbox.create()
    issue = sandbox.get(f"issue/{key}")
    address = issue["self"]
    assert address == f"{sandbox.url}/rest/api/2/issue/{issue['id']}"
    assert sandbox.ask("GET", address.removeprefix(sandbox.url)).json()["key"] == key


def test_a_path_that_is_not_emulated_says_so(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    answer = sandbox.rest("GET", "dashboard")
    assert (answer.status_code, list(answer.json())) == (404, ["errorMessages", "errors"])
    assert "not emulated: GET /rest/api/2/dashboard" in caplog.text


def test_transitions_may_have_the_same_name(start: Start, seed: dict[str, Any]) -> None:
    ways = seed["projects"][0]["transitions"]
    ways += [{"name": "Launch", "to": "Running", "from": "Draft"}]
    sandbox = start(seed=seed)
    key = sandbox.create()
    found = sandbox.get(f"issue/{key}/transitions")["transitions"]
    assert [(one["name"], one["to"]["name"]) for one in found] == [
        ("Launch", "Launch"),
        ("Launch", "Running"),
    ]
    body = {"transition": {"id": found[1]["id"]}}
    assert sandbox.rest("POST", f"issue/{key}/transitions", json=body).status_code == 204
    assert sandbox.status(key) == "Running"
