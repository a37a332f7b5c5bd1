"""What the Butler is asked, and the answers: `QUERY_SCRIPT` reads and writes nothing to the repository."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from cmbot.butler.exchange import Request, read_response, strange_response
from cmbot.butler.pipelines import connections
from cmbot.definition.connections import NOT_ASKED, Connections

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.dimensions import Value

QUERY_SCRIPT = Path(__file__).resolve().parent / "scripts" / "query.py"
"""Answers the requests of this module, of `cmbot.butler.pipelines` and of `cmbot.butler.contents`."""


@dataclass(frozen=True)
class SelectRequest(Request):
    """Ask which values of a dimension a query selects."""

    verb: ClassVar[str] = "select"

    repo: str
    """Path or URI of the repository."""
    collections: tuple[str, ...]
    """Input collections, in search order."""
    where: str
    """Data query; empty for everything."""
    dimensions: tuple[str, ...]
    """What to list: visit, exposure, tract and so on; datasets are counted by the first."""
    pipeline: str | None = None
    """``path#subset``; its inputs say which datasets count."""
    dataset_type: str | None = None
    """Which datasets count; without it, the overall input of the pipeline that has the dimensions best."""
    instrument: str | None = None
    """Short name; without it, the only one of the repository, or what the query says."""
    skymap: str | None = None
    """Name; without it, the only one of the repository, or what the query says."""
    pipelines: Mapping[str, str] = field(default_factory=dict)
    """Pipelines of all steps, to be told also how they are connected; see `ConnectRequest`."""


@dataclass(frozen=True)
class Selection:
    """What a query selects."""

    selected: Mapping[str, tuple[Value, ...]]
    """By dimension, values for which the query selects data, sorted; never empty."""
    existing: Mapping[str, tuple[Value, ...]]
    """By dimension, values for which the inputs hold data, without the query; sorted."""
    counts: Mapping[Value, int]
    """Datasets by selected value of the first dimension; for tracts and the like, those that overlap it."""
    tasks: int
    """Tasks of the pipeline's subset; 0 without one."""
    labels: tuple[str, ...]
    """Labels of all tasks in the pipeline's file."""
    dataset_type: str
    """Which datasets were counted."""
    instrument: str | None
    """Instrument of the data."""
    skymap: str | None
    """Sky map of the data."""
    connections: Connections = NOT_ASKED
    """How the steps are connected, if that was asked."""

    @property
    def governors(self) -> dict[str, str]:
        """Instrument and sky map, as far as known."""
        named = {"instrument": self.instrument, "skymap": self.skymap}
        return {name: value for name, value in named.items() if value is not None}


def parse_selection(text: str, subject: str) -> Selection:
    """Read the answer to a `SelectRequest`.

    Parameters
    ----------
    text : `str`
        The response.
    subject : `str`
        What an error is about: the key of the issue.

    Returns
    -------
    selection : `Selection`
        The answer.

    Raises
    ------
    DefinitionError
        Raised if the request cannot be answered: it names the field to change.
    RemoteError
        Raised if the response is not what the script writes.
    """
    content = read_response(text, subject)
    try:
        return Selection(
            selected={name: tuple(values) for name, values in content["selected"].items()},
            existing={name: tuple(values) for name, values in content["existing"].items()},
            counts=dict(content["counts"]),
            tasks=int(content["tasks"]),
            labels=tuple(content["labels"]),
            dataset_type=content["dataset_type"],
            instrument=content["instrument"],
            skymap=content["skymap"],
            connections=connections(content),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise strange_response(subject, error) from error


@dataclass(frozen=True)
class CountRequest(Request):
    """Ask how many datasets there are."""

    verb: ClassVar[str] = "count"

    repo: str
    """Path or URI of the repository."""
    collections: tuple[str, ...]
    """Where to look; what several hold is counted once."""
    dataset_types: tuple[str, ...]
    """What to count."""


def parse_counts(text: str, subject: str) -> dict[str, int]:
    """Read the answer to a `CountRequest`.

    Parameters
    ----------
    text : `str`
        The response.
    subject : `str`
        What an error is about.

    Returns
    -------
    counts : `dict` [`str`, `int`]
        Datasets by type; 0 for a type that the repository does not know.

    Raises
    ------
    DefinitionError
        Raised if there is no such repository or collection.
    RemoteError
        Raised if the response is not what the script writes.
    """
    content = read_response(text, subject)
    try:
        return {str(name): int(number) for name, number in content["counts"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise strange_response(subject, error) from error


@dataclass(frozen=True)
class ReachRequest(Request):
    """Ask whether a repository can be opened."""

    verb: ClassVar[str] = "reach"

    repo: str
    """Path or URI of the repository."""


def parse_reach(text: str, subject: str) -> int:
    """Read the answer to a `ReachRequest`.

    Parameters
    ----------
    text : `str`
        The response.
    subject : `str`
        What an error is about.

    Returns
    -------
    universe : `int`
        Version of the repository's dimension universe.

    Raises
    ------
    DefinitionError
        Raised if there is no such repository.
    RemoteError
        Raised if the response is not what the script writes.
    """
    content = read_response(text, subject)
    try:
        return int(content["universe"])
    except (KeyError, TypeError, ValueError) as error:
        raise strange_response(subject, error) from error
