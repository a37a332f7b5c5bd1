"""Which page stands at which address, and what it is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmbot.pages.query import NoSuchPage
from cmbot.web import details, lists, overviews

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cmbot.web.desk import Reading


@dataclass(frozen=True)
class Page:
    """A page before it is written."""

    template: str
    """Name of its template."""
    model: Any
    """What it shows, as a dataclass."""


def page(reading: Reading, path: str, words: Mapping[str, str]) -> Page:
    """Make the page at an address.

    Parameters
    ----------
    reading : `~cmbot.web.desk.Reading`
        One state of the mirror.
    path : `str`
        The address, without a slash in front; empty for the first page.
    words : `~collections.abc.Mapping` [`str`, `str`]
        What is asked for.

    Returns
    -------
    page : `Page`
        To be written.

    Raises
    ------
    NoSuchPage
        If there is none.
    UserError
        If it is asked for something that is not known.
    """
    name, *parts = path.split("/")
    if name not in _PAGES or len(parts) not in _PAGES[name][0]:
        raise NoSuchPage(path[:200], "there is no such page", "begin at the first one")
    model = _PAGES[name][1](reading, words, *parts)
    return Page(name or "home", model)


_PAGES: Mapping[str, tuple[frozenset[int], Callable[..., Any]]] = {
    "": (frozenset({0}), lists.first),
    "older": (frozenset({0}), lists.older),
    "errors": (frozenset({0}), overviews.failures),
    "sites": (frozenset({0}), overviews.places),
    "system": (frozenset({0}), overviews.itself),
    "campaign": (frozenset({1}), details.campaign),
    "step": (frozenset({1}), details.step),
    "group": (frozenset({2}), details.group),
    "task": (frozenset({3}), details.task),
}
"""By first word of the address: how many more there may be, and what makes the model."""
