"""What happened to an issue, for those who want to be told (webhooks)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .comments import Comment
    from .configuration import User

Kind = Literal["created", "changed", "deleted", "commented", "comment edited", "comment deleted"]


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
    comment: Comment | None = None
    """The comment as it is now, or was before it was deleted."""
    updated_before: int | None = None
    """The issue's ``updated`` before a comment moved it: what Data Center's bodies show."""
