"""How steps were split: what a Butler was asked and said, and the frozen groups (requirement W23)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cmbot.mirror.database import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror


@dataclass(frozen=True)
class Plan:
    """How a step is to be split, asked of a Butler."""

    step_id: str
    """Jira id of the step."""
    hash: str
    """Hash of the step's definition."""
    cause_id: str
    """The launch it was asked for."""
    directory: str
    """Directory of the child run."""
    asked_at: datetime
    """When it was asked."""
    answer: Mapping[str, Any] | None
    """What the Butler said; `None` while it is being asked."""


@dataclass(frozen=True)
class GroupRow:
    """One group of a step, frozen when the step was split (requirement W23)."""

    step_id: str
    """Jira id of the step."""
    name: str
    """``g001``."""
    size: int
    """Number of values of the split dimension in it."""
    predicate: Mapping[str, Any]
    """How its data are selected."""
    issue_id: str
    """Jira id of its sub-task; empty if there is none."""
    issue_key: str
    """Key of its sub-task; empty if there is none."""


def plan(mirror: Mirror, step_id: str, spec: str) -> Plan | None:
    """Read how a step is to be split.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id, spec : `str`
        The step and the hash of its definition.

    Returns
    -------
    plan : `Plan` or `None`
        `None` if it was never asked.
    """
    row = mirror.connection.execute(
        "SELECT * FROM plans WHERE step_id = ? AND hash = ?", (step_id, spec)
    ).fetchone()
    if row is None:
        return None
    answer = json.loads(row["answer"]) if row["answer"] else None
    return Plan(
        step_id, spec, row["cause_id"], row["directory"], datetime.fromisoformat(row["asked_at"]), answer
    )


def ask_plan(mirror: Mirror, step_id: str, spec: str, cause_id: str, directory: str, now: datetime) -> None:
    """Write down that a Butler is being asked.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id, spec, cause_id, directory : `str`
        The step, the hash of its definition, the launch, and the directory of the child.
    now : `datetime.datetime`
        The time.
    """
    with mirror.writing() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO plans VALUES (?, ?, ?, ?, ?, NULL)",
            (step_id, spec, cause_id, directory, stamp(now)),
        )


def answer_plan(mirror: Mirror, step_id: str, spec: str, answer: Mapping[str, Any]) -> None:
    """Keep what the Butler said.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id, spec : `str`
        The step and the hash of its definition.
    answer : `~collections.abc.Mapping`
        The answer, or an error.
    """
    with mirror.writing() as connection:
        connection.execute(
            "UPDATE plans SET answer = ? WHERE step_id = ? AND hash = ?", (json.dumps(answer), step_id, spec)
        )


def forget_open(mirror: Mirror, step_id: str, spec: str) -> None:
    """Forget what a Butler is being asked for definitions that a step does not have any more.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id, spec : `str`
        The step and the hash of its definition; an empty hash if it cannot be read.
    """
    old = "FROM plans WHERE step_id = ? AND hash <> ? AND answer IS NULL"
    if mirror.connection.execute(f"SELECT 1 {old}", (step_id, spec)).fetchone():
        with mirror.writing() as connection:
            connection.execute(f"DELETE {old}", (step_id, spec))


def answered(mirror: Mirror, step_id: str, cause_id: str) -> bool:
    """Tell whether a Butler has said for a launch how a step splits.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id, cause_id : `str`
        The step and the launch.

    Returns
    -------
    answered : `bool`
        Whether there is an answer, other than that it cannot be split.
    """
    rows = mirror.connection.execute(
        "SELECT answer FROM plans WHERE step_id = ? AND cause_id = ? AND answer IS NOT NULL",
        (step_id, cause_id),
    )
    return any("problems" not in json.loads(row["answer"]) for row in rows)


@dataclass(frozen=True)
class Selected:
    """What a step selected when it was split and something of it submitted."""

    step_key: str
    """Key of the step."""
    at: datetime
    """When its Butler was asked."""
    counts: Mapping[str, int]
    """Values by dimension."""


def selected_before(mirror: Mirror, pipeline: str, butler: str) -> Selected | None:
    """Find the newest run of a pipeline on a Butler repository (requirement V19).

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    pipeline, butler : `str`
        The fields "Pipeline YAML" of a step and "Butler repository" of its campaign.

    Returns
    -------
    selected : `Selected` or `None`
        `None` if there was none.
    """
    row = mirror.connection.execute(
        """SELECT issues.key, plans.asked_at, json_extract(plans.answer, '$.selected') AS counts
        FROM plans JOIN definitions USING (step_id, hash) JOIN issues ON issues.id = plans.step_id
        WHERE counts IS NOT NULL AND json_extract(fields, '$.step."Pipeline YAML"') = ?
        AND json_extract(fields, '$.campaign."Butler repository"') = ?
        ORDER BY plans.asked_at DESC LIMIT 1""",
        (pipeline, butler),
    ).fetchone()
    if row is None:
        return None
    return Selected(row["key"], datetime.fromisoformat(row["asked_at"]), json.loads(row["counts"]))


def open_plans(mirror: Mirror) -> tuple[str, ...]:
    """Find the steps for which a Butler is being asked.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    step_ids : `tuple` [`str`, ...]
        Their ids.
    """
    return tuple(
        row["step_id"] for row in mirror.connection.execute("SELECT step_id FROM plans WHERE answer IS NULL")
    )


def freeze_groups(mirror: Mirror, step_id: str, groups: Sequence[GroupRow]) -> None:
    """Keep the groups of a step, replacing those of a step in which nothing was submitted yet.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.
    groups : `~collections.abc.Sequence` [`GroupRow`]
        All its groups.
    """
    known = {group.name: group for group in groups_of(mirror, step_id)}
    with mirror.writing() as connection:
        connection.execute("DELETE FROM groups WHERE step_id = ?", (step_id,))
        for group in groups:
            old = known.get(group.name, group)
            add_group(connection, replace(group, issue_id=old.issue_id, issue_key=old.issue_key))


def add_group(connection: Connection, group: GroupRow) -> None:
    """Keep one more group of a step beside the others, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    group : `GroupRow`
        The group.

    Raises
    ------
    sqlite3.IntegrityError
        If the step has one of this name.
    """
    connection.execute(
        "INSERT INTO groups VALUES (?, ?, ?, ?, ?, ?)",
        (
            group.step_id,
            group.name,
            group.size,
            json.dumps(group.predicate),
            group.issue_id,
            group.issue_key,
        ),
    )


def groups_of(mirror: Mirror, step_id: str) -> tuple[GroupRow, ...]:
    """Read the groups of a step.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.

    Returns
    -------
    groups : `tuple` [`GroupRow`, ...]
        By name.
    """
    rows = mirror.connection.execute("SELECT * FROM groups WHERE step_id = ? ORDER BY name", (step_id,))
    return tuple(
        GroupRow(
            row["step_id"],
            row["name"],
            row["size"],
            json.loads(row["predicate"]),
            row["issue_id"],
            row["issue_key"],
        )
        for row in rows
    )


def group_marker(step_id: str, group: str) -> str:
    """Name what the sub-task of a group is found by.

    Parameters
    ----------
    step_id, group : `str`
        The group.

    Returns
    -------
    marker : `str`
        The same for the same group.
    """
    return f"group:{step_id}:{group}"


def name_group_issue(mirror: Mirror, step_id: str, group: str, issue_id: str, issue_key: str) -> None:
    """Remember the sub-task of a group.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id, group : `str`
        The group.
    issue_id, issue_key : `str`
        Its sub-task.
    """
    with mirror.writing() as connection:
        connection.execute(
            "UPDATE groups SET issue_id = ?, issue_key = ? WHERE step_id = ? AND name = ?",
            (issue_id, issue_key, step_id, group),
        )


def made_of(mirror: Mirror, issue_id: str) -> bool:
    """Tell whether something was made of an issue: groups, or a group's sub-task; of a campaign: of a step.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    issue_id : `str`
        A campaign, step or group.

    Returns
    -------
    made : `bool`
        Whether it must stay what and where it is.
    """
    row = mirror.connection.execute(
        """SELECT 1 FROM groups WHERE step_id = :id OR issue_id = :id OR step_id IN (
            SELECT step.id FROM issues step JOIN issues epic ON step.parent = epic.key
            WHERE epic.id = :id)""",
        {"id": issue_id},
    ).fetchone()
    return row is not None
