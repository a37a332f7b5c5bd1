"""The error tree.

::

    CmbotError                 subject: problem; what to do
    ├── UserError              someone must change an issue, a file or a setting; told once, not retried
    │   └── DefinitionError    all problems of one definition together
    └── RemoteError            Jira, PanDA, bps or Butler did not do it; retried with back-off
        ├── OutcomeUnknown     it may have happened; looked for before it is repeated
        ├── NotFound           gone or hidden: Jira does not tell which
        ├── Refused            the server understood and said no
        ├── Conflict           somebody else wrote at the same time
        ├── Limited            asked to wait
        └── CredentialsError   expired or wrong; writing stops until they are renewed
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Problem:
    """One thing that someone must change."""

    field: str
    """The field, file or setting to change, by the name people see."""
    problem: str
    """What is wrong with it."""
    remedy: str
    """What to do about it."""

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}; {self.remedy}"


class CmbotError(Exception):
    """An error whose message reads ``subject: problem; what to do``.

    Parameters
    ----------
    subject : `str`
        The issue, file, setting or server that it is about.
    problem : `str`
        What is wrong.
    remedy : `str`, optional
        What to do.
    """

    def __init__(self, subject: str, problem: str, remedy: str = "") -> None:
        super().__init__(f"{subject}: {problem}" + (f"; {remedy}" if remedy else ""))
        self.subject = subject
        self.problem = problem
        self.remedy = remedy


class UserError(CmbotError):
    """Someone must change something; trying again changes nothing."""


class DefinitionError(UserError):
    """Everything that is wrong with one definition, at once (requirement V13).

    Parameters
    ----------
    subject : `str`
        The issue or file.
    problems : `tuple` [`Problem`, ...]
        At least one.
    """

    def __init__(self, subject: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(subject, "; ".join(str(problem) for problem in problems))
        self.problems = problems


class RemoteError(CmbotError):
    """A server or a child process did not do what it was asked; worth another try later.

    Parameters
    ----------
    subject, problem, remedy : `str`
        As in `CmbotError`.
    retry_at : `datetime.datetime`, optional
        Not before this instant, if that is known.
    """

    def __init__(
        self, subject: str, problem: str, remedy: str = "", retry_at: datetime | None = None
    ) -> None:
        super().__init__(subject, problem, remedy)
        self.retry_at = retry_at


class OutcomeUnknown(RemoteError):
    """It may have happened: look before repeating (reference/predecessors.md section 8)."""


class NotFound(RemoteError):
    """Gone, moved, or hidden from this account."""


class Refused(RemoteError):
    """The server understood the request and refused it."""


class Conflict(RemoteError):
    """Somebody else changed the same thing at the same time."""


class Limited(RemoteError):
    """The server asks to wait.

    Parameters
    ----------
    subject, problem : `str`
        As in `CmbotError`.
    retry_at : `datetime.datetime` or `None`
        Not before this instant, if the server said when.
    """

    def __init__(self, subject: str, problem: str, retry_at: datetime | None = None) -> None:
        super().__init__(subject, problem, "cmbot waits and tries again", retry_at)


class CredentialsError(RemoteError):
    """The credentials have expired or are wrong."""
