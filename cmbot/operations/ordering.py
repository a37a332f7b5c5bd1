"""What operations share that ask something of attempts: find what a key stands for, write down what is asked.

Nothing is done here. A pass carries out what is written, so that the service, which holds the lease, and a
person at a terminal never act on the same request at once.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError
from cmbot.handlers import orders as rules
from cmbot.mirror import events, lease, orders
from cmbot.models.attempts import AS_DEFINED, Cause, Changes, Verb
from cmbot.models.issues import Status
from cmbot.operations.report import chosen
from cmbot.operations.status import epic_of
from cmbot.reconcile import views

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmbot.models.issues import Issue, Person
    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.reconcile.edges import Local


@dataclass(frozen=True)
class Target:
    """One attempt of which something is asked, and what will happen."""

    key: str
    """Key of the sub-task, or of the step where there is none."""
    step: str
    """Name of the step."""
    group: str
    """Name of the group."""
    attempt: str
    """The attempt: ``a1``."""
    verb: Verb
    """What is done: a retry may turn out to be a restart."""
    request: int | None
    """Its request id; `None` while there is none."""
    step_id: str
    """Jira's id of the step."""
    number: int
    """Number of the attempt."""
    details: Mapping[str, str] = field(default_factory=dict)
    """What exactly will happen, by name, for people."""
    changes: Changes = AS_DEFINED
    """What a retry does otherwise than the definition says."""

    def to_json(self) -> dict[str, Any]:
        """Give it to a script.

        Returns
        -------
        data : `dict`
            By field.
        """
        return asdict(self)


def found(
    local: Local, verb: Verb, key: str, group: str = ""
) -> tuple[CampaignView, tuple[tuple[StepView, GroupView], ...]]:
    """Find the groups of which something can be asked.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    verb : `~cmbot.models.attempts.Verb`
        What.
    key : `str`
        Key of a campaign, step or group.
    group : `str`, optional
        Name of a group that has no sub-task.

    Returns
    -------
    view, groups
        The campaign, and those of its groups of which it can be asked.

    Raises
    ------
    UserError
        If it can be asked of none, or was asked already.
    """
    groups = [(step, each) for step, those in chosen(local, key, group) for each in those]
    possible = [(step, each) for step, each in groups if not rules.refusal(verb, each)]
    if not possible:
        reasons = {rules.refusal(verb, each) for _, each in groups}
        why = reasons.pop() if len(reasons) == 1 else "it has no group of which that can be asked"
        raise UserError(key, f"cannot {verb} it: {why}", f"see `cmbot status {key}`")
    free = tuple((step, each) for step, each in possible if not _asked(each))
    if not free:
        last = possible[0][1].last
        asked = _asked(possible[0][1])
        problem = f"{asked} of {last.label if last else 'it'} was asked already and is not done yet"
        raise UserError(key, problem, f"see `cmbot history {key}`")
    view = views.campaign(local, epic_of(local, key))
    if verb is not Verb.CANCEL:
        for step, each in free:
            _require_open(verb, *view.path(step, each))
    return view, free


def target(step: StepView, group: GroupView, verb: Verb, **more: Any) -> Target:
    """Name what is asked.

    Parameters
    ----------
    step, group
        The step and the group, which has an attempt.
    verb : `~cmbot.models.attempts.Verb`
        What.
    **more : `Any`
        ``details`` and ``changes``.

    Returns
    -------
    target : `Target`
        Of its newest attempt.

    Raises
    ------
    UserError
        If there is none.
    """
    last = group.last
    if last is None:
        raise UserError(group.name, "has no attempt", "launch it first")
    item = last.last_try
    return Target(
        key=(group.issue or step.issue).key,
        step=step.name,
        group=group.name,
        attempt=last.label,
        verb=verb,
        request=item.request_id if item else None,
        step_id=step.issue.id,
        number=last.number,
        **more,
    )


def request(by: Person, words: str) -> Cause:
    """Make the cause of what a person asks for at a terminal.

    Parameters
    ----------
    by : `~cmbot.models.issues.Person`
        Who asks.
    words : `str`
        In which words, with the reason: ``ran cmbot retry CM-4``.

    Returns
    -------
    cause : `~cmbot.models.attempts.Cause`
        The human act, by whose id everything that follows names it.
    """
    return Cause(f"request:{secrets.token_hex(6)}", by, datetime.now(UTC), words)


def give(local: Local, targets: Sequence[Target], cause: Cause) -> None:
    """Write down what is asked; a pass carries it out.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    targets : `~collections.abc.Sequence` [`~cmbot.operations.ordering.Target`]
        Of what, and what.
    cause : `~cmbot.models.attempts.Cause`
        The human act: of `request`, or a command in a comment.
    """
    with local.mirror.writing() as connection:
        for each in targets:
            where = each.step_id, each.group, each.number
            orders.add(connection, each.verb, cause, where, each.changes)
            what = f"asks for a {each.verb} of {each.step} {each.group} {each.attempt}"
            events.add(connection, cause.at, each.key, str(cause.by), what, f"{cause.what} ({cause.id})")


def is_served(local: Local) -> bool:
    """Tell whether a service runs that will do what is written down.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.

    Returns
    -------
    served : `bool`
        `False` also if it was killed and left its lease behind.
    """
    holder, until = local.mirror.leased()
    return until is not None and until > datetime.now(UTC) and not lease.is_gone(holder)


def _require_open(verb: Verb, *issues: Issue) -> None:
    for issue in issues:
        if issue.frozen:
            raise UserError(issue.key, f"is not followed: {issue.frozen}", "mend that first")
        if issue.status.closed and not (verb is Verb.REJECT and issue.status is Status.COMPLETED):
            raise UserError(issue.key, f"is {issue.status}", f"move {issue.key} to Paused first")


def _asked(group: GroupView) -> str:
    last = group.last
    return next((str(verb) for verb in Verb if last and last.asked(verb)), "")
