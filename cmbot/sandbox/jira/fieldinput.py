"""Reading what a request says about a field; each function refuses with `FieldProblem`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from . import durations
from .errors import FieldProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .fielddefinition import Field
    from .site import Site

TEXT_LIMIT = 32_767
SHORT_TEXT_LIMIT = 255
Stored = Any
"""A value as it is kept: None is empty."""


def _text(_: Site, field: Field, raw: Any, limit: int) -> Stored:
    if raw is None:
        return None
    if not isinstance(raw, str):
        raise FieldProblem("Operation value must be a string")
    if len(raw) > limit:
        raise FieldProblem(
            f"The entered text is too long. It exceeds the allowed limit of {limit:,} characters."
        )
    if field.type != "paragraph" and ("\n" in raw or "\r" in raw):
        raise FieldProblem(f"The {field.name} is invalid because it contains newline characters.")
    return raw or None


def paragraph(site: Site, field: Field, raw: Any) -> Stored:
    """A text of several lines."""
    return _text(site, field, raw, TEXT_LIMIT)


def short_text(site: Site, field: Field, raw: Any) -> Stored:
    """A text of one line."""
    return _text(site, field, raw, SHORT_TEXT_LIMIT)


def summary(site: Site, field: Field, raw: Any) -> Stored:
    """A text of one line that may not be empty."""
    text = short_text(site, field, raw)
    if not text or not text.strip():
        raise FieldProblem("You must specify a summary of the issue.")
    return text


def number(_: Site, __: Field, raw: Any) -> Stored:
    """A number."""
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise FieldProblem("Operation value must be a number")
    if abs(raw) > 1e14:
        raise FieldProblem(f"Number {raw} must be between -100000000000000 and 100000000000000.")
    return float(raw)


def url(site: Site, field: Field, raw: Any) -> Stored:
    """A web address."""
    text = _text(site, field, raw, TEXT_LIMIT)
    if text and not text.startswith(("http://", "https://", "ftp://")):
        raise FieldProblem("Not a valid URL")
    return text


def instant(_: Site, __: Field, raw: Any) -> Stored:
    """An instant with its offset (RFC 3339, or without the colon as Jira writes it)."""
    if raw is None:
        return None
    try:
        instant = dt.datetime.fromisoformat(raw)
        if instant.tzinfo is None or not 1000 <= instant.year < 9000:  # every zone can show these years
            raise ValueError(raw)
    except (TypeError, ValueError):
        raise FieldProblem(
            "Error parsing date string: expected yyyy-MM-dd'T'HH:mm:ss.SSSZ, got " + repr(raw)
        ) from None
    return int(instant.timestamp() * 1000)


def option(_: Site, field: Field, raw: Any) -> Stored:
    """A choice, by id or value."""
    if raw is None:
        return None
    if not isinstance(raw, dict) or not ("id" in raw or "value" in raw):
        raise FieldProblem("Could not find valid 'id' or 'value' in the Parent Option object.")
    for option in field.options:
        if str(raw.get("id", option.id)) == str(option.id) and raw.get("value", option.value) == option.value:
            if option.disabled:
                break
            return option.id
    raise FieldProblem(f"Option {_quoted(raw)} is not valid")


def named_option(_: Site, field: Field, raw: Any) -> Stored:
    """A component or version of the project, by id or name."""
    if not isinstance(raw, dict) or not ("id" in raw or "name" in raw):
        raise FieldProblem("expected Object containing an 'id' or a 'name'")
    for option in field.options:
        if str(raw.get("id", option.id)) == str(option.id) and raw.get("name", option.value) == option.value:
            return option.id
    what = "Component" if field.type == "components" else "Version"
    raise FieldProblem(f"{what} name '{raw.get('name', raw.get('id'))}' is not valid")


def named_options(site: Site, field: Field, raw: Any) -> Stored:
    """Components or versions."""
    return sorted({named_option(site, field, one) for one in _list(raw)}) or None


def security_level(_: Site, field: Field, raw: Any) -> Stored:
    """A level of issue security, by id or name."""
    if raw is None:
        return None
    if isinstance(raw, dict):
        for option in field.options:
            if raw.get("id") == str(option.id) or ("id" not in raw and raw.get("name") == option.value):
                return option.id
    raise FieldProblem("Security level is not valid or cannot be set by you.")


def date(_: Site, __: Field, raw: Any) -> Stored:
    """A day, without a time (RFC 3339)."""
    if raw is None or raw == "":
        return None
    try:
        if not isinstance(raw, str) or len(raw) != len("yyyy-MM-dd"):
            raise ValueError(raw)
        return dt.date.fromisoformat(raw).isoformat()
    except ValueError:
        raise FieldProblem(f"Error parsing date string: expected yyyy-MM-dd, got {str(raw)[:40]!r}") from None


def timetracking(_: Site, __: Field, raw: Any) -> Stored:
    """Estimates, as seconds by field id; an original one alone is the remaining one too."""
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise FieldProblem("expected Object")
    found = {
        field: durations.read(raw[name])
        for name, field in (
            ("originalEstimate", "timeoriginalestimate"),
            ("remainingEstimate", "timeestimate"),
        )
        if raw.get(name) is not None
    }
    return (
        {"timeestimate": found["timeoriginalestimate"], **found} if "timeoriginalestimate" in found else found
    )


def options(site: Site, field: Field, raw: Any) -> Stored:
    """Choices."""
    return list(dict.fromkeys(option(site, field, one) for one in _list(raw))) or None


def user(site: Site, _: Field, raw: Any) -> Stored:
    """A person."""
    return site.flavour.read_user(site.config, raw)


def users(site: Site, field: Field, raw: Any) -> Stored:
    """Several people."""
    names = (user(site, field, one) for one in _list(raw))
    return list(dict.fromkeys(name for name in names if name)) or None


def labels(_: Site, __: Field, raw: Any) -> Stored:
    """Words without spaces."""
    for label in (labels := _list(raw)):
        if not isinstance(label, str) or not label:
            raise FieldProblem("string expected at index 0")
        if any(char.isspace() for char in label):
            raise FieldProblem(f"The label '{label}' contains spaces which is invalid.")
        if len(label) > SHORT_TEXT_LIMIT:
            raise FieldProblem(f"The label '{label}' exceeds the maximum length for a single label of 255.")
    return sorted(set(labels)) or None


def of_table(table: Mapping[str, str], word: str) -> Callable[[Site, Field, Any], Stored]:
    """Something that has an id and a name in a fixed table."""

    def read(_: Site, __: Field, raw: Any) -> Stored:
        if raw is None:
            return None
        if not isinstance(raw, dict):
            raise FieldProblem("data was not an object")
        for number, name in table.items():
            if raw.get("id") == number or ("id" not in raw and raw.get("name") == name):
                return number
        raise FieldProblem(f"{word} name '{raw.get('name', raw.get('id'))}' is not valid")

    return read


def epic_link(site: Site, _: Field, raw: Any) -> Stored:
    """The key of an epic."""
    if raw is None or raw == "":
        return None
    row = site.store.row("SELECT key, type_id FROM issues WHERE key = ?", str(raw).upper())
    if row is None:
        raise FieldProblem(f"Issue with key '{raw}' does not exist.")
    if site.config.issue_types[row["type_id"]].level != 1:
        raise FieldProblem(f"Issue '{raw}' is not an epic.")
    return row["key"]


def _list(raw: Any) -> list[Any]:
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise FieldProblem("data was not an array")
    return raw


def _quoted(raw: Mapping[str, Any]) -> str:
    return repr(str(raw.get("value", raw.get("id"))))


def read_only(_: Site, field: Field, __: Any) -> Stored:
    """Nothing: the field is set by Jira."""
    raise FieldProblem(f"Field '{field.id}' cannot be set.")
