"""What happened to an issue, for those who want to be told (webhooks)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from .attachments import Attachment
    from .comments import Comment
    from .configuration import User
    from .issuelinks import IssueLink
    from .worklogs import Worklog

    Subject: TypeAlias = Comment | IssueLink | Attachment | Worklog

# fmt: off
Kind = Literal[
    "created", "changed", "deleted",
    "commented", "comment edited", "comment deleted",
    "linked", "unlinked", "attached", "detached",
    "work logged", "work edited", "work deleted",
]
# fmt: on


@dataclass(frozen=True)
class Happening:
    """One thing that happened; told before its transaction ends, true once it has ended."""

    kind: Kind
    """What."""
    issue: int
    """Id of the issue."""
    actor: User
    """Who did it."""
    at: int
    """When, in milliseconds."""
    entry: int | None = None
    """Id of the history entry, where there is one."""
    about: Subject | None = None
    """What hangs on the issue, as it is or was before its end; of a link, one of its ends tells."""
    updated_before: int | None = None
    """The issue's ``updated`` before a comment moved it: what Data Center's bodies show."""
