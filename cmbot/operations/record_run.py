"""Record a workflow that cmbot did not submit, so that it is followed and counted (requirements A6, D17).

Prompt Processing runs no BPS and keeps no graph; whoever records its run says how many quanta were expected.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cmbot.definition import freeze, grammar
from cmbot.exceptions import DefinitionError, UserError
from cmbot.handlers import causes
from cmbot.mirror import definitions, events, journal, plans, seen
from cmbot.models.attempts import AttemptState, Cause, Recorded
from cmbot.models.systems import System
from cmbot.models.views import PlanState
from cmbot.operations.report import chosen
from cmbot.operations.status import epic_of
from cmbot.reconcile import restoring, submissions, systems, views

if TYPE_CHECKING:
    from cmbot.models.issues import Person
    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.reconcile.edges import Local


@dataclass(frozen=True)
class Found:
    """What will be recorded."""

    key: str
    """Key of the step."""
    step: str
    """Name of the step."""
    group: str
    """Name of the group."""
    new: bool
    """Whether the group is made for it: nothing of it will ever be submitted."""
    number: int
    """Number of the attempt."""
    name: str
    """Run name, by which the WMS knows it."""
    wms: System
    """What executes it, if cmbot can follow that."""
    site: str
    """Compute site, if it is followed."""
    request: int | None
    """Its request id; `None` if it is not followed."""
    status: str
    """How the WMS says it is."""
    recorded: Recorded
    """Where its outputs are, and what was expected."""

    def to_json(self) -> dict[str, Any]:
        """Give it to a script.

        Returns
        -------
        data : `dict`
            By field.
        """
        return asdict(self)


def find(
    local: Local, key: str, recorded: Recorded, *, group: str = "", request: int | None = None, site: str = ""
) -> Found:
    """Find where a workflow belongs, and in its WMS what it is.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Key of a step or of a group.
    recorded : `~cmbot.models.attempts.Recorded`
        Where its outputs are, and what was expected.
    group : `str`, optional
        Name of a group that has no sub-task. Without one, a step that was never split gets a new group.
    request : `int`, optional
        Its request id, if it is still followed in a WMS.
    site : `str`, optional
        Compute site that says in which; the step's own without it.

    Returns
    -------
    found : `Found`
        For `keep`; nothing was written.

    Raises
    ------
    UserError
        If it cannot be recorded there, or not like this.
    RemoteError
        If the WMS does not answer.
    """
    _require_sound(recorded)
    view = views.campaign(local, epic_of(local, key))
    if view.problems:
        raise DefinitionError(view.issue.key, view.problems)
    step, target = _place(local, view, key, group)
    name, status, wms = recorded.run.replace("/", "_"), "", System.ELSEWHERE
    if request is not None:
        site = site or submissions.site_of(view, step)
        if site not in local.settings.sites:
            raise UserError("site", f"{site!r} is not known", f"use {', '.join(local.settings.sites)}")
        report = systems.wms_at(local.settings, local, site).status(request)
        name, status, wms = report.name, report.raw_status, local.settings.sites[site].wms
    if not grammar.is_run_name(name):
        raise UserError("run name", f"{name!r} cannot be used", "use letters, digits, _ - ., at most 200")
    return Found(
        key=step.issue.key,
        step=step.name,
        group=target.name if target else f"g{len(step.groups) + 1:03d}",
        new=target is None,
        number=(target.last.number + 1) if target and target.last else 1,
        name=name,
        wms=wms,
        site=site if request is not None else "",
        request=request,
        status=status,
        recorded=recorded,
    )


def keep(local: Local, found: Found, by: Person, words: str) -> Cause:
    """Write a workflow down as an attempt; the next pass follows and counts it.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    found : `Found`
        Of `find`.
    by : `~cmbot.models.issues.Person`
        Who records it.
    words : `str`
        In which words, with the reason.

    Returns
    -------
    cause : `~cmbot.models.attempts.Cause`
        The human act.

    Raises
    ------
    UserError
        If this run was recorded before.
    """
    now, nonce = datetime.now(UTC), secrets.token_hex(4)
    cause = Cause(f"request:{secrets.token_hex(6)}", by, now, words)
    view = views.campaign(local, epic_of(local, found.key))
    step = next(each for each in view.steps if each.issue.key == found.key)
    if view.definition is None or step.definition is None:
        raise UserError(found.key, "cannot be read", "correct its fields")
    if journal.named(local.mirror, found.name):
        raise UserError(found.name, "was recorded or submitted before", f"see `cmbot status {found.key}`")
    spec = freeze.step_hash(view.definition, step.definition)
    directory = str(local.tries / found.name)
    with local.mirror.writing() as connection:
        if found.number == 1:
            _require_unchanged(local, step, found, spec)
        if found.new:
            # With its attempt: alone it would look like a split of which nothing was submitted yet.
            where = {"where": "", "table": "", "parts": {}}
            plans.add_group(connection, plans.GroupRow(step.issue.id, found.group, 0, where, "", ""))
        definitions.keep(connection, step.issue.id, spec, step.fields, now)
        attempt = journal.add_attempt(connection, step.issue.id, found.group, found.number, cause, spec, now)
        item = journal.add_try(
            connection,
            attempt,
            nonce,
            found.name,
            directory,
            now,
            wms=found.wms,
            site=found.site,
            recorded=found.recorded,
        )
        journal.set_try(connection, item, request_id=found.request, note=f"recorded by {by}")
        state = AttemptState.MERGE_PENDING if found.request is None else AttemptState.SUBMITTED
        journal.move_attempt(connection, attempt, state, now)
        what = f"records {found.name} as {found.step} {found.group} a{found.number}"
        events.add(connection, now, found.key, str(by), what, f"{words} ({cause.id})")
    restoring.forget_split(local, step.issue)
    return cause


def _require_unchanged(local: Local, step: StepView, found: Found, spec: str) -> None:
    """The service may have gone on since the run was found; asked inside the transaction."""
    there = any(row.name == found.group for row in plans.groups_of(local.mirror, step.issue.id))
    plan = plans.plan(local.mirror, step.issue.id, spec)
    if there is found.new or (plan is not None and plan.answer is None):
        raise UserError(found.key, "has changed meanwhile", "say it again")


def _require_sound(recorded: Recorded) -> None:
    if not grammar.is_collection(recorded.run):
        raise UserError("run", f"{recorded.run!r} cannot be a collection", "use letters, digits, _ - . /")
    if bool(recorded.graph) == bool(recorded.expected):
        problem = "what was expected must be known, from one source"
        raise UserError("graph", problem, "give --graph FILE, or --expect LABEL=QUANTA for every task")
    if recorded.graph and not grammar.is_graph(recorded.graph):
        raise UserError("graph", f"{recorded.graph!r} is no whole path", "write /…/NAME.qg")
    for label, quanta in recorded.expected.items():
        if not grammar.is_label(label) or quanta < 1:
            raise UserError("expect", f"{label}={quanta} cannot be", "write LABEL=QUANTA, at least 1")


def _place(local: Local, view: CampaignView, key: str, name: str) -> tuple[StepView, GroupView | None]:
    """Find the group; `None` stands for a new one."""
    key = seen.renamed(local.mirror).get(key, key)
    step = next((each for each in view.steps if each.issue.key == key), None)
    if step is not None and not name and all(group.outside for group in step.groups):
        _require_open(step, None)
        _require_unasked(view, step)
        return step, None
    those = [(step, group) for step, groups in chosen(local, key, name) for group in groups]
    if len(those) != 1:
        raise UserError(key, f"has {len(those)} groups", "name the sub-task of one, or say --group g001")
    _require_open(*those[0])
    if not those[0][1].attempts:
        _require_unasked(view, those[0][0])
    return those[0]


def _require_unasked(view: CampaignView, step: StepView) -> None:
    """Refuse what would stand in the place of a split for which a launch asks a Butler."""
    launched = causes.in_force((view.issue, step.issue), view.me)
    if step.plan is not PlanState.ASKED and (step.plan is PlanState.READY or launched is None):
        return
    why = f"{launched.by} {launched.what}, and" if launched else "was launched, and"
    remedy = "record it when it is split, with --group, or pause it first"
    raise UserError(step.issue.key, f"{why} it is being split", remedy)


def _require_open(step: StepView, group: GroupView | None) -> None:
    for issue in filter(None, (step.issue, group.issue if group else None)):
        if issue.frozen:
            raise UserError(issue.key, f"is not followed: {issue.frozen}", "mend that first")
    last = group.last if group else None
    if last is not None and not last.state.ended_badly:
        problem = f"{last.label} is {last.state}"
        raise UserError(group.name if group else step.name, problem, "record it in another group")
