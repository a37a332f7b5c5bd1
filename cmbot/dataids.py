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
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cmbot.dimensions import Value, check_value, check_values, dimension
from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DataId = Mapping[str, Value]
"""Dimension names and values."""
_DIGITS = re.compile(r"\d{1,19}", re.ASCII)


@dataclass(frozen=True)
class DataIdSet:
    """An immutable set of DataIds; made by `of`, `from_json` or `from_csv`, which check all."""

    keys: tuple[str, ...]
    """Dimension names of every DataId, sorted."""
    rows: tuple[tuple[Value, ...], ...]
    """Values in the order of ``keys``; sorted, each once."""

    repeated: int = field(default=0, compare=False)
    """How many entries were there before."""

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
        listed = list(entries)
        if not listed:
            raise UserError(subject, "it holds no DataIds", "give a list with at least one DataId")
        keys = tuple(sorted(listed[0]))
        for number, entry in enumerate(listed, start=1):
            if number == 1 or entry.keys() != listed[0].keys():
                _check_keys(tuple(sorted(entry)), keys if number > 1 else (), f"{subject}, entry {number}")
        columns = [[entry[key] for entry in listed] for key in keys]
        for key, column in zip(keys, columns, strict=True):
            _check_column(key, column, subject)
        rows = set(zip(*columns, strict=True))
        return cls(keys, tuple(sorted(rows)), len(listed) - len(rows))

    @classmethod
    def read(cls, content: bytes, name: str, subject: str = "DataId set") -> DataIdSet:
        """Read a set from a file of either format.

        Parameters
        ----------
        content : `bytes`
            The file.
        name : `str`
            Its name; ``.csv`` for CSV, otherwise JSON.
        subject : `str`, optional
            What an error is about.

        Returns
        -------
        dataids : `DataIdSet`
            The set.

        Raises
        ------
        UserError
            As `from_json` and `from_csv`.
        """
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UserError(subject, f"is not readable ({error})", "write it as UTF-8 text") from error
        return (cls.from_csv if name.lower().endswith(".csv") else cls.from_json)(text, subject)

    @classmethod
    def from_csv(cls, text: str, subject: str = "DataId set") -> DataIdSet:
        """Read a set from CSV with a line of keys (requirement C3).

        Parameters
        ----------
        text : `str`
            CSV.
        subject : `str`, optional
            What an error is about.

        Returns
        -------
        dataids : `DataIdSet`
            The set.

        Raises
        ------
        UserError
            As `of`.
        """
        keys, *lines = [line for line in csv.reader(text.splitlines()) if line] or [[]]
        names = [key.strip() for key in keys]
        if len(set(names)) < len(names):
            raise UserError(subject, "a key occurs twice in its first line", "name each key once")
        kinds = [dimension(name, subject).kind for name in names]
        for number, line in enumerate(lines, start=1):
            if len(line) != len(names):
                raise UserError(
                    f"{subject}, entry {number}", f"has {len(line)} values", f"give {', '.join(names)}"
                )
        columns = [
            [_number(value) if kind is int else value.strip() for value in column]
            for kind, column in zip(kinds, zip(*lines, strict=True), strict=False)
        ]
        return cls.of((dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)), subject)

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

    def without(self, other: DataIdSet, subject: str = "DataId set") -> tuple[DataId, ...]:
        """The DataIds that another set has not.

        Parameters
        ----------
        other : `DataIdSet`
            Of the same keys.
        subject : `str`, optional
            What an error is about.

        Returns
        -------
        dataids : `tuple` [`~collections.abc.Mapping`, ...]
            In order.

        Raises
        ------
        UserError
            Raised if its keys are others.
        """
        if self.keys != other.keys:
            listed = f"{', '.join(self.keys)} and {', '.join(other.keys)}"
            raise UserError(subject, f"the keys are not the same: {listed}", "compare sets of the same keys")
        there = set(other.rows)
        return tuple(dict(zip(self.keys, row, strict=True)) for row in self.rows if row not in there)

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


def _check_column(key: str, column: list[Any], subject: str) -> None:
    """Check the values of one key, each once; only what is wrong is looked for one by one."""
    if set(map(type, column)) <= {dimension(key, subject).kind}:
        try:
            check_values(key, set(column), subject)
        except UserError:
            pass
        else:
            return
    for number, value in enumerate(column, start=1):
        check_value(key, value, f"{subject}, entry {number}")


def _number(text: str) -> Value:
    # What is none is named with its entry when it is checked.
    return int(text) if _DIGITS.fullmatch(text.strip()) else text


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
