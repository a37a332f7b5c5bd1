"""Which quanta an operator of the sandbox means: a strict little grammar over data ids.

    expression := "" | "all" | conjunction { "or" conjunction }
    conjunction := comparison { "and" comparison }
    comparison := dimension ( "=" | "is" | "!=" | "<" | "<=" | ">" | ">=" ) ( integer | 'string' )

Nothing is evaluated as Python. ``is`` means ``=``, for ``pipetask -c``, which takes only one equals sign.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "is": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""What each comparison sign of the grammar does."""

_COMPARISON = re.compile(r"\s*([a-z_0-9]+)\s*(!=|<=|>=|=|<|>|\bis\b)\s*(?:(-?\d+)|'([^']*)')\s*", re.ASCII)


@dataclass(frozen=True)
class Comparison:
    """One comparison of a data id's value with a constant."""

    dimension: str
    """Name of the dimension."""
    sign: str
    """Comparison sign, a key of `OPERATORS`."""
    value: int | str
    """The constant."""

    def chooses(self, data_id: Mapping[str, int | str]) -> bool:
        """Whether a data id passes.

        Parameters
        ----------
        data_id : `~collections.abc.Mapping` [`str`, `int` or `str`]
            Dimension names and values of one quantum.

        Returns
        -------
        chosen : `bool`
            True if it does.

        Raises
        ------
        ValueError
            Raised if the data id has no such dimension or a value of another type.
        """
        if self.dimension not in data_id:
            raise ValueError(
                f"{self.dimension}: not a dimension of this quantum ({', '.join(sorted(data_id))})"
            )
        found = data_id[self.dimension]
        if type(found) is not type(self.value):
            raise ValueError(f"{self.dimension}: {found!r} cannot be compared with {self.value!r}")
        return OPERATORS[self.sign](found, self.value)


@dataclass(frozen=True)
class Choice:
    """A parsed expression: alternatives of comparisons that all hold."""

    alternatives: tuple[tuple[Comparison, ...], ...]
    """Outer level "or", inner level "and"; an empty inner level chooses everything."""

    @classmethod
    def parse(cls, expression: str) -> Choice:
        """Read an expression.

        Parameters
        ----------
        expression : `str`
            Empty for nothing, ``all``, or comparisons such as ``visit=12 and detector=1``.

        Returns
        -------
        choice : `Choice`
            The parsed form.

        Raises
        ------
        ValueError
            Raised if the expression does not follow the grammar.
        """
        if not expression.strip():
            return cls(())
        if expression.strip() == "all":
            return cls(((),))
        return cls(
            tuple(
                tuple(_comparison(part, expression) for part in re.split(r"\band\b", alternative))
                for alternative in re.split(r"\bor\b", expression)
            )
        )

    def chooses(self, data_id: Mapping[str, int | str]) -> bool:
        """Whether a quantum is meant.

        Parameters
        ----------
        data_id : `~collections.abc.Mapping` [`str`, `int` or `str`]
            Dimension names and values of one quantum.

        Returns
        -------
        chosen : `bool`
            True if one alternative holds.

        Raises
        ------
        ValueError
            Raised if a comparison does not fit the data id.
        """
        return any(all(part.chooses(data_id) for part in alternative) for alternative in self.alternatives)


def _comparison(text: str, expression: str) -> Comparison:
    match = _COMPARISON.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{expression!r}: cannot read {text.strip()!r}; write comparisons like visit=12 and detector=1"
        )
    dimension, sign, number, string = match.groups()
    return Comparison(dimension, sign, string if number is None else int(number))
