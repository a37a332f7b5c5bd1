"""Whose data are bad, and what was made of such data (requirements G1, G2; predecessors.md 7.5)."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from cmbot.models.issues import VERDICT, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from cmbot.models.issues import Edit, Issue, Person
    from cmbot.models.views import CampaignView, GroupView, StepView


def with_verdicts(issue: Issue, given: Sequence[Edit], me: Person) -> Issue:
    """Put the verdicts that people commanded between the edits of an issue.

    Parameters
    ----------
    issue : `~cmbot.models.issues.Issue`
        As Jira shows it.
    given : `~collections.abc.Sequence` [`~cmbot.models.issues.Edit`]
        What was commanded, oldest first, each with the id of the edit that it follows.
    me : `~cmbot.models.issues.Person`
        cmbot's own account, which only writes down what people said.

    Returns
    -------
    issue : `~cmbot.models.issues.Issue`
        With the verdict that counts.
    """
    edits = [edit for edit in issue.edits if edit.field != VERDICT or edit.by != me]
    if not given:
        return replace(issue, edits=tuple(edits)) if len(edits) < len(issue.edits) else issue
    # Stable: of what follows the same edit the later one comes last.
    edits = sorted([*edits, *given], key=lambda edit: (edit.history_id, bool(edit.cause)))
    last = next(edit for edit in reversed(edits) if edit.field == VERDICT)
    said = {VERDICT: last.after, "Verdict reason": last.reason} if last.cause else {}
    return replace(issue, edits=tuple(edits), fields={**issue.fields, **said})


def marked(view: CampaignView) -> CampaignView:
    """Mark the steps that were made of data which are not to be used any more.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    view : `~cmbot.models.views.CampaignView`
        The same, with ``stale`` set.
    """
    steps = tuple(replace(step, stale="; ".join(_stale(view, step))) for step in view.steps)
    return replace(view, steps=steps) if any(step.stale for step in steps) else view


def bad(view: CampaignView, step: StepView) -> str:
    """Say why the data of a step must not feed later ones.

    Parameters
    ----------
    view, step
        The campaign and the step.

    Returns
    -------
    reason : `str`
        Empty if nobody has said so.
    """
    if view.issue.fields.get(VERDICT) == Verdict.BAD:
        return f"the data of {view.issue.key} were judged bad"
    if step.issue.fields.get(VERDICT) == Verdict.BAD:
        return f"the data of {step.name} ({step.issue.key}) were judged bad"
    groups = ", ".join(group.name for group in step.groups if judged_bad(group))
    return f"the data of {step.name} {groups} ({step.issue.key}) were judged bad" if groups else ""


def judged_bad(group: GroupView) -> bool:
    """Tell whether a person has said of what a group made last that it is bad.

    Parameters
    ----------
    group : `~cmbot.models.views.GroupView`
        The group.

    Returns
    -------
    bad : `bool`
        `False` again when something was made since.
    """
    said, last = group.issue.judgement if group.issue else None, group.last
    if said is None or last is None or said.verdict is not Verdict.BAD:
        return False
    return said.at is None or said.at >= (last.ended_at or last.created_at)


def _stale(view: CampaignView, step: StepView) -> Iterator[str]:
    begun = [group.last.created_at for group in step.groups if group.last]
    if not begun or step.issue.status is Status.ABANDONED:
        return
    for other in _before(view, step):
        if reason := bad(view, other):
            yield reason
        elif gone := ", ".join(group.name for group in other.groups if group.rejected):
            yield f"what {other.name} {gone} ({other.issue.key}) had made was rejected"
        elif gone := ", ".join(group.name for group in other.groups if group.last and group.last.withdrawal):
            yield f"what {other.name} {gone} ({other.issue.key}) had made was taken back"
        elif _anew(other, since=min(begun)):
            yield f"{other.name} ({other.issue.key}) was made anew since"


def _anew(step: StepView, since: datetime) -> bool:
    """Whether something of a step was made after others had used it, without what was there before."""
    for group in step.groups:
        for before, attempt in pairwise(group.attempts):
            instead = attempt.changes.fresh or before.withdrawal is not None
            if instead and attempt.created_at > since:
                return True
    return False


def _before(view: CampaignView, step: StepView) -> Iterator[StepView]:
    """All steps that a step follows, directly or not."""
    by_name = {other.name: other for other in view.steps}
    names = list(step.definition.after) if step.definition else []
    for name in names:
        other = by_name.get(name)
        if other is not None and other.definition is not None:
            names += [before for before in other.definition.after if before not in names]
    yield from (by_name[name] for name in names if name in by_name)
