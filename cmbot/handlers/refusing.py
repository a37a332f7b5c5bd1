"""Moves that cannot be followed: turned back once, with the reason (design.md section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.exceptions import Problem
from cmbot.handlers import causes, starting
from cmbot.handlers.actions import MoveTo
from cmbot.jira_schema.statuses import refusal
from cmbot.models.issues import Status
from cmbot.models.notices import Notice, NoticeKind
from cmbot.models.views import PlanState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cmbot.models.issues import Issue, Move, Person
    from cmbot.models.views import CampaignView, GroupView, StepView


def refusals(view: CampaignView, busy: Collection[str]) -> Iterator[tuple[MoveTo, Notice]]:
    """Find the moves of people that cannot be followed.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    busy : `~collections.abc.Collection` [`str`]
        Ids of the steps of which something is about to start.

    Yields
    ------
    refused : `tuple` [`~cmbot.handlers.actions.MoveTo`, `~cmbot.models.notices.Notice`]
        The way back and the reason.
    """
    for issue, problems in _questions(view, busy):
        move = _standing_move(issue, view.me)
        if move is None or move.target is None:
            continue
        if reason := refusal(issue.level, move.source, move.target, move.roles):
            said = (Problem(f"move to {move.target}", reason, "nothing was changed"),)
            yield _refuse(issue, move, _before_refused(issue, view.me), said)
        elif move.target is Status.LAUNCH and problems:
            yield _refuse(issue, move, move.source, problems)


def _questions(view: CampaignView, busy: Collection[str]) -> Iterator[tuple[Issue, tuple[Problem, ...]]]:
    yield view.issue, _campaign_problems(view, busy)
    for step in view.steps:
        yield step.issue, _step_problems(view, step, busy)
        for group in step.groups:
            if group.issue:
                yield group.issue, _group_problems(view, step, group)


def _campaign_problems(view: CampaignView, busy: Collection[str]) -> tuple[Problem, ...]:
    if view.problems or busy or _acted_on(view.issue, view):
        return view.problems
    problems: list[Problem] = []
    for step in view.steps:
        if step.plan is PlanState.REFUSED:
            problems += [
                Problem(f"{step.issue.key} {item.field}", item.problem, item.remedy) for item in step.problems
            ]
    if not problems and all(starting.effective(step).closed for step in view.steps):
        problems.append(
            Problem(view.issue.key, "every step is completed", "launch a step or group to repeat it")
        )
    if not problems and not any(attempt.state.live for attempt in view.attempts):
        problems += [
            Problem(step.issue.key, reason, "complete that first")
            for step in view.steps
            for reason in starting.blockers(view, step)
            if not step.issue.status.closed
        ]
    return tuple(problems)


def _step_problems(view: CampaignView, step: StepView, busy: Collection[str]) -> tuple[Problem, ...]:
    if view.problems or step.issue.id in busy or _acted_on(step.issue, view):
        return view.problems
    if reasons := starting.blockers(view, step):
        return tuple(
            Problem("order", f"{step.name} comes too early: {reason}", "complete that first")
            for reason in reasons
        )
    if step.plan is PlanState.REFUSED:
        return step.problems
    if step.groups and step.status is Status.COMPLETED:
        return (Problem(step.issue.key, "every group is completed", "there is nothing to retry"),)
    return ()


def _group_problems(view: CampaignView, step: StepView, group: GroupView) -> tuple[Problem, ...]:
    if view.problems:
        return view.problems
    if reasons := starting.blockers(view, step):
        return tuple(
            Problem("order", f"{step.name} comes too early: {reason}", "complete that first")
            for reason in reasons
        )
    if group.distrusted:
        return tuple(problem for problem in step.problems if problem.field == group.name)
    if group.status is Status.COMPLETED:
        return (Problem(group.name, "is completed", "there is nothing to retry"),)
    return ()


def _acted_on(issue: Issue, view: CampaignView) -> bool:
    launch = causes.launch_of(issue, view.me)
    return launch is not None and any(
        attempt.cause.id == causes.cause_of(launch).id for attempt in view.attempts
    )


def _standing_move(issue: Issue, me: Person) -> Move | None:
    last = issue.last_move
    return last if last is not None and last.by != me and last.target is issue.status else None


def _before_refused(issue: Issue, me: Person) -> Status | None:
    """Where it was before the refused moves that came one after the other."""
    source = None
    for move in reversed(issue.moves):
        if not causes.is_refused(issue, move, me):
            break
        source = move.source
    return source


def _refuse(
    issue: Issue, move: Move, source: Status | None, problems: tuple[Problem, ...]
) -> tuple[MoveTo, Notice]:
    back = source or Status.DRAFT
    notice = Notice(
        NoticeKind.REFUSED,
        issue,
        f"refused:{issue.id}:{move.name}",
        cause=causes.cause_of(move),
        problems=problems,
        coming=f"{issue.key} is back in {back}. Correct it and move it again.",
    )
    return MoveTo(issue, back, f"{move.by} moved it to {move.target}: refused"), notice
