"""Which inputs of a campaign were processed, and which were not and why (requirement C12)."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cmbot.handlers import verdicts
from cmbot.models.issues import Status
from cmbot.operations.report import chosen
from cmbot.operations.status import epic_of
from cmbot.reconcile import summaries, views

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cmbot.models.summary import Coverage
    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.reconcile.edges import Local


class Kind(StrEnum):
    """What became of inputs."""

    WAITING = "to be processed"
    RUNNING = "in processing"
    PROCESSED = "processed"
    BAD = "flagged bad"
    NOT = "not processed"


@dataclass(frozen=True)
class Line:
    """The inputs of one group."""

    step: str
    """Name of the step."""
    key: str
    """Key of the sub-task, or of the step where there is none."""
    group: str
    """Name of the group; empty for a step that was not split."""
    selection: str
    """How they are selected."""
    inputs: int
    """Values of the split dimension; 0 where nothing is split."""
    kind: Kind
    """What became of them."""
    expected: int
    """Quanta of their graphs."""
    produced: int
    """Quanta that made their outputs."""
    why: tuple[str, ...]
    """Why something of them was not processed, or is flagged bad."""

    def to_json(self) -> dict[str, Any]:
        """Give it to a script.

        Returns
        -------
        data : `dict`
            By field.
        """
        return asdict(self)


def lines(local: Local, key: str, group: str = "") -> tuple[Line, ...]:
    """Say what became of the inputs of a campaign, step or group, as the last pass left it.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Key of a campaign, step or group.
    group : `str`, optional
        Name of a group that has no sub-task.

    Returns
    -------
    lines : `tuple` [`Line`, ...]
        One for each group; one for a step that was not split yet.

    Raises
    ------
    UserError
        If the key is not known here.
    """
    view = views.campaign(local, epic_of(local, key))
    wanted = {(step.issue.id, each.name) for step, those in chosen(local, key, group) for each in those}
    summed = {step.key: step for step in summaries.campaign(local, view).steps}
    found = list[Line]()
    for step in view.steps:
        covered = {each.group: each for each in summed[step.issue.key].coverage}
        found += [
            _line(view, step, each, covered[each.name])
            for each in step.groups
            if (step.issue.id, each.name) in wanted
        ]
        if not step.groups and not step.checkpoint and not group and key in (view.issue.key, step.issue.key):
            found.append(_unsplit(step))
    return tuple(found)


def totals(found: Iterable[Line]) -> dict[str, Counter[Kind]]:
    """Add lines up.

    Parameters
    ----------
    found : `~collections.abc.Iterable` [`Line`]
        Of `lines`.

    Returns
    -------
    totals : `dict` [`str`, `~collections.Counter`]
        Inputs by kind, by step; groups where nothing is split.
    """
    counts: dict[str, Counter[Kind]] = {}
    for line in found:
        counts.setdefault(line.step, Counter())[line.kind] += line.inputs or 1
    return counts


def _line(view: CampaignView, step: StepView, group: GroupView, covered: Coverage) -> Line:
    bad = verdicts.bad(view, replace(step, groups=(group,))) if group.attempts else ""
    return Line(
        step.name,
        (group.issue or step.issue).key,
        group.name,
        group.selection,
        group.size,
        _kind(group, bad=bool(bad)),
        covered.expected,
        covered.produced,
        tuple(filter(None, (bad, *_why(group, covered)))),
    )


def _kind(group: GroupView, *, bad: bool) -> Kind:
    last = group.last
    if last is None:
        return Kind.WAITING
    if last.state.live:
        return Kind.RUNNING
    if bad or last.withdrawal or group.rejected:
        return Kind.BAD
    return Kind.PROCESSED if group.effective is Status.COMPLETED else Kind.NOT


def _why(group: GroupView, covered: Coverage) -> Iterator[str]:
    last = group.last
    if last is None or last.state.live:
        return
    if last.withdrawal:
        yield f"taken back: {last.withdrawal.cause.by} {last.withdrawal.cause.what}"
    for one in covered.missing:
        yield " ".join(filter(None, (one.label, one.data_id))) + f": {one.why}"
    if group.effective is not Status.COMPLETED and not covered.missing and last.summary:
        yield last.summary


def _unsplit(step: StepView) -> Line:
    query = step.definition.query if step.definition else ""
    why = tuple(filter(None, (step.waiting, *map(str, step.problems))))
    return Line(step.name, step.issue.key, "", query, 0, Kind.WAITING, 0, 0, why)
