"""Cutting the values of one dimension, or of two, into groups.

Whatever the rule: everything is in exactly one group, the order of the input does not matter, and the same
values and rule give the same groups with the same names (requirement B13). What came later gets groups of its
own behind the earlier ones, and leaves these as they are (requirement W23).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import chain, pairwise, product
from math import prod
from typing import TYPE_CHECKING

from cmbot.dimensions import Value, check_values
from cmbot.exceptions import UserError
from cmbot.splitting.ranges import bounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cmbot.models.campaign import SplitRule

WHOLE = "g000"
"""Name of the only group of a step that is not split (design.md section 2)."""

_Cut = tuple[Value, ...]


@dataclass(frozen=True)
class Part:
    """Values of one dimension."""

    dimension: str
    """What is split."""
    values: tuple[Value, ...]
    """The values, sorted."""


@dataclass(frozen=True)
class GroupSpec:
    """One group: a name and what it is made of."""

    name: str
    """``g001`` and so on; ``g000`` without a split."""
    parts: tuple[Part, ...] = ()
    """One for each dimension that is split; none without a split, where the step's query says all."""

    @property
    def size(self) -> int:
        """Number of values, of two dimensions of pairs; 0 without a split."""
        return prod(len(part.values) for part in self.parts) if self.parts else 0


def split(
    values: Mapping[str, Iterable[Value]],
    rule: SplitRule,
    subject: str = "split",
    earlier: Sequence[GroupSpec] = (),
    others: int = 0,
) -> tuple[GroupSpec, ...]:
    """Split as a step's definition says.

    Parameters
    ----------
    values : `~collections.abc.Mapping` [`str`, `~collections.abc.Iterable`]
        What the step's query selects, by dimension of the rule; repetitions count once.
    rule : `cmbot.models.campaign.SplitRule`
        The rule; without a dimension there is one group.
    subject : `str`, optional
        What an error is about.
    earlier : `~collections.abc.Sequence` [`GroupSpec`], optional
        Groups that there are already: they come first, as they are.
    others : `int`, optional
        Groups of the step that no rule has made: new ones are numbered behind them too.

    Returns
    -------
    groups : `tuple` [`GroupSpec`, ...]
        At least one group; of a size, they differ by one at most and are never above it.

    Raises
    ------
    UserError
        Raised if there are no values, or the rule or a value is not possible, or earlier groups are not
        such as the rule makes.
    """
    if not rule.dimension:
        return (GroupSpec(WHOLE),)
    rules = (rule, rule.by) if rule.by else (rule,)
    cuts = [
        _cut(values[one.dimension], one, subject, _earlier(earlier, number))
        for number, one in enumerate(rules)
    ]
    found = [tuple(map(Part, (one.dimension for one in rules), cut)) for cut in product(*cuts)]
    kept = len(earlier)
    if [group.parts for group in earlier] != found[:kept]:
        raise UserError(
            subject, "its groups are not such as this rule makes", "keep the rule, or split another step"
        )
    # Of equal length, so that names sort as numbers do; those that are there keep theirs.
    width = len(earlier[-1].name) - 1 if earlier else max(3, len(str(len(found) + others)))
    named = (
        GroupSpec(f"g{number:0{width}}", parts)
        for number, parts in enumerate(found[kept:], kept + others + 1)
    )
    return (*earlier, *named)


def _earlier(groups: Sequence[GroupSpec], number: int) -> list[_Cut]:
    return list(dict.fromkeys(group.parts[number].values for group in groups))


def _cut(values: Iterable[Value], rule: SplitRule, subject: str, earlier: list[_Cut]) -> list[_Cut]:
    """Cut one dimension; what earlier cuts hold stays there."""
    known = check_values(rule.dimension, values, subject)
    if not known:
        raise UserError(
            subject, f"there is no {rule.dimension} to split", "check the data query and the inputs"
        )
    if rule.lists or rule.values:
        lists = rule.lists or tuple((value,) for value in rule.values)
        cuts = [_listed(known, rule.dimension, one, subject) for one in lists]
        _require_cover(known, cuts, rule.dimension, subject)
    elif rule.size < 1 and rule.count < 1:
        raise UserError(subject, "it names no size", "give a size, a count, values or lists")
    else:
        cuts = [known]
    if earlier:
        there = set(chain.from_iterable(earlier))
        cuts = [cut for one in cuts if (cut := tuple(value for value in one if value not in there))]
    if rule.size:
        cuts = [part for one in cuts for part in _balanced(one, -(-len(one) // rule.size))]
    elif rule.count and not earlier:
        cuts = _balanced(known, min(rule.count, len(known)))
    return earlier + cuts


def _listed(known: _Cut, dimension: str, listed: Sequence[Value], subject: str) -> _Cut:
    """Read one list of a person's: values, and ranges of what there is."""
    found: list[Value] = []
    for item in listed:
        if (ends := bounds(item)) and isinstance(known[0], int):
            found += known[bisect_left(known, ends[0]) : bisect_right(known, ends[1])]
        else:
            found += check_values(dimension, (item,), subject)
    if not found:
        raise UserError(subject, f"a list selects no {dimension}", "remove it, or correct the data query")
    return tuple(sorted(found))


def _require_cover(known: _Cut, cuts: Sequence[_Cut], dimension: str, subject: str) -> None:
    given, twice = set[Value](), set[Value]()
    for value in chain.from_iterable(cuts):
        (twice if value in given else given).add(value)
    for wrong, problem, remedy in (
        (twice, "named more than once", "keep each in one list"),
        (given - set(known), "not selected by the query", "correct lists or query"),
        (set(known) - given, "in no list", "add them to a list, or leave them out in the query"),
    ):
        if wrong:
            listed = sorted(wrong)
            more = f" and {len(listed) - 5} more" if len(listed) > 5 else ""
            shown = ", ".join(map(str, listed[:5])) + more
            raise UserError(f"{subject}: {problem}, {dimension}", shown, remedy)


def _balanced(known: _Cut, count: int) -> list[_Cut]:
    edges = [number * len(known) // count for number in range(count + 1)]
    return [known[begin:end] for begin, end in pairwise(edges)]
