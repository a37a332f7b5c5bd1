"""Keep a campaign's collections as its good attempts say (requirement A11).

The chains wanted are recomputed from the journal at every pass; one child at a time arranges them,
so that an older plan never overwrites a newer one.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cmbot.butler import plan as collections
from cmbot.butler.arrangement import ARRANGE_SCRIPT, ArrangeRequest, Done, parse_arranged
from cmbot.definition import freeze
from cmbot.exceptions import CmbotError, RemoteError, UserError
from cmbot.mirror import events, reports
from cmbot.models.issues import Status
from cmbot.reconcile import asking, outputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.butler.plan import Chain
    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.reconcile.edges import Edges, Local

_LOG = logging.getLogger(__name__)


def marked(local: Local, view: CampaignView) -> CampaignView:
    """Mark the steps whose outputs cannot be found through their chains yet.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    view : `~cmbot.models.views.CampaignView`
        The same, with ``chained`` set.
    """
    note = _note(local, view)
    done, trouble = set(note.get("done", ())), note.get("trouble", "")
    root = f"{view.definition.output}/" if view.definition else ""
    behind = {
        chain.name.removeprefix(root).partition("/")[0]
        for chain in wanted(local, view)
        if _digest(chain) not in done
    }
    # A step is only shown as Completed once it was chained: also known when the note is lost with the mirror.
    steps = []
    for step in view.steps:
        chained = step.name not in behind or step.issue.status is Status.COMPLETED
        waiting = step.waiting if chained else "; ".join(filter(None, (step.waiting, trouble)))
        steps.append(replace(step, chained=chained, waiting=waiting))
    return replace(view, steps=tuple(steps))


def wanted(local: Local, view: CampaignView) -> tuple[Chain, ...]:
    """Plan the chains of a campaign.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    chains : `tuple` [`~cmbot.butler.plan.Chain`, ...]
        Groups, then steps, then the campaign; empty while nothing was made.
    """
    if view.definition is None:
        return ()
    try:
        names = collections.layout(view.definition)
        groups, steps = [], []
        for step in view.steps:
            good = tuple(_good(step))
            registered = reports.registered(local.mirror, step.issue.id) if good else ()
            for group in good:
                attempts = outputs.usable(names, step.name, group.attempts, registered)
                groups.append(collections.group_chain(names, step.name, group.name, attempts))
            if good:
                steps.append(collections.step_chain(names, step.name, [group.name for group in good]))
        work = [step for step in view.steps if not step.checkpoint]
        done = [step.name for step in work if any(_good(step)) or step.issue.status is Status.COMPLETED]
        if not groups:
            return ()
        return (*groups, *steps, collections.campaign_chain(names, done, view.definition.inputs))
    except UserError:
        # The definition was broken after the launch; its check says so, and the chains wait.
        return ()


def keep(edges: Edges, view: CampaignView, now: datetime) -> None:
    """Have the wanted chains made, unless they are there.

    What keeps them from being made is shown on the steps that wait for them; it is tried again in each pass.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    now : `datetime.datetime`
        The time.
    """
    note = _note(edges, view)
    try:
        _go_on(edges, view, note, now)
    except CmbotError as error:
        # Not its remedy, which may name a file that is another each time.
        trouble = f"collections: {error.problem}"
        if trouble != note.get("trouble"):
            _LOG.warning("%s %s", view.issue.key, error)
        _remember(edges, view, done=note.get("done", []), trouble=trouble)


def _go_on(edges: Edges, view: CampaignView, note: dict[str, Any], now: datetime) -> None:
    done = set(note.get("done", ()))
    if "asked" not in note:
        plan = wanted(edges, view)
        if any(_digest(chain) not in done for chain in plan):
            _start(edges, view, plan, note, now)
        return
    directory = edges.state / "chains" / note["directory"]
    if asking.finished(edges, directory, datetime.fromisoformat(note["at"]), now):
        _collect(edges, view, note, now)


def _start(
    edges: Edges, view: CampaignView, plan: tuple[Chain, ...], note: dict[str, Any], now: datetime
) -> None:
    if view.definition is None:
        return
    own = view.definition.steps[0]
    directory = f"{view.issue.key}-{now.strftime('%Y%m%dT%H%M%S%f')}"
    request = ArrangeRequest(view.definition.butler, plan).to_json()
    question = asking.Question(ARRANGE_SCRIPT, request, view.definition.environment_of(own))
    asking.start(edges, question, edges.state / "chains" / directory)
    asked = [_digest(chain) for chain in plan]
    _remember(edges, view, **note | {"asked": asked, "directory": directory, "at": now.isoformat()})


def _collect(edges: Edges, view: CampaignView, note: dict[str, Any], now: datetime) -> None:
    text = asking.answer(edges.state / "chains" / note["directory"], view.issue.key)
    wrong = [item for item in parse_arranged(text, view.issue.key) if item.done is Done.ERROR]
    if wrong:
        raise RemoteError(view.issue.key, f"{wrong[0].name}: {wrong[0].problem}", "mend the collection")
    with edges.mirror.writing() as connection:
        events.add(connection, now, view.issue.key, "cmbot", "arranged the collections")
    _LOG.info("%s collections arranged", view.issue.key)
    _remember(edges, view, done=note["asked"])


def _good(step: StepView) -> Iterator[GroupView]:
    for group in step.groups:
        if group.effective is Status.COMPLETED:
            yield group


def _digest(chain: Chain) -> str:
    return freeze.digest(asdict(chain))


def _note(local: Local, view: CampaignView) -> dict[str, Any]:
    note: dict[str, Any] = json.loads(local.mirror.note(f"chains {view.issue.id}") or "{}")
    return note


def _remember(edges: Edges, view: CampaignView, **note: Any) -> None:
    edges.mirror.remember(f"chains {view.issue.id}", json.dumps(note))
