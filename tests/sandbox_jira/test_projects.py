"""Projects: made, changed, deleted; their parts, roles and schemes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Sandbox
    from jira import JIRA

KANBAN = "com.pyxis.greenhopper.jira:gh-kanban-template"
NEW = {"key": "NEW", "name": "New things", "lead": "bob", "projectTemplateKey": KANBAN}


def make(sandbox: Sandbox, **more: object) -> None:
    made = sandbox.rest("POST", "project", json=NEW | more)
    assert made.status_code == 201, made.text


def step(project: str = "CM", kind: str = "Step", **fields: object) -> dict[str, object]:
    return {"fields": {"project": {"key": project}, "issuetype": {"name": kind}, "summary": "s", **fields}}


def test_a_project_is_made_with_what_its_template_says(sandbox: Sandbox) -> None:
    make(sandbox, description="what for")
    project = sandbox.get("project/NEW")
    assert (project["lead"]["name"], project["description"]) == ("bob", "what for")
    assert [kind["name"] for kind in project["issueTypes"]] == ["Epic", "Story", "Task", "Bug", "Sub-task"]
    (epic, *_) = sandbox.get("project/NEW/statuses")
    assert [status["name"] for status in epic["statuses"]][:2] == ["Backlog", "Selected for Development"]
    made = sandbox.rest("POST", "issue", json=step("NEW", "Bug"))
    assert made.json()["key"] == "NEW-1"
    assert sandbox.status("NEW-1") == "Backlog"
    sandbox.move("NEW-1", "Done")
    assert sandbox.search("project = NEW AND statusCategory = Done") == ["NEW-1"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"key": "cm"}, "projectKey"),
        ({"key": "CM"}, "projectKey"),
        ({"key": 7}, "projectKey"),
        ({"name": "Campaigns"}, "projectName"),
        ({"name": "x"}, "projectName"),
        ({"lead": "nobody"}, "projectLead"),
        ({"lead": None}, "projectLead"),
        ({"projectTemplateKey": "?"}, "projectTemplateKey"),
        ({"assigneeType": "?"}, "assigneeType"),
    ],
)
def test_a_project_that_cannot_be_is_refused(sandbox: Sandbox, wrong: dict[str, object], field: str) -> None:
    refused = sandbox.rest("POST", "project", json=NEW | wrong)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])
    assert [project["key"] for project in sandbox.get("project")] == ["CM"]


def test_a_deleted_project_takes_everything_with_it(sandbox: Sandbox) -> None:
    make(sandbox)
    sandbox.rest("POST", "issue", json=step("NEW", "Task"))
    other = sandbox.create()
    ends = {"inwardIssue": {"key": "NEW-1"}, "outwardIssue": {"key": other}}
    sandbox.rest("POST", "issueLink", json={"type": {"name": "Blocks"}, **ends})
    assert sandbox.rest("DELETE", "project/NEW", user="bob").status_code == 403
    assert sandbox.rest("DELETE", "project/NEW").status_code == 204
    for path in ("project/NEW", "issue/NEW-1"):
        assert sandbox.rest("GET", path).status_code == 404
    assert sandbox.get(f"issue/{other}")["fields"]["issuelinks"] == []
    assert sandbox.search("") == [other]


def test_only_administrators_make_projects(sandbox: Sandbox) -> None:
    assert sandbox.rest("POST", "project", json=NEW, user="bob").status_code == 403


def test_a_project_is_changed_by_who_administers_it(sandbox: Sandbox) -> None:
    assert sandbox.rest("PUT", "project/CM", json={"name": "Mine"}, user="bob").status_code == 403
    role = next(one["id"] for one in sandbox.get("role") if one["name"] == "Administrators")
    added = sandbox.rest("POST", f"project/CM/role/{role}", json={"user": ["bob"]})
    assert {actor["name"] for actor in added.json()["actors"]} == {"jira-administrators", "bob"}
    assert sandbox.rest("PUT", "project/CM", json={"name": "Mine"}, user="bob").json()["name"] == "Mine"
    assert sandbox.rest("DELETE", f"project/CM/role/{role}?user=bob").status_code == 204
    assert sandbox.rest("DELETE", f"project/CM/role/{role}?user=bob").status_code == 404
    assert sandbox.rest("PUT", "project/CM", json={"name": "His"}, user="bob").status_code == 403


def test_a_category_is_what_projects_are_filed_under(sandbox: Sandbox) -> None:
    made = sandbox.rest("POST", "projectCategory", json={"name": "Surveys", "description": "d"}).json()
    assert sandbox.rest("POST", "projectCategory", json={"name": "surveys"}).status_code == 409
    sandbox.rest("PUT", "project/CM", json={"categoryId": int(made["id"])})
    assert sandbox.get("project/CM")["projectCategory"]["name"] == "Surveys"
    assert sandbox.rest("DELETE", f"projectCategory/{made['id']}").status_code == 204
    assert "projectCategory" not in sandbox.get("project/CM")


def test_components_are_set_on_issues_found_and_replaced(sandbox: Sandbox) -> None:
    made = [
        sandbox.rest("POST", "component", json={"project": "CM", "name": name, "leadUserName": "bob"}).json()
        for name in ("calib", "coadd")
    ]
    assert (made[0]["lead"]["name"], made[0]["project"]) == ("bob", "CM")
    twin = sandbox.rest("POST", "component", json={"project": "CM", "name": "CALIB"})
    assert twin.status_code == 400
    key = sandbox.create(components=[{"name": "calib"}])
    assert sandbox.rest("POST", "issue", json=step(components=[{"name": "no"}])).status_code == 400
    assert sandbox.search("component = calib") == [key]
    update = {"update": {"components": [{"add": {"id": made[1]["id"]}}]}}
    assert sandbox.rest("PUT", f"issue/{key}", json=update).status_code == 204
    issue = sandbox.get(f"issue/{key}?expand=changelog")
    assert [one["name"] for one in issue["fields"]["components"]] == ["calib", "coadd"]
    (item,) = issue["changelog"]["histories"][-1]["items"]
    assert (item["field"], item["from"], item["to"], item["toString"]) == (
        "Component",
        None,
        made[1]["id"],
        "coadd",
    )
    assert sandbox.get(f"component/{made[0]['id']}/relatedIssueCounts")["issueCount"] == 1
    sandbox.rest("DELETE", f"component/{made[0]['id']}?moveIssuesTo={made[1]['id']}")
    assert [one["name"] for one in sandbox.get(f"issue/{key}")["fields"]["components"]] == ["coadd"]
    sandbox.rest("DELETE", f"component/{made[1]['id']}")
    assert sandbox.get(f"issue/{key}")["fields"]["components"] == []


def test_versions_have_dates_and_end_in_archives(sandbox: Sandbox) -> None:
    sent = {"project": "CM", "name": "w_47", "startDate": "2026-11-01", "releaseDate": "2026-12-01"}
    made = sandbox.rest("POST", "version", json=sent).json()
    assert (made["startDate"], made["releaseDate"], made["released"]) == ("2026-11-01", "2026-12-01", False)
    assert (
        sandbox.rest("POST", "version", json=sent | {"name": "x", "releaseDate": "1.2.26"}).status_code == 400
    )
    key = sandbox.create(fixVersions=[{"id": made["id"]}], versions=[{"name": "w_47"}])
    assert sandbox.search("fixVersion = w_47 AND affectedVersion = w_47") == [key]
    changed = sandbox.rest("PUT", f"version/{made['id']}", json={"released": True, "archived": True}).json()
    assert (changed["released"], changed["archived"], changed["name"]) == (True, True, "w_47")
    assert sandbox.get("project/CM/version")["values"] == sandbox.get("project/CM/versions") == [changed]
    assert sandbox.rest("DELETE", f"version/{made['id']}").status_code == 204
    fields = sandbox.get(f"issue/{key}")["fields"]
    assert (fields["fixVersions"], fields["versions"]) == ([], [])


def test_a_permission_scheme_hides_a_project_from_outsiders(sandbox: Sandbox) -> None:
    key = sandbox.create(summary="hidden thing")
    developers = next(one["id"] for one in sandbox.get("role") if one["name"] == "Developers")
    holder = {"type": "projectRole", "parameter": str(developers)}
    grants = [
        {"permission": permission, "holder": holder}
        for permission in ("BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "TRANSITION_ISSUES")
    ]
    scheme = sandbox.rest("POST", "permissionscheme", json={"name": "Closed", "permissions": grants}).json()
    put = sandbox.rest("PUT", "project/CM/permissionscheme", json={"id": scheme["id"]})
    assert (put.status_code, put.json()["name"]) == (200, "Closed")
    actors = {"categorisedActors": {"atlassian-user-role-actor": ["bob"]}}
    assert sandbox.rest("PUT", f"project/CM/role/{developers}", json=actors).status_code == 200
    assert sandbox.search("", user="bob") == [key]
    for path in (f"issue/{key}", f"issue/{key}/comment", "project/CM", f"issue/{key}/transitions"):
        assert sandbox.rest("GET", path).status_code == 404, path
    assert sandbox.search("") == []
    assert sandbox.get("project") == []
    assert sandbox.rest("POST", "issue", json=step()).json()["errors"] == {
        "project": "valid project is required"
    }
    assert sandbox.rest("DELETE", f"permissionscheme/{scheme['id']}").status_code == 400


def test_schemes_can_be_read_by_clients(sandbox: Sandbox) -> None:
    (scheme,) = sandbox.get("permissionscheme?expand=permissions")["permissionSchemes"]
    assert scheme["name"] == "Default Permission Scheme"
    assert {grant["permission"] for grant in scheme["permissions"]} >= {"BROWSE_PROJECTS", "EDIT_ISSUES"}
    assert sandbox.get("project/CM/notificationscheme")["name"] == "Default Notification Scheme"
    expanded = sandbox.get("notificationscheme/10000?expand=all")["notificationSchemeEvents"]
    assert "Reporter" in [one["notificationType"] for one in expanded[0]["notifications"]]
    assert sandbox.get("project/CM/securitylevel") == {"levels": []}
    assert len(sandbox.get("issuesecurityschemes")["issueSecuritySchemes"]) == 1
    assert sandbox.rest("GET", "project/CM/issuesecuritylevelscheme").status_code == 404


def test_the_library_makes_and_deletes_a_project(library: JIRA) -> None:
    library.create_project("LIB", "Of the library", template_name=KANBAN, projectCategory=-1)
    assert library.project("LIB").name == "Of the library"
    assert library.create_component("c", "LIB").name == "c"
    assert library.create_version("v", "LIB").name == "v"
    assert [one.name for one in library.project_versions("LIB")] == ["v"]
    roles = library.project_roles("LIB")
    assert set(roles) == {"Users", "Developers", "Administrators"}
    library.project_role("LIB", roles["Developers"]["id"]).add_user(users=["bob"])
    assert library.delete_project("LIB")
    assert [one.key for one in library.projects()] == ["CM"]
