"""Who may move what from where: cmbot's table, since Jira's transitions are global (design.md section 3)."""

from __future__ import annotations

from cmbot.models.issues import Status

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

#: What cmbot does: status before -> statuses it may set.
BY_CMBOT: dict[Status, frozenset[Status]] = {
    # Not only Running: what ends at once is over before it was ever shown as running.
    D: frozenset({R, P, F, C}),
    L: frozenset({R, D, P, F, C, A}),
    R: frozenset({D, L, P, F, C, A}),
    P: frozenset({R, C}),
    F: frozenset({R, C}),
    C: frozenset({R, P}),
    A: frozenset(),
}

_WHY: dict[Status, str] = {
    R: "only cmbot sets Running; move it to Launch",
    D: "work that ended is not a draft; move it to Launch to retry, or to Abandoned",
}


def refusal(source: Status | None, target: Status) -> str | None:
    """Say why a person's move is refused.

    Parameters
    ----------
    source : `Status` or `None`
        Status before; `None` if it is not one of ours.
    target : `Status`
        Status after.

    Returns
    -------
    reason : `str` or `None`
        The reason with the remedy, or `None` if the move is allowed.
    """
    if source is None or target in BY_PEOPLE[source]:
        return None
    return _WHY.get(target, f"an issue in {source} cannot be moved to {target}")
