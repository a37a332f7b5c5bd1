"""Work on many issues at once, which Cloud gives an id to ask about; the sandbox does it at once."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import issues, permissions, properties, statusscheme
from .errors import JiraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .configuration import User
    from .issues import Issue
    from .site import Site


@dataclass(frozen=True)
class Task:
    """A piece of such work."""

    id: int
    """Number."""
    user: str
    """Login name of who asked for it."""
    description: str
    """What it was."""
    created: int
    """When it was asked for and done, milliseconds."""
    done: tuple[int, ...]
    """Ids of the issues on which it succeeded."""
    failed: Mapping[str, list[str]]
    """Why it failed, by the id of the issue."""
    unseen: int
    """Issues that are not there, or that the asker may not see."""


def find(site: Site, user: User, number: str) -> Task | None:
    """A task by number, for who asked for it and for administrators."""
    row = site.store.row("SELECT * FROM tasks WHERE CAST(id AS TEXT) = ?", number)
    if row is None or not (user.admin or row["user"] == user.name):
        return None
    result = json.loads(row["result"])
    return Task(row["id"], row["user"], row["description"], row["created"], **result)


def move(site: Site, user: User, wanted: Mapping[str, str]) -> int:
    """Make transitions (their ids by issue) one by one; returns the task's number."""
    found = _seen(site, user, wanted)

    def one(name: str, issue: Issue) -> None:
        statusscheme.move(site, user, issue, {"transition": {"id": wanted[name]}})

    return _do(site, user, "Bulk transition", found, one, len(wanted) - len(found))


def set_property(site: Site, user: User, key: str, value: Any, chosen: Iterable[int]) -> int:
    """Set a property of issues one by one, those that can be edited; returns the task's number."""

    def one(_: str, issue: Issue) -> None:
        permissions.need(site.config, user, "EDIT_ISSUES", issue.project, issue)
        properties.put(site, "issue", issue.id, key, value)

    return _do(site, user, f"Set property {key}", _seen(site, user, map(str, chosen)), one)


def _seen(site: Site, user: User, names: Iterable[str]) -> dict[str, Issue]:
    found = {}
    for name in names:
        with suppress(JiraError):  # as if it were not there
            found[name] = issues.seen(site, user, name)
    return found


def _do(
    site: Site,
    user: User,
    description: str,
    chosen: Mapping[str, Issue],
    work: Callable[[str, Issue], None],
    unseen: int = 0,
) -> int:
    done, failed = [], {}
    for name, issue in chosen.items():
        try:
            work(name, issue)
        except JiraError as error:
            failed[str(issue.id)] = [*error.messages, *error.errors.values()]
        else:
            done.append(issue.id)
    result = json.dumps({"done": done, "failed": failed, "unseen": unseen})
    now = site.store.now()
    return site.store.insert("tasks", user=user.name, description=description, created=now, result=result)
