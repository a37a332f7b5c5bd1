"""Fields as a person fills them in: what stands in a form, and what it means in a request."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cmbot.sandbox.jira import durations
from cmbot.sandbox.jira.configuration import PRIORITIES, RESOLUTIONS

from . import candidates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cmbot.sandbox.jira.configuration import User
    from cmbot.sandbox.jira.fielddefinition import Field
    from cmbot.sandbox.jira.fieldinput import Stored

    from .visit import Form, Visit

Kind = Literal["line", "text", "number", "day", "moment", "one", "several"]


@dataclass(frozen=True)
class Control:
    """A field in a form."""

    name: str
    """Field id."""
    label: str
    """Name for people."""
    kind: Kind
    """What it looks like."""
    values: tuple[str, ...]
    """What stands in it; at most one, except for ``several``."""
    choices: tuple[tuple[str, str], ...] = ()
    """Value and text of what can be chosen."""
    required: bool = False
    """Whether it must be filled in."""
    hint: str = ""
    """How to fill it in."""
    problem: str = ""
    """Why it was refused."""

    @property
    def value(self) -> str:
        """What stands in it, where that is one thing."""
        return self.values[0] if self.values else ""


@dataclass(frozen=True)
class _Manner:
    """How fields of a type stand in a form."""

    kind: Kind
    """What it looks like."""
    shown: Callable[[Visit, Stored], list[str]]
    """From the stored value to what stands in the form."""
    sent: Callable[[Visit, list[str]], Any]
    """From what stands in the form to what a request says."""
    hint: str = ""
    """How to fill it in."""


def controls(
    visit: Visit, fields: Mapping[str, Field], stored: Mapping[str, Stored], required: frozenset[str]
) -> list[Control]:
    """The fields of a screen as they stand in a form.

    Parameters
    ----------
    visit : `Visit`
        Who looks.
    fields : `~collections.abc.Mapping` [`str`, `Field`]
        The screen, each field with what can be chosen there.
    stored : `~collections.abc.Mapping`
        The issue's values by field id.
    required : `frozenset` [`str`]
        Ids of the fields that must be filled in.
    """
    found = []
    for name, field in fields.items():
        manner = _MANNERS[field.type]
        choices = tuple(_choices(visit, field, stored.get(name)))
        if manner.kind == "several" and not choices:
            continue
        value = stored if field.type == "timetracking" else stored.get(name)
        found.append(
            Control(
                name=name,
                label=field.name,
                kind=manner.kind,
                values=tuple([] if value is None else manner.shown(visit, value)),
                choices=choices,
                required=name in required,
                hint=manner.hint,
            )
        )
    return found


def read(visit: Visit, fields: Mapping[str, Field], before: list[Control], form: Form) -> dict[str, Any]:
    """What a request says of the fields that were changed in a form."""
    found = {}
    for control in before:
        values = [value.replace("\r\n", "\n") for value in form.many(control.name) if value.strip()]
        if control.name in form and tuple(values) != control.values:
            found[control.name] = _MANNERS[fields[control.name].type].sent(visit, values)
    return found


def _choices(visit: Visit, field: Field, value: Stored) -> list[tuple[str, str]]:
    match field.type:
        case "epic-link":
            return candidates.listed(visit, 1, value or "")
        case "priority":
            return list(PRIORITIES.items())
        case "resolution":
            return list(RESOLUTIONS.items())
        case "user" | "users":
            people = visit.site.config.users.values()
            return [(person.name, person.display_name) for person in people if person.active]
        case _:
            return [(str(option.id), option.value) for option in field.options if not option.disabled]


def _person(visit: Visit, name: str) -> Any:
    """A person as requests of this deployment name them."""
    return visit.shapes.user(name) if name in visit.site.config.users else {"name": name}


def _zone(user: User) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(user.time_zone)


def _moment_shown(visit: Visit, stored: Stored) -> list[str]:
    moment = dt.datetime.fromtimestamp(stored / 1000, _zone(visit.user))
    return [moment.strftime("%Y-%m-%dT%H:%M")]


def _moment_sent(visit: Visit, values: list[str]) -> Any:
    if not values:
        return None
    try:
        return dt.datetime.fromisoformat(values[0]).replace(tzinfo=_zone(visit.user)).isoformat()
    except ValueError:
        return values[0]  # refused in the words of REST


def _number_sent(_: Visit, values: list[str]) -> Any:
    try:
        return float(values[0]) if values else None
    except ValueError:
        return values[0]


def _number_shown(_: Visit, stored: Stored) -> list[str]:
    return [str(int(stored)) if float(stored).is_integer() else str(stored)]


def _tracking_shown(_: Visit, stored: Stored) -> list[str]:
    original = stored.get("timeoriginalestimate")
    return [] if original is None else [durations.written(original)]


_LINE = _Manner("line", lambda _, v: [str(v)], lambda _, v: v[0] if v else None)
_CHOICE = _Manner("one", lambda _, v: [str(v)], lambda _, v: {"id": v[0]} if v else None)
_CHOICES = _Manner("several", lambda _, v: [str(one) for one in v], lambda _, v: [{"id": one} for one in v])
_MANNERS: dict[str, _Manner] = {
    "summary": _LINE,
    "text": _LINE,
    "url": _LINE,
    "epic-name": _LINE,
    "epic-link": _Manner("one", _LINE.shown, _LINE.sent),
    "paragraph": _Manner("text", _LINE.shown, _LINE.sent, "wiki markup"),
    "number": _Manner("number", _number_shown, _number_sent),
    "date": _Manner("day", _LINE.shown, _LINE.sent),
    "datetime": _Manner("moment", _moment_shown, _moment_sent, "in your time zone"),
    "select": _CHOICE,
    "priority": _CHOICE,
    "resolution": _CHOICE,
    "securitylevel": _CHOICE,
    "multiselect": _CHOICES,
    "components": _CHOICES,
    "versions": _CHOICES,
    "labels": _Manner(
        "line",
        lambda _, v: [" ".join(v)],
        lambda _, v: v[0].split() if v else [],
        "words with spaces between",
    ),
    "user": _Manner("one", lambda _, v: [v], lambda visit, v: _person(visit, v[0]) if v else None),
    "users": _Manner("several", lambda _, v: list(v), lambda visit, v: [_person(visit, one) for one in v]),
    "timetracking": _Manner(
        "line",
        _tracking_shown,
        lambda _, v: {"originalEstimate": v[0] if v else "0m"},
        "estimate, as in 3d 4h",
    ),
}
"""By field type: all that can stand on a screen."""
