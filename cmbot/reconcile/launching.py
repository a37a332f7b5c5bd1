"""Submit prepared files as they stand, and record what people edited (B22, B23).

A file is for one attempt. It is used if what cmbot would render now is what it rendered then: otherwise the
definition, the settings or what earlier attempts made have changed, and a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

from cmbot.bps import prepared
from cmbot.bps.fields import in_jira
from cmbot.bps.lint import lint
from cmbot.bps.render import to_yaml
from cmbot.definition import yaml_text
from cmbot.exceptions import DefinitionError, Problem
from cmbot.mirror import events, reports
from cmbot.models.attempts import AS_DEFINED
from cmbot.models.views import Unlike
from cmbot.reconcile import launch_area, submissions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from sqlite3 import Connection

    from cmbot.bps.submission import Submission
    from cmbot.mirror.plans import GroupRow
    from cmbot.models.attempts import Attempt, Changes
    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges, Local


@dataclass(frozen=True)
class Written:
    """What is handed to bps."""

    text: str
    """The BPS YAML, to the letter."""
    config: Mapping[str, Any]
    """The same, parsed."""
    problems: tuple[Problem, ...] = ()
    """Everything wrong with it."""
    file: str = ""
    """The prepared file that it comes from; empty if it was rendered."""
    edits: tuple[Unlike, ...] = ()
    """What a person changed in it."""
    changed: str = ""
    """Whose file it is, and when it was changed last, for people."""
    difference: str = ""
    """The same as a unified difference."""


def example(
    edges: Edges,
    view: CampaignView,
    step: StepView,
    row: GroupRow,
    number: int,
    changes: Changes = AS_DEFINED,
) -> Submission:
    """Describe a submission as it is prepared: before it is known who launches it, and its nonce.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view, step, row
        Campaign, step and group.
    number : `int`
        Number of the attempt.
    changes : `~cmbot.models.attempts.Changes`, optional
        What it does otherwise than the definition says.

    Returns
    -------
    submission : `~cmbot.bps.submission.Submission`
        For `cmbot.reconcile.submissions.configuration`.
    """
    name = submissions.run_name(step.issue.key, step.name, row.name, number, prepared.NONCE)
    return submissions.submission(edges, view, step, row, number, name, prepared.OPERATOR, changes)


def require_fresh(
    edges: Edges, view: CampaignView, step: StepView, row: GroupRow, number: int, changes: Changes
) -> None:
    """See that what is prepared for an attempt was rendered from what is defined now.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view, step, row
        Campaign, step and group.
    number : `int`
        Number of the attempt.
    changes : `~cmbot.models.attempts.Changes`
        What it does otherwise than the definition says.

    Raises
    ------
    DefinitionError
        If anything else would be rendered now.
    """
    files = launch_area.find(edges, step.issue.key, row.name, number)
    if files is None:
        return
    config, _ = submissions.configuration(edges, example(edges, view, step, row, number, changes))
    if to_yaml(config) != files.rendered:
        raise DefinitionError(step.issue.key, (stale(files, config),))


def stale(files: launch_area.Files, config: Mapping[str, Any]) -> Problem:
    """Say what has changed since a file was prepared.

    Parameters
    ----------
    files : `~cmbot.reconcile.launch_area.Files`
        What is prepared.
    config : `~collections.abc.Mapping`
        What would be rendered now.

    Returns
    -------
    problem : `~cmbot.exceptions.Problem`
        With what to do.
    """
    before = yaml_text.load(files.rendered, str(files.place / launch_area.RENDERED))
    found = prepared.edits(config, before if isinstance(before, dict) else {})
    said = "; ".join(map(str, found[:3]))
    more = f", and {len(found) - 3} more" if len(found) > 3 else ""
    return Problem(
        str(files.place / launch_area.EDITED),
        f"was prepared from something else; now {said}{more}",
        "run `cmbot prepare` again, or remove its directory to launch what is defined",
    )


def written(edges: Edges, described: Submission, step_key: str, group: str, number: int) -> Written:
    """Give what a submission hands to bps: the prepared file, if there is one, else what is rendered.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    described : `~cmbot.bps.submission.Submission`
        The submission, with its own names.
    step_key, group : `str`
        Key of the step and name of the group.
    number : `int`
        Number of the attempt.

    Returns
    -------
    written : `Written`
        With everything that is wrong with it.

    Raises
    ------
    DefinitionError
        If something in the definition must not reach BPS.
    UserError
        If the prepared file cannot be read.
    """
    config, problems = submissions.configuration(edges, described)
    files = launch_area.find(edges, step_key, group, number)
    return Written(to_yaml(config), config, problems) if files is None else checked(files, described, config)


def checked(files: launch_area.Files, described: Submission, rendered: Mapping[str, Any]) -> Written:
    """Take a prepared file for a submission.

    Parameters
    ----------
    files : `~cmbot.reconcile.launch_area.Files`
        What is prepared.
    described : `~cmbot.bps.submission.Submission`
        The submission, with its own names.
    rendered : `~collections.abc.Mapping`
        The configuration that cmbot renders for it.

    Returns
    -------
    written : `Written`
        With everything that is wrong with it.

    Raises
    ------
    UserError
        If the file cannot be read as YAML.
    """
    file = str(files.place / launch_area.EDITED)
    text = prepared.at_launch(files.edited, described.name, described.operator)
    edited = yaml_text.load(text, file)
    if found := tuple(prepared.problems(edited, rendered, file)):
        return Written(text, edited if isinstance(edited, dict) else {}, found, file)
    # What the definition has wrong as well is mended there.
    defined = set(lint(rendered))
    problems = tuple(
        in_jira(each, described) if each in defined else replace(each, field=f"{file} {each.field}")
        for each in lint(edited)
    )
    before, after = (to_yaml(each).splitlines(keepends=True) for each in (rendered, edited))
    difference = "".join(unified_diff(before, after, "rendered", "submitted"))
    edits = prepared.edits(edited, rendered)
    return Written(text, edited, problems, file, edits, files.changed, difference)


def keep(connection: Connection, issue: Issue, attempt: Attempt, made: Written, now: datetime) -> None:
    """Record that a prepared file is submitted, and what was edited in it, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue : `~cmbot.models.issues.Issue`
        The step.
    attempt : `~cmbot.models.attempts.Attempt`
        What is submitted.
    made : `Written`
        With what.
    now : `datetime.datetime`
        The time.
    """
    if not made.file:
        return
    what = f"{attempt.group} {attempt.label} is submitted from {made.file}"
    why = "; ".join([*map(str, made.edits), made.changed]) if made.edits else "as it was rendered"
    events.add(connection, now, issue.key, "cmbot", what, why)
    body = {"edits": [(each.field, each.value, each.usual) for each in made.edits]}
    reports.save(connection, attempt.tries[-1].id, reports.EDITS, body, now)


def edits(local: Local, issue: Issue, attempts: Mapping[str, tuple[Attempt, ...]]) -> tuple[Unlike, ...]:
    """List what people edited in the files that the newest attempts of a step were submitted with.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    issue : `~cmbot.models.issues.Issue`
        The step.
    attempts : `~collections.abc.Mapping`
        Its attempts by group, oldest first.

    Returns
    -------
    edits : `tuple` [`~cmbot.models.views.Unlike`, ...]
        The usual is what was rendered.
    """
    known = reports.of_step(local.mirror, issue.id, reports.EDITS)
    found: dict[tuple[str, str, str], list[str]] = {}
    for group, those in attempts.items():
        item = those[-1].last_try
        for edit in known.get(item.id, {}).get("edits", ()) if item else ():
            found.setdefault(tuple(edit), []).append(f"{group} {those[-1].label}")
    return tuple(Unlike(*edit, tuple(names)) for edit, names in found.items())
