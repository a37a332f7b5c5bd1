"""Having collections made, and what was done: `ARRANGE_SCRIPT` writes to the repository (requirement A11)."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmbot.butler.exchange import read_response, strange_response
from cmbot.butler.items import Chain, Delete, Item, Prepend, Tag, TakeOut

if TYPE_CHECKING:
    from collections.abc import Mapping

ARRANGE_SCRIPT = Path(__file__).resolve().parent / "scripts" / "arrange.py"
"""Answers `ArrangeRequest`; carrying the same out again changes nothing."""


class Done(StrEnum):
    """What became of one collection of a plan."""

    MADE = "made"
    """It was made or changed, and reads back as planned."""
    ALREADY_THERE = "already there"
    """It was as planned."""
    ERROR = "error"
    """It is not as planned; the problem says why."""


@dataclass(frozen=True)
class Arranged:
    """What became of one collection."""

    name: str
    """Its name."""
    done: Done
    """What became of it."""
    problem: str
    """Why it is not as planned; empty otherwise."""


@dataclass(frozen=True)
class ArrangeRequest:
    """Make these collections, in this order."""

    repo: str
    """Path or URI of the repository."""
    plan: tuple[Item, ...]
    """Collections as they shall be; children before their chains, and chains before what leaves them."""

    def to_json(self) -> str:
        """The request as the script reads it.

        Returns
        -------
        text : `str`
            JSON.
        """
        return json.dumps({"repo": self.repo, "plan": [_item(one) for one in self.plan]})


def parse_arranged(text: str, subject: str) -> tuple[Arranged, ...]:
    """Read the answer to an `ArrangeRequest`.

    Parameters
    ----------
    text : `str`
        The response.
    subject : `str`
        What an error is about.

    Returns
    -------
    arranged : `tuple` [`Arranged`, ...]
        What became of each collection, in the order of the plan.

    Raises
    ------
    DefinitionError
        Raised if there is no such repository.
    RemoteError
        Raised if the response is not what the script writes.
    """
    response = read_response(text, subject)
    try:
        return tuple(Arranged(one["name"], Done(one["done"]), one["problem"]) for one in response["items"])
    except (KeyError, TypeError, ValueError) as error:
        raise strange_response(subject, error) from error


_VERBS = {Chain: "chain", Tag: "tag", Prepend: "prepend", TakeOut: "take out", Delete: "delete"}


def _item(one: Item) -> Mapping[str, Any]:
    fields = {each.name: getattr(one, each.name) for each in dataclasses.fields(one)}
    if isinstance(one, Tag):
        fields["data_ids"] = list(one.data_ids)
    return {"verb": _VERBS[type(one)], **fields}
