"""Which moves are judged by the roles that their authors have now (requirement V16)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from cmbot.models.issues import Issue, Move, Person, Role


def to_judge(issue: Issue, judged: Collection[int], me: Person) -> Iterator[Move]:
    """Find the moves whose authors' roles must be asked for.

    A move is judged when it is first seen: who leaves a group later does not undo what was done before.
    So when a whole history is seen for the first time, what cmbot has acted on counts as allowed, and
    only what it turned back or has not seen yet is judged.

    Parameters
    ----------
    issue : `~cmbot.models.issues.Issue`
        With its moves.
    judged : `~collections.abc.Collection` [`int`]
        History ids of the moves that were judged before.
    me : `~cmbot.models.issues.Person`
        cmbot's own account.

    Yields
    ------
    move : `~cmbot.models.issues.Move`
        Oldest first.
    """
    last_of_cmbot = max((place for place, move in enumerate(issue.moves) if move.by == me), default=-1)
    for place, move in enumerate(issue.moves):
        if move.by == me or move.history_id in judged:
            continue
        after = issue.moves[place + 1] if place + 1 < len(issue.moves) else None
        turned_back = after is not None and after.by == me and after.target is move.source
        if place > last_of_cmbot or turned_back:
            yield move


def with_roles(issue: Issue, roles: Mapping[int, frozenset[Role]]) -> Issue:
    """Add to moves the roles that their authors had.

    Parameters
    ----------
    issue : `~cmbot.models.issues.Issue`
        With its moves.
    roles : `~collections.abc.Mapping` [`int`, `frozenset` [`~cmbot.models.issues.Role`]]
        By history id.

    Returns
    -------
    issue : `~cmbot.models.issues.Issue`
        The same, with them.
    """
    moves = tuple(replace(move, roles=roles.get(move.history_id)) for move in issue.moves)
    return replace(issue, moves=moves)
