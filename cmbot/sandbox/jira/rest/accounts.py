"""Cloud's people: found by account id or by a text, never by a login name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from cmbot.sandbox.jira.cloudshapes import email
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import can_be_assigned

from .call import Call, SignedIn, answer
from .paging import bean
from .people import assignable_to_all, memberships, who_may_see
from .setup import find_project

if TYPE_CHECKING:
    from cmbot.sandbox.jira.configuration import User

router = APIRouter()
_OLD_NAMES = ("username", "key", "userKey")


@router.get("/user")
def user(call: Call) -> Response:
    """One user by account id."""
    _refuse_names(call)
    person = _account(call, call.text("accountId"))
    expanded = memberships(call, person) if "groups" in call.words("expand") else {}
    return answer({**call.shapes.person(person), **expanded})


@router.get("/user/bulk")
def several_users(call: Call) -> Response:
    """Users by their account ids."""
    _refuse_names(call)
    wanted = call.request.query_params.getlist("accountId")
    if not wanted:
        raise JiraError(400, "The accountId query parameter was not provided")
    found = [person for person in call.site.config.users.values() if person.account_id in wanted]
    return answer(bean(call, [call.shapes.person(person) for person in found]))


@router.get("/user/search")
def search(call: Call) -> Response:
    """Users by a text at the beginning of a word of their name, or of their e-mail; or one by account id."""
    _refuse_names(call)
    if not any(name in call.request.query_params for name in ("query", "accountId", "property")):
        raise JiraError(400, "Provide one of 'query', 'accountId' or 'property'.")
    return answer(_page(call, _matching(call)))


@router.get("/user/assignable/search")
def assignable(call: Call) -> Response:
    """Users who can be given the issues of a project."""
    _refuse_names(call)
    place, key = call.text("project"), call.text("issueKey") or call.text("issueId")
    if not place and not key:
        raise JiraError(400, "Provide one of 'project', 'issueKey' or 'issueId'.")
    issue = call.issue(key) if key else None
    project = find_project(call, place) if issue is None else issue.project
    found = [one for one in _matching(call) if can_be_assigned(call.site.config, one, project, issue)]
    return answer(_page(call, found))


@router.get("/user/assignable/multiProjectSearch")
def assignable_everywhere(call: Call) -> Response:
    """Users who can be given issues in each of several projects."""
    _refuse_names(call)
    return answer(_page(call, assignable_to_all(call, _matching(call))))


@router.get("/user/viewissue/search")
def viewers(call: Call) -> Response:
    """Users who may see an issue, or the issues of a project."""
    _refuse_names(call)
    return answer(_page(call, who_may_see(call, _matching(call))))


@router.get("/users/search")
def all_users(call: Call) -> Response:
    """All users."""
    return answer(_page(call, list(call.site.config.users.values())))


def _refuse_names(call: SignedIn) -> None:
    for name in _OLD_NAMES:
        if name in call.request.query_params:
            raise JiraError(400, f"The query parameter '{name}' is not supported in GDPR strict mode.")


def _account(call: SignedIn, account: str) -> User:
    found = call.site.flavour.identified(call.site.config, account)
    if found is None:
        raise JiraError(404, "Specified user does not exist or you do not have required permissions")
    return found


def _matching(call: SignedIn) -> list[User]:
    text, account = call.text("query").casefold(), call.text("accountId")
    return [
        person
        for person in call.site.config.users.values()
        if account in ("", person.account_id)
        and any(
            word.casefold().startswith(text)
            for word in (email(person), person.display_name, *person.display_name.split())
        )
    ]


def _page(call: SignedIn, people: list[User]) -> list[dict[str, object]]:
    start = max(0, call.number("startAt", 0))
    chosen = people[start : start + max(0, call.number("maxResults", 50))]
    return [call.shapes.person(person) for person in chosen]
