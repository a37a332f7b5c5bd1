"""From page models to HTML and JSON: the same model for both."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import jinja2
from markupsafe import Markup
from pydantic_core import to_json

import cmbot
from cmbot.pages.freshness import age, instant
from cmbot.pages.marks import mark
from cmbot.resources import resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.pages.campaign import Cell
    from cmbot.settings import Settings

ASSETS = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
"""Files that all pages share, and what they are."""


_CELLS = 20_000
"""Cells of grids that are kept as they were written."""
_quoted = lru_cache(_CELLS)(partial(quote, safe=""))


class Links:
    """Addresses of pages, relative to one of them: they hold below any prefix of a proxy, and in files.

    Parameters
    ----------
    path : `str`
        Address of the page that they stand on.
    live : `bool`
        Whether it is served; otherwise it is a file, beside the others.
    """

    def __init__(self, path: str, *, live: bool) -> None:
        self.live = live
        self._front = "../" * path.count("/")

    def __call__(self, *parts: str, words: Mapping[str, str] | None = None, kind: str = "") -> str:
        """Give the address of a page.

        Parameters
        ----------
        *parts : `str`
            Its parts; none for the first page.
        words : `~collections.abc.Mapping` [`str`, `str`], optional
            What is asked for; a file answers no questions.
        kind : `str`, optional
            ``json`` for its twin.

        Returns
        -------
        address : `str`
            For an attribute.
        """
        page = "/".join(map(_quoted, parts))
        ending = f".{kind}" if kind else "" if self.live else ".html"
        asked = f"?{urlencode(words)}" if words and self.live else ""
        return f"{self._front}{page or ('index' if ending else '')}{ending}{asked}" or "./"

    def file(self, name: str) -> str:
        """Give the address of a file that all pages share."""
        return f"{self._front}{name}"


class Rendering:
    """The templates.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        For the address of Jira.
    """

    def __init__(self, settings: Settings) -> None:
        self._jira = settings.jira.url.rstrip("/")
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(resource("templates/web")),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._face = lru_cache(_CELLS)(self._cell)
        self._environment.globals |= {
            "version": cmbot.__version__,
            "mark": mark,
            "jira": self._issue,
            "face": lambda cell: self._face(replace(cell, step="", group="", key="")),
        }
        self._environment.filters |= {"instant": instant, "age": age, "web": web_address}

    def html(self, template: str, page: Any, path: str, words: Mapping[str, str], *, live: bool) -> str:
        """Write a page.

        Parameters
        ----------
        template : `str`
            Name of its template.
        page : `object`
            Its model.
        path : `str`
            Its address.
        words : `~collections.abc.Mapping` [`str`, `str`]
            What was asked for.
        live : `bool`
            Whether it is served.

        Returns
        -------
        html : `str`
            The page.
        """
        links = Links(path, live=live)
        parts = [part for part in path.split("/") if part]
        return self._environment.get_template(f"{template}.html").render(
            page=page, link=links, live=live, twin=links(*parts, words=words, kind="json")
        )

    def _cell(self, cell: Cell) -> Markup:
        """What a cell shows but for its link: most of a large grid is as it was the last time."""
        return Markup(self._environment.get_template("cell.html").render(cell=cell))  # noqa: S704 - escaped there

    def _issue(self, key: str) -> str:
        return f"{self._jira}/browse/{quote(key, safe='')}"


def json(page: Any) -> bytes:
    """Write the twin of a page.

    Parameters
    ----------
    page : `object`
        Its model.

    Returns
    -------
    json : `bytes`
        Every field of it.
    """
    return to_json(page, indent=1)


def web_address(text: object) -> str:
    """Let nothing but web addresses become links.

    Parameters
    ----------
    text : `object`
        What somebody wrote.

    Returns
    -------
    address : `str`
        Empty if it is none.
    """
    address = str(text or "").strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in {"http", "https"} and parts.netloc else ""
