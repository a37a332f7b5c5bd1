"""How a step was split and what came of its attempts, for the day the mirror is lost.

``cmbot.attempts`` alone keeps anything from being submitted twice; these two documents let cmbot go on as if
nothing had happened. The groups and each definition are written before the first submission that needs them.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from cmbot.dataids import DataIdSet
from cmbot.definition import grammar
from cmbot.dimensions import Value, check_values, dimension
from cmbot.exceptions import UserError
from cmbot.jira_schema.editing import DEFINITION
from cmbot.mirror import definitions, journal, packing, plans, reports
from cmbot.models.attempts import TryState
from cmbot.splitting.ranges import bounds, expanded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror
    from cmbot.models.attempts import Attempt

SPLIT = "cmbot.split"
RESULTS = "cmbot.results"
_SUMMARY = 300
_VALUES = 10_000_000
"""More than any group has of a dimension; a range is short to write."""
_REPORTS = ("wms", "data", "graph", "as-run")

_Name = Annotated[str, Field(pattern=r"^g[0-9]{3,6}$")]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Number = Annotated[int, Field(ge=0, lt=2**53)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Group(_Part):
    name: _Name
    size: _Number
    where: str
    table: str
    parts: dict[str, list[int | str]] = {}


class _Split(_Part):
    groups: Annotated[tuple[_Group, ...], Field(min_length=1)]


class _Definition(_Part):
    hash: _Hash
    at: AwareDatetime
    campaign: dict[str, str | float]
    step: dict[str, str | float]


class _Counts(_Part):
    total: _Number
    done: _Number
    failed: _Number
    running: _Number


class _Result(_Part):
    group: _Name
    number: _Number
    definition: _Hash
    person: str
    created: AwareDatetime
    ended: AwareDatetime | None
    summary: str
    reserved: AwareDatetime | None
    arrived: bool
    as_run: str
    graph: _Number | None
    jobs: _Counts | None
    quanta: _Counts | None


class _Results(_Part):
    definitions: Annotated[tuple[_Definition, ...], Field(min_length=1)]
    attempts: tuple[_Result, ...]


def split_properties(mirror: Mirror, step_id: str) -> dict[str, dict[str, Any]]:
    """Write the groups of a step as issue properties.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.

    Returns
    -------
    properties : `dict` [`str`, `dict`]
        By property key.
    """
    groups = [
        {"name": row.name, "size": row.size, **row.predicate} for row in plans.groups_of(mirror, step_id)
    ]
    return packing.pack({"groups": groups}, SPLIT)


def results_properties(mirror: Mirror, step_id: str) -> dict[str, dict[str, Any]]:
    """Write the definitions of a step's attempts, and what came of those that ended, as issue properties.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.

    Returns
    -------
    properties : `dict` [`str`, `dict`]
        By property key; empty before the first attempt. How far a live attempt is shows by looking, and
        would be a write for each change.
    """
    used = [
        {"hash": item.hash, "at": item.at.isoformat(), **item.fields}
        for item in definitions.of(mirror, step_id)
    ]
    attempts = [item for group in journal.attempts(mirror, step_id).values() for item in group]
    if not used or not attempts:
        return {}
    rows = [_row(mirror, item) for item in sorted(attempts, key=lambda item: (item.group, item.number))]
    return packing.pack({"definitions": used, "attempts": rows}, RESULTS)


def restore_split(mirror: Mirror, step_id: str, properties: Mapping[str, Any]) -> None:
    """Bring back the groups of a step.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.
    properties : `~collections.abc.Mapping` [`str`, `Any`]
        As Jira gives them; hostile until parsed.

    Raises
    ------
    UserError
        If they are not what `split_properties` wrote: nothing was changed.
    """
    try:
        split = _Split.model_validate(packing.unpack(properties, SPLIT))
    except ValidationError as error:
        raise UserError(SPLIT, "is not what cmbot wrote", "see the issue's properties") from error
    names = [group.name for group in split.groups]
    if len(set(names)) < len(names) or not all(_selects(group) for group in split.groups):
        raise UserError(SPLIT, "holds what cannot be a group", "see the issue's properties")
    rows = [
        plans.GroupRow(
            step_id, group.name, group.size, group.model_dump(include={"where", "table", "parts"}), "", ""
        )
        for group in split.groups
    ]
    plans.freeze_groups(mirror, step_id, rows)


def restore_results(mirror: Mirror, step_id: str, properties: Mapping[str, Any]) -> None:
    """Bring back the definitions that a step's attempts used, and what came of them.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database, with the step's attempts.
    step_id : `str`
        The step.
    properties : `~collections.abc.Mapping` [`str`, `Any`]
        As Jira gives them; hostile until parsed.

    Raises
    ------
    UserError
        If they are not what `results_properties` wrote: nothing was changed.
    """
    try:
        results = _Results.model_validate(packing.unpack(properties, RESULTS))
    except ValidationError as error:
        raise UserError(RESULTS, "is not what cmbot wrote", "see the issue's properties") from error
    used = {name for item in results.definitions for name in (*item.campaign, *item.step)}
    hashes = {item.hash for item in results.definitions}
    if not used <= DEFINITION or not {item.definition for item in results.attempts} <= hashes:
        raise UserError(RESULTS, "holds what cannot be a definition", "see the issue's properties")
    known = {
        (attempt.group, attempt.number): attempt
        for group in journal.attempts(mirror, step_id).values()
        for attempt in group
    }
    with mirror.writing() as connection:
        for item in results.definitions:
            fields = {"campaign": item.campaign, "step": item.step}
            definitions.keep(connection, step_id, item.hash, fields, item.at)
        for attempt in known.values():
            # Younger than the last writing of the results: it used the newest definition.
            journal.set_attempt(connection, attempt.id, hash=results.definitions[-1].hash)
        for result in results.attempts:
            if (result.group, result.number) in known:
                _restore(connection, known[result.group, result.number], result)


def _row(mirror: Mirror, attempt: Attempt) -> dict[str, Any]:
    item = attempt.last_try
    known = {kind: reports.read(mirror, item.id, kind) or {} for kind in _REPORTS} if item else {}
    over = {} if attempt.state.live else known
    return {
        "group": attempt.group,
        "number": attempt.number,
        "definition": attempt.hash,
        "person": attempt.cause.by.name,
        "created": attempt.created_at.isoformat(),
        "ended": attempt.ended_at.isoformat() if attempt.ended_at else None,
        "summary": "" if attempt.state.live else attempt.summary[:_SUMMARY],
        "reserved": item.reserved_at.isoformat() if item else None,
        "arrived": item is not None and item.state is not TryState.NOT_SUBMITTED,
        "as_run": known.get("as-run", {}).get("sha256", ""),
        "graph": known.get("graph", {}).get("quanta"),
        "jobs": over.get("wms", {}).get("counts"),
        "quanta": over.get("data", {}).get("counts"),
    }


def _restore(connection: Connection, attempt: Attempt, result: _Result) -> None:
    columns: dict[str, Any] = {"hash": result.definition, "created_at": result.created}
    if not attempt.state.live:
        columns |= {"summary": result.summary, "ended_at": result.ended}
    journal.set_attempt(connection, attempt.id, **columns)
    journal.name_person(connection, attempt.cause.id, result.person)
    item = attempt.last_try
    if item is None or result.reserved is None:
        return
    journal.set_try(connection, item.id, reserved_at=result.reserved)
    if not result.arrived and item.request_id is None:
        journal.set_try(connection, item.id, state=TryState.NOT_SUBMITTED)
    at = result.ended or result.created
    if result.as_run:
        reports.save(connection, item.id, "as-run", {"sha256": result.as_run}, at)
    if result.graph is not None:
        reports.save(connection, item.id, "graph", {"quanta": result.graph}, at)
    if not attempt.state.live:
        for kind, counts in (("wms", result.jobs), ("data", result.quanta)):
            if counts is not None:
                body = {"counts": counts.model_dump(), "details": ()}
                reports.save(connection, item.id, kind, body, at)


def _selects(group: _Group) -> bool:
    """Whether the selection could be cmbot's: it reaches BPS."""
    if group.where and grammar.query_problem(group.where):
        return False
    return (not group.table or _is_table(group.table)) and _are_parts(group.parts)


def _are_parts(parts: Mapping[str, Sequence[Value]]) -> bool:
    try:
        for name, items in parts.items():
            ends = [bounds(item) for item in items]
            if sum(found[1] - found[0] for found in ends if found) > _VALUES:
                return False
            check_values(name, expanded(items), SPLIT)
    except UserError:
        return False
    return True


def _is_table(text: str) -> bool:
    try:
        keys, *rows = csv.reader(text.splitlines())
        kinds = [dimension(key, SPLIT).kind for key in keys]
        entries = [
            {key: kind(value) for key, kind, value in zip(keys, kinds, row, strict=True)} for row in rows
        ]
        return DataIdSet.of(entries).to_csv() == text
    except (UserError, ValueError, csv.Error):
        return False
