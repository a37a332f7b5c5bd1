"""What the sandbox Jira refuses, in the vendor's envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_ON_SCREEN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."


class JiraError(Exception):
    """A refusal with its HTTP status and Jira's two kinds of messages.

    Parameters
    ----------
    status : `int`
        HTTP status of the answer.
    messages : `str`
        General messages (``errorMessages``).
    errors : `~collections.abc.Mapping` [`str`, `str`], optional
        Messages by field id (``errors``).
    headers : `~collections.abc.Mapping` [`str`, `str`], optional
        Headers the answer carries.
    """

    def __init__(
        self,
        status: int,
        *messages: str,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(*messages, *(errors or {}).values())
        self.status = status
        self.messages = messages
        self.errors = dict(errors or {})
        self.headers = dict(headers or {})

    def envelope(self) -> dict[str, Any]:
        """The body of the answer."""
        return {"errorMessages": list(self.messages), "errors": self.errors}


class FieldProblem(Exception):
    """A value that a field does not accept; the caller knows which field."""


def missing(what: str = "Issue Does Not Exist") -> JiraError:
    """404, also for what the caller may not see."""
    return JiraError(404, what)


def refused(field: str, text: str) -> JiraError:
    """400 about one field."""
    return JiraError(400, errors={field: text})
