"""DataId sets: persistent, sharable lists of DataIds with primary dimension keys (requirements A9, C3 to C8).

The format is a JSON list of objects that all have the same keys. Keys are dimensions of the Butler; alternate
keys such as ``seq_num`` or ``detector_name`` are refused, because only a Registry can resolve them (C8).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Value = int | str
"""What a dimension of a DataId can be."""
DataId = Mapping[str, Value]
"""Dimension names and values."""

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
            f"convert it with the Registry; keys are {', '.join(DIMENSIONS)}, healpixN and htmN",
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


@dataclass(frozen=True)
class DataIdSet:
    """An immutable set of DataIds; made by `of` or `from_json`, which check everything."""

    keys: tuple[str, ...]
    """Dimension names of every DataId, sorted."""
    rows: tuple[tuple[Value, ...], ...]
    """Values in the order of ``keys``; sorted, each once."""

    @classmethod
    def of(cls, entries: Iterable[DataId], subject: str = "DataId set") -> DataIdSet:
        """Make a set of DataIds.

        Parameters
        ----------
        entries : `~collections.abc.Iterable` [`~collections.abc.Mapping`]
            The DataIds; repetitions count once.
        subject : `str`, optional
            What an error is about.

        Returns
        -------
        dataids : `DataIdSet`
            The set.

        Raises
        ------
        UserError
            Raised if there is none, if keys differ or are missing, or if a key or value is not possible. It
            names the entry, counted from 1.
        """
        keys: tuple[str, ...] = ()
        rows = set()
        for number, entry in enumerate(entries, start=1):
            where = f"{subject}, entry {number}"
            found = tuple(sorted(entry))
            if not found or found != keys:
                _check_keys(found, keys, where)
                keys = found
            rows.add(tuple(check_value(key, entry[key], where) for key in keys))
        if not rows:
            raise UserError(subject, "it holds no DataIds", "give a JSON list with at least one DataId")
        return cls(keys, tuple(sorted(rows)))

    @classmethod
    def from_json(cls, text: str, subject: str = "DataId set") -> DataIdSet:
        """Read a set from its exchange format (requirement C3).

        Parameters
        ----------
        text : `str`
            JSON list of objects.
        subject : `str`, optional
            What an error is about: the file or attachment.

        Returns
        -------
        dataids : `DataIdSet`
            The set.

        Raises
        ------
        UserError
            Raised if the text is something else; as `of` for its entries.
        """
        remedy = 'give a JSON list like [{"instrument": "LSSTCam", "visit": 12}]'
        try:
            content = json.loads(text, object_pairs_hook=_without_repetition)
        except (ValueError, RecursionError) as error:
            raise UserError(subject, f"not readable as JSON ({error})", remedy) from error
        if not isinstance(content, list):
            raise UserError(subject, f"it is {type(content).__name__}, not a list", remedy)
        for number, entry in enumerate(content, start=1):
            if not isinstance(entry, dict):
                raise UserError(f"{subject}, entry {number}", "not an object", remedy)
        return cls.of(content, subject)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Value]]:
        return (dict(zip(self.keys, row, strict=True)) for row in self.rows)

    def values(self, key: str) -> tuple[Value, ...]:
        """All values of one dimension.

        Parameters
        ----------
        key : `str`
            Name of the dimension.

        Returns
        -------
        values : `tuple` [`int` or `str`, ...]
            Sorted, each once.
        """
        column = self.keys.index(key)
        return tuple(sorted({row[column] for row in self.rows}))

    def to_json(self) -> str:
        """The set in its exchange format; equal sets give equal text.

        Returns
        -------
        text : `str`
            JSON list, one DataId on a line.
        """
        lines = ",\n".join(json.dumps(entry, separators=(", ", ": ")) for entry in self)
        return f"[\n{lines}\n]\n"

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of `to_json`, which identifies the content."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_csv(self) -> str:
        """The set as ``pipetask qgraph --data-id-table`` reads it (requirement C7).

        Returns
        -------
        text : `str`
            CSV with a line of keys.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.keys)
        writer.writerows(self.rows)
        return text.getvalue()


def _check_keys(found: tuple[str, ...], expected: tuple[str, ...], subject: str) -> None:
    if not found:
        raise UserError(subject, "it has no keys", "give primary dimension keys")
    if expected:
        raise UserError(
            subject,
            f"its keys ({', '.join(found)}) are not those of the first entry ({', '.join(expected)})",
            "give all entries the same keys",
        )
    for key in found:
        for needed in dimension(key, subject).needs:
            if needed not in found:
                raise UserError(
                    subject, f"{key} means nothing without {needed}", f"add {needed} to every entry"
                )


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entry = dict(pairs)
    if len(entry) != len(pairs):
        raise ValueError(f"a key occurs twice in {entry}")
    return entry
