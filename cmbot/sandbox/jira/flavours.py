"""The flavours by the word of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cloud import CLOUD
from .datacenter import DATA_CENTER

if TYPE_CHECKING:
    from .flavour import Flavour

FLAVOURS: dict[str, Flavour] = {one.name: one for one in (DATA_CENTER, CLOUD)}


def named(word: str) -> Flavour:
    """The flavour of that name.

    Raises
    ------
    ValueError
        Raised for another word.
    """
    try:
        return FLAVOURS[word]
    except KeyError:
        raise ValueError(f"flavour {word!r}: one of {', '.join(FLAVOURS)} is expected") from None
