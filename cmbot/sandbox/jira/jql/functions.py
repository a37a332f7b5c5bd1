"""The functions of JQL: who asks, who is in a group, and instants in the caller's calendar."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmbot.sandbox.jira.errors import JiraError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .tree import Call
    from .values import Asker

_SHIFT = re.compile(r"([+-]?)(\d{1,5})([yMwdhm]?)")
_STEPS = {"w": dt.timedelta(weeks=1), "d": dt.timedelta(days=1), "h": dt.timedelta(hours=1)}
_STEPS["m"] = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Function:
    """Something that can stand where a value stands."""

    call: Callable[..., list[Any]]
    """Takes the asker and the arguments; gives stored values."""
    fewest: int = 0
    """Arguments needed."""
    most: int = 0
    """Arguments taken."""
    several: bool = False
    """Whether it stands for a list, so that only IN and its like can use it."""


def evaluate(asker: Asker, known: Mapping[str, Function], call: Call) -> list[Any]:
    """The values a function stands for.

    Raises
    ------
    JiraError
        Raised with 400 for a function that is not known here, or another number of arguments.
    """
    function = known.get(call.name.casefold())
    if function is None:
        raise JiraError(400, f"Unable to find JQL function '{call.name}({', '.join(call.arguments)})'.")
    if not function.fewest <= len(call.arguments) <= function.most:
        expected = "' or '".join(map(str, range(function.fewest, function.most + 1)))
        raise JiraError(
            400,
            f"Function '{call.name}' expected '{expected}' arguments but received '{len(call.arguments)}'.",
        )
    return function.call(asker, *call.arguments)


def _current_user(asker: Asker) -> list[str]:
    return [asker.user.name]


def _members(asker: Asker, group: str) -> list[str]:
    store = asker.site.store
    if store.row("SELECT 1 FROM groups WHERE name = ?", group) is None:
        raise JiraError(
            400,
            f"Function 'membersOf' can not generate a list of usernames for group '{group}'; "
            "the group does not exist.",
        )
    return [row["user"] for row in store.rows("SELECT user FROM memberships WHERE group_name = ?", group)]


def _now(asker: Asker) -> list[int]:
    return [asker.site.store.now()]


def _edge(unit: str, *, end: bool) -> Function:
    """``startOfDay(offset)`` and its relatives; a bare offset counts in the function's own unit."""
    name = ("endOf" if end else "startOf") + {"d": "Day", "w": "Week", "M": "Month", "y": "Year"}[unit]

    def call(asker: Asker, offset: str = "0") -> list[int]:
        zone = zoneinfo.ZoneInfo(asker.user.time_zone)
        given = _SHIFT.fullmatch(offset.strip())
        if given is None:
            raise JiraError(
                400,
                f"Duration for function '{name}' should have the format (+/-)n(yMwdhm), "
                "e.g -1M for 1 month earlier.",
            )
        count, step = int(given[1] + given[2]), given[3] or unit
        try:
            begin = dt.datetime.fromtimestamp(asker.site.store.now() / 1000, zone).replace(tzinfo=None)
            begin = _shifted(_begin(begin, unit), count, step) if step == unit else _begin(begin, unit)
            moment = _shifted(begin, 1, unit) if end else begin
            moment = moment if step == unit else _shifted(moment, count, step)
            found = int(moment.replace(tzinfo=zone).timestamp() * 1000)
        except (ValueError, OverflowError):
            raise JiraError(400, f"The offset '{offset}' of function '{name}' leads too far.") from None
        return [found - 1 if end else found]

    return Function(call, most=1)


def _begin(moment: dt.datetime, unit: str) -> dt.datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case "w":  # the locale is en_US, whose weeks begin on Sunday
            return day - dt.timedelta(days=day.isoweekday() % 7)
        case "M":
            return day.replace(day=1)
        case "y":
            return day.replace(month=1, day=1)
        case _:
            return day


def _shifted(moment: dt.datetime, count: int, step: str) -> dt.datetime:
    if step in _STEPS:
        return moment + count * _STEPS[step]
    months = moment.year * 12 + moment.month - 1 + (count if step == "M" else 12 * count)
    year, month = divmod(months, 12)
    first = moment.replace(year=year, month=month + 1, day=1)
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    return first.replace(day=min(moment.day, last.day))


NONE: Mapping[str, Function] = {}
PEOPLE: Mapping[str, Function] = {
    "currentuser": Function(_current_user),
    "membersof": Function(_members, 1, 1, several=True),
}
INSTANTS: Mapping[str, Function] = {
    "now": Function(_now),
    "startofday": _edge("d", end=False),
    "startofweek": _edge("w", end=False),
    "startofmonth": _edge("M", end=False),
    "startofyear": _edge("y", end=False),
    "endofday": _edge("d", end=True),
    "endofweek": _edge("w", end=True),
    "endofmonth": _edge("M", end=True),
    "endofyear": _edge("y", end=True),
}


def _as_day(function: Function) -> Function:
    """The day, in the asker's calendar, of an instant that a function gives."""

    def call(asker: Asker, *arguments: str) -> list[str]:
        zone = zoneinfo.ZoneInfo(asker.user.time_zone)
        instants = function.call(asker, *arguments)
        return [dt.datetime.fromtimestamp(one / 1000, zone).date().isoformat() for one in instants]

    return Function(call, function.fewest, function.most)


DAYS: Mapping[str, Function] = {name: _as_day(function) for name, function in INSTANTS.items()}
