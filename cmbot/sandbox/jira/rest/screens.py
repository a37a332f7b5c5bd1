"""Screens and saved queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import filters, projectshapes, screenset

from .call import Call, answer, nothing, whole_page

if TYPE_CHECKING:
    from cmbot.sandbox.jira.fielddefinition import Field
    from cmbot.sandbox.jira.screenset import Screen, Tab
    from cmbot.sandbox.jira.shapes import Json

router = APIRouter()


@router.get("/screens")
def screens(call: Call) -> Response:
    """All screens."""
    found = [_screen(one) for one in screenset.screens(call.site)]
    return answer(whole_page(call, found))


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


def _screen(one: Screen) -> Json:
    return {"id": one.id, "name": one.name, "description": one.description}


def _tab(one: Tab) -> Json:
    return {"id": one.id, "name": one.name}


def _brief(field: Field) -> Json:
    return {"id": field.id, "name": field.name, "type": field.type}
