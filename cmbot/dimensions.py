"""The primary dimension keys of the Butler, and which values they have (requirements C3, C8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Value = int | str
"""What a dimension of a DataId can be."""

INT64_END = 2**63


@dataclass(frozen=True)
class Dimension:
    """One primary dimension key."""

    kind: type[int | str]
    """Type of its values."""
    needs: tuple[str, ...] = ()
    """Other keys without which a value means nothing."""


_OF_INSTRUMENT = ("instrument",)
DIMENSIONS: Mapping[str, Dimension] = {
    "instrument": Dimension(str),
    "skymap": Dimension(str),
    "band": Dimension(str),
    "physical_filter": Dimension(str, _OF_INSTRUMENT),
    "group": Dimension(str, _OF_INSTRUMENT),
    "detector": Dimension(int, _OF_INSTRUMENT),
    "visit": Dimension(int, _OF_INSTRUMENT),
    "exposure": Dimension(int, _OF_INSTRUMENT),
    "day_obs": Dimension(int, _OF_INSTRUMENT),
    "visit_system": Dimension(int, _OF_INSTRUMENT),
    "subfilter": Dimension(int, ("band",)),
    "tract": Dimension(int, ("skymap",)),
    "patch": Dimension(int, ("skymap", "tract")),
}
"""The dimensions of daf_butler's universe 8 that campaigns select by; healpixN and htmN come on top."""

_SKYPIX = re.compile(r"(?:healpix|htm)\d{1,2}", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9_.+#:/~@-](?:[A-Za-z0-9_.+#:/~@ -]{0,62}[A-Za-z0-9_.+#:/~@-])?", re.ASCII)


def dimension(name: str, subject: str) -> Dimension:
    """Look a dimension up.

    Parameters
    ----------
    name : `str`
        Its name.
    subject : `str`
        What an error is about.

    Returns
    -------
    dimension : `Dimension`
        What is known of it.

    Raises
    ------
    UserError
        Raised if it is not a primary dimension key.
    """
    if _SKYPIX.fullmatch(name):
        return Dimension(int)
    if name not in DIMENSIONS:
        raise UserError(
            subject,
            f"{name!r} is not a primary dimension key",
            f"convert it: `cmbot dataids convert`; keys are {', '.join(DIMENSIONS)}, healpixN and htmN",
        )
    return DIMENSIONS[name]


def check_value(name: str, value: object, subject: str) -> Value:
    """Check one value of a dimension.

    Parameters
    ----------
    name : `str`
        Name of the dimension.
    value : `object`
        What was given.
    subject : `str`
        What an error is about.

    Returns
    -------
    value : `int` or `str`
        The same value.

    Raises
    ------
    UserError
        Raised if the dimension has no such values.
    """
    kind = dimension(name, subject).kind
    # bool is an int to Python, not to the Butler
    if isinstance(value, int) and not isinstance(value, bool) and kind is int and 0 <= value < INT64_END:
        return value
    if isinstance(value, str) and kind is str and _PLAIN.fullmatch(value):
        return value
    wanted = "an integer from 0" if kind is int else "a name of at most 64 plain characters"
    raise UserError(subject, f"{name}={value!r:.80} is not possible", f"give {wanted}")


def check_values(name: str, values: Iterable[object], subject: str) -> tuple[Value, ...]:
    """Check many values of a dimension.

    Parameters
    ----------
    name : `str`
        Name of the dimension.
    values : `~collections.abc.Iterable` [`object`]
        What was given.
    subject : `str`
        What an error is about.

    Returns
    -------
    values : `tuple` [`int` or `str`, ...]
        The same values, sorted, each once.

    Raises
    ------
    UserError
        Raised if the dimension has no such value.
    """
    given: list[Any] = list(values)
    if dimension(name, subject).kind is int and set(map(type, given)) == {int}:
        # A million visits are checked by the first and the last, which is quick where they come sorted.
        numbers = tuple(dict.fromkeys(sorted(given)))
        if numbers[0] >= 0 and numbers[-1] < INT64_END:
            return numbers
    return tuple(sorted({check_value(name, value, subject) for value in given}))
