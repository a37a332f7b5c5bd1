"""Keep what was run and what came of it (requirements E4, E5, V20).

Level-based like everything else: a try whose newest manifest does not say how far it is, or not all that was
learnt since, gets another. So a crash between any two steps is made good by the next pass.
"""

from __future__ import annotations

import json
import logging
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmbot.archive import documents
from cmbot.archive.manifest import AsRun, Stage, sha256
from cmbot.archive.store import Archive
from cmbot.bps.evidence import GRAPH_LOG
from cmbot.definition import yaml_text
from cmbot.exceptions import CmbotError, UserError
from cmbot.mirror import journal, reports
from cmbot.mirror.reports import ARCHIVED
from cmbot.models.attempts import TryState
from cmbot.reconcile import data_reports, failures, job_logs, likeness, submissions, waiting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from cmbot.archive.documents import Document
    from cmbot.archive.manifest import Manifest
    from cmbot.bps.evidence import Evidence
    from cmbot.models.attempts import Attempt, Try
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges
    from cmbot.settings import Settings

_LOG = logging.getLogger(__name__)
YAML = "bps.yaml"
"""The BPS YAML, in the directory of a try and in the archive."""
_OF_CMBOT = frozenset({"asked", "as-run", "graph", ARCHIVED, reports.SHARED})
"""Reports of the journal that say nothing by themselves."""
_LEARNT = frozenset({"wms", "data", reports.MONITOR, failures.KIND, job_logs.KIND, reports.EDITS})
"""Reports that say what came of a try, and what people had edited."""
_OF_ASKING = frozenset({"tries", "not_before"})
"""Parts of a report that say how it was asked for."""


def open_archive(settings: Settings) -> Archive:
    """Find the archive.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.

    Returns
    -------
    archive : `~cmbot.archive.store.Archive`
        Made by the first submission.
    """
    return Archive(Path(settings.work.state) / "archive")


def prepared(
    edges: Edges,
    view: CampaignView,
    step: StepView,
    attempt: Attempt,
    config: Mapping[str, Any],
    files: Mapping[str, str],
    operators: tuple[str, ...] = (),
) -> dict[str, str]:
    """Keep what is about to be submitted.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view, step
        The campaign and the step, as the attempt uses them.
    attempt : `~cmbot.models.attempts.Attempt`
        Its last try is about to be submitted.
    config : `~collections.abc.Mapping`
        The BPS configuration.
    files : `~collections.abc.Mapping` [`str`, `str`]
        Texts by name; the BPS YAML is one of them.
    operators : `tuple` [`str`, ...], optional
        Whose it is.

    Returns
    -------
    body : `dict` [`str`, `str`]
        What the journal keeps of it.

    Raises
    ------
    RemoteError
        If the disk does not take it.
    """
    item = attempt.tries[-1]
    payload = config["payload"]
    environment = step.definition.environment if step.definition else ""
    as_run = _row(view, step, attempt, item).model_copy(
        update={
            "operators": operators,
            "environment": environment or (view.definition.environment if view.definition else ""),
            # What was edited may be a number.
            "lsst_version": str(config.get("LSST_VERSION", "")),
            "image": str(payload.get("sw_image", "")),
            "pipeline": config["pipelineYaml"],
            "wms": config["wmsServiceClass"],
            "site": config["computeSite"],
            "butler": payload["butlerConfig"],
            "inputs": payload["inCollection"],
            "query": payload["dataQuery"],
            "output_run": payload["outputRun"],
            "yaml_sha256": sha256(files[YAML].encode()),
        }
    )
    taken = [documents.from_text(name, text.encode()) for name, text in files.items()]
    digest = open_archive(edges.settings).record(item.name, Stage.PREPARED, as_run, taken)
    return {"stage": Stage.PREPARED, "manifest": digest}


def keep(edges: Edges, view: CampaignView, now: datetime) -> bool:
    """Bring the archive of a campaign up to date.

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
    whole : `bool`
        Whether it is up to date; what could not be kept is said on the step, and holds up nothing else.
    """
    archive, whole = open_archive(edges.settings), True
    for step in view.steps:
        trouble = ""
        known = reports.archived(edges.mirror, step.issue.id)
        for attempt in (attempt for group in step.groups for attempt in group.attempts):
            for item in attempt.tries:
                stage = _stage(attempt, item)
                if stage is None or stage == known.get(item.id):
                    continue
                try:
                    digest = _digest(
                        edges, archive, view, step, attempt, item, stage, new=item.id not in known
                    )
                except (CmbotError, OSError) as error:
                    trouble = f"archive: {error}" if isinstance(error, OSError) else str(error)
                    continue
                with edges.mirror.writing() as connection:
                    body = {"stage": stage, "manifest": digest}
                    reports.save(connection, item.id, ARCHIVED, body, now)
        waiting.note(edges, step, "archive", trouble)
        whole &= not trouble
    return whole


def recall(edges: Edges, step_id: str, now: datetime) -> None:
    """Bring back what was submitted and what came of it, of a step's attempts, after the mirror was lost.

    Jira keeps the counts only; where the archive is lost as well, they are what is known.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    step_id : `str`
        The step, with its attempts.
    now : `datetime.datetime`
        The time.
    """
    archive = open_archive(edges.settings)
    for attempt in (each for group in journal.attempts(edges.mirror, step_id).values() for each in group):
        item = attempt.last_try
        if item is None:
            continue
        try:
            bodies = _learnt(archive, item, {reports.EDITS} if attempt.state.live else _LEARNT)
        except (CmbotError, ValueError) as error:
            _LOG.warning("%s is not read from the archive: %s", item.name, error)
            continue
        with edges.mirror.writing() as connection:
            for kind, body in bodies.items():
                reports.save(connection, item.id, kind, body, attempt.ended_at or now)


def _learnt(archive: Archive, item: Try, kinds: Collection[str]) -> dict[str, Any]:
    newest = archive.newest(item.name)
    entries = newest[1].files if newest else ()
    # What was cut is for people.
    files = {entry.name: entry for entry in entries if not entry.note.startswith("cut")}
    names = {kind: f"{kind}.json" for kind in kinds}
    found = {kind: json.loads(archive.read(files[name])) for kind, name in names.items() if name in files}
    # Where a secret was masked it may be no YAML any more.
    with suppress(UserError):
        text = archive.read(files[YAML]).decode(errors="replace") if YAML in files else ""
        config = yaml_text.load(text, item.name)
        found |= {reports.SHARED: likeness.report(config)} if isinstance(config, dict) else {}
    return found


def _stage(attempt: Attempt, item: Try) -> Stage | None:
    """How far a try is; `None` while nothing is to be kept of it."""
    if not attempt.state.live or item != attempt.last_try:
        return Stage.ENDED
    return Stage.SUBMITTED if item.state is TryState.SUBMITTED else None


def _digest(
    edges: Edges,
    archive: Archive,
    view: CampaignView,
    step: StepView,
    attempt: Attempt,
    item: Try,
    stage: Stage,
    *,
    new: bool,
) -> str:
    newest = archive.newest(item.name)
    if new and newest and newest[1].stage is stage:
        # The mirror was lost, or the bot died before it could write it down; the mirror may know less now.
        return newest[0]
    before = newest[1] if newest else None
    as_run = before.as_run if before else _row(view, step, attempt, item)
    left = submissions.left(edges, item)
    last = item == attempt.last_try
    changes = {
        "group_issue": _group_issue(step, attempt),
        "request_id": item.request_id,
        "quanta": left.quanta if left.quanta is not None else as_run.quanta,
        "state": attempt.state if last else item.state,
        "summary": attempt.summary if last else item.note,
        "ended_at": attempt.ended_at.isoformat() if attempt.ended_at else "",
    }
    found = [*_submission(item, left, before), *_reports(edges, item)]
    return archive.record(item.name, stage, as_run.model_copy(update=changes), found)


def _row(view: CampaignView, step: StepView, attempt: Attempt, item: Try) -> AsRun:
    return AsRun(
        campaign=view.issue.key,
        step=step.issue.key,
        step_name=step.name,
        group=attempt.group,
        group_issue=_group_issue(step, attempt),
        attempt=attempt.number,
        cause=attempt.cause.what,
        by=attempt.cause.by.name,
        definition=attempt.hash,
        reserved_at=item.reserved_at.isoformat(),
    )


def _group_issue(step: StepView, attempt: Attempt) -> str:
    return next((each.issue.key for each in step.groups if each.name == attempt.group and each.issue), "")


def _submission(item: Try, left: Evidence, before: Manifest | None) -> Iterator[Document]:
    """What bps said and wrote. It is taken once: jobs could change it later."""
    known = {entry.name for entry in before.files} if before else set()
    run, submit = Path(item.directory), left.submit_directory
    files = {
        "submit.out": run / "stdout",
        "submit.err": run / "stderr",
        "graph.log": submit / GRAPH_LOG if submit else None,
        "config.yaml": left.config,
        "packages.yaml": left.packages,
    }
    found = [documents.from_file(name, file) for name, file in files.items() if name not in known]
    if "environment.yaml" not in known:
        found.append(documents.from_environment("environment.yaml", left.environment))
    if left.graph is not None and "graph.json" not in known:
        summary = {"file": str(left.graph), "bytes": left.graph.stat().st_size}
        found.append(
            documents.from_data("graph.json", summary | {"quanta": left.quanta, "tasks": left.tasks})
        )
    yield from filter(None, found)


def _reports(edges: Edges, item: Try) -> Iterator[Document]:
    """What was learnt: the last report of the WMS, what its monitor said, the data report, failures."""
    known = reports.read_all(edges.mirror, item.id)
    for kind in known.keys() - _OF_CMBOT:
        body = {name: value for name, value in known[kind].items() if name not in _OF_ASKING}
        yield documents.from_data(re.sub(r"[^a-z0-9-]", "-", kind) + ".json", body)
    if asked := known.get("asked"):
        whole = Path(asked["directory"]) / data_reports.FILE
        if document := documents.from_file("pipetask-report.json", whole):
            yield document
