"""Which roles people had when a move of theirs was first seen (requirement V16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.models.issues import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.mirror.database import Mirror


def keep(mirror: Mirror, issue_id: str, roles: Mapping[int, frozenset[Role]]) -> None:
    """Keep the roles of the authors of moves.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    issue_id : `str`
        What was moved.
    roles : `~collections.abc.Mapping` [`int`, `frozenset` [`~cmbot.models.issues.Role`]]
        By history id; what is known already stays.
    """
    with mirror.writing() as connection:
        connection.executemany(
            "INSERT OR IGNORE INTO movers VALUES (?, ?, ?)",
            [(issue_id, history_id, " ".join(sorted(had))) for history_id, had in roles.items()],
        )


def of(mirror: Mirror, issue_id: str) -> dict[int, frozenset[Role]]:
    """Read the roles of the authors of an issue's moves.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    issue_id : `str`
        What was moved.

    Returns
    -------
    roles : `dict` [`int`, `frozenset` [`~cmbot.models.issues.Role`]]
        By history id.
    """
    rows = mirror.connection.execute("SELECT history_id, roles FROM movers WHERE issue_id = ?", (issue_id,))
    return {row["history_id"]: frozenset(map(Role, row["roles"].split())) for row in rows}
