"""What becomes of the orders that people gave, such as a retry (design.md section 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.exceptions import Problem
from cmbot.handlers import causes
from cmbot.handlers.actions import Judge, Settle, Steer
from cmbot.models.attempts import JUDGED, AttemptState, OrderState, Verb
from cmbot.models.issues import Level, Status
from cmbot.models.notices import Notice, NoticeKind
from cmbot.models.systems import System

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.models.attempts import Attempt, Cause, Order
    from cmbot.models.issues import Issue, Person
    from cmbot.models.views import CampaignView, GroupView, StepView


def settled(view: CampaignView) -> Iterator[Settle]:
    """Find the orders that are over, by what their attempts are now.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Yields
    ------
    settle : `~cmbot.handlers.actions.Settle`
        One for each order that has worked, or can work no more.
    """
    for step, group in view.groups:
        for attempt in group.attempts:
            for order in attempt.orders:
                if order.state is OrderState.OPEN and (over := _end(view, step, group, attempt, order)):
                    yield Settle(step, order, *over)


def to_steer(view: CampaignView) -> Iterator[Steer]:
    """Find what the WMS is to be told.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Yields
    ------
    steer : `~cmbot.handlers.actions.Steer`
        One for each order; it is told again until it has worked, or is over.
    """
    for step, group in view.groups:
        for verb in (Verb.CANCEL, Verb.RESTART):
            order = group.last.asked(verb) if group.last else None
            if order is None or group.last is None or _end(view, step, group, group.last, order):
                continue
            if not (verb is Verb.RESTART and _waits(view.path(step, group), view.me)):
                yield Steer(step, group, order)


def to_judge(view: CampaignView) -> Iterator[Judge]:
    """Find what people say of attempts that have ended.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Yields
    ------
    judge : `~cmbot.handlers.actions.Judge`
        One for each order that can be carried out.
    """
    for step, group in view.groups:
        for verb in JUDGED:
            order = group.last.asked(verb) if group.last else None
            if order is not None and not refusal(verb, group):
                yield Judge(step, group, order)


def retry_of(group: GroupView) -> Order | None:
    """Find the retry that is asked of a group.

    Parameters
    ----------
    group : `~cmbot.models.views.GroupView`
        The group.

    Returns
    -------
    order : `~cmbot.models.attempts.Order` or `None`
        `None` if none is, or if there is nothing to retry.
    """
    order = group.last.asked(Verb.RETRY) if group.last else None
    return order if order is not None and group.last and not _over(order, group.last, group) else None


def refusal(verb: Verb, group: GroupView) -> str:
    """Say why something cannot be asked of a group.

    Parameters
    ----------
    verb : `~cmbot.models.attempts.Verb`
        What.
    group : `~cmbot.models.views.GroupView`
        The group.

    Returns
    -------
    reason : `str`
        Empty if it can.
    """
    last = group.last
    if last is None:
        return "nothing of it was submitted yet"
    if verb is Verb.CANCEL and not last.state.live:
        return f"{last.label} has ended: {last.state}"
    return _of_its_system(verb, group, last) or (
        "" if verb is Verb.CANCEL else _of_its_end(verb, group, last)
    )


def restartable(group: GroupView, cause: Cause | None = None) -> bool:
    """Tell whether a restart does what a retry is asked for.

    Parameters
    ----------
    group : `~cmbot.models.views.GroupView`
        The group.
    cause : `~cmbot.models.attempts.Cause`, optional
        The act behind it, if it may have been used before.

    Returns
    -------
    restartable : `bool`
        Whether it only lacks the final job, its newest attempt can be restarted, and that was not asked for
        the same cause, which would have been refused: then only the next attempt is left.
    """
    if group.last is None or not group.merge_failed or refusal(Verb.RESTART, group):
        return False
    return cause is None or all(order.cause.id != cause.id for order in group.last.orders)


def not_done(view: CampaignView) -> Iterator[Notice]:
    """Tell of orders that were not carried out.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Yields
    ------
    notice : `~cmbot.models.notices.Notice`
        On the sub-task, or on the step where there is none; once for each order.
    """
    for step, group in view.groups:
        issue = group.issue or step.issue
        refused = (
            (attempt, order)
            for attempt in group.attempts
            for order in attempt.orders
            if order.state is OrderState.REFUSED
        )
        for attempt, order in refused:
            what = f"{order.verb} of {step.name} {group.name} {attempt.label}"
            said = Problem(what, order.note, f"see {issue.key} and cmbot history {issue.key}")
            yield Notice(
                NoticeKind.REFUSED,
                issue,
                f"order:{order.cause.id}:{step.issue.id}:{group.name}",
                order.cause,
                problems=(said,),
                coming=f"{attempt.label} stays as it is: {attempt.state}.",
            )


def _of_its_system(verb: Verb, group: GroupView, last: Attempt) -> str:
    """Why what executes it, or executed it, does not allow that."""
    item = last.last_try
    if verb in JUDGED:
        return ""
    if group.outside or (verb is not Verb.RETRY and item is not None and item.recorded):
        return f"{last.label} was run by somebody else; cmbot only counts it"
    if verb is not Verb.RETRY and last.wms is System.PARSL:
        return f"Parsl cannot {verb} a run; leave it to its end, then retry it"
    return ""


def _of_its_end(verb: Verb, group: GroupView, last: Attempt) -> str:
    """Why it cannot go on as it is."""
    if last.state.live:
        return f"{last.label} is {last.state}; cancel it first, or wait for its end"
    if group.distrusted:
        return group.distrusted
    if verb is Verb.REJECT:
        return f"{last.label} was rejected already" if group.rejected else ""
    if group.effective is Status.COMPLETED and last.withdrawal is None:
        return f"{last.label} has its result, or was accepted by a person"
    if group.issue and group.issue.status is Status.ABANDONED:
        return "it was abandoned"
    if verb is Verb.RESTART and (last.last_try is None or last.last_try.request_id is None):
        return f"{last.label} never became a request; retry it"
    return ""


def _end(
    view: CampaignView, step: StepView, group: GroupView, attempt: Attempt, order: Order
) -> tuple[OrderState, str] | None:
    """What became of an order that is over; `None` while it may still work."""
    return _over(order, attempt, group) or _not_begun(view, step, group, order)


def _not_begun(
    view: CampaignView, step: StepView, group: GroupView, order: Order
) -> tuple[OrderState, str] | None:
    """Whether a restart may not begin any more, which is new work; a cancel may, whatever people decided."""
    path = view.path(step, group)
    if order.verb is not Verb.RESTART or _waits(path, view.me):
        return None
    why = _stopped(path, order, view.me)
    begins = f"; {group.last.wms} was told before, so it may begin" if order.sent and group.last else ""
    return (OrderState.REFUSED, why + begins) if why else None


def _waits(path: tuple[Issue, ...], me: Person) -> bool:
    """Whether nothing may begin now, and nothing is decided: an issue is not followed, or is moved back."""
    return any(
        issue.frozen or (issue.last_move and causes.is_refused(issue, issue.last_move, me)) for issue in path
    )


def _stopped(path: tuple[Issue, ...], order: Order, me: Person) -> str:
    """Why a restart may not begin any more: its issues were closed, or its launch taken back."""
    closed = [f"{issue.key} is {issue.status}" for issue in path if issue.status.closed]
    if closed:
        return closed[0]
    launched = order.cause.id.startswith("move:")
    if not (launched or order.cause.automatic):
        # A person asked for it by name.
        return ""
    stands = (
        causes.in_force(path, me) is not None
        if launched
        else all(issue.status.active for issue in path if issue.level is not Level.GROUP)
    )
    if stands and not causes.taken_back(path, order.cause.at, me):
        return ""
    return f"that was stopped after {order.cause.by} {order.cause.what}"


def _over(order: Order, attempt: Attempt, group: GroupView) -> tuple[OrderState, str] | None:
    if attempt is not group.last:
        newer = group.last.label if group.last else "none"
        return OrderState.REFUSED, f"{attempt.label} is not the newest attempt any more: {newer} is"
    if order.verb is Verb.CANCEL and not attempt.state.live:
        if order.sent or attempt.state is AttemptState.CANCELLED:
            return OrderState.DONE, f"{attempt.label} ended: {attempt.state}"
        return OrderState.REFUSED, refusal(order.verb, group)
    if order.verb is Verb.RESTART and attempt.state.live and order.sent:
        return OrderState.DONE, f"{attempt.label} is {attempt.state} again"
    reason = refusal(order.verb, group)
    return (OrderState.REFUSED, reason) if reason else None
