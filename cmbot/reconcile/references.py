"""Before a launch starts anything, git is asked whether its tags still mean what was written down (B9)."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cmbot import git
from cmbot.definition.freeze import digest
from cmbot.exceptions import Problem, RemoteError
from cmbot.handlers import causes
from cmbot.mirror import events
from cmbot.models.attempts import Verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.handlers.actions import Decision
    from cmbot.models.attempts import Cause
    from cmbot.models.campaign import CampaignDefinition
    from cmbot.models.views import CampaignView
    from cmbot.reconcile.edges import Edges, Local

_LOG = logging.getLogger(__name__)
_PATIENCE = timedelta(minutes=5)
"""Between two questions to a repository that does not answer: each may take its time-out."""


def marked(local: Local, view: CampaignView) -> CampaignView:
    """Add what git said about the references of a campaign, until it is launched anew.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    view : `~cmbot.models.views.CampaignView`
        With the problems of its references: with any, nothing of it starts.
    """
    said = _said(local, view)
    if not said.get("problems") or any(cause.id not in said["asked"] for cause in _in_force(view)):
        return view
    return replace(view, problems=(*view.problems, *(Problem(**one) for one in said["problems"])))


def cleared(
    edges: Edges, view: CampaignView, decision: Decision, now: datetime
) -> tuple[Decision, dict[tuple[str, str], str]]:
    """Ask git once for every launch; nothing is started before it has said that all is as it was.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    decision : `~cmbot.handlers.actions.Decision`
        What is to be started.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    decision : `~cmbot.handlers.actions.Decision`
        The same, or nothing that starts anything: then the next view of the campaign says why.
    waiting : `dict` [`tuple` [`str`, `str`], `str`]
        Why steps cannot ``submit``, by their ids, if a repository does not answer; it is asked again some
        minutes later.
    """
    steps = {step.issue.id for step in decision.plans}
    steps |= {action.step.issue.id for action in decision.submits}
    if not steps or view.definition is None or not git.references(view.definition):
        return decision, {}
    trouble = ""
    try:
        if _sound(edges, view, view.definition, list(_starting(view, decision)), now):
            return decision, {}
    except RemoteError as error:
        trouble = str(error)
    return replace(decision, plans=(), submits=()), {("submit", step): trouble for step in steps}


def _sound(
    edges: Edges, view: CampaignView, definition: CampaignDefinition, wanted: list[Cause], now: datetime
) -> bool:
    said = _said(edges, view)
    asked = said.get("asked", [])
    new = [cause for cause in wanted if cause.id not in asked]
    if not new:
        return not said.get("problems")
    if said.get("trouble") and now < datetime.fromisoformat(said["again"]):
        raise RemoteError(*said["trouble"])
    try:
        problems = tuple(_problems(edges, definition))
    except RemoteError as error:
        trouble = (error.subject, error.problem, error.remedy)
        again = (now + _PATIENCE).isoformat()
        _keep(edges, view, definition, **said | {"trouble": trouble, "again": again, "asked": asked})
        raise
    # What is neither started nor in force any more need not be remembered.
    alive = {cause.id for cause in (*wanted, *_in_force(view))}
    told = sorted(alive & {*asked, *(cause.id for cause in new)})
    _keep(edges, view, definition, asked=told, problems=[asdict(one) for one in problems])
    _record(edges, view, definition, problems, new[0], now)
    return not problems


def _problems(edges: Edges, definition: CampaignDefinition) -> Iterator[Problem]:
    for field, found in git.references(definition).items():
        yield from git.problems(field, found, edges.settings.git)


def _starting(view: CampaignView, decision: Decision) -> Iterator[Cause]:
    """The acts of people for which something is to be started; what cmbot does by itself follows."""
    for action in decision.submits:
        if not action.cause.automatic:
            yield action.cause
    for step in decision.plans:
        if cause := causes.in_force((view.issue, step.issue), view.me):
            yield cause


def _in_force(view: CampaignView) -> Iterator[Cause]:
    """The acts of people for which something may be to be started."""
    paths = [(view.issue,), *((view.issue, step.issue) for step in view.steps)]
    paths += [view.path(step, group) for step, group in view.groups]
    yield from filter(None, (causes.in_force(path, view.me) for path in paths))
    for _, group in view.groups:
        if group.last and (order := group.last.asked(Verb.RETRY)):
            yield order.cause


def _record(
    edges: Edges,
    view: CampaignView,
    definition: CampaignDefinition,
    problems: tuple[Problem, ...],
    cause: Cause,
    now: datetime,
) -> None:
    found = [f"{one.link} {one.tag} is {one.sha}" for one in git.references(definition).values()]
    what = f"git: {'; '.join(map(str, problems) if problems else found)}"
    with edges.mirror.writing() as connection:
        events.add(connection, now, view.issue.key, "cmbot", what, f"{cause.by} {cause.what}")
    _LOG.info("%s %s", view.issue.key, what)


def _said(local: Local, view: CampaignView) -> dict[str, Any]:
    """What git said about the references as they are; empty after they were edited."""
    if view.definition is None:
        return {}
    noted = local.mirror.note(_name(view))
    said: dict[str, Any] = json.loads(noted) if noted else {}
    return said if said.get("of") == _digest(view.definition) else {}


def _keep(edges: Edges, view: CampaignView, definition: CampaignDefinition, **said: Any) -> None:
    edges.mirror.remember(_name(view), json.dumps(said | {"of": _digest(definition)}))


def _digest(definition: CampaignDefinition) -> str:
    return digest({field: asdict(one) for field, one in git.references(definition).items()})


def _name(view: CampaignView) -> str:
    return f"references {view.issue.id}"
