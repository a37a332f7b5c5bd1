"""Two clients, unmodified, set a site up and work on it, on both flavours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from atlassian import Jira
from jira import JIRA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from conftest import Sandbox


@pytest.fixture(scope="module", params=["data-center", "cloud"])
def site(
    request: pytest.FixtureRequest, listen: Callable[..., AbstractContextManager[Sandbox]]
) -> Iterator[Sandbox]:
    """A site that the tests of this module share; what they leave there must not matter."""
    with listen(flavour=request.param) as sandbox:
        yield sandbox


@pytest.fixture
def cloud(site: Sandbox) -> bool:
    return site.app.site.flavour.name == "cloud"


@pytest.fixture
def library(site: Sandbox, cloud: bool) -> Iterator[JIRA]:
    """The ``jira`` library, signed in as alice."""
    token = site.app.access.tokens["alice"]
    signed: Any = {"basic_auth": ("alice@example.org", token)} if cloud else {"token_auth": token}
    client = JIRA(site.url, **signed, max_retries=0, timeout=20)
    yield client
    client.close()


@pytest.fixture
def second(site: Sandbox, cloud: bool) -> Jira:
    """The other client, signed in as alice."""
    name = "alice@example.org" if cloud else "alice"
    return Jira(site.url, username=name, password=site.app.access.tokens["alice"], cloud=cloud)


@pytest.fixture
def who(site: Sandbox, cloud: bool) -> Callable[[str], str]:
    """How somebody is named here."""
    return lambda name: site.app.site.config.users[name].account_id if cloud else name


@pytest.fixture
def key(library: JIRA, cloud: bool, who: Callable[[str], str]) -> str:
    """A new issue, which bob reported."""
    reporter = {"accountId" if cloud else "name": who("bob")}
    made = library.create_issue(project="CM", issuetype="Step", summary="s", reporter=reporter)
    return str(made.key)


def test_the_library_votes_and_logs_work(library: JIRA, key: str) -> None:
    library.add_vote(key)
    assert library.votes(key).votes == 1
    library.remove_vote(key)
    assert library.votes(key).votes == 0
    work = library.add_worklog(key, timeSpent="1h", comment="c", adjustEstimate="new", newEstimate="3h")
    work.update(comment="looked")
    assert [(one.timeSpent, one.comment) for one in library.worklogs(key)] == [("1h", "looked")]
    assert library.issue(key).fields.timetracking.remainingEstimate == "3h"
    work.delete(adjustEstimate="leave")
    assert library.worklogs(key) == []


def test_the_library_keeps_components_and_versions(library: JIRA, key: str) -> None:
    component = library.create_component(f"of {key}", "CM")
    version = library.create_version(f"1 of {key}", "CM")
    fields = {"components": [{"id": component.id}], "fixVersions": [{"id": version.id}]}
    library.issue(key).update(fields=fields)
    assert library.component_count_related_issues(component.id) == 1
    counted = library.version_count_related_issues(version.id)
    assert (counted["issuesFixedCount"], counted["issuesAffectedCount"]) == (1, 0)
    assert library.version_count_unresolved_issues(version.id) == 1
    library.rename_version("CM", f"1 of {key}", f"2 of {key}")
    renamed = library.get_project_version_by_name("CM", f"2 of {key}")
    assert renamed is not None
    assert renamed.id == version.id
    library.delete_component(component.id)
    assert library.issue(key).fields.components == []


def test_the_library_gives_roles_and_groups(
    library: JIRA, site: Sandbox, cloud: bool, who: Callable[[str], str]
) -> None:
    number = library.project_roles("CM")["Developers"]["id"]
    library.project_role("CM", number).update(users=[who("bob")], groups=[])
    (actor,) = library.project_role("CM", number).actors
    assert actor.displayName == "Bob Beispiel"
    library.add_group("pilots")
    if not cloud:  # the library sends a login name, which Cloud does not know
        library.add_user_to_group("bob", "pilots")
        assert list(library.group_members("pilots")) == ["bob"]
        library.remove_user_from_group("bob", "pilots")
    library.remove_group("pilots")
    assert "pilots" not in site.app.site.config.groups


def test_the_library_makes_and_removes_projects_people_and_filters(
    library: JIRA, site: Sandbox, who: Callable[[str], str]
) -> None:
    library.create_project("NEW", "New one", assignee=who("alice"))
    assert "NEW" in {project.key for project in library.projects()}
    library.delete_project("NEW")
    assert "NEW" not in {project.key for project in library.projects()}
    library.add_user("carl", "carl@example.org", fullname="Carl Beispiel")
    assert site.app.site.config.users["carl"].display_name == "Carl Beispiel"
    made = library.create_filter("mine", "d", "project = CM", favourite=True)
    library.update_filter(made.id, name="ours")
    assert [(one.name, one.jql) for one in library.favourite_filters()] == [("ours", "project = CM")]


def test_the_library_reads_schemes_screens_and_kinds(library: JIRA, key: str) -> None:
    assert library.project_permissionscheme("CM").id == library.permissionschemes()[0]["id"]
    assert library.project_notification_scheme("CM").id == library.notificationschemes()[0]["id"]
    assert [one["name"] for one in library.issuesecurityschemes()] == ["Default"]
    assert library.screens()
    assert "CM Workflow" in {one["name"] for one in library.workflows()}
    assert (library.priority("3").name, library.resolution("10000").name) == ("Medium", "Done")
    assert (library.status("Draft").statusCategory.key, library.issue_type_by_name("Step").name) == (
        "new",
        "Step",
    )
    assert {"new", "indeterminate", "done"} <= {one.key for one in library.statuscategories()}
    assert "summary" in library.editmeta(key)["fields"]
    assert library.attachment_meta()["enabled"] is True


def test_the_library_finds_who_may_do_what(library: JIRA, cloud: bool, who: Callable[[str], str]) -> None:
    asked: Any = {"query": "bob"} if cloud else {"username": "bob"}
    (found,) = library.search_assignable_users_for_issues(project="CM", **asked)
    assert found.displayName == "Bob Beispiel"
    (found,) = library.search_allowed_users_for_issue("bob", projectKey="CM")
    assert found.displayName == "Bob Beispiel"
    if not cloud:  # the library sends a login name, which Cloud does not know
        (found,) = library.search_assignable_users_for_projects("bob", "CM")
        assert found.displayName == "Bob Beispiel"
    assert library.user(who("bob")).displayName == "Bob Beispiel"


def test_the_second_client_keeps_properties_work_and_remarks(second: Jira, key: str) -> None:
    second.set_issue_property(key, "cmbot.state", {"a": 1})
    assert second.get_issue_property(key, "cmbot.state")["value"] == {"a": 1}
    assert [one["key"] for one in second.get_issue_property_keys(key)["keys"]] == ["cmbot.state"]
    second.delete_issue_property(key, "cmbot.state")
    assert second.get_issue_property_keys(key)["keys"] == []

    second.issue_worklog(key, "2026-11-20T10:00:00.000+0000", 3600)
    (work,) = second.issue_get_worklog(key)["worklogs"]
    assert work["timeSpent"] == "1h"
    changed = second.get_updated_worklogs(0)
    assert int(work["id"]) in {one["worklogId"] for one in changed["values"]}
    (read,) = second.get_worklogs([int(work["id"])])
    assert read["issueId"] == work["issueId"]

    remark = second.issue_add_comment(key, "one")
    second.issue_edit_comment(key, remark["id"], "two")
    assert second.issue_get_comment(key, remark["id"])["body"] == "two"
    second.set_comment_property(remark["id"], "p", {"b": 2})
    # The client wraps what it is given.
    assert second.get_comment_property(remark["id"], "p")["value"] == {"value": {"b": 2}}


def test_the_second_client_sets_up_fields_kinds_and_projects(
    second: Jira, site: Sandbox, cloud: bool, who: Callable[[str], str]
) -> None:
    text = "com.atlassian.jira.plugin.system.customfieldtypes:textfield"
    made = second.create_custom_field("Fresh", text)
    assert made["id"] in {one["id"] for one in second.get_all_fields()}
    second.create_issue_link_type("Clones", "is cloned by", "clones")
    assert "Clones" in {one["name"] for one in second.get_issue_link_types()}
    second.create_issue_type("Chore", "d", "standard")
    assert "Chore" in {one["name"] for one in second.get_issue_types()}
    lead = {"leadAccountId": who("alice")} if cloud else {"lead": "alice"}
    second.create_project_from_raw_json({"key": "PP", "name": "Pilots", "projectTypeKey": "software", **lead})
    second.update_project("PP", {"description": "for pilots"})
    assert second.project("PP")["description"] == "for pilots"
    second.add_version("PP", site.app.site.config.project("PP").id, "v9")
    assert [one["name"] for one in second.get_project_versions("PP")] == ["v9"]
    second.create_component({"name": "sky", "project": "PP"})
    assert [one["name"] for one in second.get_project_components("PP")] == ["sky"]
    second.delete_project("PP")
    assert site.app.site.config.project("PP") is None


def test_the_second_client_reads_what_is_set_up(second: Jira, key: str) -> None:
    assert [one["name"] for one in second.get_all_priorities()][2] == "Medium"
    assert {"Draft", "Launch"} <= {one["name"] for one in second.get_all_statuses()}
    assert {one["name"] for one in second.get_status_for_project("CM")} == {"Epic", "Step", "Group"}
    assert second.get_project_permission_scheme("CM")["name"] == "Default Permission Scheme"
    assert second.get_project_notification_scheme("CM")["name"]
    assert [one["name"] for one in second.get_issue_security_schemes()] == ["Default"]
    assert "BROWSE_PROJECTS" in second.get_permissions("BROWSE_PROJECTS")["permissions"]
    assert "summary" in second.issue_editmeta(key)["fields"]
    assert second.issue_exists(key)
    assert not second.issue_exists("CM-999")
