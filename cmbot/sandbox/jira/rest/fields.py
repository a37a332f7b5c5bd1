"""Custom fields, their contexts and their choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import customfields
from cmbot.sandbox.jira.errors import JiraError

from .call import Call, SignedIn, answer, nothing, whole_page

if TYPE_CHECKING:
    from cmbot.sandbox.jira.fielddefinition import Field, Option
    from cmbot.sandbox.jira.shapes import Json

router = APIRouter()
datacenter = APIRouter()
cloud = APIRouter()


@router.post("/field")
def create(call: Call) -> Response:
    """Make a custom field."""
    made = customfields.create(call.site, call.user, call.object)
    return answer(call.afresh.field(made), 201)


@cloud.put("/field/{field}")
def change(call: Call, field: str) -> Response:
    """Give a custom field another name or description."""
    customfields.change(call.site, call.user, customfields.find(call.site, field), call.object)
    return nothing()


@router.get("/customFieldOption/{number}")
def option(call: Call, number: str) -> Response:
    """A choice of a select field."""
    for field in call.site.config.fields.values():
        for one in field.options:
            if str(one.id) == number and field.custom:
                return answer(call.shapes.option(one))
    raise JiraError(404, f"A custom field option with id '{number}' does not exist")


@datacenter.get("/customFields")
def custom_fields(call: Call) -> Response:
    """The custom fields, page by page; ``search`` is a part of the name."""
    wanted = call.text("search").casefold()
    found = [
        field
        for field in call.site.config.fields.values()
        if field.custom and wanted in field.name.casefold()
    ]
    return answer(whole_page(call, [_custom(call, field) for field in found]))


@datacenter.get("/customFields/{field}/options")
def options(call: Call, field: str) -> Response:
    """The choices of a select field."""
    name = field if field.startswith("customfield_") else f"customfield_{field}"
    found = customfields.find(call.site, name).options
    shown = [{**call.shapes.option(one), "id": one.id, "childrenIds": []} for one in found]
    return answer({"total": len(shown), "options": shown})


@cloud.get("/field/{field}/context")
def contexts(call: Call, field: str) -> Response:
    """Where a custom field applies."""
    found = customfields.find(call.site, field).contexts
    shown = [
        {
            "id": str(one.id),
            "name": one.name,
            "description": one.description,
            "isGlobalContext": not one.projects,
            "isAnyIssueType": not one.issue_types,
        }
        for one in found
    ]
    return answer(whole_page(call, shown))


@cloud.post("/field/{field}/context")
def add_context(call: Call, field: str) -> Response:
    """Let a custom field apply in more places."""
    number = customfields.add_context(call.site, call.user, customfields.find(call.site, field), call.object)
    made = customfields.context(customfields.find(call.site, field), str(number))
    found = {
        "id": str(made.id),
        "name": made.name,
        "description": made.description,
        "projectIds": [str(one) for one in sorted(made.projects)],
        "issueTypeIds": [str(one) for one in sorted(made.issue_types)],
    }
    return answer(found, 201)


@cloud.put("/field/{field}/context/{number}")
def change_context(call: Call, field: str, number: str) -> Response:
    """Give a context another name or description."""
    found = customfields.find(call.site, field)
    customfields.change_context(call.site, call.user, found, customfields.context(found, number), call.object)
    return nothing()


@cloud.delete("/field/{field}/context/{number}")
def drop_context(call: Call, field: str, number: str) -> Response:
    """Let a custom field no longer apply there."""
    found = customfields.find(call.site, field)
    customfields.drop_context(call.site, call.user, found, customfields.context(found, number))
    return nothing()


@cloud.get("/field/{field}/context/{number}/option")
def context_options(call: Call, field: str, number: str) -> Response:
    """The choices in a context."""
    one = customfields.context(customfields.find(call.site, field), number)
    return answer(whole_page(call, [_option(each) for each in one.options]))


@cloud.post("/field/{field}/context/{number}/option")
def add_options(call: Call, field: str, number: str) -> Response:
    """Add choices to a context."""
    found = customfields.find(call.site, field)
    one = customfields.context(found, number)
    made = customfields.add_options(call.site, call.user, found, one, call.object.get("options"))
    return answer({"options": [_option(each) for each in made]})


@cloud.put("/field/{field}/context/{number}/option")
def change_options(call: Call, field: str, number: str) -> Response:
    """Change choices of a context."""
    one = customfields.context(customfields.find(call.site, field), number)
    sent = call.object.get("options")
    if not isinstance(sent, list):
        raise JiraError(400, "A list of options is expected.")
    for raw in sent:
        customfields.change_option(call.site, call.user, one, raw)
    fresh = customfields.context(customfields.find(call.site, field), number)
    return answer({"options": [_option(each) for each in fresh.options]})


def _custom(call: SignedIn, field: Field) -> Json:
    schema = call.shapes.schema(field)
    places = {number for context in field.contexts for number in context.projects}
    return {
        "id": field.id,
        "name": field.name,
        "description": field.description,
        "type": schema["custom"].rpartition(":")[2],
        "searcherKey": f"{schema['custom']}searcher",
        "self": call.shapes.link(f"customFields/{field.id}"),
        "numericId": field.number,
        "isLocked": field.type in customfields.ONLY_ONE,
        "isManaged": False,
        "isAllProjects": not places,
        "isTrusted": True,
        "projectsCount": len(places),
        "screensCount": int(field.id in call.site.config.default_screen),
    }


def _option(one: Option) -> Json:
    return {"id": str(one.id), "value": one.value, "disabled": one.disabled}
