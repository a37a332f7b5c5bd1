"""Make collections of a Butler as a plan says, and read them back.

Run as ``python arrange.py request.json response.json``; what is read and answered is written at
`cmbot.butler.arrangement`. Carrying a plan out again changes nothing. Self-contained: cmbot is not importable
where this runs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsst.daf.butler import (
    Butler,
    ButlerUserError,
    CollectionType,
    MissingCollectionError,
    MissingDatasetTypeError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 5000
"""Values bound to one query."""

MADE = "made"
ALREADY_THERE = "already there"
ERROR = "error"


class Mendable(Exception):
    """Something that a person can mend; the message says what is wrong."""


def _type_of(butler: Any, name: str) -> Any:
    """Type of a collection; `None` if it does not exist."""
    try:
        return butler.collections.get_info(name).type
    except MissingCollectionError:
        return None


def _require_type(butler: Any, name: str, wanted: Any) -> bool:
    """Whether a collection exists, making sure that it is of the right type if so."""
    found = _type_of(butler, name)
    if found not in {None, wanted}:
        raise Mendable(f"{name} exists and is {found.name}, not {wanted.name}")
    return found is not None


def _chain(butler: Any, item: dict[str, Any]) -> str:
    name, children = item["name"], tuple(item["children"])
    exists = _require_type(butler, name, CollectionType.CHAINED)
    if exists and butler.collections.get_info(name).children == children:
        return ALREADY_THERE
    missing = [child for child in children if _type_of(butler, child) is None]
    if missing:
        raise Mendable(f"there is no collection {', '.join(missing)}")
    if not exists:
        butler.collections.register(name, CollectionType.CHAINED)
    butler.collections.redefine_chain(name, children)
    found = butler.collections.get_info(name).children
    if found != children:
        raise Mendable(f"{name} was set to {', '.join(children)} and holds {', '.join(found)}")
    return MADE


def _tag(butler: Any, item: dict[str, Any]) -> str:
    name, dataset_type, data_ids = item["name"], item["dataset_type"], item["data_ids"]
    exists = _require_type(butler, name, CollectionType.TAGGED)
    if others := _holding(butler, dataset_type, item["beside"]):
        raise Mendable(f"{others} is read beside it and holds {dataset_type} too; name inputs without them")
    wanted = {ref.id: ref for ref in _wanted_refs(butler, dataset_type, data_ids, item["collections"])}
    inside = {ref.id for ref in _all_refs(butler, dataset_type, name)} if exists else set()
    if inside - wanted.keys():
        raise Mendable(f"{name} holds {len(inside - wanted.keys())} {dataset_type} that are not in the list")
    if inside == wanted.keys():
        return ALREADY_THERE
    if not exists:
        butler.collections.register(name, CollectionType.TAGGED)
    butler.registry.associate(name, wanted.values())
    found = {ref.id for ref in _all_refs(butler, dataset_type, name)}
    if found != wanted.keys():
        raise Mendable(f"{name} was given {len(wanted)} {dataset_type} and holds {len(found)}")
    return MADE


def _holding(butler: Any, dataset_type: str, collections: list[str]) -> str:
    """Which of some collections hold datasets of a type; those that do not exist hold none."""
    there = [name for name in collections if _type_of(butler, name) is not None]
    with butler.query() as query:
        return ", ".join(name for name in there if query.datasets(dataset_type, name).any())


def _all_refs(butler: Any, dataset_type: str, collection: str) -> list[Any]:
    with butler.query() as query:
        return list(query.datasets(dataset_type, collection, find_first=False))


def _wanted_refs(
    butler: Any, dataset_type: str, data_ids: list[dict[str, Any]], collections: list[str]
) -> list[Any]:
    """Datasets that a list of DataIds means; every DataId must mean at least one."""
    keys = tuple(sorted(data_ids[0]))
    strange = set(keys) - set(butler.get_dataset_type(dataset_type).dimensions.names)
    if strange:
        raise Mendable(f"{dataset_type} has no {', '.join(sorted(strange))}")
    wanted = {tuple(data_id[key] for key in keys) for data_id in data_ids}
    refs, met = [], set()
    for ref in _candidates(butler, dataset_type, data_ids, collections):
        row = tuple(ref.dataId[key] for key in keys)
        if row in wanted:
            refs.append(ref)
            met.add(row)
    if wanted - met:
        shown = ", ".join(str(dict(zip(keys, row, strict=True))) for row in sorted(wanted - met)[:5])
        raise Mendable(f"{len(wanted - met)} of {len(wanted)} DataIds mean no {dataset_type}: {shown}")
    return refs


def _candidates(
    butler: Any, dataset_type: str, data_ids: list[dict[str, Any]], collections: list[str]
) -> Iterator[Any]:
    """All datasets that share one value with the list: the values are bound, so their number has no limit."""
    governors = {key for key in ("instrument", "skymap") if key in data_ids[0]}
    for fixed in {tuple((key, data_id[key]) for key in sorted(governors)) for data_id in data_ids}:
        part = [data_id for data_id in data_ids if all(data_id[key] == value for key, value in fixed)]
        columns = {key: {data_id[key] for data_id in part} for key in sorted(part[0].keys() - governors)}
        key = max(columns, key=lambda name: len(columns[name]), default=None)
        values = sorted(columns[key]) if key else []
        for start in range(0, max(len(values), 1), CHUNK):
            where = f"{key} IN (:values)" if key else ""
            bind = {"values": values[start : start + CHUNK]} if key else None
            with butler.query() as query:
                found = query.datasets(dataset_type, collections, find_first=True)
                yield from found.where(where, bind=bind, **dict(fixed))


def _prepend(butler: Any, item: dict[str, Any]) -> str:
    name, child = item["name"], item["child"]
    exists = _require_type(butler, name, CollectionType.CHAINED)
    if exists and child in butler.collections.get_info(name).children:
        return ALREADY_THERE
    if _type_of(butler, child) is None:
        raise Mendable(f"there is no collection {child}")
    if not exists:
        butler.collections.register(name, CollectionType.CHAINED)
    butler.collections.prepend_chain(name, child)
    if butler.collections.get_info(name).children[:1] != (child,):
        raise Mendable(f"{child} was put into {name} and is not its first")
    return MADE


def _take_out(butler: Any, item: dict[str, Any]) -> str:
    name, child = item["name"], item["child"]
    if not _require_type(butler, name, CollectionType.CHAINED):
        return ALREADY_THERE
    if child not in butler.collections.get_info(name).children:
        return ALREADY_THERE
    butler.collections.remove_from_chain(name, child)
    if child in butler.collections.get_info(name).children:
        raise Mendable(f"{child} was taken out of {name} and is still in it")
    return MADE


def _delete(butler: Any, item: dict[str, Any]) -> str:
    name, kind = item["name"], CollectionType[item["kind"]]
    if not _require_type(butler, name, kind):
        return ALREADY_THERE
    if parents := butler.collections.get_info(name, include_parents=True).parents:
        raise Mendable(f"{name} is searched by {', '.join(sorted(parents))}; take it out there first")
    if kind is CollectionType.RUN:
        butler.removeRuns([name])
    else:
        butler.collections.x_remove(name)
    if _type_of(butler, name) is not None:
        raise Mendable(f"{name} was deleted and is still there")
    return MADE


_VERBS = {"chain": _chain, "tag": _tag, "prepend": _prepend, "take out": _take_out, "delete": _delete}


def _carry_out(butler: Any, item: dict[str, Any]) -> dict[str, str]:
    try:
        return {"name": item["name"], "done": _VERBS[item["verb"]](butler, item), "problem": ""}
    except MissingDatasetTypeError as error:
        return {"name": item["name"], "done": ERROR, "problem": str(error.args[0])}
    except (Mendable, ButlerUserError) as error:
        return {"name": item["name"], "done": ERROR, "problem": str(error)}


def main(request_file: Path, response_file: Path) -> None:
    """Carry one plan out.

    Parameters
    ----------
    request_file : `pathlib.Path`
        The request.
    response_file : `pathlib.Path`
        Where the response appears, whole or not at all.
    """
    request = json.loads(request_file.read_text())
    try:
        with Butler.from_config(request["repo"], writeable=True) as butler:
            response: dict[str, Any] = {"items": [_carry_out(butler, item) for item in request["plan"]]}
    except FileNotFoundError:
        problem = f"there is no Butler repository at {request['repo']}"
        response = {"error": {"field": "butlerConfig", "problem": problem, "remedy": "correct it"}}
    partial = response_file.with_name(response_file.name + ".new")
    partial.write_text(json.dumps(response))
    partial.replace(response_file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
