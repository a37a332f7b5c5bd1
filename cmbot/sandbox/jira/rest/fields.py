"""Custom fields, screens and saved queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import customfields, filters, projectshapes, screenset
from cmbot.sandbox.jira.errors import JiraError

from .call import Call, SignedIn, answer, nothing, page

if TYPE_CHECKING:
    from cmbot.sandbox.jira.fielddefinition import Field, Option
    from cmbot.sandbox.jira.screenset import Screen, Tab
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
    return answer(_page(call, [_custom(call, field) for field in found]))


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
    return answer(_page(call, shown))


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
    return answer(_page(call, [_option(each) for each in one.options]))


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


@router.get("/screens")
def screens(call: Call) -> Response:
    """All screens."""
    found = [_screen(one) for one in screenset.screens(call.site)]
    return answer(_page(call, found))


@router.post("/screens")
def add_screen(call: Call) -> Response:
    """Add a screen."""
    number = screenset.add_screen(call.site, call.user, call.object)
    return answer(_screen(screenset.screen(call.site, str(number))), 201)


@router.post("/screens/addToDefault/{field}")
def add_to_default(call: Call, field: str) -> Response:
    """Put a field on the first tab of the default screen."""
    one = screenset.default(call.site)
    screenset.add_field(call.site, call.user, one, screenset.tabs(call.site, one)[0], field)
    return nothing() if call.site.flavour.name == "data-center" else answer({})


@router.get("/screens/{number}/availableFields")
def available(call: Call, number: str) -> Response:
    """The fields that could be put on a screen."""
    found = screenset.available(call.site, screenset.screen(call.site, number))
    return answer([_brief(field) for field in found])


@router.get("/screens/{number}/tabs")
def tabs(call: Call, number: str) -> Response:
    """The tabs of a screen."""
    found = screenset.tabs(call.site, screenset.screen(call.site, number))
    return answer([_tab(one) for one in found])


@router.post("/screens/{number}/tabs")
def add_tab(call: Call, number: str) -> Response:
    """Add a tab."""
    one = screenset.screen(call.site, number)
    made = screenset.put_tab(call.site, call.user, one, call.object, None)
    return answer(_tab(screenset.tab(call.site, one, str(made))))


@router.put("/screens/{number}/tabs/{tab}")
def rename_tab(call: Call, number: str, tab: str) -> Response:
    """Give a tab another name."""
    one = screenset.screen(call.site, number)
    screenset.put_tab(call.site, call.user, one, call.object, screenset.tab(call.site, one, tab))
    return answer(_tab(screenset.tab(call.site, one, tab)))


@router.delete("/screens/{number}/tabs/{tab}")
def drop_tab(call: Call, number: str, tab: str) -> Response:
    """Remove a tab."""
    one = screenset.screen(call.site, number)
    screenset.drop_tab(call.site, call.user, one, screenset.tab(call.site, one, tab))
    return nothing()


@router.get("/screens/{number}/tabs/{tab}/fields")
def tab_fields(call: Call, number: str, tab: str) -> Response:
    """The fields of a tab."""
    where = screenset.tab(call.site, screenset.screen(call.site, number), tab)
    return answer([_brief(field) for field in screenset.fields(call.site, where)])


@router.post("/screens/{number}/tabs/{tab}/fields")
def add_to_tab(call: Call, number: str, tab: str) -> Response:
    """Put a field on a tab."""
    one = screenset.screen(call.site, number)
    where = screenset.tab(call.site, one, tab)
    return answer(_brief(screenset.add_field(call.site, call.user, one, where, call.object.get("fieldId"))))


@router.delete("/screens/{number}/tabs/{tab}/fields/{field}")
def drop_from_tab(call: Call, number: str, tab: str, field: str) -> Response:
    """Take a field off a tab."""
    where = screenset.tab(call.site, screenset.screen(call.site, number), tab)
    screenset.drop_field(call.site, call.user, where, field)
    return nothing()


@router.post("/filter")
def save_filter(call: Call) -> Response:
    """Save a query."""
    number = filters.put(call.site, call.user, call.object, None)
    return answer(projectshapes.saved_filter(call.shapes, filters.find(call.site, str(number))))


@router.get("/filter/favourite")
def favourites(call: Call) -> Response:
    """One's own saved queries that are marked."""
    found = [one for one in filters.listed(call.site) if one.favourite and one.owner == call.user.name]
    return answer([projectshapes.saved_filter(call.shapes, one) for one in found])


@router.get("/filter/{number}")
def saved_filter(call: Call, number: str) -> Response:
    """A saved query."""
    return answer(projectshapes.saved_filter(call.shapes, filters.find(call.site, number)))


@router.put("/filter/{number}")
def change_filter(call: Call, number: str) -> Response:
    """Change a saved query."""
    filters.put(call.site, call.user, call.object, filters.find(call.site, number))
    return answer(projectshapes.saved_filter(call.shapes, filters.find(call.site, number)))


@router.delete("/filter/{number}")
def delete_filter(call: Call, number: str) -> Response:
    """Forget a saved query."""
    filters.delete(call.site, call.user, filters.find(call.site, number))
    return nothing()


def _page(call: SignedIn, values: list[Json]) -> Json:
    found = page(values, call, "values")
    return {**found, "isLast": found["startAt"] + len(found["values"]) >= found["total"]}


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


def _screen(one: Screen) -> Json:
    return {"id": one.id, "name": one.name, "description": one.description}


def _tab(one: Tab) -> Json:
    return {"id": one.id, "name": one.name}


def _brief(field: Field) -> Json:
    return {"id": field.id, "name": field.name, "type": field.type}
