"""What is to be done about a group that ended badly: by itself, where the retry policy lets cmbot do it.

The rules are those of the error catalogue (reference/predecessors.md section 4): of several failures the
worst action counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmbot.handlers import causes, changing, memory, orders, starting
from cmbot.handlers.actions import Accept, Ask, Submit
from cmbot.models.attempts import AttemptState, Cause, Changes, OrderState, Verb
from cmbot.models.campaign import RetryPolicy
from cmbot.models.failures import Action
from cmbot.models.views import PlanState
from cmbot.wms.explaining import worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.models.attempts import Attempt
    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView, GroupView, StepView

_RESCUES = {Action.RESCUE, Action.RESCUE_WITH_MORE_MEMORY}


@dataclass(frozen=True)
class Wait:
    """It is not known yet why jobs failed, or what comes of the restart that cmbot has asked for."""


@dataclass(frozen=True)
class Stop:
    """A person is needed although cmbot may go on by itself."""

    reason: str
    """Why."""


Decided = Submit | Ask | Accept | Wait | Stop
Decisions = Mapping[tuple[str, str], Decided]


def decided(view: CampaignView, step: StepView, group: GroupView) -> Decided | None:
    """Decide what cmbot does by itself about a group.

    Parameters
    ----------
    view, step, group
        Campaign, step and group.

    Returns
    -------
    decision : `Submit`, `Ask`, `Accept`, `Wait`, `Stop` or `None`
        `None` if it is a person's affair from the beginning.
    """
    last = group.last
    if last is None or last.state not in {AttemptState.PARTIAL, AttemptState.FAILED}:
        return None
    restart = last.asked(Verb.RESTART)
    if restart is not None and restart.cause.automatic:
        return Wait()
    if policy(view, step) is not RetryPolicy.AUTOMATIC or not _stands(view, step, group, last):
        return None
    if group.unexplained:
        return Wait()
    action = worst(group.failures)
    if action is Action.ACCEPT:
        return Accept(step, group, _accepted(group)) if acceptable(step, group) else Stop(_TOO_MUCH)
    if action not in _RESCUES:
        return None
    return _rescue(view, step, group, last)


def policy(view: CampaignView, step: StepView) -> RetryPolicy:
    """Tell what cmbot may do by itself for a step.

    Parameters
    ----------
    view, step
        The campaign and the step.

    Returns
    -------
    policy : `~cmbot.models.campaign.RetryPolicy`
        The step's own, else the campaign's; manual if they cannot be read.
    """
    if view.definition is None or step.definition is None:
        return RetryPolicy.MANUAL
    return step.definition.retry or view.definition.retry


def decisions(view: CampaignView) -> Decisions:
    """Decide about all groups, each once.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    decisions : `~collections.abc.Mapping`
        By id of the step and name of the group; without those that are a person's affair from the beginning.
    """
    found = (((step.issue.id, group.name), decided(view, step, group)) for step, group in view.groups)
    return {where: one for where, one in found if one is not None}


def going_on(found: Decisions) -> set[tuple[str, str]]:
    """Find the groups that ended badly and that cmbot goes on with by itself.

    Parameters
    ----------
    found : `~collections.abc.Mapping`
        What `decisions` says.

    Returns
    -------
    groups : `set` [`tuple` [`str`, `str`]]
        Id of the step and name of the group: no person is needed for these yet.
    """
    return {where for where, one in found.items() if not isinstance(one, Stop)}


def acceptable(step: StepView, group: GroupView) -> bool:
    """Tell whether what a group lacks is within the tolerance of the rules that know its failures.

    Parameters
    ----------
    step, group
        The step and the group.

    Returns
    -------
    acceptable : `bool`
        True only if its outputs are registered, none contradict each other, and of no task more quanta of
        the whole step lack a result than the rules or the step tolerate (requirement G7). What was blocked
        by a failure counts as the failure itself does.
    """
    rules = [each.tolerance for each in group.failures if each.action is Action.ACCEPT]
    if not group.merged or not group.tasks or not rules or step.definition is None:
        return False
    if len(rules) < len(group.failures):
        return False
    for task in group.tasks:
        if task.wonky:
            return False
        alike = [other for each in step.groups for other in each.tasks if other.label == task.label]
        tolerance = max(*rules, step.definition.tolerance.get(task.label, 0.0))
        # 0.29 of 100 is 28.999… to a computer and 29 to people
        most = round(tolerance * sum(other.expected for other in alike), 6)
        if task.missing and sum(other.missing for other in alike) > most:
            return False
    return True


_TOO_MUCH = "more is missing than the rules accept: what failed jobs blocked counts too"


def _rescue(view: CampaignView, step: StepView, group: GroupView, last: Attempt) -> Submit | Ask | Stop:
    if len(group.attempts) >= view.limits.attempts:
        return Stop(f"{len(group.attempts)} attempts were made (failures.max_attempts)")
    if group.stuck:
        return Stop(f"{last.label} made nothing more than was there before")
    cause = Cause(
        f"rule:{step.issue.id}:{group.name}:{last.number}",
        last.cause.by,
        last.ended_at or last.created_at,
        f"lets cmbot rescue {last.label} by itself ({', '.join(sorted(set(_rules(group))))}), "
        f"since {last.cause.by} {last.cause.what}",
    )
    if orders.restartable(group, cause):
        return Ask(step, group, Verb.RESTART, cause)
    if tried := [order for order in last.orders if order.cause.id == cause.id]:
        done = tried[0].state is OrderState.DONE
        note = "failed again after a restart" if done else f"was not restarted: {tried[0].note}"
        return Stop(f"its final job {note}")
    new = changing.changes(view, step, group)
    for each in group.failures:
        if each.for_memory and not _more(view, step, last, new, each.label):
            return Stop(
                f"{each.label} needs more memory, and {_elsewhere(view, step, last, new, each.label)}"
            )
    return Submit(step, group, last.number + 1, cause, new)


def _more(view: CampaignView, step: StepView, last: Attempt, new: Changes, label: str) -> bool:
    return _asked(view, step, new, label) > _asked(view, step, last.changes, label)


def _asked(view: CampaignView, step: StepView, changes: Changes, label: str) -> int:
    own = changes.memory.get(label)
    return own if own is not None else memory.asked(changing.options(view, step, changes.site), label)


def _elsewhere(view: CampaignView, step: StepView, last: Attempt, new: Changes, label: str) -> str:
    """Where there is more memory than in the queue of a task."""
    most = changing.most_memory(view, step, new, label)
    wanted = max(most + 1, 2 * _asked(view, step, last.changes, label))
    site = changing.site_of(view, step, new.site)
    if not (better := view.limits.queue_with(site, wanted) or view.limits.queue_with(site, most + 1)):
        return "no queue has more"
    queue = memory.queue(changing.options(view, step, new.site), label, new.queue)
    return f"its queue {queue} has {most} MB: retry it in {better} (--queue)"


def _stands(view: CampaignView, step: StepView, group: GroupView, last: Attempt) -> bool:
    """Whether nobody has stopped what led to an attempt, since."""
    path: list[Issue] = [view.issue, step.issue, *((group.issue,) if group.issue else ())]
    if step.plan is not PlanState.READY or not starting.startable(view, step) or group.distrusted:
        return False
    if group.issue and group.issue.frozen:
        return False
    if not (view.issue.status.active and step.issue.status.active):
        return False
    if any(order.state is OrderState.OPEN or order.verb is Verb.CANCEL for order in last.orders):
        return False
    begun = last.cause.at if not last.cause.automatic else last.created_at
    return not causes.taken_back(path, begun, view.me)


def _rules(group: GroupView) -> Iterator[str]:
    return (each.rule for each in group.failures if each.rule)


def _accepted(group: GroupView) -> str:
    lacking = "; ".join(
        f"{task.label}: {task.missing} of {task.expected}" for task in group.tasks if task.missing
    )
    return f"accepted by {', '.join(sorted(set(_rules(group))))}: quanta missing of {lacking}"
