"""What pipelines are made of, need and make, and the questions for it; `questions.QUERY_SCRIPT` answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmbot.butler.exchange import FIELDS, Request, read_response, strange_response
from cmbot.definition.connections import Connections, Ends
from cmbot.exceptions import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class DescribeRequest(Request):
    """Ask what a pipeline is made of."""

    verb: ClassVar[str] = "describe"

    pipeline: str
    """``path``, ``path#subset`` or ``path#label,label``."""


@dataclass(frozen=True)
class Described:
    """A task or a step of a pipeline."""

    label: str
    """Its label."""
    dimensions: tuple[str, ...]
    """Of a task: what its quanta are; of a step: what it may be split by. Sorted, required ones only."""


@dataclass(frozen=True)
class Subset:
    """A named subset of a pipeline."""

    label: str
    """Its label."""
    description: str
    """Instructions for operators (requirement B14)."""
    tasks: tuple[str, ...]
    """Labels of its tasks, in the order in which they run."""
    needs: tuple[str, ...]
    """Labels of other tasks that make what it reads."""


@dataclass(frozen=True)
class OverallInput:
    """A dataset type that a pipeline reads and does not make."""

    dataset_type: str
    """Its name."""
    dimensions: tuple[str, ...]
    """Its required dimensions, sorted."""
    prerequisite: bool
    """Whether it must only be there, without deciding which quanta there are."""


@dataclass(frozen=True)
class PipelineDescription:
    """What a pipeline is made of."""

    description: str
    """The text at its head."""
    tasks: tuple[Described, ...]
    """Tasks in the order in which they run."""
    steps: tuple[Described, ...]
    """Declared steps."""
    subsets: tuple[Subset, ...]
    """Named subsets."""
    inputs: tuple[OverallInput, ...]
    """What it reads and does not make."""


def parse_description(text: str, subject: str) -> PipelineDescription:
    """Read the answer to a `DescribeRequest`.

    Parameters
    ----------
    text : `str`
        The response.
    subject : `str`
        What an error is about.

    Returns
    -------
    description : `PipelineDescription`
        The answer.

    Raises
    ------
    DefinitionError
        Raised if there is no such pipeline, or it cannot be read.
    RemoteError
        Raised if the response is not what the script writes.
    """
    content = read_response(text, subject)
    try:
        return PipelineDescription(
            description=content["description"],
            tasks=tuple(Described(one["label"], tuple(one["dimensions"])) for one in content["tasks"]),
            steps=tuple(Described(one["label"], tuple(one["dimensions"])) for one in content["steps"]),
            subsets=tuple(
                Subset(one["label"], one["description"], tuple(one["tasks"]), tuple(one["needs"]))
                for one in content["subsets"]
            ),
            inputs=tuple(
                OverallInput(one["dataset_type"], tuple(one["dimensions"]), one["prerequisite"])
                for one in content["inputs"]
            ),
        )
    except (KeyError, TypeError) as error:
        raise strange_response(subject, error) from error


@dataclass(frozen=True)
class ConnectRequest(Request):
    """Ask what pipelines need and make, and what there is."""

    verb: ClassVar[str] = "connect"

    repo: str
    """Path or URI of the repository."""
    collections: tuple[str, ...]
    """Input collections of the campaign; those that do not exist hold nothing."""
    pipelines: Mapping[str, str]
    """``path#subset`` by step."""


def parse_connections(text: str, subject: str) -> Connections:
    """Read the answer to a `ConnectRequest`.

    Parameters
    ----------
    text : `str`
        The response.
    subject : `str`
        What an error is about.

    Returns
    -------
    connections : `~cmbot.definition.connections.Connections`
        The answer; what cannot be read of single pipelines is in it.

    Raises
    ------
    DefinitionError
        Raised if there is no such repository.
    RemoteError
        Raised if the response is not what the script writes.
    """
    content = read_response(text, subject)
    try:
        return connections(content)
    except (KeyError, TypeError, AttributeError) as error:
        raise strange_response(subject, error) from error


def connections(content: Mapping[str, Any]) -> Connections:
    """Read how steps are connected from a response.

    Parameters
    ----------
    content : `~collections.abc.Mapping`
        Has ``steps`` and ``present``.

    Returns
    -------
    connections : `~cmbot.definition.connections.Connections`
        The same.
    """
    steps = {name: _ends(one) for name, one in content["steps"].items()}
    return Connections(steps, frozenset(content["present"]))


def _ends(content: Mapping[str, Any]) -> Ends | Problem:
    if "error" in content:
        error = content["error"]
        return Problem(FIELDS[error["field"]], str(error["problem"]), str(error["remedy"]))
    dimensions = content["dimensions"]
    return Ends(
        tuple(content["inputs"]),
        tuple(content["outputs"]),
        None if dimensions is None else tuple(dimensions),
    )
