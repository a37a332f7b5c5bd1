"""The data report: what the Butler really holds of a workflow that has ended (design.md rule 10)."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cmbot.bps import command
from cmbot.butler.questions import QUERY_SCRIPT, CountRequest, parse_counts
from cmbot.butler.report import parse_report
from cmbot.exceptions import DefinitionError, RemoteError
from cmbot.mirror import events, journal, reports
from cmbot.models.attempts import AttemptState, Verb
from cmbot.models.data_report import DataReport, TaskCount
from cmbot.models.views import Counts
from cmbot.reconcile import asking, counting, submissions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmbot.models.attempts import Attempt, Recorded, Try
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges

_LOG = logging.getLogger(__name__)
FILE = "report.json"
"""What pipetask writes, in the directory of its run."""
_NO_RUN = re.compile(r"No collection with name '([^']+)' found")
MESSAGES = 5
"""Failed quanta that are named to people."""


def follow(edges: Edges, view: CampaignView, step: StepView, attempt: Attempt, now: datetime) -> bool:
    """Make the data report of an attempt, and judge the attempt by it.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view, step
        The campaign and the step.
    attempt : `~cmbot.models.attempts.Attempt`
        Its workflow has ended.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    changed : `bool`
        Whether the journal changed.

    Raises
    ------
    RemoteError
        If the report cannot be made; the attempt stays where it is.
    """
    item = attempt.last_try
    if item is None or view.definition is None or step.definition is None:
        return False
    asked = reports.read(edges.mirror, item.id, "asked")
    if asked is None:
        _ask(edges, view, step, attempt, now)
        return False
    directory = Path(asked["directory"])
    if not asking.finished(edges, directory, datetime.fromisoformat(asked["at"]), now):
        return False
    try:
        report = _answer(item, directory, step.issue.key, now)
        _require_whole(edges, item, report, step.issue.key)
    except DefinitionError as error:
        # Asked of what others ran: there is no such collection.
        _end(edges, step, attempt, AttemptState.FAILED, str(error), None, now)
        return True
    except RemoteError as error:
        missing = _missing(step, attempt, error)
        if missing == item:
            _end_without_run(edges, step, attempt, now)
            return True
        with edges.mirror.writing() as connection:
            reports.drop(connection, item.id, "asked")
            if missing is not None:
                reports.save(connection, missing.id, reports.UNREGISTERED, {"by": item.name}, now)
        if missing is not None:
            _LOG.info("%s %s has no run collection and is left out", step.issue.key, missing.name)
            return False
        raise
    _judge(edges, step, attempt, counting.with_what_is_missing(edges, step, attempt, report), now)
    return True


def _missing(step: StepView, attempt: Attempt, error: RemoteError) -> Try | None:
    """Find the submission whose run collection pipetask missed: its final job never ran."""
    found = _NO_RUN.search(error.problem)
    nonce = found[1].rpartition("_")[2] if found else ""
    return next((item for item in counting.tries(step, attempt) if item.nonce and item.nonce == nonce), None)


def _end_without_run(edges: Edges, step: StepView, attempt: Attempt, now: datetime) -> None:
    cancel = _cancel(edges, attempt)
    summary = "it ended before anything was made: there is no run collection of it"
    state = AttemptState.FAILED if cancel is None else AttemptState.CANCELLED
    if item := attempt.last_try:
        with edges.mirror.writing() as connection:
            reports.save(connection, item.id, reports.UNREGISTERED, {"by": item.name}, now)
    _end(edges, step, attempt, state, "; ".join(filter(None, (cancel, summary))), None, now)


def _require_whole(edges: Edges, item: Try, report: DataReport, subject: str) -> None:
    """Refuse a report on less than the graph holds: it would be complete too easily."""
    quanta = submissions.left(edges, item).quanta or 1
    if report.expected < quanta:
        problem = f"the data report counts {report.expected} quanta, the graph holds {quanta}"
        raise RemoteError(subject, problem, "cmbot makes it again; look at pipetask report")


def _ask(edges: Edges, view: CampaignView, step: StepView, attempt: Attempt, now: datetime) -> None:
    item = attempt.last_try
    if item is None or view.definition is None or step.definition is None:
        return
    directory = Path(item.directory) / f"report-{now.strftime('%Y%m%dT%H%M%S%f')}"
    graphs = [str(graph) for graph in counting.graphs(edges, step, attempt)]
    if item.recorded and not item.recorded.graph:
        request = CountRequest(view.definition.butler, (item.recorded.run,), _left_behind(item.recorded))
        question = asking.Question(
            QUERY_SCRIPT, request.to_json(), view.definition.environment_of(step.definition)
        )
        asking.start(edges, question, directory)
    elif not graphs:
        _end(edges, step, attempt, AttemptState.FAILED, "no quantum graph is left of it", None, now)
        return
    else:
        environment = submissions.environment(edges.settings, view.definition, step.definition)
        argv = command.data_report(view.definition.butler, graphs, FILE)
        edges.runner.start(directory, argv, environment, {})
    with edges.mirror.writing() as connection:
        body = {"directory": str(directory), "at": now.isoformat()}
        reports.save(connection, item.id, "asked", body, now)


def _left_behind(recorded: Recorded) -> tuple[str, ...]:
    """Datasets that every quantum leaves: its metadata if it succeeded, its log in any case."""
    return tuple(f"{label}_{kind}" for label in recorded.expected for kind in ("metadata", "log"))


def _answer(item: Try, directory: Path, subject: str, now: datetime) -> DataReport:
    """Read what the child wrote: pipetask's report, or what was counted of a run without a graph."""
    if item.recorded is None or item.recorded.graph:
        return parse_report(asking.answer(directory, subject, FILE), now)
    counts = parse_counts(asking.answer(directory, subject), subject)
    return DataReport(tuple(_counted(item.recorded, counts)), (), now)


def _counted(recorded: Recorded, counts: Mapping[str, int]) -> Iterator[TaskCount]:
    for label, wanted in recorded.expected.items():
        done, tried = counts[f"{label}_metadata"], counts[f"{label}_log"]
        # What was made beyond what was expected was to be made.
        expected, failed = max(wanted, done, tried), max(0, tried - done)
        yield TaskCount(label, expected, done, failed, 0, expected - done - failed, 0)


def _judge(edges: Edges, step: StepView, attempt: Attempt, report: DataReport, now: datetime) -> None:
    item = attempt.last_try
    tolerance = step.definition.tolerance if step.definition else {}
    wms = (reports.read(edges.mirror, item.id, "wms") if item else None) or {}
    # What others ran is counted as the registry has it.
    merged = bool(wms.get("merged")) or bool(item and item.recorded and item.request_id is None)
    cancel = _cancel(edges, attempt)
    if report.complete or (merged and report.within(tolerance)):
        state = AttemptState.SUCCEEDED
    elif cancel is not None:
        state = AttemptState.CANCELLED
    else:
        state = AttemptState.PARTIAL if report.successful else AttemptState.FAILED
    merge_failed = bool(wms.get("merge_failed"))
    summary = "" if report.complete else _summary(report, merged=merged, merge_failed=merge_failed)
    if state is AttemptState.CANCELLED:
        summary = "; ".join(filter(None, (cancel, summary)))
    before = counting.before(edges, step, attempt)
    grown = before is None or report.successful > before
    if state in {AttemptState.PARTIAL, AttemptState.FAILED} and not grown:
        said = f"nothing more was made: {report.successful} of {report.expected} quanta, as before"
        summary = "; ".join(filter(None, (said, summary)))
    _end(edges, step, attempt, state, summary, report, now, grown=grown)


def _cancel(edges: Edges, attempt: Attempt) -> str | None:
    """Who cancelled it, in words: empty if someone did in the WMS, `None` if nobody."""
    order, item = attempt.asked(Verb.CANCEL), attempt.last_try
    if order is not None and order.sent:
        return f"{order.cause.by} {order.cause.what}"
    wms = (reports.read(edges.mirror, item.id, "wms") if item else None) or {}
    return "" if wms.get("cancelled") else None


def _summary(report: DataReport, *, merged: bool, merge_failed: bool) -> str:
    if merge_failed:
        return "every job succeeded but the final one, which registers the outputs: only the merge failed"
    parts = [
        f"{task.label}: {task.missing} of {task.expected} quanta missing"
        f" ({task.failed} failed, {task.blocked} blocked, {task.unknown} unknown)"
        for task in report.tasks
        if task.missing
    ]
    return "; ".join(parts) + ("" if merged else "; the final job did not register the outputs")


def _end(
    edges: Edges,
    step: StepView,
    attempt: Attempt,
    state: AttemptState,
    summary: str,
    report: DataReport | None,
    now: datetime,
    *,
    grown: bool = True,
) -> None:
    item = attempt.last_try
    if item is None:
        return
    with edges.mirror.writing() as connection:
        if report is not None:
            reports.save(connection, item.id, "data", _body(report) | {"grown": grown}, now)
        journal.move_attempt(connection, attempt.id, state, now, summary=summary, ended_at=now)
        made = f"{report.successful} of {report.expected} quanta" if report else "no data report"
        what = f"{step.name} {attempt.group} {attempt.label} {state}: {made}"
        events.add(connection, now, step.issue.key, "cmbot", what, summary or "data report")
    _LOG.info("%s %s", step.issue.key, what)


def _body(report: DataReport) -> dict[str, object]:
    counts = Counts(report.expected, report.successful, report.failed)
    details = tuple(
        f"{quantum.label} {json.dumps(dict(quantum.data_id))}: {quantum.message}"
        for quantum in report.failed_quanta[:MESSAGES]
    )
    return {
        "counts": asdict(counts),
        "details": details,
        "report": asdict(report) | {"at": report.at.isoformat()},
    }
