"""What differs between Jira's deployments (reference/jira.md section 3).

Everything that differs is asked of a `Dialect`; the rest of the room speaks what both understand:
REST v2 with wiki markup.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import timedelta

    from cmbot.jira.wire import Wire

EPIC_LINK = "Epic Link"
EPIC_NAME = "Epic Name"
ORDER = "ORDER BY updated ASC, key ASC"


@dataclass(frozen=True)
class Asked:
    """What is wanted of each issue."""

    fields: tuple[str, ...]
    """Ids of the fields."""
    properties: tuple[str, ...] = ()
    """Keys of the properties; in a row: without one there is none of those after it."""


class Dialect(Protocol):
    """How one kind of deployment wants to be spoken to."""

    #: Custom fields that this deployment itself provides: name -> key of the field's type.
    own_fields: Mapping[str, str]
    #: Where a user object carries the account: in bodies sent as in answers.
    account_key: str
    #: Query parameter that names a person.
    account_parameter: str
    #: What stands before the account in a mention.
    mention_prefix: str
    #: After this long every search knows a write, or else it was not made.
    settling: timedelta

    def pages(self, wire: Wire, clause: str, fields: str, size: int) -> Iterator[list[dict[str, Any]]]:
        """Search in the order of change, page by page, without losing an issue that changes meanwhile."""
        ...

    def fetch(self, wire: Wire, ids: Sequence[str], asked: Asked) -> Iterator[dict[str, Any]]:
        """Read many issues with few requests, each with its changelog; what is not found is left out.

        An issue whose properties cannot come with it is left out as well.
        """
        ...

    def histories(self, wire: Wire, issue: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Give the whole history of an issue that was read with its changelog, oldest first."""
        ...

    def content(self, attachment_id: int) -> tuple[str, dict[str, str]]:
        """Give the path and parameters by which a file is read without being sent elsewhere."""
        ...

    def in_epic(self, epic_key: str) -> dict[str, Any]:
        """Give the fields that put an issue into an epic."""
        ...

    def named_epic(self, name: str) -> dict[str, Any]:
        """Give the fields that an epic needs for its name."""
        ...
