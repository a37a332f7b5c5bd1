"""People and groups: what administrators do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import APIRouter, Response
from markupsafe import escape

from cmbot.sandbox.jira import people
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import can_be_assigned, may

from .call import Call, SignedIn, answer, nothing
from .setup import find_project

if TYPE_CHECKING:
    from cmbot.sandbox.jira.configuration import User
    from cmbot.sandbox.jira.shapes import Json

router = APIRouter()


@router.post("/user")
def create(call: Call) -> Response:
    """Add a person."""
    made = people.create(call.site, call.user, call.object)
    return answer(call.afresh.user(made), 201)


@router.put("/user")
def change(call: Call) -> Response:
    """Change what is known of a person."""
    person = _named(call)
    people.change(call.site, call.user, person, call.object)
    return answer(call.afresh.user(person.name))


@router.put("/user/password")
def set_password(call: Call) -> Response:
    """Give somebody a password."""
    people.set_password(call.site, call.user, _named(call), call.object)
    return nothing()


@router.delete("/user")
@router.delete("/user/")
def delete(call: Call) -> Response:
    """Remove somebody who has left no trace."""
    people.delete(call.site, call.user, _named(call))
    return nothing()


@router.get("/user/groups")
def groups_of(call: Call) -> Response:
    """The groups somebody is in."""
    return answer([_brief(call, name) for name in call.site.config.groups_of(_named(call))])


@router.get("/groups/picker")
def picker(call: Call) -> Response:
    """Groups whose name contains a text."""
    wanted, most = call.text("query").casefold(), max(0, call.number("maxResults", 20))
    found = [name for name in call.site.config.groups if wanted in name.casefold()]
    shown = [{"name": name, "html": str(escape(name)), "labels": []} for name in found[:most]]
    header = f"Showing {len(shown)} of {len(found)} matching groups"
    return answer({"header": header, "total": len(found), "groups": shown})


@router.get("/group")
def group(call: Call) -> Response:
    """One group with its members."""
    return answer(_group(call, people.group(call.site, call.text("groupname"))))


@router.post("/group")
def add_group(call: Call) -> Response:
    """Add a group."""
    name = people.add_group(call.site, call.user, call.object)
    return answer(_group(call, name), 201)


@router.delete("/group")
def delete_group(call: Call) -> Response:
    """Remove a group."""
    people.delete_group(call.site, call.user, people.group(call.site, call.text("groupname")))
    return nothing(200)


@router.get("/group/member")
def members(call: Call) -> Response:
    """The members of a group, page by page."""
    name = people.group(call.site, call.text("groupname"))
    with_inactive = call.flag("includeInactiveUsers")
    found = [one for one in _members(call, name) if one.active or with_inactive]
    start, most = max(0, call.number("startAt", 0)), min(max(1, call.number("maxResults", 50)), 50)
    shown = found[start : start + most]
    return answer(
        {
            "self": call.shapes.link(f"group/member?groupname={quote(name)}"),
            "maxResults": most,
            "startAt": start,
            "total": len(found),
            "isLast": start + len(shown) >= len(found),
            "values": [call.shapes.user(one.name) for one in shown],
        }
    )


@router.post("/group/user")
def join(call: Call) -> Response:
    """Put somebody into a group."""
    name = people.group(call.site, call.text("groupname"))
    people.join(call.site, call.user, name, call.object)
    return answer(_group(call, name), 201)


@router.delete("/group/user")
def leave(call: Call) -> Response:
    """Take somebody out of a group."""
    name = people.group(call.site, call.text("groupname"))
    people.leave(call.site, call.user, name, _named(call))
    return nothing(200)


def _named(call: SignedIn) -> User:
    """The person whom the query names, in either deployment's way."""
    name = call.text("username") or call.text("key") or call.text("accountId")
    found = call.site.flavour.named_user(call.site.config, name)
    if found is None:
        raise JiraError(404, f"The user named '{name}' does not exist")
    return found


def _members(call: SignedIn, name: str) -> list[User]:
    config = call.site.config
    return sorted((config.users[one] for one in config.groups[name]), key=lambda person: person.name)


def memberships(call: SignedIn, person: User) -> Json:
    """The groups of a person, as they are part of the person where that is asked for."""
    found = [_brief(call, name) for name in call.site.config.groups_of(person)]
    return {"groups": {"size": len(found), "items": found}, "expand": "groups,applicationRoles"}


def _brief(call: SignedIn, name: str) -> Json:
    return {"name": name, "self": call.shapes.link(f"group?groupname={quote(name)}")}


def _group(call: SignedIn, name: str) -> Json:
    shapes = call.afresh
    found = [shapes.user(person.name) for person in _members(call, name)]
    users = {
        "size": len(found),
        "items": found,
        "max-results": 50,
        "start-index": 0,
        "end-index": max(0, len(found) - 1),
    }
    return {**_brief(call, name), "users": users, "expand": "users"}


def assignable_to_all(call: SignedIn, found: list[User]) -> list[User]:
    """Those of some people who can be given issues in each of the projects that are asked about."""
    keys = call.words("projectKeys")
    if not keys:
        raise JiraError(400, "The projectKeys query parameter was not provided")
    places = [find_project(call, key) for key in keys]
    config = call.site.config
    return [one for one in found if all(can_be_assigned(config, one, place) for place in places)]


def who_may_see(call: SignedIn, found: list[User]) -> list[User]:
    """Those of some people who may see the issue, or the issues of the project, that is asked about."""
    key = call.text("issueKey")
    if not key and not call.text("projectKey"):
        raise JiraError(400, "Provide one of 'issueKey' or 'projectKey'.")
    issue = call.issue(key) if key else None
    place = find_project(call, call.text("projectKey")) if issue is None else issue.project
    return [one for one in found if may(call.site.config, one, "BROWSE_PROJECTS", place, issue)]
