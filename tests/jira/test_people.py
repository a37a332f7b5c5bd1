"""Who has which role, as Jira's groups and project roles say, on both deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import RemoteError
from cmbot.jira.datacenter import DataCenter
from cmbot.jira.gateway import Jira
from cmbot.jira.people import People
from cmbot.jira.wire import Wire
from cmbot.models.issues import Person, Role
from cmbot.settings import JiraSettings, RoleSettings, Secret

if TYPE_CHECKING:
    import responses

    from tests.jira.conftest import Site

URL = "https://jira.test/jira"
REST = f"{URL}/rest/api/2"
ANNA = Person("anna", "Anna")
EVERY = frozenset(Role)


def settings(url: str = URL, **roles: RoleSettings) -> JiraSettings:
    mapped = {Role(name): who for name, who in roles.items()}
    return JiraSettings(url=url, token=Secret(variable="CMBOT_JIRA_TOKEN"), roles=mapped)


def people(**roles: RoleSettings) -> People:
    chosen = settings(**roles)
    return People(Wire(chosen, lambda: "made-up-token"), DataCenter(), chosen)


def user(server: responses.RequestsMock, *groups: str, **more: Any) -> None:
    items = [{"name": name, "self": f"{REST}/group?groupname={name}"} for name in groups]
    body = {"name": "anna", "key": "JIRAUSER1", "groups": {"size": len(items), "items": items}}
    server.get(f"{REST}/user", json=body | more)


@pytest.mark.covers("V16", "W24")
def test_members_of_a_group_or_a_project_role_have_the_role(site: Site) -> None:
    accounts = {}
    for name in ("carol", "dave", "erin", "frank"):
        named = {"name": name, "displayName": name, "emailAddress": f"{name}@example.org"}
        made = site.rest("POST", "user", named)
        accounts[name] = {"accountId": made["accountId"]} if site.cloud else {"name": name}
    for group, member in (("cm-operators", "carol"), ("cm-all", "dave")):
        site.rest("POST", "group", {"name": group})
        site.rest("POST", f"group/user?groupname={group}", accounts[member])
    people = {name: Person(next(iter(account.values()))) for name, account in accounts.items()}
    number = site.rest("POST", "role", {"name": "Deciders"})["id"]
    site.rest("POST", f"project/CM/role/{number}", {"user": [people["erin"].account]})
    site.rest("POST", f"project/CM/role/{number}", {"group": ["cm-all"]})
    roles = {
        Role.OPERATOR: RoleSettings(groups=("CM-Operators",)),
        Role.DEFINER: RoleSettings(groups=("cm-operators",), project_roles=("deciders",)),
    }
    jira = Jira.connect(site.settings(roles=roles), lambda: site.tokens["cmbot"])
    found = {name: jira.people.roles_of(person) for name, person in people.items()}
    definer, nothing = frozenset({Role.DEFINER}), frozenset[Role]()
    assert found == {"carol": EVERY, "dave": definer, "erin": definer, "frank": nothing}
    assert jira.people.roles_of(Person("nobody")) == nothing
    # Asked once until the next pass.
    site.rest("POST", "group/user?groupname=cm-operators", accounts["frank"])
    assert jira.people.roles_of(people["frank"]) == nothing
    jira.people.forget()
    assert jira.people.roles_of(people["frank"]) == EVERY


def test_a_role_that_is_not_mapped_is_everybodys(server: responses.RequestsMock) -> None:
    user(server)
    who = people(operator=RoleSettings(groups=("operators",)))
    assert who.roles_of(ANNA) == {Role.DEFINER}


def test_a_project_role_names_people_in_the_ways_of_both_deployments(server: responses.RequestsMock) -> None:
    actors: list[dict[str, Any]] = [
        {"type": "atlassian-user-role-actor", "name": "JIRAUSER1"},
        {"type": "atlassian-user-role-actor", "actorUser": {"accountId": "5b10:a2"}},
        {"type": "atlassian-group-role-actor", "name": "x", "actorGroup": {"name": "x", "groupId": "952d"}},
        {"type": "of an app"},
    ]
    server.get(f"{REST}/project/CM/role", json={"Developers": f"{REST}/project/10000/role/10001"})
    server.get(f"{REST}/project/CM/role/10001", json={"actors": actors})
    who = people(operator=RoleSettings(project_roles=("Developers",)))
    server.get(f"{REST}/user", json={"key": "JIRAUSER1", "name": "anna", "groups": {"size": 0, "items": []}})
    assert Role.OPERATOR in who.roles_of(ANNA)
    for account, groups, has in (
        ("5b10:a2", [], True),
        ("5b10:b3", [], False),
        ("5b10:c4", [{"name": "renamed", "groupId": "952d"}], True),
        ("x", [], False),  # an account called like a group
    ):
        body = {"accountId": account, "groups": {"size": len(groups), "items": groups}}
        server.replace("GET", f"{REST}/user", json=body)
        assert (Role.OPERATOR in who.roles_of(Person(account))) is has


@pytest.mark.parametrize(
    "answer",
    [
        {"name": "anna"},
        {"name": "anna", "groups": {"size": 3, "items": []}},  # as Jira says without the right to see them
        {"name": "anna", "groups": {"size": 1, "items": ["operators"]}},
        {"name": "anna", "groups": 1},
    ],
)
def test_groups_that_jira_does_not_tell_are_not_taken_for_none(
    server: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    server.get(f"{REST}/user", json=answer)
    with pytest.raises(RemoteError, match="groups of a person"):
        people(operator=RoleSettings(groups=("operators",))).roles_of(ANNA)


def test_a_project_role_that_does_not_exist_is_named_with_those_that_do(
    server: responses.RequestsMock,
) -> None:
    user(server)
    server.get(f"{REST}/project/CM/role", json={"Developers": f"{REST}/project/10000/role/10001"})
    with pytest.raises(RemoteError, match="there is no project role 'Deciders'; use Developers"):
        people(operator=RoleSettings(project_roles=("Deciders",))).roles_of(ANNA)


def test_a_role_that_names_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="name a group or a project role"):
        RoleSettings()
