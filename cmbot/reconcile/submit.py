"""Submit what was asked for: write it down, then start bps (reference/predecessors.md section 8.3)."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from cmbot.archive.manifest import sha256
from cmbot.bps import command
from cmbot.bps.tokens import place_token
from cmbot.definition import freeze
from cmbot.exceptions import DefinitionError, RemoteError, UserError
from cmbot.handlers import causes, mentions, rescuing
from cmbot.mirror import definitions, events, journal, orders, plans, reports
from cmbot.models.attempts import AttemptState, OrderState, TryState
from cmbot.models.systems import System
from cmbot.reconcile import archiving, launching, likeness, looking, restoring, submissions, tell, views

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cmbot.handlers.actions import Submit
    from cmbot.models.attempts import Attempt
    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges

_LOG = logging.getLogger(__name__)


def first_try(edges: Edges, view: CampaignView, action: Submit, now: datetime) -> None:
    """Make the attempt that a cause asks for.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    action : `~cmbot.handlers.actions.Submit`
        What is asked for.
    now : `datetime.datetime`
        The time.

    Raises
    ------
    RemoteError
        If Jira or the WMS cannot be asked, or bps cannot be started: a later pass goes on from there.
    DefinitionError
        If what would be submitted is not right.
    """
    step, group = action.step, action.group
    if view.definition is None or step.definition is None:
        return
    name = submissions.run_name(step.issue.key, step.name, group.name, action.number, secrets.token_hex(4))
    # First, since it asks nobody: what cannot be submitted is tried at each pass.
    _check(edges, view, action, name)
    if not _still_asked(edges, view, action, now):
        return
    site = submissions.site_of(view, step, action.changes)
    # Whatever the journal forgot, the WMS may remember: look before the first submission of an attempt.
    known = submissions.look_up(edges, edges.wms_at(site), step, group.name, action.number).requests
    name = next(iter(known), name)
    spec = freeze.step_hash(view.definition, step.definition)
    with edges.mirror.writing() as connection:
        definitions.keep(connection, step.issue.id, spec, step.fields, now)
        where = step.issue.id, group.name, action.number
        attempt = journal.add_attempt(connection, *where, action.cause, spec, now, action.changes)
        if action.order is not None:
            orders.settle(connection, action.order.id, OrderState.DONE, f"it is a{action.number}")
        nonce = name.rpartition("_")[2]
        item = journal.add_try(
            connection,
            attempt,
            nonce,
            name,
            str(edges.tries / name),
            now,
            wms=edges.settings.sites[site].wms,
            site=site,
        )
        what = f"reserved {step.name} {group.name} a{action.number} as {name}"
        events.add(connection, now, step.issue.key, "cmbot", what, f"{action.cause.by} {action.cause.what}")
        if known:
            journal.set_try(
                connection, item, host="", ended_at=now, note="found in the WMS before submission"
            )
    _LOG.info("%s %s because %s %s", step.issue.key, what, action.cause.by, action.cause.what)
    if not known:
        start(edges, view, step, _reserved(edges, step, group.name), now)


def next_try(edges: Edges, view: CampaignView, step: StepView, attempt: Attempt, now: datetime) -> None:
    """Submit an attempt again whose earlier submission is known not to have happened.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view, step
        The campaign and the step.
    attempt : `~cmbot.models.attempts.Attempt`
        All its tries are ``NOT_SUBMITTED``.
    now : `datetime.datetime`
        The time.

    Raises
    ------
    RemoteError
        If Jira cannot be told, or bps cannot be started.
    """
    nonce = secrets.token_hex(4)
    name = submissions.run_name(step.issue.key, step.name, attempt.group, attempt.number, nonce)
    site = submissions.site_of(*views.at_attempt(edges, view, step, attempt), attempt.changes)
    wms = edges.settings.sites[site].wms
    with edges.mirror.writing() as connection:
        directory = str(edges.tries / name)
        journal.add_try(connection, attempt.id, nonce, name, directory, now, wms=wms, site=site)
        journal.move_attempt(connection, attempt.id, AttemptState.RESERVED, now)
        what = f"submitting {step.name} {attempt.group} {attempt.label} again as {name}"
        events.add(connection, now, step.issue.key, "cmbot", what, "the earlier submission did not happen")
    _LOG.info("%s %s", step.issue.key, what)
    start(edges, view, step, _reserved(edges, step, attempt.group), now)


def start(edges: Edges, view: CampaignView, step: StepView, attempt: Attempt, now: datetime) -> None:
    """Start ``bps submit`` for a reserved try (T1, T2).

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view, step
        The campaign and the step.
    attempt : `~cmbot.models.attempts.Attempt`
        Its last try is reserved.
    now : `datetime.datetime`
        The time.

    Raises
    ------
    RemoteError
        If Jira cannot be told first, or bps cannot be started.
    """
    item = attempt.last_try
    if item is None:
        return
    view, step = views.at_attempt(edges, view, step, attempt)
    if view.definition is None or step.definition is None:
        return
    remember_in_jira(edges, step)
    row = _row(edges, step, attempt.group)
    directory = edges.tries / item.name
    directory.mkdir(parents=True, exist_ok=True)
    described = submissions.submission(
        edges, view, step, row, attempt.number, item.name, attempt.cause.by.account, attempt.changes
    )
    if described.wms is not item.wms:
        problem = f"runs {described.wms} now, and {item.name} was written down for {item.wms}"
        raise UserError(f"sites.{described.site}", problem, "put it back until that has ended")
    made = launching.written(edges, described, step.issue.key, attempt.group, attempt.number)
    if made.file and made.problems:
        # It was edited since the attempt was reserved.
        raise DefinitionError(step.issue.key, made.problems)
    config, files = made.config, {archiving.YAML: made.text}
    if made.edits:
        files["edits.diff"] = made.difference
    if row.predicate["table"]:
        files[submissions.TABLE] = row.predicate["table"]
    for name, text in files.items():
        (directory / name).write_text(text)
    digest = sha256(files[archiving.YAML].encode())
    operators = _operators(edges, view, step, attempt, now)
    kept = archiving.prepared(edges, view, step, attempt, config, files, operators)
    why = f"sha256 {digest}; operator {', '.join(operators)}"
    with edges.mirror.writing() as connection:
        reports.save(connection, item.id, "as-run", {"sha256": digest}, now)
        reports.save(connection, item.id, reports.ARCHIVED, kept, now)
        launching.keep(connection, step.issue, attempt, made, now)
        reports.save(connection, item.id, reports.SHARED, likeness.report(config), now)
        events.add(connection, now, step.issue.key, "cmbot", f"bps submit {item.name}", why)
    likeness.record(edges, step.issue, attempt, now)
    edges.submit_path("ids").mkdir(parents=True, exist_ok=True)
    environment = submissions.environment(edges.settings, view.definition, step.definition)
    variables: Mapping[str, str] = {}
    if described.wms is System.PANDA:
        token = str(place_token(directory, edges.token()))
        variables = command.panda_variables(edges.settings.panda, user=described.operator, token_file=token)
    edges.runner.start(directory, command.submit(archiving.YAML), environment, variables)


def remember_in_jira(edges: Edges, step: StepView) -> None:
    """Keep the attempts of a step as issue properties, for a lost mirror (design.md rule 5).

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    step : `~cmbot.models.views.StepView`
        The step.

    Raises
    ------
    RemoteError
        If Jira does not take it.
    """
    restoring.remember(edges, step.issue)
    for key, value in tell.attempt_properties(edges, step.issue).items():
        edges.jira.ensure_property(step.issue.id, key, value)


def _still_asked(edges: Edges, view: CampaignView, action: Submit, now: datetime) -> bool:
    """Look before acting: the issues may have been moved since they were read (design.md rule 4)."""
    path = [looking.reread(edges, view.issue.id, now), looking.reread(edges, action.step.issue.id, now)]
    if action.group.issue:
        path.append(looking.reread(edges, action.group.issue.id, now))
    seen = views.campaign(edges, path[0])
    if seen.definition != view.definition:
        _LOG.info("%s was edited meanwhile: decided anew", view.issue.key)
        return False
    if not _in_force(action, tuple(path), seen):
        _LOG.info("%s %s is not asked for any more", action.step.issue.key, action.group.name)
        return False
    known = journal.attempts(edges.mirror, action.step.issue.id).get(action.group.name, ())
    if any(attempt.number == action.number for attempt in known):
        # Jira kept an attempt that this mirror did not know when it was decided.
        _LOG.info("%s %s a%d exists", action.step.issue.key, action.group.name, action.number)
        return False
    return True


def _in_force(action: Submit, path: tuple[Issue, ...], view: CampaignView) -> bool:
    if action.order is not None:
        # A person asked for it by name; only closing or losing the issue takes it back.
        return not any(issue.frozen or issue.status.closed for issue in path)
    if action.cause.automatic:
        return (action.step.issue.id, action.group.name) in rescuing.going_on(rescuing.decisions(view))
    cause = causes.in_force(path, view.me)
    return cause is not None and cause.id == action.cause.id


def _check(edges: Edges, view: CampaignView, action: Submit, name: str) -> None:
    row = _row(edges, action.step, action.group.name)
    described = submissions.submission(
        edges, view, action.step, row, action.number, name, action.cause.by.account, action.changes
    )
    launching.require_fresh(edges, view, action.step, row, action.number, action.changes)
    made = launching.written(edges, described, action.step.issue.key, row.name, action.number)
    if made.problems:
        raise DefinitionError(action.step.issue.key, made.problems)


def _row(edges: Edges, step: StepView, group: str) -> plans.GroupRow:
    return next(row for row in plans.groups_of(edges.mirror, step.issue.id) if row.name == group)


def _operators(
    edges: Edges, view: CampaignView, step: StepView, attempt: Attempt, now: datetime
) -> tuple[str, ...]:
    """Whose the submission is (requirement D7); BPS's operator stays who launched it."""
    path = next(view.path(step, each) for each in step.groups if each.name == attempt.group)
    people = mentions.operators(path, edges.roster.people(now), view.me, attempt.cause)
    return tuple(map(str, people))


def _reserved(edges: Edges, step: StepView, group: str) -> Attempt:
    attempt = journal.attempts(edges.mirror, step.issue.id)[group][-1]
    if attempt.last_try is None or attempt.last_try.state is not TryState.RESERVED:
        raise RemoteError(step.issue.key, f"{group} has no reserved submission", "look at cmbot history")
    return attempt
