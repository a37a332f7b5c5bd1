"""What may start now: readiness, pause policy, causes and first groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.handlers import causes, changing, orders, verdicts
from cmbot.handlers.actions import Ask, Submit
from cmbot.models.attempts import JUDGED, OrderState, Verb
from cmbot.models.campaign import PausePolicy
from cmbot.models.failures import Action
from cmbot.models.issues import Status
from cmbot.models.views import PlanState
from cmbot.wms.explaining import worst

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cmbot.models.attempts import Attempt, Cause
    from cmbot.models.views import CampaignView, GroupView, StepView

    Going = Collection[tuple[str, str]]


def blockers(view: CampaignView, step: StepView) -> tuple[str, ...]:
    """Say what a step waits for.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    step : `~cmbot.models.views.StepView`
        One of its steps.

    Returns
    -------
    reasons : `tuple` [`str`, ...]
        One per step that must be completed first, with good data; empty if it is ready.
    """
    reasons = []
    for other in view.steps:
        if step.definition is None or other.name not in step.definition.after:
            continue
        if reason := verdicts.bad(view, other):
            reasons.append(reason)
        elif other.stale:
            reasons.append(f"{other.name} ({other.issue.key}) is stale: {other.stale}")
        elif effective(other) is not Status.COMPLETED:
            reasons.append(f"{other.name} ({other.issue.key}) is not completed, it is {other.issue.status}")
        if other.checkpoint:
            # A person may have waved it through before what it is about was made.
            reasons += [reason for reason in blockers(view, other) if reason not in reasons]
    return tuple(reasons)


def effective(step: StepView) -> Status:
    """Status of a step for what depends on it: a person's word counts above the roll-up.

    Parameters
    ----------
    step : `~cmbot.models.views.StepView`
        The step.

    Returns
    -------
    status : `~cmbot.models.issues.Status`
        Completed and Failed as Jira shows them, else what its groups amount to.
    """
    said = step.issue.status
    if said in {Status.COMPLETED, Status.FAILED, Status.ABANDONED} and step.status is not Status.RUNNING:
        return said
    return step.status


def to_plan(view: CampaignView, going_on: Going) -> Iterator[StepView]:
    """Find the steps whose split must be asked for.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    going_on : `~collections.abc.Collection` [`tuple` [`str`, `str`]]
        Step ids and groups that ended badly and that cmbot goes on with by itself.

    Yields
    ------
    step : `~cmbot.models.views.StepView`
        Launched, ready, and not asked yet.
    """
    for step in view.steps:
        cause = causes.in_force((view.issue, step.issue), view.me)
        if (
            step.plan is PlanState.UNASKED
            and cause
            and startable(view, step)
            and not _held(view, step, cause, going_on)
        ):
            yield step


def to_start(view: CampaignView, going_on: Going) -> Iterator[Submit | Ask]:
    """Find the attempts that people ask for, before caps; and where a restart does instead of one.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    going_on : `~collections.abc.Collection` [`tuple` [`str`, `str`]]
        As for `to_plan`.

    Yields
    ------
    action : `~cmbot.handlers.actions.Submit` or `~cmbot.handlers.actions.Ask`
        In the order of steps and groups.
    """
    for step in view.steps:
        if step.plan is not PlanState.READY or not startable(view, step):
            continue
        # Asked once for each launch, not for each group: a step may have hundreds.
        held: dict[str, bool] = {}
        for group in step.groups:
            if (group.issue and group.issue.frozen) or group.outside:
                continue
            order = orders.retry_of(group)
            if order is not None:
                # Named one by one by a person: the pause policy does not hold it.
                yield Submit(step, group, order.number + 1, order.cause, order.changes, order)
                continue
            path = view.path(step, group)
            cause = causes.in_force(path, view.me)
            number = causes.next_number(group, cause)
            if not cause or not number or group.distrusted or group.decided or _behind(step, group):
                continue
            if group.last and any(map(group.last.asked, (Verb.RESTART, *JUDGED))):
                # What comes of it decides what is left to do.
                continue
            if cause.id not in held:
                held[cause.id] = _held(view, step, cause, going_on)
            if not held[cause.id]:
                yield _next(view, step, group, number, cause)


def _behind(step: StepView, group: GroupView) -> bool:
    """Whether a group has to wait for the first one, if that goes alone (requirement W12)."""
    first = step.canary
    return first is not None and group is not first and first.effective is not Status.COMPLETED


def _next(view: CampaignView, step: StepView, group: GroupView, number: int, cause: Cause) -> Submit | Ask:
    """Retry a group; of one that only lacks the final job nothing else need run again (predecessors.md 4)."""
    if orders.restartable(group, cause):
        return Ask(step, group, Verb.RESTART, cause)
    return Submit(step, group, number, cause, changing.changes(view, step, group))


def startable(view: CampaignView, step: StepView) -> bool:
    """Tell whether anything of a step may be started, whoever asks for it.

    Parameters
    ----------
    view, step
        The campaign and the step.

    Returns
    -------
    startable : `bool`
        False while something is wrong with it, it is closed, or it waits for another step.
    """
    return (
        not view.problems
        and not (view.issue.frozen or step.issue.frozen)
        and step.definition is not None
        and not step.checkpoint
        and not step.issue.status.closed
        and not view.issue.status.closed
        and not blockers(view, step)
    )


def _held(view: CampaignView, step: StepView, cause: Cause, going_on: Going) -> bool:
    """Whether something stops new work under a cause until the next launch.

    That is the pause policy, a critical failure, or a person who cancelled something of it.
    """
    caused = [
        group
        for other in view.steps
        for group in other.groups
        if group.last is not None and group.last.cause.id == cause.id
    ]
    if any(worst(group.failures) is Action.PAUSE or _cancelled(group) for group in caused):
        return True
    policy = view.definition.pause if view.definition else PausePolicy.AFTER_EACH_WORKFLOW
    ended = list(_ended(view, cause, going_on))
    match policy:
        case PausePolicy.AFTER_EACH_WORKFLOW:
            return bool(ended)
        case PausePolicy.ON_ERRORS:
            return any(attempt.state.ended_badly for attempt in ended)
        case PausePolicy.AFTER_EACH_STEP:
            return any(other is not step and _finished_under(other, cause) for other in view.steps)


def _ended(view: CampaignView, cause: Cause, going_on: Going) -> Iterator[Attempt]:
    """What ended under a cause; where cmbot went on by itself, what that came to in the end."""
    for step, group in view.groups:
        found: Attempt | None = None
        for attempt in group.attempts:
            if attempt.cause.id == cause.id or (found and attempt.cause.automatic):
                found = attempt
            elif found:
                break
        still = found is group.last and (step.issue.id, group.name) in going_on
        if found and not found.state.live and not still:
            yield found


def _finished_under(step: StepView, cause: Cause) -> bool:
    def by_cause(group: GroupView) -> bool:
        return group.last is not None and group.last.cause.id == cause.id

    return step.status is Status.COMPLETED and any(by_cause(group) for group in step.groups)


def _cancelled(group: GroupView) -> bool:
    orders_given = group.last.orders if group.last else ()
    return any(order.verb is Verb.CANCEL and order.state is not OrderState.REFUSED for order in orders_given)
