"""The chains of a campaign and what each step reads, without I/O (requirements A11, B1).

cmbot alone keeps the chains: BPS gets ``pipetaskOutput: ""`` and ``finalJob.updateOutputChain: ""`` and
writes RUNs only. Otherwise pipetask would flatten the inputs into the group's chain and refuse the next
attempt ("Use --rebase") as soon as an upstream step had got another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from cmbot.butler.items import Chain, Tag
from cmbot.butler.names import Layout
from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cmbot.dataids import DataIdSet
    from cmbot.models.campaign import CampaignDefinition, StepDefinition


@dataclass(frozen=True)
class GoodAttempt:
    """One attempt whose outputs may be used."""

    number: int
    """1 for the first."""
    run: str
    """Its RUN collection."""


def group_chain(names: Layout, step: str, group: str, attempts: Iterable[GoodAttempt]) -> Chain:
    """What a group has made.

    Parameters
    ----------
    names : `cmbot.butler.names.Layout`
        Names of the campaign.
    step, group : `str`
        Names of the step and of the group.
    attempts : `~collections.abc.Iterable` [`GoodAttempt`]
        Attempts that may be used, in any order; of a rescue both the old and the new one.

    Returns
    -------
    chain : `Chain`
        Their RUNs, the newest first.
    """
    newest_first = sorted(attempts, key=lambda attempt: (-attempt.number, attempt.run))
    return Chain(names.group(step, group), _once(attempt.run for attempt in newest_first))


def step_chain(names: Layout, step: str, groups: Iterable[str]) -> Chain:
    """What a step has made.

    Parameters
    ----------
    names : `cmbot.butler.names.Layout`
        Names of the campaign.
    step : `str`
        Name of the step.
    groups : `~collections.abc.Iterable` [`str`]
        Groups that have a good attempt, in any order.

    Returns
    -------
    chain : `Chain`
        Their chains in order of their names.
    """
    ordered = sorted(set(groups), key=lambda group: (len(group), group))
    return Chain(names.step(step), tuple(names.group(step, group) for group in ordered))


def campaign_chain(names: Layout, steps: Iterable[str], inputs: Iterable[str]) -> Chain:
    """What a campaign has made, and from what.

    Parameters
    ----------
    names : `cmbot.butler.names.Layout`
        Names of the campaign.
    steps : `~collections.abc.Iterable` [`str`]
        Steps that have made something, in any order.
    inputs : `~collections.abc.Iterable` [`str`]
        The original inputs, in search order.

    Returns
    -------
    chain : `Chain`
        The steps' chains, the last step of the campaign first, then the inputs.

    Raises
    ------
    UserError
        Raised if the campaign's own root is among the inputs.
    """
    done = set(steps)
    later_first = [names.step(step) for step in reversed(names.steps) if step in done]
    children = _once((*later_first, *inputs))
    if names.root in children:
        raise UserError("Input collections", f"{names.root} is also the output", "name another output root")
    return Chain(names.root, children)


def layout(campaign: CampaignDefinition) -> Layout:
    """Names of a campaign.

    Parameters
    ----------
    campaign : `cmbot.models.campaign.CampaignDefinition`
        The campaign.

    Returns
    -------
    layout : `Layout`
        Names below its output root; steps in an order in which they may run.

    Raises
    ------
    UserError
        Raised if a name is not possible, or the steps wait for each other.
    """
    return Layout(campaign.output, _in_order(campaign))


def step_inputs(campaign: CampaignDefinition, step: str) -> tuple[str, ...]:
    """Input collections of a step.

    Parameters
    ----------
    campaign : `cmbot.models.campaign.CampaignDefinition`
        The campaign.
    step : `str`
        Name of the step.

    Returns
    -------
    collections : `tuple` [`str`, ...]
        Chains of all steps before it, the nearest first, then the datasets of the set that it includes, then
        the campaign's own inputs; each once.

    Raises
    ------
    UserError
        Raised if a name is not possible, or the steps wait for each other.
    """
    names = layout(campaign)
    names.step(step)
    before = set(campaign.step(step).after)
    # walking the order backwards, every step is met after all that wait for it
    for name in reversed(names.steps):
        if name in before:
            before.update(campaign.step(name).after)
    before &= {other.name for other in campaign.work}
    upstream = [names.step(name) for name in reversed(names.steps) if name in before]
    return _once((*upstream, *_tagged(campaign, campaign.step(step), names), *campaign.inputs))


def original_inputs(campaign: CampaignDefinition) -> tuple[str, ...]:
    """Collections that a campaign reads and has not made of other data itself.

    Parameters
    ----------
    campaign : `cmbot.models.campaign.CampaignDefinition`
        The campaign.

    Returns
    -------
    collections : `tuple` [`str`, ...]
        TAGGED ones of sets of DataIds, then the campaign's inputs; each once.
    """
    return _once((*tagged(campaign), *campaign.inputs))


def tagged(campaign: CampaignDefinition) -> tuple[str, ...]:
    """TAGGED collections of the sets that a campaign and its steps include.

    Parameters
    ----------
    campaign : `cmbot.models.campaign.CampaignDefinition`
        The campaign.

    Returns
    -------
    collections : `tuple` [`str`, ...]
        Each once.
    """
    names = layout(campaign)
    return _once(name for step in campaign.steps for name in _tagged(campaign, step, names))


def tag(campaign: CampaignDefinition, step: StepDefinition, data_ids: DataIdSet) -> Tag | None:
    """Plan the TAGGED collection of the set that a step includes.

    Parameters
    ----------
    campaign, step
        The campaign and the step.
    data_ids : `cmbot.dataids.DataIdSet`
        The set.

    Returns
    -------
    tag : `Tag` or `None`
        `None` if groups say in their queries what is included.

    Raises
    ------
    UserError
        Raised if a name is not possible.
    """
    file = campaign.chosen(step).get("include")
    if file is None or not file.dataset_type:
        return None
    name = layout(campaign).inputs(data_ids.sha256)
    beside = tuple(one for one in step_inputs(campaign, step.name) if one != name)
    return Tag(name, file.dataset_type, data_ids, file.collections, beside)


def _tagged(campaign: CampaignDefinition, step: StepDefinition, names: Layout) -> Iterator[str]:
    # Without its hash it is not known yet which set it is; then nothing is asked of a Butler.
    file = campaign.chosen(step).get("include")
    if file is not None and file.dataset_type and file.sha256:
        yield names.inputs(file.sha256)


def rescue_inputs(attempts: Iterable[GoodAttempt], inputs: Iterable[str]) -> tuple[str, ...]:
    """Input collections of a rescue: what earlier attempts made comes first.

    Parameters
    ----------
    attempts : `~collections.abc.Iterable` [`GoodAttempt`]
        Earlier attempts of the group that may be used.
    inputs : `~collections.abc.Iterable` [`str`]
        Inputs of the step.

    Returns
    -------
    collections : `tuple` [`str`, ...]
        RUNs of the attempts, the newest first, then the inputs; each once.
    """
    newest_first = sorted(attempts, key=lambda attempt: (-attempt.number, attempt.run))
    return _once((*(attempt.run for attempt in newest_first), *inputs))


def _in_order(campaign: CampaignDefinition) -> tuple[str, ...]:
    known = [step.name for step in campaign.steps]
    if len(set(known)) < len(known):
        raise UserError("steps", "two have the same name", "rename one of them")
    for step in campaign.steps:
        unknown = [name for name in step.after if name not in known]
        if unknown:
            raise UserError(
                step.name, f"it is after {', '.join(unknown)}, which is no step", "correct the order"
            )
    sorter = TopologicalSorter({step.name: step.after for step in campaign.steps})
    try:
        return tuple(sorter.static_order())
    except CycleError as error:
        circle = " after ".join(error.args[1])
        raise UserError("steps", f"they wait for each other: {circle}", "correct the order") from error


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
