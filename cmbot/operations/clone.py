"""Make a new campaign from one in Jira (requirement B25)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cmbot.definition import clone as definitions
from cmbot.exceptions import DefinitionError, UserError
from cmbot.operations import dataid_files
from cmbot.operations.create import require_valid
from cmbot.operations.plan import view_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.models.campaign import CampaignDefinition, StepDefinition
    from cmbot.models.views import CampaignView
    from cmbot.operations.dataid_files import Files
    from cmbot.reconcile.edges import Edges


def clone(
    edges: Edges, key: str, values: Mapping[str, str], directory: Path
) -> tuple[CampaignDefinition, CampaignDefinition, Files]:
    """Make a definition from that of a campaign in Jira, as it is there now.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    key : `str`
        Key of the campaign.
    values : `~collections.abc.Mapping` [`str`, `str`]
        What is otherwise; see `cmbot.definition.clone.clone`.
    directory : `pathlib.Path`
        Where sets of DataIds are that the other campaign does not have.

    Returns
    -------
    ancestor, definition : `~cmbot.models.campaign.CampaignDefinition`
        The other campaign, and the new one: for `cmbot.operations.create.create`.
    files : `dict`
        Its sets of DataIds.

    Raises
    ------
    UserError
        If there is no such campaign.
    DefinitionError
        If its definition cannot be read, or the new one is not right.
    """
    view, step = view_of(edges, key)
    if step:
        raise UserError(key, "is not a campaign", f"clone {view.issue.key}")
    if view.definition is None:
        raise DefinitionError(key, view.problems)
    made = definitions.clone(view.definition, view.issue.key, values)
    require_valid(edges.settings, made)
    with tempfile.TemporaryDirectory(prefix="cmbot-clone-") as scratch:
        _fetch(edges, view, view.definition, made, directory, Path(scratch))
        definition, files = dataid_files.gather(made, Path(scratch))
    return view.definition, definition, files


def _fetch(
    edges: Edges,
    view: CampaignView,
    before: CampaignDefinition,
    made: CampaignDefinition,
    directory: Path,
    scratch: Path,
) -> None:
    """Bring the sets of DataIds together: those that stay from Jira, others from here."""
    issues = {"": view.issue} | {step.name: step.issue for step in view.steps}
    known: dict[str, CampaignDefinition | StepDefinition] = {"": before}
    known |= {step.name: step for step in before.steps}
    parts: dict[str, CampaignDefinition | StepDefinition] = {"": made}
    parts |= {step.name: step for step in made.steps}
    for name, part in parts.items():
        for kind in ("include", "exclude"):
            file = getattr(part, kind)
            if file is None:
                continue
            same = name in known and getattr(known[name], kind) == file
            if same:
                content = edges.jira.attachment(issues[name].id, file.file, file.sha256)
            else:
                content = dataid_files.read(directory / file.file).to_json().encode()
            target = scratch / file.file
            if target.exists() and target.read_bytes() != content:
                raise UserError(file.file, "names two different sets", "give them different names")
            target.write_bytes(content)
