"""Values of fields as a page shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from cmbot.sandbox.jira.configuration import PRIORITIES, RESOLUTIONS
from cmbot.sandbox.jira.fieldtypes import TYPES
from cmbot.sandbox.jira.markup import to_html
from cmbot.sandbox.jira.markup.inline import anchor

from .templates import instant

if TYPE_CHECKING:
    from cmbot.sandbox.jira.fielddefinition import Field
    from cmbot.sandbox.jira.issues import Issue
    from cmbot.sandbox.jira.remotelinks import RemoteLink
    from cmbot.sandbox.jira.shapes import Shapes
    from cmbot.sandbox.jira.site import Site

TRACKED = {"timeoriginalestimate": "estimated", "timeestimate": "remaining", "timespent": "spent"}


def rendered(text: str | None, shapes: Shapes) -> Markup:
    """HTML of a text with wiki markup."""
    return Markup(to_html(text or "", shapes.around))  # noqa: S704 - escaped by the renderer


def shown_fields(site: Site, shapes: Shapes, issue: Issue) -> list[tuple[Field, Markup]]:
    """Fields with a value, without those that have their own place on the page."""
    own_place = ("summary", "description", "reporter", "assignee", *TRACKED)
    return [
        (field, _html(site, shapes, issue, field))
        for field in site.config.fields.values()
        if field.id in issue.values and field.id not in own_place
    ]


def _html(site: Site, shapes: Shapes, issue: Issue, field: Field) -> Markup:
    stored = issue.values[field.id]
    match field.type:
        case "labels":
            return Markup(" ").join(Markup('<span class="label">{}</span>').format(one) for one in stored)
        case "users":
            return escape(", ".join(site.config.users[name].display_name for name in stored))
        case "priority" | "resolution" | "date":
            return escape({**PRIORITIES, **RESOLUTIONS}.get(stored, stored))
        case "datetime":
            return escape(instant(stored))
        case "url" | "epic-link":
            url = stored if field.type == "url" else f"{shapes.around.base_url}/browse/{stored}"
            return Markup(anchor(url, escape(stored)) or escape(stored))  # noqa: S704 - both are escaped
        case "paragraph":
            return Markup('<div class="preformatted">{}</div>').format(stored)
        case "multiselect" | "components" | "versions":
            options = field.options if field.type == "multiselect" else issue.project.choices(field.type)
            names = {option.id: option.value for option in options}
            return escape(", ".join(names[one] for one in stored))
        case _:
            return escape(TYPES[field.type].trace(site, field, stored)[1] or "")


def title(link: RemoteLink) -> Markup:
    """A remote link, to a web or mail address only."""
    target = link.body["object"]
    text = escape(target["title"])
    return Markup(anchor(target["url"], text) or text)  # noqa: S704 - both are escaped
