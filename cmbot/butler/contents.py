"""What a Butler is asked of a step that has ended, and the answer (requirements E13, A12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cmbot.butler.exchange import Request, read_response, strange_response
from cmbot.models.summary import Contents, OutputType, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class ContentsRequest(Request):
    """Ask what the tasks of a step made, and what they took."""

    verb: ClassVar[str] = "contents"

    repo: str
    """Path or URI of the repository."""
    collection: str
    """Collection of the step."""
    groups: Mapping[str, str]
    """Collections of its groups by name."""
    pipeline: str
    """``path#subset``."""
    sample: int = 500
    """Metadata that are read for each task: of more quanta some stand for all."""


def parse_contents(text: str, subject: str) -> Contents:
    """Read the answer to a `ContentsRequest`.

    Parameters
    ----------
    text : `str`
        The response.
    subject : `str`
        What an error is about.

    Returns
    -------
    contents : `~cmbot.models.summary.Contents`
        The answer.

    Raises
    ------
    DefinitionError
        Raised if there is no such repository, collection or pipeline.
    RemoteError
        Raised if the response is not what the script writes.
    """
    content = read_response(text, subject)
    try:
        return Contents(
            types=tuple(OutputType(**each) for each in content["types"]),
            usage={label: Usage(**each) for label, each in content["usage"].items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise strange_response(subject, error) from error
