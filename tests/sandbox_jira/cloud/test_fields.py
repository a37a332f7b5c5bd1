"""What is Cloud's own in what administrators set up: contexts of fields, whole create metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Cloud

SELECT = "com.atlassian.jira.plugin.system.customfieldtypes:select"


def test_a_field_has_contexts_with_their_own_options(cloud: Cloud) -> None:
    field = cloud.post("field", {"name": "Site", "type": SELECT}, 201)["id"]
    assert cloud.rest("POST", f"screens/addToDefault/{field}").status_code == 200
    (everywhere,) = cloud.get(f"field/{field}/context")["values"]
    assert (everywhere["isGlobalContext"], everywhere["isAnyIssueType"]) == (True, True)
    project = cloud.get("project/CM")["id"]
    made = cloud.post(f"field/{field}/context", {"name": "CM only", "projectIds": [project]}, 201)
    assert made["projectIds"] == [project]
    place = f"field/{field}/context/{made['id']}/option"
    options = cloud.post(place, {"options": [{"value": "USDF"}, {"value": "UK"}]})["options"]
    other = f"field/{field}/context/{everywhere['id']}/option"
    cloud.post(other, {"options": [{"value": "nowhere"}]})
    key = cloud.create(**{field: {"value": "USDF"}})
    refused = cloud.rest("PUT", f"issue/{key}", json={"fields": {field: {"value": "nowhere"}}})
    assert list(refused.json()["errors"]) == [field]
    cloud.rest("PUT", place, json={"options": [{"id": options[1]["id"], "disabled": True}]})
    assert cloud.rest("PUT", f"issue/{key}", json={"fields": {field: {"value": "UK"}}}).status_code == 400
    cloud.post(place, {"options": [{"value": "usdf"}]}, 400)
    assert cloud.rest("DELETE", f"field/{field}/context/{made['id']}").status_code == 400
    cloud.rest("PUT", f"issue/{key}", json={"fields": {field: None}})
    assert cloud.rest("DELETE", f"field/{field}/context/{made['id']}").status_code == 204


def test_create_metadata_still_comes_in_one_answer(calm_cloud: Cloud) -> None:
    asked = "issue/createmeta?projectKeys=CM&issuetypeNames=Epic&expand=projects.issuetypes.fields"
    (project,) = calm_cloud.get(asked)["projects"]
    (epic,) = project["issuetypes"]
    assert (project["key"], epic["name"], epic["fields"]["summary"]["required"]) == ("CM", "Epic", True)
    assert calm_cloud.get("issue/createmeta?projectKeys=NO")["projects"] == []
    kinds = calm_cloud.get(f"issuetype/project?projectId={project['id']}")
    assert [kind["name"] for kind in kinds] == ["Epic", "Step", "Group"]


def test_work_is_logged_and_commented_in_documents(calm_cloud: Cloud) -> None:
    key = calm_cloud.create()
    sent = {"timeSpentSeconds": 3600, "comment": {"type": "doc", "version": 1, "content": []}}
    made = calm_cloud.rest("POST", f"issue/{key}/worklog", json=sent)
    assert made.status_code == 201, made.text
    (one,) = calm_cloud.get(f"issue/{key}/worklog")["worklogs"]
    assert (one["timeSpent"], one["author"]["accountId"]) == ("1h", calm_cloud.account("alice"))
    assert one["comment"]["type"] == "doc"


def test_a_project_is_made_with_its_lead_by_account(cloud: Cloud) -> None:
    sent = {"key": "NEW", "name": "New things", "leadAccountId": cloud.account("bob")}
    template = "com.pyxis.greenhopper.jira:gh-simplified-kanban-classic"
    made = cloud.post("project", {**sent, "projectTemplateKey": template}, 201)
    assert cloud.get(f"project/{made['id']}")["lead"]["accountId"] == cloud.account("bob")
    assert cloud.rest("DELETE", "project/NEW").status_code == 204


def test_a_change_of_status_category_has_its_date(cloud: Cloud) -> None:
    key = cloud.create()
    cloud.clock.advance(hours=1)
    cloud.move(key, "Launch")
    changed = cloud.get(f"issue/{key}")["fields"]["statuscategorychangedate"]
    cloud.clock.advance(hours=1)
    cloud.move(key, "Run")  # of the same category
    assert cloud.get(f"issue/{key}")["fields"]["statuscategorychangedate"] == changed
    assert changed == "2026-11-20T13:00:00.000+0000"
    assert cloud.search('statusCategoryChangedDate < "-30m"') == [key]
    assert cloud.search('statusCategoryChangedDate > "-30m"') == []


def test_a_field_and_its_context_get_other_names(cloud: Cloud) -> None:
    wms, sites = cloud.sandbox.field("WMS"), cloud.sandbox.field("Sites")
    sent = {"name": "Workload system", "description": "Who runs it"}
    assert cloud.rest("PUT", f"field/{wms}", json=sent).status_code == 204
    (found,) = cloud.get(f"field/search?id={wms}")["values"]
    assert (found["name"], found["description"]) == ("Workload system", "Who runs it")
    assert cloud.search("'Workload system' is EMPTY") == []
    assert cloud.rest("PUT", f"field/{sites}", json=sent).status_code == 400
    assert cloud.rest("PUT", f"field/{sites}", json={"name": "Epic Link"}).status_code == 400  # it is hidden
    assert cloud.rest("PUT", "field/summary", json=sent).status_code == 404
    assert cloud.rest("PUT", f"field/{wms}", json=sent, user="bob").status_code == 403
    (context,) = cloud.get(f"field/{wms}/context")["values"]
    place = f"field/{wms}/context/{context['id']}"
    assert cloud.rest("PUT", place, json={"name": "Everywhere"}).status_code == 204
    assert cloud.get(f"field/{wms}/context")["values"][0]["name"] == "Everywhere"
