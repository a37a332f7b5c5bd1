"""Read DataIds from a Butler: those of a query, with their files, and those that other keys mean.

Run as ``python dataids.py request.json response.json``. The request's ``verb`` is ``dump`` or ``convert``;
what each reads and answers is written at `cmbot.butler.dataids`. Self-contained: cmbot is not importable
where this runs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from lsst.daf.butler import Butler, ButlerUserError, MissingCollectionError, MissingDatasetTypeError

CHUNK = 5000
"""Values bound to one query."""
SHOWN = 5

ALTERNATES: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = (
    (("day_obs", "seq_num"), "exposure", ("day_obs", "seq_num")),
    (("obs_id",), "exposure", ("obs_id",)),
    (("exposure_name",), "exposure", ("obs_id",)),
    (("visit_name",), "visit", ("name",)),
    (("detector_name",), "detector", ("full_name",)),
    (("full_name",), "detector", ("full_name",)),
    (("raft", "name_in_raft"), "detector", ("raft", "name_in_raft")),
)
"""Keys that people write, the dimension they mean, and the fields of its records that hold them."""


class Mendable(Exception):
    """Something that a person can mend.

    Parameters
    ----------
    field : `str`
        The BPS key to change, or ``dataIds``.
    problem, remedy : `str`
        What is wrong, and what to do.
    """

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem}; {remedy}")
        self.response = {"error": {"field": field, "problem": problem, "remedy": remedy}}


def _dump(butler: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Answer which DataIds a query selects, or the datasets with their files."""
    name, collections, where = request["dataset_type"], request["collections"], request["where"]
    try:
        with butler.query() as query:
            if request["dimensions"]:
                rows = query.join_dataset_search(name, collections).data_ids(request["dimensions"])
                return {"rows": [dict(row.required) for row in rows.where(where)]}
            found = list(query.datasets(name, collections, find_first=True).where(where))
    except MissingDatasetTypeError as error:
        raise Mendable("datasetType", str(error.args[0]), "name one of this repository") from error
    except MissingCollectionError as error:
        raise Mendable("inCollection", str(error), "name collections that exist") from error
    except (ButlerUserError, ValueError) as error:
        raise Mendable("dataQuery", f"{where}: {error}", "correct it") from error
    rows = [dict(ref.dataId.required) for ref in found]
    return (
        {"rows": rows, "files": [_place(butler, ref) for ref in found]}
        if request["files"]
        else {"rows": rows}
    )


def _place(butler: Any, ref: Any) -> str:
    """Where a dataset is: a path, or the address of what is no local file; empty for what is not stored."""
    try:
        uri = butler.getURI(ref)
    except FileNotFoundError:
        return ""
    return str(uri.ospath if uri.isLocal else uri)


def _convert(butler: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Answer which primary keys some DataIds mean."""
    rows: list[dict[str, Any]] = request["rows"]
    for keys, element, fields in ALTERNATES:
        if set(keys) <= rows[0].keys():
            rows = _converted(butler, rows, keys, element, fields)
    return {"rows": rows}


def _converted(
    butler: Any, rows: list[dict[str, Any]], keys: tuple[str, ...], element: str, fields: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Put one dimension in place of the keys that mean it; it must be exactly one value."""
    known: dict[tuple[Any, ...], set[Any]] = {}
    for instrument in sorted({row["instrument"] for row in rows}):
        values = sorted({row[keys[0]] for row in rows if row["instrument"] == instrument})
        for start in range(0, len(values), CHUNK):
            with butler.query() as query:
                records = query.dimension_records(element).where(
                    f"{element}.{fields[0]} IN (:values)"
                    if fields[0] != "day_obs"
                    else "day_obs IN (:values)",
                    bind={"values": values[start : start + CHUNK]},
                    instrument=instrument,
                )
                for record in records:
                    means = (instrument, *(getattr(record, field) for field in fields))
                    known.setdefault(means, set()).add(record.dataId[element])
    said = [(row["instrument"], *(row[key] for key in keys)) for row in rows]
    for what, number in (("no", 0), ("more than one", 2)):
        wrong = sorted({one for one in said if min(len(known.get(one, ())), 2) == number})
        if wrong:
            shown = "; ".join(
                str(dict(zip(("instrument", *keys), one, strict=True))) for one in wrong[:SHOWN]
            )
            raise Mendable("dataIds", f"{len(wrong)} of them mean {what} {element}: {shown}", "correct them")
    return [
        {key: value for key, value in row.items() if key not in keys} | {element: next(iter(known[one]))}
        for row, one in zip(rows, said, strict=True)
    ]


_VERBS = {"dump": _dump, "convert": _convert}


def main(request_file: Path, response_file: Path) -> None:
    """Answer one request.

    Parameters
    ----------
    request_file : `pathlib.Path`
        The request.
    response_file : `pathlib.Path`
        Where the response appears, whole or not at all.
    """
    request = json.loads(request_file.read_text())
    try:
        with Butler.from_config(request["repo"]) as butler:
            response = _VERBS[request["verb"]](butler, request)
    except FileNotFoundError:
        problem = f"there is no Butler repository at {request['repo']}"
        response = {"error": {"field": "butlerConfig", "problem": problem, "remedy": "correct it"}}
    except Mendable as mendable:
        response = mendable.response
    partial = response_file.with_name(response_file.name + ".new")
    partial.write_text(json.dumps(response))
    partial.replace(response_file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
