"""Ask a Butler for DataIds: those of a query, and those that other keys mean (requirements C8, C13)."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

from cmbot.butler.dataids import DATAIDS_SCRIPT, ConvertRequest, Dumped, DumpRequest, parse_dumped
from cmbot.dataids import DataIdSet
from cmbot.definition import grammar
from cmbot.dimensions import DIMENSIONS, Value
from cmbot.exceptions import UserError
from cmbot.operations.plan import answered
from cmbot.reconcile.asking import Question

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.reconcile.edges import Workshop

_KEY = re.compile(r"[a-z][a-z0-9_]{0,40}", re.ASCII)
_LONGEST = 200
"""Characters of a value."""


def dump(workshop: Workshop, request: DumpRequest, environment: str = "") -> Dumped:
    """List what a query selects.

    Parameters
    ----------
    workshop : `~cmbot.reconcile.edges.Workshop`
        Where it is asked.
    request : `~cmbot.butler.dataids.DumpRequest`
        What is asked.
    environment : `str`, optional
        Name of an environment; it may be left out if there is one only.

    Returns
    -------
    found : `~cmbot.butler.dataids.Dumped`
        DataIds, and where their files are if that is asked.

    Raises
    ------
    UserError
        If it cannot be asked like this.
    RemoteError
        If the Butler does not answer.
    """
    if request.where and (problem := grammar.query_problem(request.where)):
        raise UserError("query", problem, "correct it")
    if request.files and request.dimensions:
        raise UserError("files", "are of datasets, not of some of their dimensions", "leave one out")
    return _ask(workshop, request.repo, request.to_json(), environment)


def convert(
    workshop: Workshop, repo: str, rows: tuple[dict[str, Value], ...], environment: str = ""
) -> DataIdSet:
    """Convert DataIds with other keys to a set with primary ones.

    Parameters
    ----------
    workshop : `~cmbot.reconcile.edges.Workshop`
        Where it is asked.
    repo : `str`
        The repository whose Registry knows them.
    rows : `tuple` [`dict`, ...]
        Of `read`.
    environment : `str`, optional
        Name of an environment; it may be left out if there is one only.

    Returns
    -------
    dataids : `~cmbot.dataids.DataIdSet`
        Checked.

    Raises
    ------
    UserError
        If one means nothing, or several.
    RemoteError
        If the Butler does not answer.
    """
    found = _ask(workshop, repo, ConvertRequest(repo, rows).to_json(), environment)
    return DataIdSet.of(found.rows)


def read(file: Path) -> tuple[dict[str, Value], ...]:
    """Read DataIds with any keys.

    Parameters
    ----------
    file : `pathlib.Path`
        JSON list of objects, or CSV with a line of keys.

    Returns
    -------
    rows : `tuple` [`dict`, ...]
        All with the same keys, one of them the instrument.

    Raises
    ------
    UserError
        If it cannot be read, or is no such list.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        rows = _csv(text) if file.name.lower().endswith(".csv") else json.loads(text)
    except OSError as error:
        raise UserError(str(file), f"cannot be read ({error.strerror})", "correct its name") from error
    except (ValueError, RecursionError) as error:
        raise UserError(str(file), f"is no list of DataIds ({error})", "write JSON or CSV") from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise UserError(str(file), "is no list of DataIds", 'write [{"instrument": "LSSTCam", …}, …]')
    for number, row in enumerate(rows, start=1):
        _check(row, rows[0].keys(), f"{file}, entry {number}")
    return tuple(rows)


def _ask(workshop: Workshop, repo: str, request: str, environment: str) -> Dumped:
    if not grammar.is_repository(repo):
        raise UserError("repository", f"{repo!r} is no path or URI", "name the Butler repository")
    known = workshop.settings.environments
    if not environment and len(known) != 1:
        raise UserError("environment", "is not said", f"say --environment, one of {', '.join(known)}")
    question = Question(DATAIDS_SCRIPT, request, environment or next(iter(known)))
    return parse_dumped(answered(workshop, question, repo), repo)


def _csv(text: str) -> list[dict[str, Any]]:
    rows = list(csv.DictReader(io.StringIO(text), skipinitialspace=True, strict=True))
    if any(None in row or None in row.values() for row in rows):
        raise ValueError("not every line has as many values as there are keys")
    return [{str(key): _value(str(key), value) for key, value in row.items()} for row in rows]


def _value(key: str, text: Any) -> Any:
    # What is a name of digits only in one file is none in JSON: there the person says which it is.
    known = DIMENSIONS.get(key)
    number = key == "seq_num" or (known is not None and known.kind is int)
    return int(text) if number else text


def _check(row: dict[str, Any], keys: Any, subject: str) -> None:
    if row.keys() != keys or "instrument" not in row:
        raise UserError(subject, f"has the keys {', '.join(row)}", "give all the same, one the instrument")
    for key, value in row.items():
        possible = isinstance(value, (int, str)) and not isinstance(value, bool)
        if not _KEY.fullmatch(key) or not possible or len(str(value)) > _LONGEST:
            raise UserError(subject, f"{key} cannot be {value!r:.80}", "give a number or a name")
