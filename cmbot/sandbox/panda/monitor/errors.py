"""Error summaries: ``/errors/``, and the part of ``/jobs/`` about errors (reference/panda.md 3.6).

Components are counted, not jobs, and every failed attempt, also where a retry succeeded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.sandbox.panda.components import COMPONENTS
from cmbot.sandbox.panda.monitor import jobrows
from cmbot.sandbox.panda.rows import workload_id

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from cmbot.sandbox.panda.rows import Row

_CODENAMES = {component.name: component.code for component in COMPONENTS}
_BAD = frozenset({"failed", "holding"})
SUMMED = (
    "computingelement",
    "computingsite",
    "eventservice",
    "jobstatus",
    "processingtype",
    "prodsourcelabel",
    "produsername",
    "reqid",
    "specialhandling",
    "transformation",
    "workinggroup",
)
"""Fields of ``jobSummary``."""


def by_count(attempts: Iterable[sqlite3.Row]) -> list[Row]:
    """Errors of the failed ones among some attempts, each with how often it occurs and an example."""
    return list(_items(attempts).values())


def grouped(attempts: list[sqlite3.Row], name: Callable[[sqlite3.Row], object]) -> list[Row]:
    """Errors by what something says of the attempts.

    Parameters
    ----------
    attempts : `list` [`sqlite3.Row`]
        Failed attempts.
    name : callable
        What they are grouped by.

    Returns
    -------
    groups : `list` [`dict`]
        ``name``, ``errors``, ``toterrors`` (components), ``toterrjobs`` (attempts), ``errorlist``.
    """
    groups: dict[object, list[sqlite3.Row]] = {}
    for row in attempts:
        groups.setdefault(name(row), []).append(row)
    return [_group(value, rows) for value, rows in groups.items()]


def task(attempt: sqlite3.Row) -> int:
    """JEDI task id of an attempt."""
    return workload_id(attempt["task_id"])


def _group(name: object, attempts: list[sqlite3.Row]) -> Row:
    items = _items(attempts)
    return {
        "name": name,
        "errors": items,
        "toterrors": sum(len(jobrows.errors(row)) for row in attempts),
        "toterrjobs": len(attempts),
        "errorlist": list(items.values()),
    }


def _items(attempts: Iterable[sqlite3.Row]) -> dict[str, Row]:
    items: dict[str, Row] = {}
    counts: dict[str, int] = {}
    for row in attempts:
        if jobrows.status(row) not in _BAD:
            continue
        for component, (code, diag) in jobrows.errors(row).items():
            key = f"{component}:{code}"
            counts[key] = counts.get(key, 0) + 1
            items.setdefault(
                key,
                {
                    "error": key,
                    "codename": _CODENAMES[component],
                    "codeval": code,
                    "diag": diag,
                    "desc": "",
                    "cat": {"name": "Uncategorized", "id": 0},
                    "example_pandaid": row["id"],
                },
            )
    return {key: item | {"count": counts[key]} for key, item in items.items()}
