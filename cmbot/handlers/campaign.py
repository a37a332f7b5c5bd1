"""Decide what a campaign needs now, from its present state alone (design.md rules 1 to 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.handlers import acts, causes, checkpoints, orders, refusing, rescuing, starting, telling
from cmbot.handlers.actions import Accept, Ask, Decision, MoveTo, Submit
from cmbot.handlers.facts import Does, Standing, acting
from cmbot.handlers.inconsistencies import ISSUES
from cmbot.models.issues import Status
from cmbot.models.views import PlanState, roll_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmbot.handlers.rescuing import Decisions
    from cmbot.models.attempts import Attempt
    from cmbot.models.issues import Issue, Person
    from cmbot.models.notices import Notice
    from cmbot.models.views import CampaignView, StepView


def decide(view: CampaignView) -> Decision:
    """Decide what is to be done for one campaign.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign as it is.

    Returns
    -------
    decision : `~cmbot.handlers.actions.Decision`
        The same for the same view, whatever happened in between.
    """
    found = rescuing.decisions(view)
    going_on = rescuing.going_on(found)
    plans, started = tuple(starting.to_plan(view, going_on)), tuple(starting.to_start(view, going_on))
    # A person who asks for it is the cause; otherwise what was begun comes first.
    asked = {(action.step.issue.id, action.group.name) for action in started}
    by_itself = [
        one for where, one in found.items() if isinstance(one, (Submit, Ask, Accept)) and where not in asked
    ]
    started = (*(one for one in by_itself if not isinstance(one, Accept)), *started)
    submits = tuple(action for action in started if isinstance(action, Submit))
    steers = tuple(orders.to_steer(view))
    busy = {step.issue.id for step in plans} | {action.step.issue.id for action in (*started, *steers)}
    busy |= {step_id for step_id, _ in going_on}
    busy |= {step.issue.id for step in view.steps if _being_planned(view, step)}
    busy |= {step.issue.id for step in checkpoints.passed(view)}
    refused = tuple(refusing.refusals(view, busy))
    turned_back = {move.issue.id for move, _ in refused}
    moves = [move for move in _moves(view, busy, going_on) if move.issue.id not in turned_back]
    return Decision(
        plans=plans,
        submits=submits,
        asks=tuple(action for action in started if isinstance(action, Ask)),
        accepts=tuple(action for action in by_itself if isinstance(action, Accept)),
        judges=tuple(orders.to_judge(view)),
        steers=steers,
        settles=tuple(orders.settled(view)),
        moves=(*(move for move, _ in refused), *acts.to_show(view), *moves),
        notices=(*(notice for _, notice in refused), *_notices(view, found, moves, submits)),
    )


def _being_planned(view: CampaignView, step: StepView) -> bool:
    return step.plan is PlanState.ASKED and not starting.blockers(view, step)


def _moves(view: CampaignView, busy: set[str], going_on: set[tuple[str, str]]) -> Iterator[MoveTo]:
    yield from checkpoints.moves(view)
    for step in view.steps:
        if step.checkpoint:
            continue
        for group in step.groups:
            if group.issue and group.last and (step.issue.id, group.name) not in going_on:
                why = f"{group.last.label} {group.last.state}"
                yield from _move(group.issue, group.status, group.attempts, view.me, why)
        attempts = [attempt for group in step.groups for attempt in group.attempts]
        # While something of it is still to be started, a step without running groups is not paused.
        if not (step.status is Status.PAUSED and step.issue.id in busy):
            yield from _move(step.issue, step.status, attempts, view.me, _why(step))
    effective = [starting.effective(step) for step in view.steps]
    status = roll_up([status for status in effective if status is not Status.ABANDONED])
    stuck = status is Status.DRAFT and view.issue.status is Status.RUNNING
    if not (busy and (status is Status.PAUSED or stuck)):
        why = "; ".join(f"{step.name} {starting.effective(step)}" for step in view.steps)
        yield from _move(view.issue, Status.PAUSED if stuck else status, view.attempts, view.me, why)


def _why(step: StepView) -> str:
    counts: dict[str, int] = {}
    for group in step.groups:
        counts[group.status] = counts.get(group.status, 0) + 1
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))


def _move(
    issue: Issue, target: Status, attempts: Sequence[Attempt], me: Person, why: str
) -> Iterator[MoveTo]:
    since = [act.at for attempt in attempts for act in (*causes.acts(attempt), *causes.judgements(attempt))]
    if acting(ISSUES, Standing(issue, target, since, me)) is Does.MOVE:
        yield MoveTo(issue, target, why)


def _notices(
    view: CampaignView, found: Decisions, moves: Sequence[MoveTo], submits: Sequence[Submit]
) -> Iterator[Notice]:
    by_issue = {move.issue.id: move.target for move in moves}
    yield from telling.launching(view, submits)
    yield from checkpoints.notices(view)
    yield from telling.launched(view)
    yield from telling.failed(view, found)
    yield from telling.needing_attention(view)
    yield from telling.distrusted(view)
    yield from telling.edited(view)
    yield from orders.not_done(view)
    for step in view.steps:
        if by_issue.get(step.issue.id) is Status.COMPLETED and not step.checkpoint:
            yield telling.completed(step.issue, (step,))
    match by_issue.get(view.issue.id):
        case Status.PAUSED:
            yield telling.paused(view)
        case Status.COMPLETED:
            yield telling.completed(view.issue, view.steps)
