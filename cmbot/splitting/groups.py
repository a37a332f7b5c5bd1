"""Cutting the values of one dimension into groups.

Whatever the rule: every value is in exactly one group, the order of the input does not matter, and the same
values and rule give the same groups with the same names (requirement B13).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from cmbot.dataids import Value, check_value
from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cmbot.models.campaign import SplitRule

WHOLE = "g000"
"""Name of the only group of a step that is not split (design.md section 2)."""


@dataclass(frozen=True)
class GroupSpec:
    """One group: a name and the values it is made of."""

    name: str
    """``g001`` and so on; ``g000`` without a split."""
    dimension: str
    """What was split; empty without a split."""
    values: tuple[Value, ...]
    """The values, sorted; empty without a split, where the step's query says all."""


def split(values: Iterable[Value], rule: SplitRule, subject: str = "split") -> tuple[GroupSpec, ...]:
    """Split as a step's definition says.

    Parameters
    ----------
    values : `~collections.abc.Iterable` [`int` or `str`]
        What the step's query selects of the rule's dimension; repetitions count once.
    rule : `cmbot.models.campaign.SplitRule`
        The rule; without a dimension there is one group.
    subject : `str`, optional
        What an error is about.

    Returns
    -------
    groups : `tuple` [`GroupSpec`, ...]
        At least one group; sizes differ by one at most and are never above the rule's.

    Raises
    ------
    UserError
        Raised if there are no values, or the rule or a value is not possible.
    """
    if not rule.dimension:
        return (GroupSpec(WHOLE, "", ()),)
    if rule.size < 1:
        raise UserError(subject, f"a group of {rule.size} is not possible", "give a size of at least 1")
    known = _known(values, rule.dimension, subject)
    return _balanced(known, rule.dimension, -(-len(known) // rule.size))


def split_into(
    values: Iterable[Value], dimension: str, count: int, subject: str = "split"
) -> tuple[GroupSpec, ...]:
    """Split into a number of groups.

    Parameters
    ----------
    values : `~collections.abc.Iterable` [`int` or `str`]
        What is selected; repetitions count once.
    dimension : `str`
        What is split.
    count : `int`
        How many groups; with fewer values there are as many groups as values.
    subject : `str`, optional
        What an error is about.

    Returns
    -------
    groups : `tuple` [`GroupSpec`, ...]
        The groups; sizes differ by one at most.

    Raises
    ------
    UserError
        Raised if there are no values, or the count or a value is not possible.
    """
    if count < 1:
        raise UserError(subject, f"{count} groups are not possible", "give a number of at least 1")
    known = _known(values, dimension, subject)
    return _balanced(known, dimension, min(count, len(known)))


def split_lists(
    values: Iterable[Value], dimension: str, lists: Sequence[Sequence[Value]], subject: str = "split"
) -> tuple[GroupSpec, ...]:
    """Split as lists written by a person say.

    Parameters
    ----------
    values : `~collections.abc.Iterable` [`int` or `str`]
        What is selected; repetitions count once.
    dimension : `str`
        What is split.
    lists : `~collections.abc.Sequence` [`~collections.abc.Sequence`]
        One list for each group, in the order of their names.
    subject : `str`, optional
        What an error is about.

    Returns
    -------
    groups : `tuple` [`GroupSpec`, ...]
        One group for each list.

    Raises
    ------
    UserError
        Raised unless every selected value, and nothing else, is in exactly one list.
    """
    known = _known(values, dimension, subject)
    given = Counter(check_value(dimension, value, subject) for one in lists for value in one)
    _refuse(
        [value for value, times in given.items() if times > 1],
        f"{subject}: named more than once, {dimension}",
        "keep each in one list",
    )
    _refuse(
        given.keys() - set(known),
        f"{subject}: not selected by the query, {dimension}",
        "correct lists or query",
    )
    _refuse(set(known) - given.keys(), f"{subject}: in no list, {dimension}", "add them to a list")
    if not all(lists):
        raise UserError(subject, "a list is empty", "remove it")
    return _named(dimension, [tuple(sorted(one)) for one in lists])


def _known(values: Iterable[Value], dimension: str, subject: str) -> tuple[Value, ...]:
    known = tuple(sorted({check_value(dimension, value, subject) for value in values}))
    if not known:
        raise UserError(subject, f"there is no {dimension} to split", "check the data query and the inputs")
    return known


def _refuse(wrong: Iterable[Value], subject: str, remedy: str) -> None:
    listed = sorted(wrong)
    if listed:
        shown = ", ".join(map(str, listed[:5])) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")
        raise UserError(subject, shown, remedy)


def _balanced(known: tuple[Value, ...], dimension: str, count: int) -> tuple[GroupSpec, ...]:
    edges = [number * len(known) // count for number in range(count + 1)]
    return _named(dimension, [known[begin:end] for begin, end in pairwise(edges)])


def _named(dimension: str, parts: list[tuple[Value, ...]]) -> tuple[GroupSpec, ...]:
    # equal length, so that names sort as numbers do
    width = max(3, len(str(len(parts))))
    return tuple(
        GroupSpec(f"g{number:0{width}}", dimension, part) for number, part in enumerate(parts, start=1)
    )
