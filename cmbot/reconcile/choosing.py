"""The sets of DataIds that a campaign includes or excludes: from the issues' attachments to a plan."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cmbot.butler import plan as collections
from cmbot.dataids import DataIdSet
from cmbot.exceptions import UserError
from cmbot.mirror import events
from cmbot.splitting import files
from cmbot.splitting.chosen import Chosen

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cmbot.models.campaign import CampaignDefinition, DataIdFile, SplitRule
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges

_KINDS = {"include": "DataIds included", "exclude": "DataIds excluded"}
_TAGGED = "tagged"
"""Empty file beside the sets: a TAGGED collection says what is included."""
_GROUPS = "groups.json"
"""Beside the sets: the groups of the file that the split rule names."""


def fetch(edges: Edges, view: CampaignView, step: StepView) -> Chosen:
    """Read the sets that restrict a step.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view, step
        The campaign and the step, with their definitions.

    Returns
    -------
    chosen : `~cmbot.splitting.chosen.Chosen`
        The sets.

    Raises
    ------
    UserError
        If a file is not there, is no set of DataIds, or not the one that the field means.
    RemoteError
        If Jira does not give it.
    """
    if view.definition is None or step.definition is None:
        return Chosen()
    found = {}
    for kind, file in view.definition.chosen(step.definition).items():
        issue = step.issue if getattr(step.definition, kind) else view.issue
        content = edges.jira.attachment(issue.id, file.file, file.sha256)
        found[kind] = DataIdSet.read(content, file.file, f"{issue.key} {file.file}")
        _require_meant(issue.key, kind, file, found[kind])
    tagged = any(file.dataset_type for file in view.definition.chosen(step.definition).values())
    return Chosen(
        found.get("include"), found.get("exclude"), tagged, _lists(edges, step, step.definition.split)
    )


def _lists(edges: Edges, step: StepView, rule: SplitRule) -> files.Lists:
    """Read the groups of the file that a split rule names."""
    if not rule.file:
        return ()
    content = edges.jira.attachment(step.issue.id, rule.file, rule.sha256)
    lists = files.read(content, rule.file, rule.dimension, f"{step.issue.key} {rule.file}")
    if rule.sha256 and files.sha256(lists) != rule.sha256:
        problem = f"{rule.file} holds other groups than the split rule means: {files.sha256(lists)}"
        raise UserError(step.issue.key, problem, "correct sha256, or attach the file again")
    return lists


def _require_meant(key: str, kind: str, file: DataIdFile, found: DataIdSet) -> None:
    if file.sha256 and found.sha256 != file.sha256:
        problem = f"{file.file} is another set than {_KINDS[kind]} means: its hash is {found.sha256}"
        raise UserError(key, problem, "correct sha256, or attach the file again")
    if file.dataset_type and not file.sha256:
        problem = f"{_KINDS[kind]} names no sha256, by which its TAGGED collection is named"
        raise UserError(key, problem, f"add sha256: {found.sha256}")


def keep(chosen: Chosen, directory: Path) -> None:
    """Keep the sets beside the question, for when its answer comes.

    Parameters
    ----------
    chosen : `~cmbot.splitting.chosen.Chosen`
        The sets.
    directory : `pathlib.Path`
        Of the child that asks.
    """
    for kind, dataids in zip(_KINDS, (chosen.included, chosen.excluded), strict=True):
        if dataids:
            (directory / f"{kind}.json").write_text(dataids.to_json())
    if chosen.tagged:
        (directory / _TAGGED).touch()
    if chosen.lists:
        (directory / _GROUPS).write_text(files.to_json(chosen.lists))


def kept(directory: Path) -> Chosen:
    """Read what `keep` kept.

    Parameters
    ----------
    directory : `pathlib.Path`
        Of the child that asked.

    Returns
    -------
    chosen : `~cmbot.splitting.chosen.Chosen`
        The sets.
    """
    sets = [directory / f"{kind}.json" for kind in _KINDS]
    included, excluded = (DataIdSet.from_json(file.read_text()) if file.exists() else None for file in sets)
    groups = directory / _GROUPS
    lists = tuple(map(tuple, json.loads(groups.read_text()))) if groups.exists() else ()
    return Chosen(included, excluded, (directory / _TAGGED).exists(), lists)


def record(
    edges: Edges, definition: CampaignDefinition, step: StepView, chosen: Chosen, now: datetime
) -> None:
    """Record which DataIds were chosen, and why (requirement C4).

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    definition, step
        The campaign and the step.
    chosen : `~cmbot.splitting.chosen.Chosen`
        What was chosen.
    now : `datetime.datetime`
        The time.
    """
    named = definition.chosen(step.definition) if step.definition else {}
    for kind, dataids in zip(_KINDS, (chosen.included, chosen.excluded), strict=True):
        if dataids and kind in named:
            what = f"{kind}d {len(dataids)} DataIds of {named[kind].file}, sha256 {dataids.sha256}"
            if named[kind].dataset_type:
                name = collections.layout(definition).inputs(dataids.sha256)
                what += f", tagged as {named[kind].dataset_type} in {name}"
            with edges.mirror.writing() as connection:
                events.add(connection, now, step.issue.key, "cmbot", what, named[kind].reason)
