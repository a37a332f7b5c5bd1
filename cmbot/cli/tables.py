"""Tables as ``bps report`` prints them: nothing is cut, whatever the width of the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def lined_up(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Line columns up: the first to the left, the others to the right.

    Parameters
    ----------
    rows : `~collections.abc.Sequence` [`~collections.abc.Sequence` [`str`]]
        The headings first.

    Yields
    ------
    line : `str`
        Headings, a rule, and a line for each row.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        first, *rest = (text.rjust(width) for text, width in zip(row, widths, strict=True))
        yield " ".join((row[0].ljust(len(first)), *rest))
        if number == 0:
            yield " ".join("-" * width for width in widths)
