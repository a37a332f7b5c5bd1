"""serverInfo, myself, users, permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from cmbot.sandbox.jira.errors import JiraError

from .call import Call, answer, base_url

if TYPE_CHECKING:
    from cmbot.sandbox.jira.site import Site

router = APIRouter()
application_links = APIRouter()
PERMISSIONS = (
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "ASSIGN_ISSUES",
    "ASSIGNABLE_USER",
    "RESOLVE_ISSUES",
    "CLOSE_ISSUES",
    "TRANSITION_ISSUES",
    "LINK_ISSUES",
    "DELETE_ISSUES",
    "ADD_COMMENTS",
    "EDIT_ALL_COMMENTS",
    "EDIT_OWN_COMMENTS",
    "DELETE_ALL_COMMENTS",
    "DELETE_OWN_COMMENTS",
    "CREATE_ATTACHMENTS",
    "DELETE_ALL_ATTACHMENTS",
    "MANAGE_WATCHERS",
    "MODIFY_REPORTER",
)
ADMINISTRATION = ("ADMINISTER", "SYSTEM_ADMIN", "ADMINISTER_PROJECTS")


@router.get("/serverInfo")
def server_info(request: Request) -> Response:
    """What this server is; needs no credentials."""
    site: Site = request.app.state.site
    base = base_url(request)
    now = site.shapes(base, None).instant(site.store.now())
    return answer(site.flavour.server_info(base, str(now)))


@router.get("/myself")
def myself(call: Call) -> Response:
    """The caller."""
    return answer(
        {**(call.shapes.user(call.user.name) or {}), "locale": "en_US", "groups": {"size": 0, "items": []}}
    )


@router.get("/mypermissions")
def my_permissions(call: Call) -> Response:
    """What the caller may do: everything, except administration."""
    held = dict.fromkeys(PERMISSIONS, True) | dict.fromkeys(ADMINISTRATION, call.user.admin)
    permissions = {
        key: {
            "id": str(number),
            "key": key,
            "name": key.replace("_", " ").title(),
            "type": "GLOBAL" if key in ADMINISTRATION[:2] else "PROJECT",
            "description": "",
            "havePermission": have,
        }
        for number, (key, have) in enumerate(held.items())
    }
    return answer({"permissions": permissions})


@router.get("/user")
def user(call: Call) -> Response:
    """One user by name or key."""
    name = call.text("username") or call.text("key")
    found = call.site.config.user(name)
    if found is None:
        raise JiraError(404, f"The user named '{name}' does not exist")
    return answer(call.shapes.user(found.name))


@router.get("/user/search")
@router.get("/user/assignable/search")
def user_search(call: Call) -> Response:
    """Users whose name, display name or e-mail begins with the text; ``.`` finds everybody."""
    wanted = call.text("username").casefold()
    if not wanted and "/assignable/" not in call.request.url.path:
        raise JiraError(400, "The username query parameter was not provided")
    found = [
        person
        for person in call.site.config.users.values()
        if wanted in (".", "%")
        or any(
            word.casefold().startswith(wanted)
            for word in (person.name, person.email, person.display_name, *person.display_name.split())
        )
    ]
    start = max(0, call.number("startAt", 0))
    chosen = found[start : start + max(0, call.number("maxResults", 50))]
    return answer([call.shapes.user(person.name) for person in chosen])


@application_links.get("/rest/applinks/latest/listApplicationlinks")
def no_application_links(call: Call) -> Response:
    """The links to other Atlassian products, of which there are none; clients ask before a remote link."""
    if not call.user.admin:
        raise JiraError(403, "Only administrators may see application links.")
    return answer({"list": []})
