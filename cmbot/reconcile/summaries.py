"""Summaries of what has ended: the Butler is asked once, the rest is recomputed (requirements E13, A12)."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from cmbot.butler import plan as collections
from cmbot.butler.contents import ContentsRequest, parse_contents
from cmbot.butler.questions import QUERY_SCRIPT
from cmbot.definition import freeze
from cmbot.exceptions import CmbotError
from cmbot.handlers import summarising
from cmbot.handlers.summarising import OVER, Facts
from cmbot.mirror import definitions, reports
from cmbot.models.summary import CampaignSummary, Contents, StepSummary, to_json
from cmbot.reconcile import asking, holdings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmbot.butler.items import Chain
    from cmbot.models.data_report import FailedQuantum
    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.reconcile.edges import Edges, Local

_LOG = logging.getLogger(__name__)
_TRIES, _PAUSE = 5, timedelta(minutes=30)
"""A Butler that does not answer is asked again so often; then the summary goes without its datasets."""
_CONTENTS = TypeAdapter(Contents)
_CAMPAIGN = TypeAdapter(CampaignSummary)
_SOFTWARE = ("Environment", "LSST version", "Software image", "Custom setup")


@dataclass(frozen=True)
class Ended:
    """What has ended of a campaign, summed up with what the Butler said."""

    steps: Mapping[str, StepSummary] = field(default_factory=dict)
    """By key of the step."""
    campaign: CampaignSummary | None = None
    """The whole, once it has ended."""
    pending: frozenset[str] = frozenset()
    """Keys of what has ended and waits for the Butler's first answer, before which its status is not told:
    one edit of a comment says all, also when the mirror was lost."""
    whole: bool = True
    """Whether nothing more is to be asked."""


def keep(edges: Edges, view: CampaignView, now: datetime) -> Ended:
    """Bring the summary of a campaign up to date, once something of it has ended.

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
    ended : `Ended`
        What can be told now.
    """
    over = [step for step in view.steps if step.issue.status in OVER]
    if not over and view.issue.status not in OVER:
        return Ended()
    plan = holdings.chains(edges, view)
    notes = {step.issue.key: _contents(edges, view, step, _of(plan, view, step), now) for step in over}
    pending = {key for key, note in notes.items() if "contents" not in note and not note["tries"]}
    if pending and view.issue.status in OVER:
        pending.add(view.issue.key)
    found = campaign(edges, view)
    ended = found if view.issue.status in OVER and not pending else None
    edges.mirror.remember(_name(view.issue), to_json(ended) if ended else "")
    return Ended(
        {step.key: step for step in found.steps if step.key in notes.keys() - pending},
        ended,
        frozenset(pending),
        all("contents" in note or note["tries"] >= _TRIES for note in notes.values()),
    )


def campaign(local: Local, view: CampaignView) -> CampaignSummary:
    """Sum a campaign up as it is now, asking nobody.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    summary : `~cmbot.models.summary.CampaignSummary`
        With what the Butler said last.
    """
    plan = holdings.chains(local, view)
    facts = {step.issue.id: _facts(local, view, step, _of(plan, view, step)) for step in view.steps}
    return summarising.campaign(view, facts, plan[-1].name if plan else "")


def kept(local: Local, epic: Issue) -> CampaignSummary | None:
    """Read the summary of a campaign that has ended, as it was made then.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    epic : `~cmbot.models.issues.Issue`
        The campaign.

    Returns
    -------
    summary : `~cmbot.models.summary.CampaignSummary` or `None`
        `None` if it has not ended, or was not summed up yet.
    """
    text = local.mirror.note(_name(epic))
    try:
        return _CAMPAIGN.validate_json(text) if text else None
    except ValidationError:
        # Of an earlier cmbot: the first pass of this one writes it anew.
        return None


def _name(epic: Issue) -> str:
    return f"summary {epic.id}"


def _of(plan: tuple[Chain, ...], view: CampaignView, step: StepView) -> tuple[Chain, ...]:
    """The collections of a step: its groups' and, last, its own."""
    if not plan or view.definition is None:
        return ()
    own = collections.layout(view.definition).step(step.name)
    return tuple(chain for chain in plan if chain.name == own or chain.name.startswith(f"{own}/"))


def _contents(
    edges: Edges, view: CampaignView, step: StepView, chained: tuple[Chain, ...], now: datetime
) -> dict[str, Any]:
    """Have the Butler say what a step holds, unless it said so of the same collections; what it said."""
    if not (chained and step.chained and view.definition and step.definition):
        return {"contents": None}
    wanted, note = freeze.digest([asdict(chain) for chain in chained]), _note(edges, step)
    if note.get("of") != wanted:
        note = {"of": wanted, "tries": 0, "not_before": now.isoformat()}
    if "contents" in note or note["tries"] >= _TRIES:
        return note
    *groups, whole = chained
    request = ContentsRequest(
        view.definition.butler,
        whole.name,
        {group.name.rpartition("/")[2]: group.name for group in groups},
        step.definition.pipeline,
    )
    environment = view.definition.environment_of(step.definition)
    question = asking.Question(QUERY_SCRIPT, request.to_json(), environment)
    try:
        note = _asked(edges, step, question, note, now)
    except CmbotError as error:
        _LOG.warning("%s what it holds is not known: %s", step.issue.key, error)
        again = (now + _PAUSE).isoformat()
        note = {"of": wanted, "tries": note["tries"] + 1, "not_before": again}
    edges.mirror.remember(_note_name(step), json.dumps(note))
    return note


def _asked(
    edges: Edges, step: StepView, question: asking.Question, note: dict[str, Any], now: datetime
) -> dict[str, Any]:
    if "directory" in note:
        directory = edges.state / "contents" / note["directory"]
        if not asking.finished(edges, directory, datetime.fromisoformat(note["at"]), now):
            return note
        found = parse_contents(asking.answer(directory, step.issue.key), step.issue.key)
        _LOG.info("%s holds %d datasets", step.issue.key, sum(each.count for each in found.types))
        return note | {"contents": _CONTENTS.dump_python(found, mode="json")}
    busy = edges.runner.busy() >= edges.settings.work.max_children
    if busy or datetime.fromisoformat(note["not_before"]) > now:
        return note
    name = f"{step.issue.key}-{now.strftime('%Y%m%dT%H%M%S%f')}"
    asking.start(edges, question, edges.state / "contents" / name)
    return note | {"directory": name, "at": now.isoformat()}


def _facts(local: Local, view: CampaignView, step: StepView, chained: tuple[Chain, ...]) -> Facts:
    contents = _note(local, step).get("contents") if chained else None
    return Facts(
        collection=chained[-1].name if chained else "",
        contents=_CONTENTS.validate_python(contents) if contents else None,
        software=tuple(dict.fromkeys(_software(local, view, step))),
        failed={group.name: _failed(local, group) for group in step.groups},
    )


def _software(local: Local, view: CampaignView, step: StepView) -> Iterator[str]:
    """What the attempts used: each step may have software of its own, and edits count at the next attempt."""
    used = {item.hash: item.fields for item in definitions.of(local.mirror, step.issue.id)}
    now = freeze.fields(view.issue, step.issue)
    for attempt in (attempt for group in step.groups for attempt in group.attempts):
        fields = used.get(attempt.hash, now)
        known = {name: fields["step"].get(name) or fields["campaign"].get(name) for name in _SOFTWARE}
        yield ", ".join(f"{name} {' '.join(str(value).split())}" for name, value in known.items() if value)


def _failed(local: Local, group: GroupView) -> tuple[FailedQuantum, ...]:
    item = group.last.last_try if group.last else None
    return reports.failed_quanta(local.mirror, item.id) if item else ()


def _note(local: Local, step: StepView) -> dict[str, Any]:
    note: dict[str, Any] = json.loads(local.mirror.note(_note_name(step)) or "{}")
    return note


def _note_name(step: StepView) -> str:
    return f"contents {step.issue.id}"
