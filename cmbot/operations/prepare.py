"""Prepare what a launch would submit, as files that people may edit (requirements B22, B23)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from cmbot.bps.lint import sameness
from cmbot.bps.render import to_yaml
from cmbot.exceptions import CmbotError, DefinitionError, Problem, UserError
from cmbot.handlers import changing, starting
from cmbot.jira_schema import parse
from cmbot.mirror import plans, seen
from cmbot.models.attempts import AS_DEFINED
from cmbot.models.issues import Level
from cmbot.operations.plan import split
from cmbot.operations.status import epic_of
from cmbot.reconcile import choosing, launch_area, launching, submissions, views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from cmbot.mirror.plans import GroupRow
    from cmbot.models.views import CampaignView, GroupView, StepView, Unlike
    from cmbot.reconcile.edges import Edges


class Done(StrEnum):
    """What became of a prepared file."""

    NEW = "new"
    """It was not there."""
    THERE = "there"
    """It was there, and what it was rendered from has not changed."""
    AGAIN = "again"
    """It was rendered again, since the definition has changed."""
    STALE = "stale"
    """The definition has changed and the file was edited: a person decides."""


@dataclass(frozen=True)
class Prepared:
    """What one attempt will submit."""

    key: str
    """Key of the step."""
    step: str
    """Its name."""
    group: str
    """Name of the group."""
    attempt: str
    """The attempt: ``a1``."""
    file: str
    """The BPS YAML in the launching area."""
    done: Done
    """What became of it."""
    edits: tuple[Unlike, ...] = ()
    """What people changed in it."""
    problems: tuple[Problem, ...] = ()
    """Why it cannot be launched as it is."""


@dataclass(frozen=True)
class Area:
    """What is prepared of a campaign or step."""

    files: tuple[Prepared, ...] = ()
    """One for each attempt that a launch would make."""
    unlike: Mapping[str, tuple[Unlike, ...]] = field(default_factory=dict)
    """In what files of a step differ beside names and data (requirement B16), by key of the step."""
    problems: tuple[Problem, ...] = ()
    """Why steps cannot be split."""
    notes: tuple[str, ...] = ()
    """Why nothing of steps would be launched now."""


def prepare(
    edges: Edges,
    key: str,
    group: str,
    say: Callable[[str], None],
    *,
    anew: bool = False,
    dry_run: bool = False,
) -> Area:
    """Render what a launch would submit into the launching area.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    key : `str`
        Key of a campaign, step or group.
    group : `str`
        Name of a group; empty for all.
    say : `~collections.abc.Callable`
        Told what is being asked.
    anew : `bool`, optional
        Whether to replace also files that were edited.
    dry_run : `bool`, optional
        Whether to write nothing.

    Returns
    -------
    area : `Area`
        What is there now; of a dry run what would be.

    Raises
    ------
    UserError
        If the key is not known, or nothing of it can be launched.
    DefinitionError
        If the campaign is not complete.
    """
    view = views.campaign(edges, epic_of(edges, key))
    if view.problems:
        raise DefinitionError(view.issue.key, view.problems)
    key = seen.renamed(edges.mirror).get(key, key)
    issue = parse.issue(next(iter(seen.bodies(edges.mirror, key=key))), edges.names)
    files, problems, notes = list[Prepared](), list[Problem](), list[str]()
    unlike: dict[str, tuple[Unlike, ...]] = {}
    for step in view.steps:
        if issue.level is not Level.CAMPAIGN and step.issue.key not in {issue.key, issue.parent}:
            continue
        if step.checkpoint:
            continue
        if not starting.startable(view, step):
            reasons = starting.blockers(view, step) or ("it is closed or not followed",)
            notes.append(f"{step.issue.key} {step.name} would not be launched: {'; '.join(reasons)}")
            continue
        wanted = _named(step, issue.id) if issue.level is Level.GROUP else group
        try:
            rows = list(_rows(edges, view, step, wanted, say))
        except CmbotError as error:
            problems.append(Problem(f"{step.name} {error.subject}", error.problem, error.remedy))
            continue
        made = [_file(edges, view, step, row, there, anew=anew, dry_run=dry_run) for row, there in rows]
        files += [each for each, _ in made]
        if found := sameness.differences({f"{one.group} {one.attempt}": said for one, said in made if said}):
            unlike[step.issue.key] = found
    if not files and not problems:
        why = "; ".join(notes) or "its groups run or are completed"
        raise UserError(key, f"a launch would submit nothing of it: {why}", f"see `cmbot status {key}`")
    return Area(tuple(files), unlike, tuple(problems), tuple(notes))


def _named(step: StepView, issue_id: str) -> str:
    return next((each.name for each in step.groups if each.issue and each.issue.id == issue_id), "none")


def _rows(
    edges: Edges, view: CampaignView, step: StepView, wanted: str, say: Callable[[str], None]
) -> Iterator[tuple[GroupRow, GroupView | None]]:
    """Groups of which a launch would make an attempt; of a step that is not split yet as it would be now."""
    there = {each.name: each for each in step.groups}
    rows: tuple[GroupRow, ...] = tuple(plans.groups_of(edges.mirror, step.issue.id))
    if not any(each.attempts for each in step.groups):
        say(f"{step.issue.key} asking the Butler about {step.name}")
        rows, _ = split(edges, view, step, choosing.fetch(edges, view, step))
    for row in rows:
        known = there.get(row.name)
        last = known.last if known else None
        free = known is None or not (known.distrusted or known.outside)
        if wanted in ("", row.name) and free and (last is None or last.state.ended_badly):
            yield row, known


def _file(
    edges: Edges,
    view: CampaignView,
    step: StepView,
    row: GroupRow,
    there: GroupView | None,
    *,
    anew: bool,
    dry_run: bool,
) -> tuple[Prepared, dict[str, Any]]:
    """Prepare one attempt; the second value is what it should have in common with the others."""
    number = there.last.number + 1 if there and there.last else 1
    where = launch_area.place(edges, step.issue.key, row.name, number)
    file = str(where / launch_area.EDITED)
    made = Prepared(step.issue.key, step.name, row.name, f"a{number}", file, Done.NEW)
    try:
        changes = changing.changes(view, step, there) if there else AS_DEFINED
        example = launching.example(edges, view, step, row, number, changes)
        config, _ = submissions.configuration(edges, example)
        files = launch_area.find(edges, step.issue.key, row.name, number)
        made = replace(made, done=_done(files, config, anew=anew))
        if files is not None and made.done is Done.STALE:
            problem = replace(launching.stale(files, config), remedy="look at your edits, then say --anew")
            return replace(made, edits=files.edits, problems=(problem,)), {}
        if files is None or made.done is Done.AGAIN:
            files = launch_area.Files(where, _head(step, made) + to_yaml(config), to_yaml(config))
            if not dry_run:
                _write(files)
        written = launching.checked(files, example, config)
    except DefinitionError as error:
        return replace(made, problems=error.problems), {}
    except CmbotError as error:
        return replace(made, problems=(Problem(error.subject, error.problem, error.remedy),)), {}
    return replace(made, edits=written.edits, problems=written.problems), sameness.shared(written.config)


def _done(files: launch_area.Files | None, config: Mapping[str, Any], *, anew: bool) -> Done:
    if files is None:
        return Done.NEW
    if anew:
        return Done.AGAIN
    if files.rendered == to_yaml(config):
        return Done.THERE
    return Done.STALE if files.edits else Done.AGAIN


def _head(step: StepView, made: Prepared) -> str:
    return (
        f"# Submitted as it stands here when {step.name} {made.group} {made.attempt} is launched. Edit what\n"
        "# you like but names, collections, data query, Butler, site and WMS; then check it with\n"
        f"# `cmbot prepare {step.issue.key}`.\n"
    )


def _write(files: launch_area.Files) -> None:
    try:
        files.place.mkdir(parents=True, exist_ok=True)
        # Where only one of them is there, nothing is submitted.
        (files.place / launch_area.RENDERED).write_text(files.rendered)
        (files.place / launch_area.EDITED).write_text(files.edited)
    except OSError as error:
        raise UserError(
            str(files.place), f"cannot be written ({error.strerror})", "see work.launch"
        ) from error
