"""What the next attempt of a group does otherwise than the definition of its step says."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from cmbot.definition.options import merged
from cmbot.handlers import memory
from cmbot.handlers.verdicts import judged_bad
from cmbot.models.attempts import AS_DEFINED, Changes

if TYPE_CHECKING:
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
        so, in the queue that has it.
    """
    last = group.last
    if last is None or step.definition is None:
        return asked
    site = asked.site or _elsewhere(view, group, site_of(view, step))
    here = site_of(view, step, site)
    queue = asked.queue or _queue(view, group, here)
    if not queue and last.changes.memory and here == site_of(view, step, last.changes.site):
        queue = last.changes.queue
    new = replace(asked, fresh=asked.fresh or group.rejected or judged_bad(group), site=site, queue=queue)
    most = partial(most_memory, view, step, new)
    more = memory.raised(options(view, step, site), last.changes.memory, group.failures, most)
    return replace(new, memory=more | dict(asked.memory))


def site_of(view: CampaignView, step: StepView, chosen: str = "") -> str:
    """Name the compute site of an attempt, as far as it is known.

    Parameters
    ----------
    view, step
        The campaign and the step.
    chosen : `str`, optional
        The attempt's own.

    Returns
    -------
    name : `str`
        The attempt's own, else the step's, else the campaign's.
    """
    if chosen or view.definition is None or step.definition is None:
        return chosen
    return view.definition.site_of(step.definition)


def options(view: CampaignView, step: StepView, chosen: str = "") -> dict[str, Any]:
    """Tell with which BPS options an attempt is submitted, as far as memory and queues go.

    Parameters
    ----------
    view, step
        The campaign and the step.
    chosen : `str`, optional
        The attempt's own site.

    Returns
    -------
    options : `dict`
        Those of its site, and above them those of the step.
    """
    own = step.definition.options if step.definition else {}
    return merged(view.limits.options.get(site_of(view, step, chosen), {}), own)


def most_memory(view: CampaignView, step: StepView, new: Changes, label: str) -> int:
    """Tell how much memory a job of an attempt can have, where it is sent.

    Parameters
    ----------
    view, step
        The campaign and the step.
    new : `~cmbot.models.attempts.Changes`
        What the attempt does otherwise than the definition says.
    label : `str`
        Label of the task or of the cluster.

    Returns
    -------
    most : `int`
        In MB; 0 if that is not known.
    """
    queue = memory.queue(options(view, step, new.site), label, new.queue)
    return view.limits.memory(site_of(view, step, new.site), queue)


def _elsewhere(view: CampaignView, group: GroupView, own: str) -> str:
    wanted = {each.to_site for each in group.failures if each.to_site and each.to_site != own}
    return next(iter(sorted(wanted & set(view.limits.queues))), "")


def _queue(view: CampaignView, group: GroupView, site: str) -> str:
    wanted = {each.to_queue for each in group.failures if each.to_queue}
    return next(iter(sorted(wanted & set(view.limits.queues.get(site, ())))), "")
