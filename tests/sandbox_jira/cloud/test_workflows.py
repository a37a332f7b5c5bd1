"""Workflows and the schemes by which projects follow them, as Cloud's clients read and make them."""

from __future__ import annotations

import copy
import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from conftest import Cloud


def new(screen: str = "", role: str = "") -> dict[str, Any]:
    """Open, then Closed with a screen, by a role."""
    closing: dict[str, Any] = {"id": "21", "name": "Close", "type": "DIRECTED", "toStatusReference": "b"}
    closing["links"] = [{"fromStatusReference": "a", "fromPort": 0, "toPort": 1}]
    if screen:
        about = {"ruleType": "fieldRequired", "fieldsRequired": "resolution"}
        closing["transitionScreen"] = {
            "ruleKey": "system:transition-screen",
            "parameters": {"screenId": screen},
        }
        closing["validators"] = [{"ruleKey": "system:validate-field-value", "parameters": about}]
    if role:
        rule = {"ruleKey": "system:restrict-issue-transition", "parameters": {"roleIds": role}}
        closing["conditions"] = {"operation": "ALL", "conditions": [rule], "conditionGroups": []}
    return {
        "scope": {"type": "GLOBAL"},
        "statuses": [
            {"statusReference": "a", "name": "Open", "statusCategory": "TODO", "description": ""},
            {"statusReference": "b", "name": "Closed", "statusCategory": "DONE"},
        ],
        "workflows": [
            {
                "name": "Two steps",
                "description": "d",
                "statuses": [{"statusReference": "a", "layout": {"x": 1, "y": 2}}, {"statusReference": "b"}],
                "transitions": [
                    {"id": "1", "name": "Create", "type": "INITIAL", "toStatusReference": "a", "links": []},
                    closing,
                    {"id": "31", "name": "Reopen", "type": "GLOBAL", "toStatusReference": "a"},
                ],
            }
        ],
    }


def test_a_workflow_that_was_made_is_read_and_followed_by_a_project(cloud: Cloud) -> None:
    screens = {one["name"]: one["id"] for one in cloud.get("screens")["values"]}
    screen = str(screens["CM: Complete Screen (3)"])
    role = str(next(one["id"] for one in cloud.get("role") if one["name"] == "Administrators"))
    made = cloud.post("workflows/create", new(screen, role))
    (workflow,) = made["workflows"]
    references = {one["name"]: one["statusReference"] for one in made["statuses"]}
    assert {one["name"]: one["statusCategory"] for one in made["statuses"]} == {
        "Open": "TODO",
        "Closed": "DONE",
    }
    read = cloud.post("workflows", {"workflowNames": ["Two steps"]})
    assert read == made == cloud.post("workflows", {"workflowIds": [workflow["id"]]})
    create, close, reopen = workflow["transitions"]
    assert (create["type"], create["toStatusReference"]) == ("INITIAL", references["Open"])
    assert close["links"] == [{"fromStatusReference": references["Open"]}]
    assert (reopen["type"], close["transitionScreen"]["parameters"]["screenId"]) == ("GLOBAL", screen)

    (scheme,) = [
        one for one in cloud.get("workflowscheme")["values"] if one["defaultWorkflow"] == "Two steps"
    ]
    sent = {"projectId": cloud.get("project/CM")["id"], "workflowSchemeId": str(scheme["id"])}
    assert cloud.rest("PUT", "workflowscheme/project", json=sent).status_code == 204
    (followed,) = cloud.get(f"workflowscheme/project?projectId={sent['projectId']}")["values"]
    assert (followed["projectIds"], followed["workflowScheme"]) == ([sent["projectId"]], scheme)
    key = cloud.create()
    assert cloud.get(f"issue/{key}")["fields"]["status"]["name"] == "Open"
    assert {one["name"] for one in cloud.get(f"issue/{key}/transitions")["transitions"]} == {
        "Close",
        "Reopen",
    }
    bobs = cloud.get(f"issue/{key}/transitions", user="bob")["transitions"]
    assert [one["name"] for one in bobs] == ["Reopen"]  # he is in no such role
    assert cloud.move(key, "Close").status_code == 400  # the resolution is required
    assert cloud.move(key, "Close", fields={"resolution": {"name": "Done"}}).status_code == 204
    assert cloud.rest("PUT", "workflowscheme/project", json=sent).status_code == 400  # it has issues


def test_workflows_are_found_page_by_page(cloud: Cloud) -> None:
    cloud.post("workflows/create", new())
    assert cloud.get("workflow/search")["total"] == 2
    (found,) = cloud.get("workflow/search?queryString=two&expand=transitions,statuses")["values"]
    assert found["id"]["name"] == "Two steps"
    assert [one["type"] for one in found["transitions"]] == ["initial", "directed", "global"]
    assert [one["name"] for one in found["statuses"]] == ["Open", "Closed"]
    assert cloud.rest("GET", "workflow/search", user="bob").status_code == 403
    assert cloud.rest("GET", "workflowscheme", user="bob").status_code == 403
    assert {one["name"]: one["steps"] for one in cloud.get("workflow")} == {"CM Workflow": 4, "Two steps": 2}
    cm = cloud.get("project/CM")
    pairs = [{"projectId": cm["id"], "issueTypeId": cm["issueTypes"][0]["id"]}]
    (ours,) = cloud.post("workflows", {"projectAndIssueTypes": pairs})["workflows"]
    assert ours["name"] == "CM Workflow"


def wrong(place: str, value: Any, right: dict[str, Any] | None = None) -> dict[str, Any]:
    body: Any = copy.deepcopy(right or new())
    *path, last = place.split(".")
    target = body
    for step in path:
        target = target[int(step) if step.isdigit() else step]
    target[int(last) if last.isdigit() else last] = value
    return dict(body)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("workflows", []),
        ("workflows.0.name", "CM Workflow"),
        ("workflows.0.transitions.0.type", "GLOBAL"),
        ("workflows.0.transitions.1.id", "31"),
        ("workflows.0.transitions.1.links", []),
        ("workflows.0.transitions.1.toStatusReference", "c"),
        ("workflows.0.transitions.2.transitionScreen", {"ruleKey": "x"}),
        ("workflows.0.transitions.2.validators", [{"ruleKey": "forge:mine"}]),
        ("workflows.0.transitions.2.actions", [{"ruleKey": "system:update-field"}]),
        ("statuses.0.name", "Draft"),
        ("statuses.0.name", "Closed"),
        ("statuses.0.id", "1"),
        ("statuses.0.statusCategory", "LATER"),
    ],
)
def test_a_workflow_that_cannot_be_changes_nothing(calm_cloud: Cloud, place: str, value: Any) -> None:
    before = calm_cloud.get("status")
    calm_cloud.post("workflows/create", wrong(place, value), 400)
    assert calm_cloud.get("status") == before
    assert [one["name"] for one in calm_cloud.get("workflow")] == ["CM Workflow"]


def test_only_administrators_make_workflows(calm_cloud: Cloud) -> None:
    calm_cloud.post("workflows/create", new(), 403, user="bob")
    calm_cloud.post("workflows", {}, 400)


PLACES = st.sampled_from(
    [
        *("statuses", "statuses.0", "statuses.0.id", "statuses.1.name", "workflows.0", "workflows.0.name"),
        *("workflows.0.statuses", "workflows.0.transitions", "workflows.0.transitions.1.id"),
        *("workflows.0.transitions.1.links", "workflows.0.transitions.1.conditions"),
        *("workflows.0.transitions.1.conditions.conditions.0.parameters", "workflows.0.transitions.1.name"),
        *("workflows.0.transitions.1.validators.0.parameters", "workflows.0.transitions.1.toStatusReference"),
        "workflows.0.transitions.1.transitionScreen.parameters",
    ]
)
COUNT = itertools.count()
ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["a", "10000", {"screenId": "1"}]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=9), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=PLACES, value=ANYTHING)
def test_no_workflow_breaks_it(calm_cloud: Cloud, place: str, value: Any) -> None:
    headers = {"Content-Type": "application/json"}
    names = f'"{next(COUNT)} '  # an accepted one must not let all others fail for their names
    fresh = json.dumps(new("10000", "10000"))
    for name in ("Open", "Closed", "Two steps"):
        fresh = fresh.replace(f'"{name}', names + name)
    body = json.dumps(wrong(place, value, json.loads(fresh)))
    answer = calm_cloud.rest("POST", "workflows/create", data=body, headers=headers)
    assert answer.status_code < 500, answer.text
    assert calm_cloud.rest("GET", "workflow/search?expand=transitions,statuses").status_code == 200
