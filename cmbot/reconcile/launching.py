"""The launching area: BPS files that are prepared, edited by people, and submitted as they are (B22, B23).

::

    <area>/<STEPKEY>/g001_a1/bps.yaml        what the first attempt of g001 submits; people edit it
                             rendered.yaml   the same as cmbot rendered it

A file is for one attempt. It is used if what cmbot would render now is what it rendered then: otherwise the
definition, the settings or what earlier attempts made have changed, and a person decides.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

from cmbot.bps import prepared
from cmbot.bps.fields import in_jira
from cmbot.bps.lint import lint
from cmbot.bps.render import to_yaml
from cmbot.definition import yaml_text
from cmbot.exceptions import DefinitionError, Problem, UserError
from cmbot.mirror import events, reports
from cmbot.models.attempts import AS_DEFINED
from cmbot.models.views import Unlike
from cmbot.reconcile import submissions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from sqlite3 import Connection

    from cmbot.bps.submission import Submission
    from cmbot.mirror.plans import GroupRow
    from cmbot.models.attempts import Attempt, Changes
    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges, Local

EDITED, RENDERED = "bps.yaml", "rendered.yaml"
"""Files of the launching area."""


@dataclass(frozen=True)
class Files:
    """What is prepared for one attempt."""

    place: Path
    """Its directory."""
    edited: str
    """What is submitted, but for nonce and operator."""
    rendered: str
    """What cmbot rendered."""

    @property
    def changed(self) -> str:
        """Whose file it is, and when it was changed last, for people."""
        file = self.place / EDITED
        with suppress(OSError, KeyError):
            at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            return f"file of {file.owner()}, changed {at:%Y-%m-%d %H:%M} UTC"
        return ""

    @property
    def edits(self) -> tuple[Unlike, ...]:
        """What was edited.

        Raises
        ------
        UserError
            If the file cannot be read as YAML.
        """
        edited = yaml_text.load(self.edited, str(self.place / EDITED))
        found = edited if isinstance(edited, dict) else {}
        return prepared.edits(found, yaml_text.load(self.rendered, str(self.place / RENDERED)))


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


def place(local: Local, step_key: str, group: str, number: int) -> Path:
    """Name the directory of an attempt.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        For the settings.
    step_key, group : `str`
        Key of the step and name of the group.
    number : `int`
        Number of the attempt.

    Returns
    -------
    directory : `pathlib.Path`
        Not necessarily there.
    """
    return local.launch / step_key / f"{group}_a{number}"


def listed(local: Local, step_key: str) -> tuple[str, ...]:
    """List what is prepared of a step, for any attempt.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        For the settings.
    step_key : `str`
        Key of the step.

    Returns
    -------
    files : `tuple` [`str`, ...]
        In order.
    """
    return tuple(sorted(map(str, (local.launch / step_key).glob(f"*/{EDITED}"))))


def find(local: Local, step_key: str, group: str, number: int) -> Files | None:
    """Read what is prepared for an attempt.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        For the settings.
    step_key, group : `str`
        Key of the step and name of the group.
    number : `int`
        Number of the attempt.

    Returns
    -------
    files : `Files` or `None`
        `None` if nothing is.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    where = place(local, step_key, group, number)
    try:
        return Files(where, *((where / name).read_text() for name in (EDITED, RENDERED)))
    except (FileNotFoundError, NotADirectoryError) as error:
        if not where.exists():
            return None
        raise UserError(
            str(error.filename), "is not there", f"prepare it again, or remove {where}"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(str(where), f"cannot be read ({error})", "mend it, or remove it") from error


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
    files = find(edges, step.issue.key, row.name, number)
    if files is None:
        return
    config, _ = submissions.configuration(edges, example(edges, view, step, row, number, changes))
    if to_yaml(config) != files.rendered:
        raise DefinitionError(step.issue.key, (stale(files, config),))


def stale(files: Files, config: Mapping[str, Any]) -> Problem:
    """Say what has changed since a file was prepared.

    Parameters
    ----------
    files : `Files`
        What is prepared.
    config : `~collections.abc.Mapping`
        What would be rendered now.

    Returns
    -------
    problem : `~cmbot.exceptions.Problem`
        With what to do.
    """
    before = yaml_text.load(files.rendered, str(files.place / RENDERED))
    found = prepared.edits(config, before if isinstance(before, dict) else {})
    said = "; ".join(map(str, found[:3]))
    more = f", and {len(found) - 3} more" if len(found) > 3 else ""
    return Problem(
        str(files.place / EDITED),
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
    files = find(edges, step_key, group, number)
    return Written(to_yaml(config), config, problems) if files is None else checked(files, described, config)


def checked(files: Files, described: Submission, rendered: Mapping[str, Any]) -> Written:
    """Take a prepared file for a submission.

    Parameters
    ----------
    files : `Files`
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
    file = str(files.place / EDITED)
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
