"""Take back what a campaign has made: out of its chains, or out of the Butler (requirements A11, D14).

A person sees first what will be done. Nothing is done here: it is written down with who and why, and a pass
arranges the collections as they are wanted then, so that it works while the service runs, and from a comment.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cmbot.butler.items import told
from cmbot.definition import freeze
from cmbot.exceptions import UserError
from cmbot.mirror import events, reports, withdrawals
from cmbot.models.attempts import Withdrawal
from cmbot.operations.report import chosen
from cmbot.operations.status import epic_of
from cmbot.reconcile import chains, holdings, outputs, views

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.butler.items import Item
    from cmbot.models.attempts import Attempt, Cause
    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.reconcile.edges import Local

_HASH = 12
"""Digits of the hash that a person repeats."""


class Extent(StrEnum):
    """How far what was made is taken back."""

    UNDO = "undo"
    """Out of the chains; it stays in the Butler."""
    CLEAN = "clean"
    """Out of the Butler, if no chain holds it and no rescue would skip it."""
    DELETE = "delete"
    """Out of the chains and out of the Butler."""


@dataclass(frozen=True)
class Made:
    """What one attempt has made."""

    key: str
    """Key of the sub-task, or of the step where there is none."""
    step: str
    """Name of the step."""
    group: str
    """Name of the group."""
    attempt: str
    """The attempt: ``a1``."""
    step_id: str
    """Jira's id of the step."""
    number: int
    """Number of the attempt."""


@dataclass(frozen=True)
class Listing:
    """What will be done, before a person says so."""

    key: str
    """Key of the campaign, step or group."""
    group: str
    """Name of a group, if one was named."""
    extent: Extent
    """How far."""
    made: tuple[Made, ...]
    """What is taken back."""
    items: tuple[Item, ...]
    """What happens to collections."""
    notes: tuple[str, ...]
    """What is worth knowing before."""

    @property
    def lines(self) -> tuple[str, ...]:
        """What happens to collections, for people."""
        return tuple(map(told, self.items))

    @property
    def hash(self) -> str:
        """What a person repeats to say that exactly this is meant."""
        return freeze.digest([self.extent, [asdict(one) for one in self.made], self.lines])[:_HASH]

    def to_json(self) -> dict[str, Any]:
        """Give it to a script.

        Returns
        -------
        data : `dict`
            By field.
        """
        return {
            "key": self.key,
            "extent": self.extent,
            "hash": self.hash,
            "attempts": [asdict(one) for one in self.made],
            "collections": self.lines,
            "notes": self.notes,
        }


def listing(local: Local, key: str, extent: Extent, group: str = "") -> Listing:
    """List what will be done.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Key of a campaign, step or group.
    extent : `Extent`
        How far.
    group : `str`, optional
        Name of a group that has no sub-task.

    Returns
    -------
    listing : `Listing`
        For `give`.

    Raises
    ------
    UserError
        If there is nothing to take back, or something of it runs.
    """
    view = views.campaign(local, epic_of(local, key))
    scope = [(step, each) for step, groups in chosen(local, key, group) for each in groups]
    _require_ended(view, key, scope, extent)
    found = [(step, each, one) for step, each in scope for one in _affected(local, step, each, extent)]
    if not found:
        what = {
            Extent.UNDO: "in the chains",
            Extent.CLEAN: "that no chain holds",
            Extent.DELETE: "in the Butler",
        }
        raise UserError(key, f"has made nothing {what[extent]}", f"see `cmbot collections show {key}`")
    removed = extent is not Extent.UNDO
    there = set(map(holdings.digest, holdings.wanted(local, view)))
    then = holdings.wanted(local, _without(view, {one.id for *_, one in found}, removed=removed))
    made = tuple(
        Made((each.issue or step.issue).key, step.name, each.name, one.label, step.issue.id, one.number)
        for step, each, one in found
    )
    items = tuple(item for item in then if holdings.digest(item) not in there)
    return Listing(key, group, extent, made, items, tuple(_notes(view, {one.step for one in made}, extent)))


def kept(local: Local, key: str) -> tuple[tuple[str, bool], ...]:
    """List the collections of a campaign as they are wanted.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Key of a campaign, or of a step or group of it.

    Returns
    -------
    items : `tuple` [`tuple` [`str`, `bool`], ...]
        What is done, and whether it was seen to be so; children before their chains.

    Raises
    ------
    UserError
        If the key is not known here.
    """
    view = views.campaign(local, epic_of(local, key))
    done = chains.done(local, view)
    return tuple((told(item), holdings.digest(item) in done) for item in holdings.wanted(local, view))


def give(local: Local, shown: Listing, cause: Cause) -> None:
    """Write down that it is taken back; a pass carries it out.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    shown : `Listing`
        What the person has seen.
    cause : `~cmbot.models.attempts.Cause`
        The human act: of `~cmbot.operations.ordering.request`, or a command in a comment.

    Raises
    ------
    UserError
        If it would be something else by now.
    """
    with local.mirror.writing() as connection:
        if listing(local, shown.key, shown.extent, shown.group).hash != shown.hash:
            raise UserError(shown.key, "has changed since it was listed", "list it again")
        for one in shown.made:
            withdrawal = Withdrawal(cause, removed=shown.extent is not Extent.UNDO)
            withdrawals.add(connection, (one.step_id, one.group, one.number), withdrawal)
            what = f"takes back what {one.step} {one.group} {one.attempt} made ({shown.extent})"
            events.add(connection, cause.at, one.key, str(cause.by), what, f"{cause.what} ({cause.id})")


def _require_ended(
    view: CampaignView, key: str, scope: list[tuple[StepView, GroupView]], extent: Extent
) -> None:
    """Refuse while something runs; a removal concerns all of the campaign, which may read it."""
    if view.definition is None:
        raise UserError(view.issue.key, "cannot be read", "correct its fields")
    groups = scope if extent is Extent.UNDO else view.groups
    for step, group in groups:
        if group.last is not None and group.last.state.live:
            problem = f"{step.name} {group.name} {group.last.label} is {group.last.state}"
            raise UserError(key, problem, f"wait for its end, or `cmbot cancel {key}`")


def _affected(local: Local, step: StepView, group: GroupView, extent: Extent) -> Iterator[Attempt]:
    used = {
        one.id for one, _ in outputs.used(group.attempts, reports.registered(local.mirror, step.issue.id))
    }
    for attempt in group.attempts:
        item, before = attempt.last_try, attempt.withdrawal
        if item is None:
            continue
        if extent is Extent.UNDO:
            affected = attempt.id in used
        else:
            # What others ran is theirs.
            affected = item.recorded is None and not (before and before.removed)
            affected &= extent is Extent.DELETE or attempt.id not in used
        if affected:
            yield attempt


def _without(view: CampaignView, attempts: set[int], *, removed: bool) -> CampaignView:
    """The campaign, as if these attempts had been taken back."""
    steps = []
    for step in view.steps:
        groups = tuple(
            replace(
                group,
                attempts=tuple(
                    replace(one, withdrawal=Withdrawal(one.cause, removed)) if one.id in attempts else one
                    for one in group.attempts
                ),
            )
            for group in step.groups
        )
        steps.append(replace(step, groups=groups))
    return replace(view, steps=tuple(steps))


def _notes(view: CampaignView, steps: set[str], extent: Extent) -> Iterator[str]:
    if extent is Extent.CLEAN:
        return
    begun = {step.name for step in view.steps if any(group.attempts for group in step.groups)}
    for step in view.definition.steps if view.definition else ():
        read = [name for name in step.after if name in steps]
        if read and step.name in begun - steps:
            yield f"what {step.name} made of {', '.join(read)} stays"
