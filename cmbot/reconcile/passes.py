"""One pass: a reconciliation of everything (design.md section 2)."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from cmbot.exceptions import CmbotError, RemoteError, UserError
from cmbot.handlers.actions import Settle
from cmbot.handlers.campaign import decide
from cmbot.mirror import acts, frozen, journal, orders, outbox, plans, seen, withdrawals
from cmbot.models.attempts import OrderState
from cmbot.models.issues import Status
from cmbot.models.views import PlanState
from cmbot.reconcile import (
    archiving,
    chains,
    commanding,
    deliver,
    failures,
    follow,
    job_logs,
    looking,
    observe,
    pacing,
    planning,
    polling,
    references,
    restoring,
    steering,
    submissions,
    submit,
    summaries,
    tell,
    troubles,
    views,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from cmbot.handlers.actions import Decision, Submit
    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.commanding import Obey
    from cmbot.reconcile.edges import Edges

    _Said = dict[tuple[str, str], str]

_LOG = logging.getLogger(__name__)


@dataclass
class Report:
    """What a pass did."""

    changed: int = 0
    """Issues that people or cmbot had changed."""
    more: bool = False
    """Whether there is more to be read at once."""
    jira: str = ""
    """What keeps cmbot from Jira; empty if Jira answers."""
    campaigns: int = 0
    """Campaigns that were looked at."""
    told: int = 0
    """Things told to Jira."""
    errors: list[str] = field(default_factory=list)
    """What did not work; it is tried again."""


class Passes:
    """Passes over one world; remembers only what saves work.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    obey : `~cmbot.reconcile.commanding.Obey`
        Does what people command in comments: `cmbot.operations.commands.obey`.
    hand_over : `~collections.abc.Callable`, optional
        Tells of shift changes: `cmbot.operations.shift.keep`; without it they are not told.
    """

    def __init__(
        self,
        edges: Edges,
        obey: Obey,
        hand_over: Callable[[Edges, datetime], None] = lambda *_: None,
    ) -> None:
        self._edges, self._obey, self._hand_over = edges, obey, hand_over
        self._unsettled: set[str] | None = None
        self._ready = False
        self._seen = polling.Seen()

    def run(
        self,
        now: datetime,
        named: Mapping[str, str] | None = None,
        only: Collection[str] | None = None,
    ) -> Report:
        """Do one pass.

        Parameters
        ----------
        now : `datetime.datetime`
            The time.
        named : `~collections.abc.Mapping` [`str`, `str`], optional
            Ids and keys of issues that a webhook named.
        only : `~collections.abc.Collection` [`str`], optional
            Ids of campaigns that a person wants looked at now, and no others.

        Returns
        -------
        report : `Report`
            What was done. Errors of single campaigns are in it; others went on.

        Raises
        ------
        RemoteError
            If another cmbot holds the lease.
        """
        edges, report = self._edges, Report()
        edges.mirror.take_lease(now, edges.settings.work.lease)
        edges.jira.people.forget()
        if self._unsettled is None:
            with edges.mirror.writing() as connection:
                frozen.try_again(connection, now)
        news = observe.changes(edges, now, named)
        if news.trouble is not None:
            # What runs is still followed.
            report.jira = str(news.trouble)
            report.errors.append(report.jira)
        report.changed, report.more = news.changed, news.more
        self._ready = observe.ready(edges)
        if self._ready and news.trouble is None:
            news.keys |= commanding.everything(edges, self._obey, now, report.errors)
        self._seen = polling.everything(edges, now, at_once=only is not None)
        epics = self._relevant(news.keys) if only is None else views.epics(edges)
        wanted = [epic for epic in epics if only is None or epic.id in only]
        self._campaigns(wanted, report, now, jira_answers=news.trouble is None)
        # Otherwise each row would fail by itself, and then wait longer than Jira is away.
        if news.trouble is None:
            self._tell_shift(report, now)
            self._deliver(report, now)
        troubles.keep(edges.mirror, "Jira", report.jira, now)
        return report

    def _campaigns(
        self, epics: Sequence[Issue], report: Report, now: datetime, *, jira_answers: bool
    ) -> None:
        edges, unsettled = self._edges, set[str]()
        before: dict[str, CampaignView] = {}
        failing: list[failures.Due] = []
        for epic in epics:
            with self._alone(epic, report, unsettled):
                restoring.link(edges, epic)
                view = views.campaign(edges, epic)
                failing += failures.due(edges, view, now)
                before[epic.id] = view
        failures.ask(edges, failing, now)
        # Where there is not room for all, the more urgent campaigns come first.
        for epic in sorted(epics, key=lambda epic: -_priority(before.get(epic.id))):
            if epic.id in before:
                with self._alone(epic, report, unsettled):
                    if self._campaign(before.pop(epic.id), now, jira_answers=jira_answers):
                        unsettled.add(epic.id)
        report.campaigns, self._unsettled = len(epics), unsettled

    @contextmanager
    def _alone(self, epic: Issue, report: Report, unsettled: set[str]) -> Iterator[None]:
        """Do something for one campaign; what goes wrong is kept, and the others go on (design.md rule 8)."""
        try:
            yield
        except CmbotError as error:
            unsettled.add(epic.id)
            report.errors.append(str(error))
            _LOG.warning("%s", error)
        except Exception as error:  # noqa: BLE001 - a defect met in one campaign must not stop the others
            unsettled.add(epic.id)
            report.errors.append(f"{epic.key}: {error!r}; please report this")
            _LOG.exception("%s a defect of cmbot", epic.key)

    def _tell_shift(self, report: Report, now: datetime) -> None:
        try:
            self._hand_over(self._edges, now)
        except Exception as error:  # noqa: BLE001 - a hand-over must not keep anything else from being told
            report.errors.append(f"hand-over: {error}")
            _LOG.exception("the hand-over is not told")

    def _deliver(self, report: Report, now: datetime) -> None:
        try:
            report.told = deliver.all_due(self._edges, now)
        except RemoteError as error:
            report.jira = str(error)
            report.errors.append(report.jira)

    def _relevant(self, changed: set[str]) -> tuple[Issue, ...]:
        """Find the campaigns that may need something; after a start, all."""
        if self._unsettled is None:
            return views.epics(self._edges)
        steps = {attempt.step_id for attempt in journal.live_attempts(self._edges.mirror)}
        steps |= orders.open_steps(self._edges.mirror) | withdrawals.open_steps(self._edges.mirror)
        steps |= set(plans.open_plans(self._edges.mirror)) | self._seen.steps
        ids = acts.unnoticed(self._edges.mirror)
        changed = changed | {key for key, _ in seen.versions(self._edges.mirror, ids).values()}
        keys = changed | seen.parents(self._edges.mirror, keys=changed, ids=steps)
        if not keys and not self._unsettled:
            return ()
        epics = views.epics(self._edges)
        return tuple(epic for epic in epics if epic.key in keys or epic.id in self._unsettled)

    def _campaign(self, view: CampaignView, now: datetime, *, jira_answers: bool) -> bool:
        """Follow, decide, act and tell for one campaign; say whether more is to be done soon."""
        edges, epic = self._edges, view.issue
        follow.campaign(edges, view, self._seen, now)
        if not self._ready:
            return True
        planning.forget(edges, view)
        for step in view.steps:
            if step.plan is PlanState.ASKED:
                planning.collect(edges, view, step, now)
        view = views.campaign(edges, epic)
        logged = job_logs.keep(edges, view, now)
        archived = archiving.keep(edges, view, now)
        if self._too_early(view, now):
            return True
        decision = decide(view)
        acted = self._act(view, decision, now)
        if acted:
            view = views.campaign(edges, epic)
            decision = decide(view)
        if jira_answers:
            restoring.remember_recorded(edges, view)
            view, decision = self._confirmed(view, decision, now)
        ended = summaries.keep(edges, view, now)
        tell.campaign(edges, view, decision, ended, now)
        return (
            acted
            or bool(decision.submits or decision.plans)
            or chains.going_on(edges, view)
            or failures.still_asked(edges, view)
            or not (archived and logged and ended.whole)
            # Somebody waits for it: told when it takes too long.
            or any(issue.status is Status.LAUNCH for issue in view.issues)
        )

    def _too_early(self, view: CampaignView, now: datetime) -> bool:
        """Whether a launched campaign has no steps only because no search may know them yet."""
        young = abs(now - view.issue.updated) < self._edges.settings.jira.overlap
        return view.issue.status is Status.LAUNCH and not view.steps and young

    def _confirmed(
        self, view: CampaignView, decision: Decision, now: datetime
    ) -> tuple[CampaignView, Decision]:
        """Look again at issues of which something new would be said: the search may not have shown all."""
        edges = self._edges
        known = outbox.markers(edges.mirror, [notice.marker for notice in decision.notices])
        about = {item.issue.id: item.issue for item in decision.notices if item.marker not in known}
        read = {issue_id: looking.reread(edges, issue_id, now) for issue_id in about}
        if read == about:
            return view, decision
        view = views.campaign(edges, read.get(view.issue.id, view.issue))
        return view, decide(view)

    def _act(self, view: CampaignView, decision: Decision, now: datetime) -> bool:
        edges = self._edges
        acted = chains.keep(edges, view, now)
        cleared, said = references.cleared(edges, view, decision, now)
        for step in cleared.plans:
            acted |= _tried(said, step, "submit", partial(planning.ask, edges, view, step, now))
        for over in decision.settles:
            steering.settle(edges, over, now)
        for accepted in decision.accepts:
            steering.accept(edges, accepted, now)
        for judged in decision.judges:
            steering.judge(edges, judged, now)
        for asked in decision.asks:
            acted |= steering.ask(edges, asked, now)
        for steer in decision.steers:
            told = partial(steering.steer, edges, view, steer, now)
            acted |= _tried(said, steer.step, "steer", told)
        acted |= self._submits(view, cleared, said, now)
        self._note(view, decision, said)
        return acted or cleared != decision or bool(decision.settles or decision.accepts or decision.judges)

    def _submits(self, view: CampaignView, decision: Decision, said: _Said, now: datetime) -> bool:
        edges = self._edges
        acted, submits = pacing.keep(edges, view, decision.submits, now)
        away = set[str]()
        for action in submits:
            if edges.runner.busy() >= edges.settings.work.max_children:
                break
            site = submissions.site_of(view, action.step, action.changes)
            if site in away:
                # What keeps one site from taking work holds up none of the others'.
                continue
            try:
                submit.first_try(edges, view, action, now)
            except UserError as error:
                # Only a person can mend it; what is behind it goes on.
                acted |= self._refused(action, error, said, now)
            except CmbotError as error:
                _say(said, action.step, "submit", str(error))
                away.add(site)
            else:
                _say(said, action.step, "submit", "")
                acted = True
        return acted

    def _refused(self, action: Submit, error: UserError, said: _Said, now: datetime) -> bool:
        """Tell why a group cannot be submitted: once for an order, else as long as it is so."""
        if action.order is None:
            _say(said, action.step, "submit", str(error))
            return False
        over = Settle(action.step, action.order, OrderState.REFUSED, str(error))
        steering.settle(self._edges, over, now)
        return True

    def _note(self, view: CampaignView, decision: Decision, said: _Said) -> None:
        """Say on each step what keeps it waiting, and no more what is over."""
        asked = {("submit", step.issue.id) for step in decision.plans}
        asked |= {("submit", action.step.issue.id) for action in decision.submits}
        asked |= {("steer", action.step.issue.id) for action in decision.steers}
        for step in view.steps:
            for doing in ("submit", "steer"):
                this = (doing, step.issue.id)
                # What had to wait for its turn stands as it was.
                if this in said or this not in asked:
                    waiting.note(self._edges, step, doing, said.get(this, ""))


def _priority(view: CampaignView | None) -> int:
    return view.definition.priority if view and view.definition else 0


def _tried(said: _Said, step: StepView, doing: str, act: Callable[[], object]) -> bool:
    """Act for a step; what does not work is said on it, and others go on."""
    try:
        done = act()
    except CmbotError as error:
        _say(said, step, doing, str(error))
        return False
    _say(said, step, doing, "")
    return done is not False


def _say(said: _Said, step: StepView, doing: str, trouble: str) -> None:
    """Keep the first trouble of a step in a pass: the next one may go well."""
    said[doing, step.issue.id] = said.get((doing, step.issue.id)) or trouble
