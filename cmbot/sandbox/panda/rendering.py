"""Pages for people: everything escaped, no script, and a word on each that this is the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from cmbot.sandbox.panda.overview import STATES
from cmbot.sandbox.panda.times import single

if TYPE_CHECKING:
    from collections.abc import Mapping

_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""Headers of every page."""

_templates = Environment(
    loader=PackageLoader("cmbot.sandbox.panda", "pages"), autoescape=True, undefined=StrictUndefined
)
_templates.filters["time"] = lambda stored: single(stored) or ""
_templates.filters["job"] = lambda name: name.partition("+")[0]


def page(template: str, /, *, refresh: bool = False, **values: object) -> HTMLResponse:
    """Fill a template.

    Parameters
    ----------
    template : `str`
        Name of the template.
    refresh : `bool`, optional
        Whether the browser asks again every few seconds.
    **values
        What the template uses.

    Returns
    -------
    response : `starlette.responses.HTMLResponse`
        The page.
    """
    text = _templates.get_template(template).render(states=STATES, refresh=refresh, **values)
    return HTMLResponse(text, headers=HEADERS)


def style() -> Response:
    """The style sheet."""
    return Response(_templates.get_template("style.css").render(), media_type="text/css", headers=HEADERS)


def told(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """States with jobs in them, and how many."""
    return [(state, counts[state]) for state in STATES if counts[state]]
