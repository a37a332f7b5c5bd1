"""How a value written in a query becomes a stored one; what does not exist is refused with 400."""

from __future__ import annotations

import datetime as dt
import math
import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmbot.sandbox.jira import issues
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import may_see

from .dates import instant
from .tree import Literal

if TYPE_CHECKING:
    from cmbot.sandbox.jira.configuration import User
    from cmbot.sandbox.jira.fielddefinition import Field
    from cmbot.sandbox.jira.site import Site


@dataclass(frozen=True)
class Asker:
    """Who asks, and when."""

    site: Site
    """The site."""
    user: User
    """The caller: ``currentUser()`` and the zone of quoted dates."""


Resolve = Callable[[Asker, str, Literal], Any]
"""From (asker, field name, literal) to a stored value; raises `JiraError`."""


def unknown_value(field: str, text: str) -> JiraError:
    """400 for a value that does not exist."""
    return JiraError(400, f"The value '{text}' does not exist for the field '{field}'.")


def project(asker: Asker, name: str, literal: Literal) -> int:
    """A project by key, name or number."""
    for project in asker.site.config.projects.values():
        named = literal.text.casefold() in (project.key.casefold(), project.name.casefold(), str(project.id))
        if named and may_see(asker.site.config, asker.user, project):
            return project.id
    raise unknown_value(name, literal.text)


def issue(asker: Asker, name: str, literal: Literal) -> int:
    """The number of an issue."""
    return int(_issue_row(asker, name, literal)["id"])


def issue_key(asker: Asker, name: str, literal: Literal) -> str:
    """The key of an issue."""
    return str(_issue_row(asker, name, literal)["key"])


def _issue_row(asker: Asker, name: str, literal: Literal) -> Any:
    sql = "SELECT id, key FROM issues WHERE key = ? OR CAST(id AS TEXT) = ?"
    row = asker.site.store.row(sql, literal.text.upper(), literal.text)
    if row is None or not _visible(asker, row["id"]):
        raise JiraError(400, f"An issue with key '{literal.text}' does not exist for field '{name}'.")
    return row


def _visible(asker: Asker, number: int) -> bool:
    try:
        issues.seen(asker.site, asker.user, str(number))
    except JiraError:
        return False
    return True


def issue_type(asker: Asker, name: str, literal: Literal) -> int:
    """An issue type by name or number."""
    found = asker.site.config.first_type(literal.text)
    if found is None:
        raise unknown_value(name, literal.text)
    return found.id


def status(asker: Asker, name: str, literal: Literal) -> int:
    """A status by name or number."""
    for status in asker.site.config.statuses.values():
        if literal.text.casefold() in (status.name.casefold(), str(status.id)):
            return status.id
    raise unknown_value(name, literal.text)


def category(asker: Asker, name: str, literal: Literal) -> str:
    """A status category by key, name or number."""
    for status in asker.site.config.statuses.values():
        category = status.category
        if literal.text.casefold() in (category.key, category.name.casefold(), str(category.id)):
            return category.key
    raise unknown_value(name, literal.text)


def user(asker: Asker, name: str, literal: Literal) -> str:
    """A person."""
    found = asker.site.flavour.named_user(asker.site.config, literal.text)
    if found is None:
        raise unknown_value(name, literal.text)
    return found.name


def instant_of(asker: Asker, name: str, literal: Literal) -> int:
    """An instant."""
    zone = zoneinfo.ZoneInfo(asker.user.time_zone)
    found = instant(literal.text, quoted=literal.quoted, now=asker.site.store.now(), zone=zone)
    if found is None:
        raise JiraError(
            400,
            f"Date value '{literal.text}' for field '{name}' is invalid. Valid formats include: "
            "'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. "
            "'-5d', '4w 2d'.",
        )
    return found


def number(_: Asker, name: str, literal: Literal) -> float:
    """A number."""
    try:
        found = float(literal.text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise JiraError(400, f"The value '{literal.text}' for field '{name}' is not a number.")
    return found


def as_written(_: Asker, __: str, literal: Literal) -> str:
    """The text itself."""
    return literal.text


def words(_: Asker, name: str, literal: Literal) -> str:
    """Words to look for."""
    if not re.search(r"\w", literal.text):
        raise JiraError(400, f"The field '{name}' does not support searching for a text without words.")
    if literal.text.startswith(("*", "?")):
        first = literal.text[0]
        raise JiraError(
            400, f"The text query '{literal.text}' for field '{name}' is not allowed to start with '{first}'."
        )
    return literal.text


def of_table(table: Mapping[str, str]) -> Resolve:
    """Something of a fixed table."""

    def resolve(_: Asker, name: str, literal: Literal) -> str:
        for number, word in table.items():
            if literal.text.casefold() in (number, word.casefold()):
                return number
        raise unknown_value(name, literal.text)

    return resolve


def security_level(asker: Asker, name: str, literal: Literal) -> int:
    """A level of issue security by name or number."""
    for scheme in asker.site.config.security_schemes.values():
        for level in scheme.levels:
            if literal.text.casefold() in (level.name.casefold(), str(level.id)):
                return level.id
    raise unknown_value(name, literal.text)


def option(field: Field) -> Resolve:
    """A choice of a select field."""

    def resolve(_: Asker, name: str, literal: Literal) -> int:
        for option in field.options:
            if literal.text.casefold() in (option.value.casefold(), str(option.id)):
                return option.id
        raise JiraError(400, f"The option '{literal.text}' for field '{name}' does not exist.")

    return resolve


def part(word: str) -> Resolve:
    """A component or version of any project, by name or number; compared by name."""

    def resolve(asker: Asker, name: str, literal: Literal) -> str:
        for project in asker.site.config.projects.values():
            for option in project.choices(word):
                if literal.text.casefold() in (option.value.casefold(), str(option.id)):
                    return option.value
        raise unknown_value(name, literal.text)

    return resolve


def day_of(asker: Asker, name: str, literal: Literal) -> str:
    """A day in the asker's zone, as it is kept: ISO."""
    moment = instant_of(asker, name, literal) / 1000
    return dt.datetime.fromtimestamp(moment, zoneinfo.ZoneInfo(asker.user.time_zone)).date().isoformat()
