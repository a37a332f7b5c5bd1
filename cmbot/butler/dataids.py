"""DataIds asked of a Butler: those of a query, and those that other keys mean (requirements C8, C13)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from cmbot.butler.exchange import Request, read_response, strange_response

if TYPE_CHECKING:
    from cmbot.dimensions import Value

DATAIDS_SCRIPT = Path(__file__).resolve().parent / "scripts" / "dataids.py"
"""Answers `DumpRequest` and `ConvertRequest`."""


@dataclass(frozen=True)
class DumpRequest(Request):
    """Ask which DataIds a query selects."""

    verb: ClassVar[str] = "dump"

    repo: str
    """Path or URI of the repository."""
    collections: tuple[str, ...]
    """Where to look, in search order."""
    dataset_type: str
    """Of which datasets."""
    where: str = ""
    """Query expression; empty for everything."""
    dimensions: tuple[str, ...] = ()
    """Of which dimensions, each DataId once; none for those of the dataset type."""
    files: bool = False
    """Whether to answer also where each dataset is; not with dimensions of one's own."""


@dataclass(frozen=True)
class ConvertRequest(Request):
    """Ask which primary keys DataIds with other keys mean."""

    verb: ClassVar[str] = "convert"

    repo: str
    """Path or URI of the repository."""
    rows: tuple[dict[str, Value], ...]
    """The DataIds, all with the same keys."""


@dataclass(frozen=True)
class Dumped:
    """What was found."""

    rows: tuple[dict[str, Any], ...]
    """DataIds, in the order of the request or of the Butler."""
    files: tuple[str, ...]
    """Where each of them is, if that was asked: a path or an address."""


def parse_dumped(text: str, subject: str) -> Dumped:
    """Read the answer to a `DumpRequest` or a `ConvertRequest`.

    Parameters
    ----------
    text : `str`
        The response.
    subject : `str`
        What an error is about.

    Returns
    -------
    dumped : `Dumped`
        The answer.

    Raises
    ------
    DefinitionError
        Raised if the request cannot be answered: it names what to change.
    RemoteError
        Raised if the response is not what the script writes.
    """
    content = read_response(text, subject)
    try:
        return Dumped(tuple(map(dict, content["rows"])), tuple(map(str, content.get("files", ()))))
    except (KeyError, TypeError, ValueError) as error:
        raise strange_response(subject, error) from error
