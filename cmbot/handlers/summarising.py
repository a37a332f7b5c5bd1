"""What came of steps and campaigns, recomputed from what is known, never counted (requirements E13, A12)."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from cmbot.handlers import suspecting
from cmbot.jira_schema.fields import FIELDS, FieldType
from cmbot.models.data_report import TaskCount
from cmbot.models.issues import Status, Verdict
from cmbot.models.summary import (
    CampaignSummary,
    Coverage,
    Missing,
    ProductionSummary,
    Remark,
    StepSummary,
    Totals,
    add_up,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cmbot.models.attempts import Attempt
    from cmbot.models.campaign import CampaignDefinition, StepDefinition
    from cmbot.models.data_report import FailedQuantum
    from cmbot.models.issues import Issue, Person
    from cmbot.models.summary import Contents, Usage
    from cmbot.models.views import CampaignView, GroupView, StepView

OVER = frozenset({Status.COMPLETED, Status.FAILED, Status.ABANDONED})
"""Statuses in which a summary is made."""
NAMED = 1000
"""Quanta without a result that a summary names for each group; of more the number is told."""
_SAID = frozenset({"Verdict", "Verdict reason", "Rule exception"})
"""Fields whose edits are worth keeping."""


@dataclass(frozen=True)
class Facts:
    """What is known of a step beside its view."""

    collection: str = ""
    """Where its outputs are found; empty if there is nothing in the Butler."""
    contents: Contents | None = None
    """What the Butler holds; `None` while it was not asked."""
    software: tuple[str, ...] = ()
    """What its attempts used."""
    failed: Mapping[str, Sequence[FailedQuantum]] = field(default_factory=dict)
    """Failed quanta by group."""


def campaign(view: CampaignView, facts: Mapping[str, Facts], collection: str) -> CampaignSummary:
    """Sum up a campaign.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    facts : `~collections.abc.Mapping` [`str`, `Facts`]
        What else is known, by id of the step.
    collection : `str`
        Where its outputs are found.

    Returns
    -------
    summary : `~cmbot.models.summary.CampaignSummary`
        The same for the same state.
    """
    definition, issue = view.definition, view.issue
    steps = tuple(step(view, each, facts.get(each.issue.id, Facts())) for each in view.steps)
    return CampaignSummary(
        key=issue.key,
        name=issue.summary,
        production=definition.production if definition else "",
        kind=definition.kind if definition else "",
        stage=definition.stage if definition else "",
        status=issue.status,
        verdict=_verdict(issue),
        reason=definition.reason if definition else "",
        butler=definition.butler if definition else "",
        inputs=definition.inputs if definition else (),
        collection=collection,
        totals=add_up(tuple(each.totals for each in steps)),
        steps=steps,
        remarks=_in_order(_said(issue)),
        verdict_by=str(issue.judgement.by or "") if issue.judgement else "",
        people=_people(definition) if definition else {},
        links=_links(issue),
    )


def step(view: CampaignView, one: StepView, facts: Facts) -> StepSummary:
    """Sum up a step.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        Its campaign.
    one : `~cmbot.models.views.StepView`
        The step.
    facts : `Facts`
        What else is known of it.

    Returns
    -------
    summary : `~cmbot.models.summary.StepSummary`
        The same for the same state.
    """
    definition, contents = one.definition, facts.contents
    return StepSummary(
        key=one.issue.key,
        name=one.name,
        status=one.issue.status,
        verdict=_verdict(one.issue),
        pipeline=definition.pipeline if definition else "",
        query=definition.query if definition else "",
        software=facts.software,
        collection=facts.collection,
        totals=_totals(one, contents),
        coverage=tuple(_coverage(group, facts.failed.get(group.name, ())) for group in one.groups),
        tasks=_tasks(one.groups),
        datasets=contents.types if contents else (),
        usage=contents.usage if contents else {},
        left_out=tuple(_left_out(view, definition)) if definition else (),
        suspicious=tuple(suspecting.counts(one, contents, facts.software)),
        remarks=_in_order(_remarks(one, view.me)),
        links=_links(one.issue),
    )


def production(name: str, campaigns: Iterable[CampaignSummary]) -> ProductionSummary:
    """Sum up the campaigns of a production (requirement A2).

    Parameters
    ----------
    name : `str`
        The production.
    campaigns : `~collections.abc.Iterable` [`~cmbot.models.summary.CampaignSummary`]
        Some campaigns; those of other productions are left out.

    Returns
    -------
    summary : `~cmbot.models.summary.ProductionSummary`
        All of it together.
    """
    own = tuple(each for each in campaigns if each.production == name)
    return ProductionSummary(name, add_up(tuple(each.totals for each in own)), own)


def _verdict(issue: Issue) -> str:
    return issue.judgement.verdict if issue.judgement else Verdict.NONE


def _people(definition: CampaignDefinition) -> dict[str, str]:
    own = {"definer": definition.definer, "operators": ", ".join(definition.operators)}
    return {role: name for role, name in (own | dict(definition.sign_off)).items() if name}


def _links(issue: Issue) -> dict[str, str]:
    kinds = {field.name for field in FIELDS if field.type is FieldType.URL and field.name.endswith(" link")}
    return {name: str(issue.fields[name]) for name in sorted(kinds) if issue.fields.get(name)}


def _tasks(groups: Sequence[GroupView]) -> tuple[TaskCount, ...]:
    """Add the tasks of all groups up, in the order of the pipeline."""
    found: dict[str, Counter[str]] = {}
    for task in (task for group in groups for task in group.tasks):
        counts = {name: number for name, number in asdict(task).items() if name != "label"}
        found.setdefault(task.label, Counter(dict.fromkeys(counts, 0))).update(counts)
    return tuple(TaskCount(label, **counts) for label, counts in found.items())


def _totals(one: StepView, contents: Contents | None) -> Totals:
    attempts = [attempt for group in one.groups for attempt in group.attempts]
    begun = [item.reserved_at for attempt in attempts for item in attempt.tries]
    ends = [attempt.ended_at for attempt in attempts]
    ended = [at for at in ends if at is not None]
    options = one.definition.options if one.definition else {}
    usage = contents.usage if contents else {}
    return Totals(
        expected=one.quanta.total,
        produced=one.quanta.done,
        failed=one.quanta.failed,
        datasets=sum(each.count for each in contents.types) if contents else None,
        started=min(begun, default=None),
        ended=max(ended) if ended and len(ended) == len(ends) else None,
        core_hours=_core_hours(usage, options),
        cpu_hours=sum(each.cpu for each in usage.values()) / 3600 if usage else None,
    )


def _core_hours(usage: Mapping[str, Usage], options: Mapping[str, Any]) -> float | None:
    if not usage:
        return None
    return sum(each.wall * _cores(options, label) for label, each in usage.items()) / 3600


def _cores(options: Mapping[str, Any], label: str) -> int:
    """Cores that the quanta of a task asked for; BPS's default is one."""
    own = options.get("pipetask") or {}
    task = own.get(label) or {}
    return int(task.get("requestCpus") or options.get("requestCpus") or 1)


def _coverage(group: GroupView, failed: Sequence[FailedQuantum]) -> Coverage:
    last = group.last
    return Coverage(
        group=group.name,
        key=group.issue.key if group.issue else "",
        selection=group.selection,
        inputs=group.size,
        state=group.state,
        attempts=len(group.attempts),
        expected=group.quanta.total,
        produced=group.quanta.done,
        missing=tuple(_missing(group, last, failed)),
    )


def _missing(group: GroupView, last: Attempt | None, failed: Sequence[FailedQuantum]) -> Iterator[Missing]:
    if last is None:
        yield Missing("", "", "it was never submitted")
        return
    for quantum in failed[:NAMED]:
        why = quantum.message.strip().rpartition("\n")[2][:300] or "it failed without a message"
        yield Missing(quantum.label, json.dumps(dict(quantum.data_id)), why)
    if len(failed) > NAMED:
        yield Missing("", "", f"{len(failed) - NAMED} more quanta failed")
    for task in group.tasks:
        if task.blocked:
            yield Missing(task.label, "", f"{task.blocked} quanta not tried: something before them failed")
        if task.unknown:
            yield Missing(task.label, "", f"{task.unknown} quanta left neither metadata nor a log")
        if task.wonky:
            yield Missing(task.label, "", f"{task.wonky} quanta whose attempts contradict each other")
    if group.quanta.failed and not group.tasks:
        yield Missing("", "", last.summary or f"the attempt is {last.state}")


def _left_out(view: CampaignView, definition: StepDefinition) -> Iterator[str]:
    chosen = view.definition.chosen(definition) if view.definition else {}
    words = {"include": "only the {} DataIds of {}: {}", "exclude": "without the {} DataIds of {}: {}"}
    for kind, file in chosen.items():
        yield words[kind].format(file.count or "", file.file, file.reason).replace("  ", " ")


def _remarks(one: StepView, me: Person) -> Iterator[Remark]:
    if one.definition and one.definition.exception:
        yield Remark(None, "", one.issue.key, f"exception to the rules: {one.definition.exception}")
    yield from _said(one.issue)
    for group in one.groups:
        if group.issue is not None:
            yield from _said(group.issue)
            move = group.issue.last_move
            if group.status is not group.effective and move and move.by != me:
                text = f"accepted {group.name} as it is, {group.quanta.failed} quanta missing"
                yield Remark(move.at, str(move.by), group.issue.key, text)
        for order in (order for attempt in group.attempts for order in attempt.orders):
            text = f"{order.verb} of {group.name}: {order.cause.what}"
            yield Remark(order.cause.at, str(order.cause.by), one.issue.key, text)


def _said(issue: Issue) -> Iterator[Remark]:
    for edit in issue.edits:
        if edit.field in _SAID:
            why = f" ({edit.reason})" if edit.reason else ""
            text = f"{edit.field}: {edit.after or 'taken back'}{why}"
            yield Remark(edit.at, str(edit.by), issue.key, text)


def _in_order(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    known = list(remarks)
    return (
        *(each for each in known if each.at is None),
        *sorted((each for each in known if each.at), key=lambda each: str(each.at)),
    )
