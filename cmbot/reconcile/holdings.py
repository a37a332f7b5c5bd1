"""Which collections a campaign shall have, recomputed from the journal (requirement A11)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from cmbot.butler import plan as collections
from cmbot.butler.items import Chain, Delete, Prepend, TakeOut
from cmbot.definition import freeze
from cmbot.exceptions import UserError
from cmbot.handlers import verdicts
from cmbot.mirror import reports
from cmbot.models.issues import Status
from cmbot.reconcile import outputs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from cmbot.butler.items import Item
    from cmbot.butler.names import Layout
    from cmbot.models.attempts import Attempt
    from cmbot.models.campaign import CampaignDefinition
    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.reconcile.edges import Local


def wanted(local: Local, view: CampaignView) -> tuple[Item, ...]:
    """Plan the collections of a campaign: its chains, and what is not to be there any more.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    items : `tuple` [`~cmbot.butler.items.Item`, ...]
        Groups, then steps, then the campaign and where it is public; then, from the outside in, what was
        taken back. Empty while nothing was made.
    """
    if view.definition is None:
        return ()
    try:
        return _wanted(local, view, view.definition)
    except UserError:
        # The definition was broken after the launch; its check says so, and the chains wait.
        return ()


def chains(local: Local, view: CampaignView) -> tuple[Chain, ...]:
    """Give the chains that hold what a campaign has made.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    chains : `tuple` [`~cmbot.butler.items.Chain`, ...]
        Groups, then steps, then the campaign; empty while nothing was made.
    """
    return tuple(item for item in wanted(local, view) if isinstance(item, Chain))


def _wanted(local: Local, view: CampaignView, definition: CampaignDefinition) -> tuple[Item, ...]:
    names = collections.layout(definition)
    groups: list[Chain] = []
    made: dict[str, list[str]] = {}
    for step in view.steps:
        good = tuple(_good(step))
        registered = reports.registered(local.mirror, step.issue.id) if good else ()
        for group in good:
            attempts = outputs.usable(names, step.name, group.attempts, registered)
            if attempts or not _withdrawn((group,)):
                groups.append(collections.group_chain(names, step.name, group.name, attempts))
                made.setdefault(step.name, []).append(group.name)
    deletions = tuple(_deletions(view, definition, names, made))
    public = tuple(_public(view, definition.public, names, made=bool(groups)))
    if not groups:
        return (*(public if deletions else ()), *deletions)
    steps = (collections.step_chain(names, step, found) for step, found in made.items())
    done = [step.name for step in view.steps if step.name in made or _restored(step)]
    campaign = collections.campaign_chain(names, done, collections.original_inputs(definition))
    return (*groups, *steps, campaign, *public, *deletions)


def _public(view: CampaignView, chain: str, names: Layout, *, made: bool) -> Iterator[Item]:
    """Where people find it, once it is completed and as long as nobody says that data of it are bad."""
    bad = any(verdicts.bad(view, step) for step in view.steps)
    if chain and (bad or not made):
        yield TakeOut(chain, names.root)
    elif chain and view.issue.status is Status.COMPLETED:
        yield Prepend(chain, names.root)


def _restored(step: StepView) -> bool:
    """Whether its chain was made in a time that the mirror does not remember."""
    completed = step.issue.status is Status.COMPLETED and not step.checkpoint
    return completed and not _withdrawn(step.groups)


def _deletions(
    view: CampaignView, definition: CampaignDefinition, names: Layout, made: Mapping[str, Collection[str]]
) -> Iterator[Delete]:
    """What was taken back; all names are made of what the journal has of this campaign."""
    touched = [step for step in view.steps if _withdrawn(step.groups)]
    if touched and not made:
        yield Delete(names.root, "CHAINED")
    for step in touched:
        if step.name not in made:
            yield Delete(names.step(step.name), "CHAINED")
        for group in step.groups:
            if _withdrawn((group,)) and group.name not in made.get(step.name, ()):
                yield Delete(names.group(step.name, group.name), "CHAINED")
    # What runs may read it.
    if not any(attempt.state.live for attempt in view.attempts):
        yield from _removals(view, definition, names)


def _removals(view: CampaignView, definition: CampaignDefinition, names: Layout) -> Iterator[Delete]:
    """What is to leave the Butler; the sets of DataIds with the last of what was made of them."""
    for step, group in view.groups:
        for attempt in filter(is_removed, group.attempts):
            for item in attempt.tries:
                if item.recorded is None:
                    yield Delete(names.run(step.name, group.name, attempt.number, item.nonce), "RUN")
    if view.attempts and all(map(is_removed, view.attempts)):
        for name in collections.tagged(definition):
            yield Delete(name, "TAGGED")


def is_removed(attempt: Attempt) -> bool:
    """Tell whether what an attempt made is to leave the Butler, or has left it.

    Parameters
    ----------
    attempt : `~cmbot.models.attempts.Attempt`
        The attempt.

    Returns
    -------
    removed : `bool`
        Whether a person said so.
    """
    return attempt.withdrawal is not None and attempt.withdrawal.removed


def _withdrawn(groups: Iterable[GroupView]) -> bool:
    return any(attempt.withdrawal for group in groups for attempt in group.attempts)


def _good(step: StepView) -> Iterator[GroupView]:
    for group in step.groups:
        if group.effective is Status.COMPLETED:
            yield group


def digest(item: Item) -> str:
    """Hash one thing that is to be done.

    Parameters
    ----------
    item : `~cmbot.butler.items.Item`
        What.

    Returns
    -------
    sha256 : `str`
        64 hexadecimal digits; the same for the same thing.
    """
    fields = asdict(item)
    return freeze.digest(fields if isinstance(item, Chain) else [type(item).__name__, fields])
