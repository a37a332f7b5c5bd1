"""The milestones of a campaign as notices."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from cmbot.exceptions import Problem
from cmbot.handlers import causes, rescuing, starting
from cmbot.jira_schema.editing import DEFINITION
from cmbot.models.attempts import Cause, OrderState, Verb
from cmbot.models.issues import Status
from cmbot.models.notices import Notice, NoticeKind
from cmbot.models.views import PlanState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cmbot.handlers.actions import Submit
    from cmbot.handlers.rescuing import Decisions
    from cmbot.models.attempts import Attempt
    from cmbot.models.issues import Edit, Issue
    from cmbot.models.views import CampaignView, Grace, StepView


def launched(view: CampaignView) -> Iterator[Notice]:
    """Tell that a launch has led to submissions, where it was made.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Yields
    ------
    notice : `~cmbot.models.notices.Notice`
        One per launch that is in force and has led to something.
    """
    for issue in (*view.issues, *(group.issue for _, group in view.groups if group.issue)):
        launch = causes.launch_of(issue, view.me)
        if launch is None:
            continue
        cause = causes.cause_of(launch)
        if started := tuple(_started(view, cause)):
            yield Notice(NoticeKind.LAUNCHED, issue, f"launched:{cause.id}", cause, started)


def launching(view: CampaignView, submits: Collection[Submit]) -> Iterator[Notice]:
    """Tell that a launch of many groups begins after a while, where it was made (requirements V17, W12).

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    submits : `~collections.abc.Collection` [`~cmbot.handlers.actions.Submit`]
        What is asked for now.

    Yields
    ------
    notice : `~cmbot.models.notices.Notice`
        One per launch and step of which nothing has begun.
    """
    for step in view.steps:
        grace = step.grace
        cause = next((one.cause for one in submits if one.step is step and _by(one, grace)), None)
        if grace is None or cause is None:
            continue
        launches = ((issue, causes.launch_of(issue, view.me)) for issue in (view.issue, step.issue))
        made = (issue for issue, launch in launches if launch and causes.cause_of(launch).id == cause.id)
        yield Notice(
            NoticeKind.LAUNCHING,
            next(made, step.issue),
            f"launching:{cause.id}:{step.issue.id}",
            cause,
            (f"{grace.groups} groups of {step.name} ({step.issue.key})",),
            coming=f"{grace.until:%Y-%m-%d %H:%M:%S} UTC",
        )


def _by(submit: Submit, grace: Grace | None) -> bool:
    return grace is not None and submit.order is None and submit.cause.id == grace.cause_id


def failed(view: CampaignView, found: Decisions) -> Iterator[Notice]:
    """Tell on a sub-task that its group needs a person.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    found : `~collections.abc.Mapping`
        What `~cmbot.handlers.rescuing.decisions` says of it.

    Yields
    ------
    notice : `~cmbot.models.notices.Notice`
        One per attempt that ended without its result.
    """
    going_on = rescuing.going_on(found)
    for step, group in view.groups:
        last, where = group.last, (step.issue.id, group.name)
        if where in going_on or not (group.issue and last and last.state.ended_badly):
            continue
        one = found.get(where)
        stopped = f"cmbot does not go on by itself: {one.reason}" if isinstance(one, rescuing.Stop) else ""
        which = f"{step.name} {group.name} {last.label}: {last.state}"
        yield Notice(
            NoticeKind.FAILED,
            group.issue,
            f"failed:{step.issue.id}:{group.name}:{last.number}{_restarts(last)}",
            last.cause,
            (which, last.summary, *filter(None, (stopped,)), *group.details),
            failures=group.failures,
            coming=f"Move {group.issue.key} to Launch to retry what failed, "
            "or to Completed or Abandoned to go on without.",
        )


def _restarts(attempt: Attempt) -> str:
    """What ended again after a restart is told again."""
    done = sum(order.verb is Verb.RESTART and order.state is OrderState.DONE for order in attempt.orders)
    return f":{done}" if done else ""


def distrusted(view: CampaignView) -> Iterator[Notice]:
    """Tell that nothing more of a group or step is submitted, since what is known of it contradicts itself.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Yields
    ------
    notice : `~cmbot.models.notices.Notice`
        One per step.
    """
    for step in view.steps:
        if step.contradictions:
            names = ",".join(problem.field for problem in step.contradictions)
            yield Notice(
                NoticeKind.DISTRUSTED,
                step.issue,
                f"distrusted:{step.issue.id}:{names[:100]}",
                problems=step.contradictions,
                coming="What was submitted is followed to its end; nothing new of it is submitted.",
            )


def edited(view: CampaignView) -> Iterator[Notice]:
    """Tell of edits that are not used, once each.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Yields
    ------
    notice : `~cmbot.models.notices.Notice`
        One per edit; those of cmbot itself apart.
    """
    edited = [(view.issue, view.differences), *((step.issue, step.differences) for step in view.steps)]
    for issue, differences in edited:
        for difference in differences:
            if not difference.used and difference.edit is not None and difference.edit.by != view.me:
                with_what = f"cmbot goes on with {difference.before!r}"
                problem = f"cannot change any more, since it was used; {with_what}"
                yield _not_used(issue, difference.edit, problem, "set it back, or make a clone")
    for step in view.steps:
        for sub_task in (group.issue for group in step.groups if group.issue):
            for edit in sub_task.edits:
                if edit.field in DEFINITION and edit.by != view.me:
                    remedy = f"edit {step.issue.key}, which is for all its groups"
                    yield _not_used(sub_task, edit, "is not read from a group", remedy)


def _not_used(issue: Issue, edit: Edit, problem: str, remedy: str) -> Notice:
    marker = f"edit:{issue.id}:{edit.history_id}:{edit.field}"
    return Notice(
        NoticeKind.REFUSED,
        issue,
        marker,
        cause=Cause(marker, edit.by, edit.at, f"changed {edit.field} of {issue.key}"),
        problems=(Problem(edit.field, problem, remedy),),
        coming=f"{issue.key} goes on as it was.",
    )


def needing_attention(view: CampaignView) -> Iterator[Notice]:
    """Tell that an attempt that goes on needs a person, or goes on again, or that a launch leads to nothing.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Yields
    ------
    notice : `~cmbot.models.notices.Notice`
        On the sub-task, or on the step where there is none; once for each reason.
    """
    for issue in view.issues:
        if why := view.overdue.get(issue.id):
            marker = f"attention:{issue.id}:{sha256(why.encode()).hexdigest()[:8]}"
            cause = causes.in_force((view.issue, issue), view.me)
            happened = (f"{issue.key}: {why}", *view.waiting(issue))
            yield Notice(NoticeKind.ATTENTION, issue, marker, cause, happened)
    for step, group in view.groups:
        last, issue = group.last, group.issue or step.issue
        if last is None:
            continue
        which = f"{step.name} {group.name} {last.label}"
        name = f"{step.issue.id}:{group.name}:{last.number}"
        if last.attention:
            marker = f"attention:{name}:{sha256(last.attention.encode()).hexdigest()[:8]}"
            said = (f"{which}: {last.attention}",)
            yield Notice(NoticeKind.ATTENTION, issue, marker, last.cause, said)
        if last.reopened_at is not None:
            request = last.last_try.request_id if last.last_try else None
            marker = f"reopened:{name}:{last.reopened_at:%Y%m%dT%H%M%S}"
            said = (f"{which}: request {request} goes on in {last.wms} after its end.",)
            yield Notice(NoticeKind.REOPENED, issue, marker, last.cause, said)


def paused(view: CampaignView) -> Notice:
    """Tell why a campaign stops and what would come next.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    notice : `~cmbot.models.notices.Notice`
        Unique per pause.
    """
    happened: list[str] = []
    problems: list[Problem] = []
    for step in view.steps:
        problems += step.problems if step.plan is PlanState.REFUSED else ()
        bad = [group for group in step.groups if group.effective in {Status.FAILED, Status.PAUSED}]
        if starting.effective(step) is Status.COMPLETED:
            happened.append(f"{step.name} ({step.issue.key}) is completed: {_result(step)}")
        happened += [
            f"{step.name} {group.name}: {group.last.state}. {group.last.summary}"
            for group in bad
            if group.last
        ]
    return Notice(
        NoticeKind.PAUSED,
        view.issue,
        _marker("paused", view.issue),
        cause=max((attempt.cause for attempt in view.attempts), key=lambda cause: cause.at, default=None),
        happened=tuple(happened),
        problems=tuple(problems),
        failures=tuple(each for step in view.steps if _bad(step) for each in step.failures),
        coming=_coming(view),
    )


def completed(issue: Issue, steps: Sequence[StepView]) -> Notice:
    """Tell that a step or a campaign has its result.

    Parameters
    ----------
    issue : `~cmbot.models.issues.Issue`
        The step or campaign.
    steps : `~collections.abc.Sequence` [`~cmbot.models.views.StepView`]
        Its steps.

    Returns
    -------
    notice : `~cmbot.models.notices.Notice`
        Unique per completion.
    """
    happened = tuple(f"{step.name} ({step.issue.key}): {_result(step)}" for step in steps)
    coming = "A person judges the data: /cmbot validate, or /cmbot invalidate with the reason, in a comment."
    return Notice(NoticeKind.COMPLETED, issue, _marker("completed", issue), happened=happened, coming=coming)


def _coming(view: CampaignView) -> str:
    failing = [step for step in view.steps if step.status is Status.PAUSED and _bad(step)]
    if failing:
        names = ", ".join(f"{step.name} ({step.issue.key})" for step in failing)
        return f"Move {view.issue.key} to Launch to retry what failed in {names}, or decide group by group."
    following = [
        f"{'pass' if step.checkpoint else 'start'} {step.name} ({step.issue.key})"
        for step in view.steps
        if not starting.effective(step).closed and not starting.blockers(view, step)
    ]
    return f"Move {view.issue.key} to Launch to {', '.join(following)}." if following else "A person decides."


def _bad(step: StepView) -> bool:
    return any(group.last and group.last.state.ended_badly for group in step.groups)


def _result(step: StepView) -> str:
    groups, quanta = f"{step.groups_done} of {len(step.groups)}", f"{step.quanta.done} of {step.quanta.total}"
    missing = step.quanta.total - step.quanta.done
    accepted = f"; {missing} missing, which was accepted" if missing else ""
    return f"{groups} groups, {quanta} quanta{accepted}"


def _started(view: CampaignView, cause: Cause) -> Iterator[str]:
    for step in view.steps:
        labels = [
            f"{group.name} {attempt.label}"
            for group in step.groups
            for attempt in group.attempts
            if attempt.cause.id == cause.id
        ]
        if labels:
            more = f" and {len(labels) - 10} more" if len(labels) > 10 else ""
            yield f"{step.name} ({step.issue.key}): {', '.join(labels[:10])}{more}"


def _marker(kind: str, issue: Issue) -> str:
    # The last move before this one: a pause that is decided twice is told once.
    return f"{kind}:{issue.id}:{issue.last_move.name if issue.last_move else 0}"
