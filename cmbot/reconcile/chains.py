"""Keep a campaign's collections as its good attempts say (requirement A11).

The chains wanted are recomputed from the journal at every pass; one child at a time arranges them,
so that an older plan never overwrites a newer one.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cmbot.butler.arrangement import ARRANGE_SCRIPT, ArrangeRequest, Done, parse_arranged
from cmbot.exceptions import CmbotError, RemoteError
from cmbot.mirror import events, withdrawals
from cmbot.models.issues import Status
from cmbot.reconcile import asking, holdings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cmbot.butler.items import Item
    from cmbot.models.attempts import Attempt
    from cmbot.models.views import CampaignView
    from cmbot.reconcile.edges import Edges, Local

_LOG = logging.getLogger(__name__)
_SHOWN = 10
"""Names in an event."""
_PAUSE = timedelta(minutes=2)
"""After which a Butler is asked again that did not do it."""


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
        item.name.removeprefix(root).partition("/")[0]
        for item in holdings.wanted(local, view)
        if holdings.digest(item) not in done
    }
    # What concerns the whole campaign is said on its last step.
    names = {step.name for step in view.steps}
    # A step is only shown as Completed once it was chained: also known when the note is lost with the mirror.
    steps = []
    for step in view.steps:
        chained = step.name not in behind or step.issue.status is Status.COMPLETED
        about = step.name in behind or (step is view.steps[-1] and behind - names)
        waiting = "; ".join(filter(None, (step.waiting, trouble))) if about else step.waiting
        steps.append(replace(step, chained=chained, waiting=waiting))
    return replace(view, steps=tuple(steps))


def keep(edges: Edges, view: CampaignView, now: datetime) -> bool:
    """Have the wanted chains made, unless they are there.

    What keeps them from being made is shown on the steps that wait for them, and tried again after a while.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    changed : `bool`
        Whether something else is known of them than before, on which decisions may depend.
    """
    note = _note(edges, view)
    if "tried" in note and now - datetime.fromisoformat(note["tried"]) < _PAUSE:
        return False
    try:
        _go_on(edges, view, note, now)
    except CmbotError as error:
        # Not its remedy, which may name a file that is another each time.
        trouble = f"collections: {error.problem}"
        if trouble != note.get("trouble"):
            _LOG.warning("%s %s", view.issue.key, error)
        _remember(edges, view, done=note.get("done", []), trouble=trouble, tried=now.isoformat())
    return _note(edges, view) != note


def _go_on(edges: Edges, view: CampaignView, note: dict[str, Any], now: datetime) -> None:
    done = set(note.get("done", ()))
    if "asked" not in note:
        plan = holdings.wanted(edges, view)
        if any(holdings.digest(item) not in done for item in plan):
            _start(edges, view, plan, note, now)
        elif carried_out := tuple(_carried_out(edges, view, done)):
            # Nothing was in the chains of what was taken back.
            with edges.mirror.writing() as connection:
                withdrawals.mark_done(connection, carried_out)
        return
    directory = edges.state / "chains" / note["directory"]
    if asking.finished(edges, directory, datetime.fromisoformat(note["at"]), now):
        _collect(edges, view, note, now)


def _start(
    edges: Edges, view: CampaignView, plan: tuple[Item, ...], note: dict[str, Any], now: datetime
) -> None:
    if view.definition is None:
        return
    own = view.definition.steps[0]
    directory = f"{view.issue.key}-{now.strftime('%Y%m%dT%H%M%S%f')}"
    request = ArrangeRequest(view.definition.butler, plan).to_json()
    question = asking.Question(ARRANGE_SCRIPT, request, view.definition.environment_of(own))
    asking.start(edges, question, edges.state / "chains" / directory)
    asked = [holdings.digest(item) for item in plan]
    known = {key: note[key] for key in ("done", "trouble") if key in note}
    _remember(edges, view, **known, asked=asked, directory=directory, at=now.isoformat())


def _collect(edges: Edges, view: CampaignView, note: dict[str, Any], now: datetime) -> None:
    text = asking.answer(edges.state / "chains" / note["directory"], view.issue.key)
    arranged = parse_arranged(text, view.issue.key)
    wrong = [item for item in arranged if item.done is Done.ERROR]
    if wrong:
        raise RemoteError(view.issue.key, f"{wrong[0].name}: {wrong[0].problem}", "mend the collection")
    changed = [item.name for item in arranged if item.done is Done.MADE]
    what = f"arranged the collections: {', '.join(changed[:_SHOWN]) or 'all were as planned'}"
    what += f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    with edges.mirror.writing() as connection:
        events.add(connection, now, view.issue.key, "cmbot", what)
        withdrawals.mark_done(connection, _carried_out(edges, view, note["asked"]))
    _LOG.info("%s collections arranged", view.issue.key)
    _remember(edges, view, done=note["asked"])


def _carried_out(local: Local, view: CampaignView, asked: Collection[str]) -> Iterator[Attempt]:
    """Attempts that were taken back as far as can be; what is said of others since is not in the plan yet."""
    open_ = [each for each in view.attempts if each.withdrawal and not each.withdrawal.done]
    if open_ and {holdings.digest(item) for item in holdings.wanted(local, view)} <= set(asked):
        live = any(attempt.state.live for attempt in view.attempts)
        yield from (attempt for attempt in open_ if not (holdings.is_removed(attempt) and live))


def done(local: Local, view: CampaignView) -> Collection[str]:
    """Tell what the Butler was seen to have.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    done : `~collections.abc.Collection` [`str`]
        What `~cmbot.reconcile.holdings.digest` gives for what is as it was wanted.
    """
    return frozenset(_note(local, view).get("done", ()))


def going_on(local: Local, view: CampaignView) -> bool:
    """Tell whether collections are not as they are wanted yet.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    going_on : `bool`
        Whether a later pass has to look again.
    """
    note = _note(local, view)
    done = note.get("done", ())
    return "asked" in note or any(holdings.digest(item) not in done for item in holdings.wanted(local, view))


def _note(local: Local, view: CampaignView) -> dict[str, Any]:
    note: dict[str, Any] = json.loads(local.mirror.note(f"chains {view.issue.id}") or "{}")
    return note


def _remember(edges: Edges, view: CampaignView, **note: Any) -> None:
    edges.mirror.remember(f"chains {view.issue.id}", json.dumps(note))
