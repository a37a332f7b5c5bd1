"""The sets of DataIds that a campaign includes or excludes: from the issues' attachments to a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.dataids import DataIdSet
from cmbot.exceptions import UserError
from cmbot.splitting.chosen import Chosen

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges

_KINDS = {"include": "DataIds included", "exclude": "DataIds excluded"}


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
        if file.sha256 and found[kind].sha256 != file.sha256:
            problem = (
                f"{file.file} is another set than {_KINDS[kind]} means: its hash is {found[kind].sha256}"
            )
            raise UserError(issue.key, problem, "correct sha256, or attach the file again")
    return Chosen(found.get("include"), found.get("exclude"))


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
    files = [directory / f"{kind}.json" for kind in _KINDS]
    return Chosen(*(DataIdSet.from_json(file.read_text()) if file.exists() else None for file in files))
