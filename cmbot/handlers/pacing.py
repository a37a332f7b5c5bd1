"""What is asked for and has to wait: caps, rate, grace times, sites where nothing new starts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cmbot.models.views import Grace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from cmbot.handlers.actions import Submit
    from cmbot.models.views import CampaignView


@dataclass(frozen=True)
class Pace:
    """How much may be under way, and how fast it may begin (requirements D1, V17, V18, W12)."""

    total: int
    """Most live attempts in all."""
    per_site: Mapping[str, int] = field(default_factory=dict)
    """Most live attempts at a site."""
    a_minute: int = 0
    """Most submissions in a minute; 0 for no limit."""
    many: int = 0
    """A launch of more groups of a step than this begins after the grace time; 0 if none does."""
    grace: timedelta | None = None
    """How long."""


@dataclass(frozen=True)
class Load:
    """What is under way, in all campaigns."""

    live: Sequence[tuple[str, str]] = ()
    """Step id and site of every live attempt."""
    last_minute: int = 0
    """Submissions of the last minute."""
    held: Mapping[str, str] = field(default_factory=dict)
    """Sites where nothing new starts, and why."""


@dataclass(frozen=True)
class Paced:
    """What may start now, and why the rest waits."""

    submits: tuple[Submit, ...] = ()
    """In the order in which they start."""
    waiting: Mapping[str, str] = field(default_factory=dict)
    """Why groups wait, by step id."""
    graces: Mapping[str, Grace] = field(default_factory=dict)
    """Grace times that begin now, by step id."""


def paced(view: CampaignView, submits: Sequence[Submit], pace: Pace, load: Load, now: datetime) -> Paced:
    """Keep as many submissions as may start now; the others wait for a later pass.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    submits : `~collections.abc.Sequence` [`~cmbot.handlers.actions.Submit`]
        What is asked for, in order.
    pace : `Pace`
        What the settings allow.
    load : `Load`
        What is under way.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    paced : `Paced`
        Of a step with a higher priority the submissions come first.
    """
    graces = dict(_graces(view, submits, pace, now))
    turns = _Turns(view, pace, load, graces, now)
    kept: list[Submit] = []
    reasons: Counter[tuple[str, str]] = Counter()
    for submit in sorted(submits, key=lambda submit: -_priority(view, submit)):
        if reason := turns.waits(submit):
            reasons[submit.step.issue.id, reason] += 1
        else:
            turns.take(submit)
            kept.append(submit)
    waiting: dict[str, str] = {}
    for (step_id, reason), count in reasons.items():
        said = f"{count} group{'s' if count > 1 else ''} wait{'' if count > 1 else 's'}: {reason}"
        waiting[step_id] = "; ".join(filter(None, (waiting.get(step_id), said)))
    known = {step.issue.id: step.grace for step in view.steps}
    new = {step_id: grace for step_id, grace in graces.items() if grace != known[step_id]}
    return Paced(tuple(kept), waiting, new)


class _Turns:
    """Counts what starts, one after the other."""

    def __init__(
        self, view: CampaignView, pace: Pace, load: Load, graces: Mapping[str, Grace], now: datetime
    ) -> None:
        self._view, self._pace, self._held, self._graces, self._now = view, pace, load.held, graces, now
        self._in_step = Counter(step for step, _ in load.live)
        self._at_site = Counter(site for _, site in load.live)
        self._begun = load.last_minute
        self._steps = {step.issue.id for step in view.steps}

    def take(self, submit: Submit) -> None:
        """Count one that starts."""
        self._in_step[submit.step.issue.id] += 1
        self._at_site[self._site(submit)] += 1
        self._begun += 1

    def waits(self, submit: Submit) -> str:
        """Say why one has to wait; empty if it may start."""
        pace, step, site = self._pace, submit.step.issue.id, self._site(submit)
        grace = self._graces.get(step)
        if submit.order is None and grace and grace.cause_id == submit.cause.id and self._now < grace.until:
            return f"they begin at {grace.until:%H:%M:%S} UTC; move the launch back to stop it"
        if site in self._held:
            return f"nothing new starts at {site}, {self._held[site]}"
        if self._in_step.total() >= pace.total:
            return f"at most {pace.total} at once in all (work.max_groups)"
        # One that the settings do not know any more is refused at its submission.
        if self._at_site[site] >= pace.per_site.get(site, pace.total):
            return f"at most {pace.per_site[site]} at once at {site} (sites.{site}.max_groups)"
        definition, own = self._view.definition, submit.step.definition
        most = definition.max_groups if definition else 0
        if most and sum(self._in_step[each] for each in self._steps) >= most:
            return f"at most {most} at once of {self._view.issue.key} (Max concurrent groups)"
        if own and own.max_groups and self._in_step[step] >= own.max_groups:
            return f"at most {own.max_groups} at once of {submit.step.name} (Max concurrent groups)"
        if pace.a_minute and self._begun >= pace.a_minute:
            return f"at most {pace.a_minute} submissions a minute (work.submissions_per_minute)"
        return ""

    def _site(self, submit: Submit) -> str:
        definition, own = self._view.definition, submit.step.definition
        return submit.changes.site or (definition.site_of(own) if definition and own else "")


def _graces(
    view: CampaignView, submits: Sequence[Submit], pace: Pace, now: datetime
) -> Iterator[tuple[str, Grace]]:
    """Find the grace times that count: of launches of many groups of which nothing has begun yet."""
    if not (pace.many and pace.grace):
        return
    asked = Counter(
        (submit.step.issue.id, submit.cause.id)
        for submit in submits
        if submit.order is None and not submit.cause.automatic
    )
    for step in view.steps:
        begun = {attempt.cause.id for group in step.groups for attempt in group.attempts}
        for (step_id, cause_id), count in asked.items():
            if step_id != step.issue.id or count <= pace.many or cause_id in begun:
                continue
            same = step.grace if step.grace and step.grace.cause_id == cause_id else None
            yield step_id, same or Grace(cause_id, now + pace.grace, count)


def _priority(view: CampaignView, submit: Submit) -> int:
    own = submit.step.definition.priority if submit.step.definition else 0
    return own or (view.definition.priority if view.definition else 0)
