"""What a person writes to cmbot in a comment, and what cmbot answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cmbot.models.issues import Person


class Do(StrEnum):
    """What can be commanded in a comment (requirement D4)."""

    HELP = "help"
    STATUS = "status"
    EXPLAIN = "explain"
    PLAN = "plan"
    LOG = "log"
    LAUNCH = "launch"
    PAUSE = "pause"
    RETRY = "retry"
    RESTART = "restart"
    CANCEL = "cancel"
    ACCEPT = "accept"
    REJECT = "reject"
    VALIDATE = "validate"
    INVALIDATE = "invalidate"
    SKIP = "skip"
    SET = "set"
    INCLUDE = "include"
    EXCLUDE = "exclude"
    OPERATOR = "operator"
    DIFF = "diff"


@dataclass(frozen=True)
class Command:
    """One command, as it was understood."""

    verb: Do
    """What."""
    words: str
    """The line as it was written, cut where it is long."""
    group: str = ""
    """Name of the only group that is meant."""
    tasks: tuple[str, ...] = ()
    """Labels of the only tasks that are meant."""
    fresh: bool = False
    """Whether nothing of earlier attempts is used."""
    memory: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Memory in MB by task; under the empty label that of every task that failed."""
    site: str = ""
    """Another compute site."""
    queue: str = ""
    """A queue of the site."""
    rest: str = ""
    """What follows: the reason, for most verbs."""


@dataclass(frozen=True)
class Unclear:
    """One command that cannot be understood."""

    words: str
    """As of `Command`."""
    problem: str
    """What is wrong."""
    remedy: str
    """What to write instead."""


@dataclass(frozen=True)
class Answer:
    """What became of one command."""

    words: str
    """The line as it was written; empty where not everybody may read the comment."""
    refused: bool = False
    """Whether nothing was done."""
    lines: tuple[str, ...] = ()
    """What was done, what is asked, or why not, a line each."""


@dataclass(frozen=True)
class Heard:
    """One comment with commands."""

    issue_id: str
    """Jira's id of the issue that it stands on; what it commands is about this issue."""
    comment_id: str
    """Jira's id of the comment: it acts once."""
    by: Person
    """Who wrote it."""
    at: datetime
    """When it was written."""
    lines: tuple[str, ...]
    """The commands as they were written."""
    restricted: bool = False
    """Whether not everybody who sees the issue may read it."""
    unfit: str = ""
    """Why nothing of it is carried out; empty if it may be."""
