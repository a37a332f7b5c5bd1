"""Who may move what from where: cmbot's table, since Jira's transitions are global (design.md section 3)."""

from __future__ import annotations

from cmbot.models.issues import Level, Role, Status

D, L, R, P, F, C, A = (
    Status.DRAFT,
    Status.LAUNCH,
    Status.RUNNING,
    Status.PAUSED,
    Status.FAILED,
    Status.COMPLETED,
    Status.ABANDONED,
)

#: Statuses with the category that Jira's boards and filters use.
CATEGORIES: dict[Status, str] = {
    D: "new",
    L: "indeterminate",
    R: "indeterminate",
    P: "indeterminate",
    F: "indeterminate",
    C: "done",
    A: "done",
}

#: What people may do: status before -> statuses they may choose.
BY_PEOPLE: dict[Status, frozenset[Status]] = {
    D: frozenset({L, A, P, F, C}),
    L: frozenset({D, P, A, F, C}),
    R: frozenset({P, F, C, A}),
    P: frozenset({L, D, F, C, A}),
    F: frozenset({L, D, P, C, A}),
    C: frozenset({L, P, F, A}),
    A: frozenset({D, L, P}),
}

_EVERY = frozenset(Role)
_OPERATOR = frozenset({Role.OPERATOR})
_DEFINED = {D: _EVERY, L: _OPERATOR, P: _EVERY, F: _OPERATOR, C: _OPERATOR, A: _EVERY}

#: Which people: level -> status after -> roles of which one is needed. A group is work, not definition.
ROLES: dict[Level, dict[Status, frozenset[Role]]] = {
    Level.CAMPAIGN: _DEFINED,
    Level.STEP: _DEFINED,
    Level.GROUP: dict.fromkeys(_DEFINED, _OPERATOR),
}

#: What cmbot does: status before -> statuses it may set, besides turning a refused move back
#: and showing what a person commanded.
BY_CMBOT: dict[Status, frozenset[Status]] = {
    # Not only Running: what ends at once is over before it was ever shown as running.
    D: frozenset({R, P, F, C}),
    L: frozenset({R, D, P, F, C, A}),
    R: frozenset({D, L, P, F, C, A}),
    P: frozenset({R, C}),
    F: frozenset({R, C}),
    # A result that a person rejects is a failure, also after it was there.
    C: frozenset({R, P, F}),
    A: frozenset(),
}

_WHY: dict[Status, str] = {
    R: "only cmbot sets Running; move it to Launch",
    D: "work that ended is not a draft; move it to Launch to retry, or to Abandoned",
}


def who_may(level: Level, source: Status, target: Status) -> frozenset[Role]:
    """Say which people may make a move.

    Parameters
    ----------
    level : `~cmbot.models.issues.Level`
        Of what.
    source, target : `~cmbot.models.issues.Status`
        From where to where.

    Returns
    -------
    roles : `frozenset` [`~cmbot.models.issues.Role`]
        One of them is needed; empty if no person may.
    """
    return ROLES[level][target] if target in BY_PEOPLE[source] else frozenset()


def refusal(
    level: Level, source: Status | None, target: Status, roles: frozenset[Role] | None = None
) -> str | None:
    """Say why a person's move is refused.

    Parameters
    ----------
    level : `~cmbot.models.issues.Level`
        Of what was moved.
    source : `~cmbot.models.issues.Status` or `None`
        Status before; `None` if it is not one of ours.
    target : `~cmbot.models.issues.Status`
        Status after.
    roles : `frozenset` [`~cmbot.models.issues.Role`] or `None`, optional
        Roles of the person; `None` if they do not matter.

    Returns
    -------
    reason : `str` or `None`
        The reason with the remedy, or `None` if the move is allowed.
    """
    if source is not None and target not in BY_PEOPLE[source]:
        return _WHY.get(target, f"an issue in {source} cannot be moved to {target}")
    needed = ROLES[level].get(target, _EVERY)
    if roles is None or roles & needed:
        return None
    wanted = " or ".join(sorted(needed))
    return f"only people with the role {wanted} move a {level} to {target}; ask one of them"
