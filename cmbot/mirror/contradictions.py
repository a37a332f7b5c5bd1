"""What Jira keeps of a step's attempts and does not agree with the journal: such groups are not trusted."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmbot.mirror.database import Mirror


_LOG = logging.getLogger(__name__)
Wrong = dict[str, tuple[str, list[Mapping[str, Any]]]]
"""Group -> why it is not trusted, and the entries that do not agree."""
WHOLE = ""
"""Stands for a whole step among its groups."""


PENDING = "its groups were not read from Jira yet"
"""Reason that passes by itself, and is not told."""


def of(mirror: Mirror, step_id: str) -> dict[str, str]:
    """Read which groups of a step cannot be trusted.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.

    Returns
    -------
    reasons : `dict` [`str`, `str`]
        By group; under `WHOLE` what concerns the whole step.
    """
    rows = mirror.connection.execute("SELECT grp, text FROM contradictions WHERE step_id = ?", (step_id,))
    return {row["grp"]: row["text"] for row in rows}


def entries(mirror: Mirror, step_id: str) -> list[Mapping[str, Any]]:
    """Read what was left out of the attempts of a step.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.

    Returns
    -------
    entries : `list`
        As they are in Jira.
    """
    rows = mirror.connection.execute(
        "SELECT entries FROM contradictions WHERE step_id = ? ORDER BY grp", (step_id,)
    )
    return [entry for row in rows for entry in json.loads(row["entries"])]


def distrust(mirror: Mirror, step_id: str, reason: str) -> None:
    """Keep that a step as a whole cannot be trusted.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id, reason : `str`
        The step, and why; empty if it can be again.
    """
    with mirror.writing() as connection:
        connection.execute("DELETE FROM contradictions WHERE step_id = ? AND grp = ?", (step_id, WHOLE))
        if reason:
            connection.execute("INSERT INTO contradictions VALUES (?, ?, ?, '[]')", (step_id, WHOLE, reason))


def add(wrong: Wrong, entry: Mapping[str, Any]) -> None:
    """Add an entry that contradicts what is known.

    Parameters
    ----------
    wrong : `Wrong`
        What is to be kept of a step.
    entry : `~collections.abc.Mapping`
        As it is in Jira.
    """
    name = entry["name"] or "not submitted"
    first = f"{entry['group']} a{entry['number']} ({name}) contradicts another attempt"
    said, entries = wrong.get(entry["group"], (first, []))
    wrong[entry["group"]] = said, [*entries, entry]


def keep(mirror: Mirror, step_id: str, wrong: Wrong) -> None:
    """Keep which groups of a step cannot be trusted, in place of what was kept before.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.
    wrong : `Wrong`
        See `add`.
    """
    known = of(mirror, step_id)
    if {group: text for group, text in known.items() if group != WHOLE} == {
        group: text for group, (text, _) in wrong.items()
    }:
        return
    for group, (text, _) in wrong.items():
        _LOG.warning("step %s %s is not trusted: %s", step_id, group, text)
    with mirror.writing() as connection:
        connection.execute("DELETE FROM contradictions WHERE step_id = ? AND grp <> ?", (step_id, WHOLE))
        connection.executemany(
            "INSERT INTO contradictions VALUES (?, ?, ?, ?)",
            [(step_id, group, text, json.dumps(entries)) for group, (text, entries) in wrong.items()],
        )
