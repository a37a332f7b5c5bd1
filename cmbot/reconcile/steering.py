"""Tell the WMS to cancel or restart a request, and read back what became of it.

That a command was registered says nothing (reference/panda.md section 6): it is told again until the request
shows that it has worked.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from cmbot.exceptions import NotFound, Refused
from cmbot.handlers import orders as rules
from cmbot.handlers import overdue
from cmbot.mirror import events, journal, orders
from cmbot.models.attempts import AS_DEFINED, JUDGED, AttemptState, OrderState, Verb
from cmbot.reconcile import looking, submit, views
from cmbot.wms.states import WorkflowState

if TYPE_CHECKING:
    from datetime import datetime

    from cmbot.handlers.actions import Accept, Ask, Judge, Settle, Steer
    from cmbot.models.attempts import Attempt, Order, Try
    from cmbot.models.views import CampaignView
    from cmbot.reconcile.edges import Edges
    from cmbot.wms.port import WmsReport

_LOG = logging.getLogger(__name__)
AGAIN = timedelta(minutes=10)
"""Time between two commands for one order: iDDS carries them out with delay."""
MOST = 2
"""How often a restart is told before a person has to look: one that ran and ended as before between two looks
is not seen to have run, and is told again."""


def ask(edges: Edges, action: Ask, now: datetime) -> bool:
    """Write down an order that follows from a launch or from the retry policy.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    action : `~cmbot.handlers.actions.Ask`
        What is asked.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    changed : `bool`
        True.
    """
    last = action.group.last
    if last is None:
        return False
    target = action.step.issue.id, action.group.name, last.number
    what = f"asks to {action.verb} {action.step.name} {action.group.name} {last.label}"
    with edges.mirror.writing() as connection:
        orders.add(connection, action.verb, action.cause, target, AS_DEFINED)
        why = f"{action.cause.by} {action.cause.what}"
        events.add(connection, now, action.step.issue.key, "cmbot", what, why)
    _LOG.info("%s %s", action.step.issue.key, what)
    return True


def accept(edges: Edges, action: Accept, now: datetime) -> None:
    """Keep that a group is completed as it is.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    action : `~cmbot.handlers.actions.Accept`
        The group, and why.
    now : `datetime.datetime`
        The time.
    """
    last = action.group.last
    if last is None:
        return
    what = f"{action.step.name} {action.group.name} {last.label} is {AttemptState.SUCCEEDED}"
    with edges.mirror.writing() as connection:
        journal.move_attempt(connection, last.id, AttemptState.SUCCEEDED, now, summary=action.why)
        events.add(connection, now, action.step.issue.key, "cmbot", what, action.why)
    _LOG.info("%s %s: %s", action.step.issue.key, what, action.why)


def judge(edges: Edges, action: Judge, now: datetime) -> None:
    """Keep what a person says of an attempt that has ended.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    action : `~cmbot.handlers.actions.Judge`
        An acceptance or a rejection.
    now : `datetime.datetime`
        The time.
    """
    last, order = action.group.last, action.order
    if last is None:
        return
    state = JUDGED[order.verb]
    what, why = f"{action.step.name} {action.group.name} {last.label} is {state}", str(order.cause)
    with edges.mirror.writing() as connection:
        journal.move_attempt(connection, last.id, state, now, summary=why)
        orders.settle(connection, order.id, OrderState.DONE, what)
        events.add(connection, now, action.step.issue.key, "cmbot", what, why)
    _LOG.info("%s %s: %s", action.step.issue.key, what, why)


def settle(edges: Edges, action: Settle, now: datetime) -> None:
    """Keep what became of an order.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    action : `~cmbot.handlers.actions.Settle`
        Which order, and what became of it.
    now : `datetime.datetime`
        The time.
    """
    _settle(edges, action.step.issue.key, action.order, action.state, action.note, now)


def steer(edges: Edges, view: CampaignView, action: Steer, now: datetime) -> bool:
    """Tell the WMS what is asked of a request, unless it was told a short while ago.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    action : `~cmbot.handlers.actions.Steer`
        What is asked.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    changed : `bool`
        Whether the journal changed.

    Raises
    ------
    RemoteError
        If the WMS cannot be told, or Jira not before it: a later pass tells it.
    UserError
        If an issue cannot be followed any more, under which something would begin.
    """
    order, last = action.order, action.group.last
    item = last.last_try if last else None
    if last is None or item is None or item.request_id is None:
        # bps may be about to make the request: it is cancelled when it is known.
        return False
    if order.sent_at is not None and now - order.sent_at < AGAIN:
        return False
    try:
        report = edges.wms_of(item).status(item.request_id)
    except NotFound:
        return _without_request(edges, action, last, now)
    return _with_request(edges, view, action, item, report, now)


def _with_request(
    edges: Edges, view: CampaignView, action: Steer, item: Try, report: WmsReport, now: datetime
) -> bool:
    """Tell the WMS, unless what it says of the request shows that this is over."""
    order, key, wms = action.order, action.step.issue.key, edges.wms_of(item)
    if report.name.lower() != item.name.lower():
        problem = f"request {report.request_id} is called {report.name}, not {item.name}"
        _settle(edges, key, order, OrderState.REFUSED, problem, now)
        return True
    over = report.state.ended or report.state is WorkflowState.UNKNOWN
    if over and order.verb is Verb.CANCEL:
        # The next look at PanDA sees it.
        return False
    if not over and order.verb is Verb.RESTART:
        # Somebody else was quicker.
        return order.sent == 0 and _sent(edges, action, item, now)
    if order.verb is Verb.RESTART and order.sent >= MOST:
        said = f"{item.wms} was told {order.sent} times"
        note = f"{said}; it ended as before, or did not begin: look at the request"
        _settle(edges, key, order, OrderState.REFUSED, note, now)
        return True
    if order.verb is Verb.RESTART and not _still_asked(edges, view, action, now):
        _LOG.info("%s %s is not to be restarted any more", key, action.group.name)
        return False
    _sent(edges, action, item, now)
    if order.verb is Verb.RESTART:
        # A lost mirror must not restart it again for the same cause.
        submit.remember_in_jira(edges, action.step)
    try:
        (wms.cancel if order.verb is Verb.CANCEL else wms.restart)(report.request_id)
    except (Refused, NotFound) as error:
        _settle(edges, key, order, OrderState.REFUSED, str(error), now)
    return True


def _still_asked(edges: Edges, view: CampaignView, action: Steer, now: datetime) -> bool:
    """Look before acting: the issues may have been moved since they were read (design.md rule 4)."""
    path = [looking.reread(edges, issue.id, now) for issue in view.path(action.step, action.group)]
    seen = views.campaign(edges, path[0])
    return any(each.order.id == action.order.id for each in rules.to_steer(seen))


def _without_request(edges: Edges, action: Steer, last: Attempt, now: datetime) -> bool:
    """Give up what the WMS has not had for long; before that it may be an error (predecessors.md 8.4)."""
    order, key = action.order, action.step.issue.key
    gone = overdue.lost(last, edges.settings.work.deadline(AttemptState.UNKNOWN), now)
    if not gone or last.state is AttemptState.MERGE_PENDING:
        with edges.mirror.writing() as connection:
            orders.put_off(connection, order.id, now)
        return False
    if order.verb is not Verb.CANCEL:
        _settle(edges, key, order, OrderState.REFUSED, gone, now)
        return True
    what = f"{action.step.name} {action.group.name} {last.label} is given up; its data are counted"
    with edges.mirror.writing() as connection:
        # As if it was told: what the data report finds is what the cancel left.
        orders.sent(connection, order.id, now)
        journal.move_attempt(connection, last.id, AttemptState.MERGE_PENDING, now)
        events.add(connection, now, key, "cmbot", what, gone)
    _LOG.info("%s %s: %s", key, what, gone)
    return True


def _sent(edges: Edges, action: Steer, item: Try, now: datetime) -> bool:
    """Write down that the WMS is told, before it is."""
    order, last = action.order, action.group.last
    if last is None:
        return False
    what = f"{order.verb} of request {item.request_id} is asked of {item.wms}"
    with edges.mirror.writing() as connection:
        orders.sent(connection, order.id, now)
        if order.verb is Verb.CANCEL:
            journal.move_attempt(connection, last.id, AttemptState.CANCELLING, now)
        why = f"{order.cause.by} {order.cause.what}"
        events.add(connection, now, action.step.issue.key, "cmbot", what, why)
    _LOG.info("%s %s, %d times so far", action.step.issue.key, what, order.sent + 1)
    return True


def _settle(edges: Edges, key: str, order: Order, state: OrderState, note: str, now: datetime) -> None:
    with edges.mirror.writing() as connection:
        orders.settle(connection, order.id, state, note)
        what = f"{order.verb} of {order.group} a{order.number} is {state}"
        events.add(connection, now, key, "cmbot", what, note)
    _LOG.info("%s %s: %s", key, what, note)
