"""What the next attempt of a group does otherwise than the definition of its step says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cmbot.handlers import memory
from cmbot.models.attempts import AS_DEFINED, Changes
from cmbot.models.issues import Verdict

if TYPE_CHECKING:
    from cmbot.models.attempts import Attempt
    from cmbot.models.views import CampaignView, GroupView, StepView


def changes(view: CampaignView, step: StepView, group: GroupView, asked: Changes = AS_DEFINED) -> Changes:
    """Work out what the next attempt of a group does otherwise than the definition says.

    Parameters
    ----------
    view, step, group
        Campaign, step and group.
    asked : `~cmbot.models.attempts.Changes`, optional
        What a person wants, which counts above everything else.

    Returns
    -------
    changes : `~cmbot.models.attempts.Changes`
        With more memory for what failed for it, and elsewhere if a rule says so. Once raised, memory stays
        so.
    """
    last = group.last
    if last is None or step.definition is None:
        return asked
    own = step.definition.site or (view.definition.site if view.definition else "")
    site = asked.site or _elsewhere(view, group, own)
    queue = asked.queue or _queue(view, group, site or own)
    most = view.limits.memory(site or own, queue)
    more = memory.raised(step.definition.options, last.changes.memory, group.failures, most)
    fresh = asked.fresh or _judged_bad(group, last)
    return replace(asked, fresh=fresh, site=site, queue=queue, memory=more | dict(asked.memory))


def _judged_bad(group: GroupView, last: Attempt) -> bool:
    """Whether a person said after its end that its data are bad: they are not to be used."""
    edits = [edit for edit in group.issue.edits if edit.field == "Verdict"] if group.issue else []
    since = last.ended_at or last.created_at
    return bool(edits) and edits[-1].after == Verdict.BAD and edits[-1].at >= since


def _elsewhere(view: CampaignView, group: GroupView, own: str) -> str:
    wanted = {each.to_site for each in group.failures if each.to_site and each.to_site != own}
    return next(iter(sorted(wanted & set(view.limits.queues))), "")


def _queue(view: CampaignView, group: GroupView, site: str) -> str:
    wanted = {each.to_queue for each in group.failures if each.to_queue}
    return next(iter(sorted(wanted & set(view.limits.queues.get(site, ())))), "")
