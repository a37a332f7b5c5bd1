"""The templates in ``pages/``, escaping everything that is not marked safe."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from cmbot.sandbox.jira import durations

PAGES = Path(__file__).parent.parent / "pages"


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["initials"] = initials
    environment.filters["instant"] = instant
    environment.filters["duration"] = durations.written
    return environment


def render(template: str, **values: Any) -> str:
    """The text of a page."""
    return _environment().get_template(template).render(values)


def initials(name: str) -> str:
    """Up to two letters for a person."""
    words = name.split()
    return "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper()


def instant(milliseconds: int) -> str:
    """An instant for people, in UTC."""
    moment = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
