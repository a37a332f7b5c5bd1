"""What can be done to collections, one by one (requirement A11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmbot.dataids import DataIdSet


@dataclass(frozen=True)
class Chain:
    """One CHAINED collection as it shall be."""

    name: str
    """Its name."""
    children: tuple[str, ...]
    """What is searched, in this order; each once."""


@dataclass(frozen=True)
class Tag:
    """One TAGGED collection as it shall be (requirement C6)."""

    name: str
    """Its name."""
    dataset_type: str
    """What is tagged."""
    data_ids: DataIdSet
    """Which of it; each must mean at least one dataset."""
    collections: tuple[str, ...]
    """Where it is looked for, in this order."""
    beside: tuple[str, ...] = ()
    """What is read beside it: none of these datasets may be there, or the list would restrict nothing."""


@dataclass(frozen=True)
class Prepend:
    """One collection at the head of a chain that is not the campaign's own; what is in it stays."""

    name: str
    """Name of the chain; made if it is not there."""
    child: str
    """What is searched first, unless it is in the chain already."""


@dataclass(frozen=True)
class TakeOut:
    """One collection that a chain, which is not the campaign's own, holds no more."""

    name: str
    """Name of the chain."""
    child: str
    """What is taken out."""


@dataclass(frozen=True)
class Delete:
    """One collection that shall not be there; a RUN with everything in it."""

    name: str
    """Its name."""
    kind: str
    """RUN, CHAINED or TAGGED: one of another kind is not what is meant, and stays."""


Item = Chain | Tag | Prepend | TakeOut | Delete
"""One thing that is to be done to the collections."""


def told(item: Item) -> str:
    """Say what is to be done, for people.

    Parameters
    ----------
    item : `Chain`, `Tag`, `Prepend`, `TakeOut` or `Delete`
        What.

    Returns
    -------
    line : `str`
        The verb first.
    """
    match item:
        case Chain(name, children):
            return f"chain {name}: {', '.join(children) or 'nothing'}"
        case Tag(name, dataset_type, data_ids, where):
            return f"tag {name}: {dataset_type} of {len(data_ids)} DataIds in {', '.join(where)}"
        case Prepend(name, child):
            return f"prepend {name}: {child}"
        case TakeOut(name, child):
            return f"take out of {name}: {child}"
        case Delete(name, kind):
            return f"delete {name}: {'a RUN with all its datasets' if kind == 'RUN' else kind}"
