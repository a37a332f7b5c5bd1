"""How the Butler scripts are asked, and how their answers are read.

A request is written to a file, the script runs as ``python <script> request.json response.json`` in a named
environment, and its response is parsed. A script that ends with a code other than 0, or without a response,
did not do it: that is for the caller to see.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmbot.exceptions import DefinitionError, Problem, RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS: Mapping[str, str] = {
    "butlerConfig": "Butler repository",
    "inCollection": "Input collections",
    "dataQuery": "Data query",
    "pipelineYaml": "Pipeline YAML",
    "split": "Split rule",
    "datasetType": "Dataset type",
    "dataIds": "DataIds",
}
"""What a script complains about, and the field of the issue that people see."""


@dataclass(frozen=True)
class Request:
    """What a script is asked: its fields, and the verb that says which question it is."""

    verb: ClassVar[str]
    """As the script knows it."""

    def to_json(self) -> str:
        """Write the request as the script reads it.

        Returns
        -------
        text : `str`
            JSON.
        """
        return json.dumps({"verb": self.verb, **asdict(self)})


def read_response(text: str, subject: str) -> dict[str, Any]:
    """Read a response, translating what a person can mend.

    Parameters
    ----------
    text : `str`
        The response.
    subject : `str`
        What an error is about: the key of the issue.

    Returns
    -------
    response : `dict`
        The answer.

    Raises
    ------
    DefinitionError
        Raised if the request cannot be answered: it names the field to change.
    RemoteError
        Raised if the response is not what the script writes.
    """
    try:
        response = json.loads(text)
        if "error" not in response:
            return dict(response)
        error = response["error"]
        problem = Problem(FIELDS[error["field"]], str(error["problem"]), str(error["remedy"]))
    except (KeyError, TypeError, ValueError) as strange:
        raise strange_response(subject, strange) from strange
    raise DefinitionError(subject, (problem,))


def strange_response(subject: str, error: Exception) -> RemoteError:
    """The error for a response that no script of this version writes.

    Parameters
    ----------
    subject : `str`
        What it is about.
    error : `Exception`
        What was met when reading it.

    Returns
    -------
    error : `cmbot.exceptions.RemoteError`
        To be raised.
    """
    return RemoteError(
        subject,
        f"the Butler script answered something strange ({error!r})",
        "look at the output of the child",
    )
