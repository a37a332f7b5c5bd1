"""Field values between cmbot and Jira's JSON, one table for both directions."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError
from cmbot.jira_schema.fields import BY_NAME, FieldType
from cmbot.models.issues import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TIME = "%Y-%m-%dT%H:%M:%S.%f%z"
TEXT_LIMIT = 32_767
LIMITS = {FieldType.TEXT: 255, FieldType.URL: 255, FieldType.PARAGRAPH: TEXT_LIMIT}
"""Characters that a field of a type can hold."""


def time(text: str) -> datetime:
    """Read a time stamp of Jira's.

    Parameters
    ----------
    text : `str`
        With or without milliseconds; the offset may be any.

    Returns
    -------
    at : `datetime.datetime`
        With its zone.
    """
    return datetime.fromisoformat(text)


def person(data: dict[str, Any]) -> Person:
    """Read a user object of either deployment.

    Parameters
    ----------
    data : `dict`
        With ``accountId`` (Cloud) or ``name`` (Data Center).

    Returns
    -------
    person : `Person`
        Who it is.
    """
    account = str(data.get("accountId") or data.get("name") or data.get("key") or "")
    return Person(account, str(data.get("displayName") or account))


def from_jira(name: str, value: Any) -> Any:
    """Read the value of one of cmbot's fields.

    Parameters
    ----------
    name : `str`
        cmbot's field name.
    value : `Any`
        Jira's JSON, not null.

    Returns
    -------
    value : `str`, `float`, `Person`, `tuple` [`Person`, ...] or `datetime.datetime`
        By the field's type.

    Raises
    ------
    UserError
        If the value does not have the shape of the field's type.
    """
    try:
        return _READERS[name](value)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise UserError(
            f"field {name}", f"is not a {BY_NAME[name].type} field in Jira", "have its type corrected"
        ) from error


def to_jira(name: str, value: Any, account_key: str) -> Any:
    """Write the value of one of cmbot's fields.

    Parameters
    ----------
    name : `str`
        cmbot's field name.
    value : `Any`
        As `from_jira` gives it, or `None` to empty the field.
    account_key : `str`
        What names a person in requests: ``accountId`` (Cloud) or ``name`` (Data Center).

    Returns
    -------
    value : `Any`
        JSON for Jira; a text that cmbot itself writes is cut if it is too long.

    Raises
    ------
    UserError
        If a text of a person's does not fit: cut, it would mean something else.
    """
    if value is None:
        return None
    match BY_NAME[name].type:
        case FieldType.SELECT:
            return {"value": str(value)}
        case FieldType.USER:
            return {account_key: value.account}
        case FieldType.USERS:
            return [{account_key: item.account} for item in value]
        case FieldType.DATETIME:
            return value.strftime("%Y-%m-%dT%H:%M:%S.000%z")
        case FieldType.NUMBER:
            return float(value)
        case FieldType.TEXT | FieldType.PARAGRAPH | FieldType.URL as kind:
            if len(str(value)) > LIMITS[kind] and not BY_NAME[name].by_bot:
                raise UserError(name, f"is longer than {LIMITS[kind]} characters", "shorten it")
            return str(value)[: LIMITS[kind]]


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise TypeError
    return float(value)


_FROM_JIRA: Mapping[FieldType, Callable[[Any], Any]] = {
    FieldType.NUMBER: _number,
    FieldType.SELECT: lambda value: str(value["value"]),
    FieldType.USER: person,
    FieldType.USERS: lambda value: tuple(person(item) for item in value),
    FieldType.DATETIME: time,
    FieldType.TEXT: str.strip,
    FieldType.PARAGRAPH: str.strip,
    FieldType.URL: str.strip,
}
_READERS = {name: _FROM_JIRA[field.type] for name, field in BY_NAME.items()}
