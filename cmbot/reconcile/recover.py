"""Find out what became of a submission (reference/predecessors.md section 8.3)."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cmbot.bps import parsl
from cmbot.bps.output import FailureKind
from cmbot.bps.tokens import remove_token
from cmbot.exceptions import RemoteError
from cmbot.handlers import causes, recovery
from cmbot.handlers.recovery import Outcome
from cmbot.mirror import events, journal, reports, restore
from cmbot.models.attempts import AttemptState, TryState, Verb
from cmbot.models.systems import System
from cmbot.models.views import PlanState
from cmbot.reconcile import looking, submissions, submit, tell, views
from cmbot.wms.states import WorkflowState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from cmbot.models.attempts import Attempt, Try
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges
    from cmbot.wms.port import Wms

_LOG = logging.getLogger(__name__)


def attempt(edges: Edges, view: CampaignView, step: StepView, item: Attempt, now: datetime) -> bool:
    """Look after an attempt that has no request id yet.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view, step
        The campaign and the step.
    item : `~cmbot.models.attempts.Attempt`
        The attempt.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    changed : `bool`
        Whether the journal changed.

    Raises
    ------
    RemoteError
        If the WMS cannot be asked: what may exist is not submitted again.
    """
    last = item.last_try
    if last is None or last.state is TryState.NOT_SUBMITTED:
        return _again(edges, view, step, item, now)
    outcome = recovery.judge(_evidence(edges, last))
    if outcome.verb is recovery.Verb.START:
        return _begin(edges, view, step, item, now, submit.start)
    if outcome.verb is not recovery.Verb.WAIT:
        remove_token(Path(last.directory))
    if outcome.verb is recovery.Verb.LOOK_UP:
        try:
            outcome, last = _look_up(edges, step, item, last, now)
        except RemoteError:
            _set(edges, step, item, AttemptState.UNKNOWN, outcome.note, now)
            raise
    if outcome.verb is recovery.Verb.TRY_AGAIN and len(item.tries) >= edges.settings.work.max_tries:
        outcome = Outcome(recovery.Verb.GIVE_UP, note=f"{len(item.tries)} submissions failed: {outcome.note}")
    return _carry_out(edges, step, item, last, outcome, now)


def inquire(edges: Edges, step: StepView, item: Attempt, now: datetime) -> Outcome:
    """Tell what `attempt` would do, doing and keeping nothing.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    step : `~cmbot.models.views.StepView`
        The step.
    item : `~cmbot.models.attempts.Attempt`
        The attempt, which has no request id yet.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    outcome : `~cmbot.handlers.recovery.Outcome`
        What would become of its newest submission.

    Raises
    ------
    RemoteError
        If the WMS cannot be asked.
    """
    last = item.last_try
    if last is None or last.state is TryState.NOT_SUBMITTED:
        return Outcome(recovery.Verb.TRY_AGAIN, note="no submission of it is known to have arrived")
    outcome = recovery.judge(_evidence(edges, last))
    return _asked(edges, step, item, last, now)[0] if outcome.verb is recovery.Verb.LOOK_UP else outcome


def look(edges: Edges, step: StepView, item: Attempt, now: datetime) -> None:
    """Find the request of an attempt that has none yet, starting nothing.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    step : `~cmbot.models.views.StepView`
        The step.
    item : `~cmbot.models.attempts.Attempt`
        The attempt.
    now : `datetime.datetime`
        The time.

    Raises
    ------
    RemoteError
        If the WMS cannot be asked.
    """
    last = item.last_try
    if last is None or last.state is not TryState.RESERVED:
        return
    outcome = recovery.judge(_evidence(edges, last))
    if outcome.verb is recovery.Verb.LOOK_UP:
        outcome, last = _look_up(edges, step, item, last, now)
    if outcome.verb in {recovery.Verb.ADOPT, recovery.Verb.DUPLICATE}:
        _carry_out(edges, step, item, last, outcome, now)


def _again(edges: Edges, view: CampaignView, step: StepView, item: Attempt, now: datetime) -> bool:
    """Submit again, unless the WMS has meanwhile got what seemed not to have arrived."""
    last = item.last_try
    wms = edges.wms_of(last) if last else edges.wms_at(submissions.site_of(view, step, item.changes))
    hits = submissions.look_up(edges, wms, step, item.group, item.number, item.tries).requests
    late = [each for each in item.tries if each.name in hits]
    if not hits:
        return _begin(edges, view, step, item, now, submit.next_try)
    if len(hits) == 1 and late:
        outcome = Outcome(recovery.Verb.ADOPT, hits[late[0].name], "arrived in the WMS late")
        _adopt(edges, step, item, late[0], outcome, now)
    else:
        listed = ", ".join(f"{number} ({name})" for name, number in sorted(hits.items()))
        _set(edges, step, item, AttemptState.DUPLICATE, f"requests carry this name: {listed}", now)
    return True


def _begin(
    edges: Edges,
    view: CampaignView,
    step: StepView,
    item: Attempt,
    now: datetime,
    submit_it: Callable[[Edges, CampaignView, StepView, Attempt, datetime], None],
) -> bool:
    """Submit what was reserved in an earlier pass, as Jira is now (design.md rule 4)."""
    if cancel := item.asked(Verb.CANCEL):
        for each in item.tries:
            with edges.mirror.writing() as connection:
                journal.set_try(connection, each.id, state=TryState.NOT_SUBMITTED, note="cancelled before")
        note = f"{cancel.cause.by} {cancel.cause.what} before it was submitted"
        _set(edges, step, item, AttemptState.CANCELLED, note, now)
        return True
    if not _still_allowed(view, step, item):
        return False
    group = next(group for group in step.groups if group.name == item.group)
    for issue in filter(None, (step.issue, group.issue)):
        looking.reread(edges, issue.id, now)
    view = views.campaign(edges, looking.reread(edges, view.issue.id, now))
    step = next(other for other in view.steps if other.issue.id == step.issue.id)
    if not _still_allowed(view, step, item):
        return False
    # Jira may not have kept the reservation yet, and another cmbot not have seen it.
    name = restore.take_over(edges.mirror, item, step.issue.attempts, str(edges.tries), now)
    if not name:
        submit_it(edges, view, step, item, now)
        return True
    what = f"{step.name} {item.group} {item.label} is submitted as {name} by another cmbot"
    with edges.mirror.writing() as connection:
        events.add(connection, now, step.issue.key, "cmbot", what, "Jira keeps it")
    _LOG.warning("%s %s", step.issue.key, what)
    return True


def _still_allowed(view: CampaignView, step: StepView, item: Attempt) -> bool:
    """Whether nobody has taken the launch back, or the issue away; a later launch continues it."""
    group = next(group for group in step.groups if group.name == item.group)
    if group.distrusted or step.plan is not PlanState.READY:
        return False
    path = view.path(step, group)
    if any(issue.frozen for issue in path):
        return False
    # What was asked for by a command, or goes on by itself, stands until the issues are closed.
    asked = not item.cause.id.startswith("move:") and not any(issue.status.closed for issue in path)
    return asked or causes.in_force(path, view.me) is not None


def _evidence(edges: Edges, item: Try) -> recovery.Evidence:
    run = edges.runner.look(Path(item.directory))
    left = submissions.left(edges, item)
    # Restored from Jira, or the disk was emptied since the child could start: what is missing proves nothing.
    ready = reports.read(edges.mirror, item.id, "as-run") is not None
    lost = not item.host or (ready and not Path(item.directory).is_dir())
    # Parsl gives no id: its run is known by its name.
    of_parsl = item.wms is System.PARSL and left.prepared
    return recovery.Evidence(
        alive=run.alive,
        started=run.started or lost,
        code=run.code,
        request_id=parsl.run_number(item.name) if of_parsl else left.request_id,
        prepared=left.prepared or lost,
        nothing_left=left.failure.kind is FailureKind.NOTHING_LEFT,
        mendable=left.failure.kind is not FailureKind.SERVER,
        reason="" if run.alive else left.failure.reason,
        blocks=item.wms is System.PARSL,
    )


def _look_up(edges: Edges, step: StepView, item: Attempt, last: Try, now: datetime) -> tuple[Outcome, Try]:
    """Ask the WMS; the second value is the try whose request was found, normally the last one."""
    if last.ended_at is None:
        last = replace(last, ended_at=now)
        with edges.mirror.writing() as connection:
            journal.set_try(connection, last.id, ended_at=now)
    outcome, found = _asked(edges, step, item, last, now)
    if not found:
        with edges.mirror.writing() as connection:
            journal.set_try(connection, last.id, lookups=last.lookups + 1)
    if outcome.verb is not recovery.Verb.ADOPT:
        return outcome, last
    name = next(iter(found))
    mine = next((each for each in item.tries if each.name == name), None)
    if mine is None:
        return Outcome(
            recovery.Verb.DUPLICATE, note=f"request {found[name]} ({name}) is not one of cmbot's"
        ), last
    if mine.id != last.id:
        with edges.mirror.writing() as connection:
            note = "an earlier submission had arrived"
            journal.set_try(connection, last.id, state=TryState.NOT_SUBMITTED, note=note)
    return outcome, mine


def _asked(
    edges: Edges, step: StepView, item: Attempt, last: Try, now: datetime
) -> tuple[Outcome, Mapping[str, int]]:
    wms = edges.wms_of(last)
    looked = submissions.look_up(edges, wms, step, item.group, item.number, item.tries)
    found = looked.requests
    if found and set(found) != {last.name}:
        # A person makes it one again by cancelling the others; what was cancelled is listed for ever.
        found = {name: number for name, number in found.items() if not _cancelled(wms, number)}
    work = edges.settings.work
    return (
        recovery.judge_look_up(last, looked.prefixes, found, now, grace=work.grace, lookups=work.lookups),
        found,
    )


def _cancelled(wms: Wms, request_id: int) -> bool:
    try:
        return wms.status(request_id).state is WorkflowState.CANCELLED
    except RemoteError:
        # What cannot be seen may be running.
        return False


def _carry_out(
    edges: Edges, step: StepView, item: Attempt, last: Try, outcome: Outcome, now: datetime
) -> bool:
    match outcome.verb:
        case recovery.Verb.ADOPT if outcome.request_id is not None:
            _adopt(edges, step, item, last, outcome, now)
        case recovery.Verb.DUPLICATE:
            _set(edges, step, item, AttemptState.DUPLICATE, outcome.note, now)
        case recovery.Verb.COUNT:
            with edges.mirror.writing() as connection:
                journal.set_try(connection, last.id, state=TryState.NOT_SUBMITTED, note=outcome.note)
            _set(edges, step, item, AttemptState.MERGE_PENDING, outcome.note, now)
        case recovery.Verb.TRY_AGAIN:
            _not_submitted(edges, step, item, last, outcome, now)
        case recovery.Verb.GIVE_UP:
            _not_submitted(edges, step, item, last, outcome, now)
            _set(edges, step, item, AttemptState.FAILED, f"not submitted: {outcome.note}", now)
        case _:
            ended = not edges.runner.look(Path(last.directory)).alive
            if ended:
                _set(edges, step, item, AttemptState.UNKNOWN, outcome.note, now)
            return ended and item.state is not AttemptState.UNKNOWN
    return True


def _adopt(edges: Edges, step: StepView, item: Attempt, last: Try, outcome: Outcome, now: datetime) -> None:
    quanta = submissions.left(edges, last).quanta
    with edges.mirror.writing() as connection:
        journal.set_try(
            connection, last.id, state=TryState.SUBMITTED, request_id=outcome.request_id, note=outcome.note
        )
        journal.move_attempt(connection, item.id, AttemptState.SUBMITTED, now, summary="")
        reports.save(connection, last.id, "graph", {"quanta": quanta}, now)
        what = f"{step.name} {item.group} {item.label} is request {outcome.request_id}"
        events.add(connection, now, step.issue.key, "cmbot", what, outcome.note)
        # The same transaction: once it is known here, Jira will know it (T3 and T4).
        tell.attempts(edges, connection, step.issue, now)
    _LOG.info("%s %s (%s)", step.issue.key, what, outcome.note)


def _not_submitted(
    edges: Edges, step: StepView, item: Attempt, last: Try, outcome: Outcome, now: datetime
) -> None:
    """Keep that a submission came to nothing, with the last that bps said (requirement W16)."""
    why = "\n".join(filter(None, (outcome.note, submissions.left(edges, last).log)))
    with edges.mirror.writing() as connection:
        journal.set_try(connection, last.id, state=TryState.NOT_SUBMITTED, note=outcome.note)
        what = f"{step.name} {item.group} {item.label}: {last.name} was not submitted"
        events.add(connection, now, step.issue.key, "cmbot", what, why)
    _LOG.info("%s %s: %s", step.issue.key, what, outcome.note)


def _set(edges: Edges, step: StepView, item: Attempt, state: AttemptState, note: str, now: datetime) -> None:
    if item.state is state and item.summary == note:
        return
    with edges.mirror.writing() as connection:
        ended = {} if state.live else {"ended_at": now}
        journal.move_attempt(connection, item.id, state, now, summary=note, **ended)
        what = f"{step.name} {item.group} {item.label} is {state}"
        events.add(connection, now, step.issue.key, "cmbot", what, note)
    _LOG.info("%s %s: %s", step.issue.key, what, note)
