"""Read from a Butler: what a query selects, what pipelines are and need, what collections hold.

Run as ``python query.py request.json response.json``. The request's ``verb`` is ``select``, ``describe``,
``connect``, ``count``, ``contents`` or ``reach``; what each reads and answers is written at
`cmbot.butler.questions`, `cmbot.butler.pipelines` and `cmbot.butler.contents`.
Self-contained: cmbot is not importable where this runs.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from lsst.daf.butler import (
    Butler,
    ButlerUserError,
    DimensionUniverse,
    MissingCollectionError,
    MissingDatasetTypeError,
)
from lsst.pipe.base import Pipeline

GOVERNORS = ("instrument", "skymap")


class Mendable(Exception):
    """Something that a person can mend.

    Parameters
    ----------
    field : `str`
        The BPS key to change, or ``split``.
    problem, remedy : `str`
        What is wrong, and what to do.
    **more
        Further keys of the response.
    """

    def __init__(self, field: str, problem: str, remedy: str, **more: Any) -> None:
        super().__init__(f"{field}: {problem}; {remedy}")
        self.response = {"error": {"field": field, "problem": problem, "remedy": remedy}, **more}


def _open_butler(request: dict[str, Any]) -> Any:
    """Open the repository that a request names."""
    repo = request["repo"]
    try:
        return Butler.from_config(repo)
    except FileNotFoundError as error:
        raise Mendable("butlerConfig", f"there is no Butler repository at {repo}", "correct it") from error


def _require_collections(butler: Any, names: list[str]) -> None:
    """Make sure that collections exist, naming all that do not."""
    missing = []
    for name in names:
        try:
            butler.collections.get_info(name)
        except MissingCollectionError:
            missing.append(name)
    if missing or not names:
        problem = f"there is no collection {', '.join(missing)}" if missing else "it names no collection"
        raise Mendable("inCollection", problem, "name collections that exist", missing_collections=missing)


def _read_pipeline(reference: str, resolution: Any) -> Any:
    """Read ``path#subset`` into a resolved pipeline graph.

    ``resolution`` is a registry, or a dimension universe where there is no repository.
    """
    try:
        graph = Pipeline.from_uri(reference).to_graph()
        if isinstance(resolution, DimensionUniverse):
            graph.resolve(dimensions=resolution)
        else:
            graph.resolve(resolution)
    except Exception as error:
        raise Mendable(
            "pipelineYaml", f"{reference}: {error}", "name a pipeline file and a subset or task labels in it"
        ) from error
    return graph


def _overall_inputs(graph: Any) -> list[dict[str, Any]]:
    """Dataset types that a pipeline reads and does not make itself."""
    return [
        {
            "dataset_type": name,
            "dimensions": sorted(node.dimensions.required) if node is not None else [],
            "prerequisite": all(edge.is_prerequisite for edge in graph.consuming_edges_of(name)),
        }
        for name, node in graph.iter_overall_inputs()
    ]


def _main_input(graph: Any, dimensions: list[str], reference: str) -> str:
    """The overall input that carries some dimensions best.

    One that has them itself comes before one that is joined in space or through visits; of those the
    one with most dimensions, because it says most about where data are.
    """
    ranked = sorted(
        (len({*dimensions} - {*entry["dimensions"]}), -len(entry["dimensions"]), entry["dataset_type"])
        for entry in _overall_inputs(graph)
        if not entry["prerequisite"]
    )
    if not ranked:
        raise Mendable("pipelineYaml", f"{reference}: it reads nothing", "name a subset that has inputs")
    return str(ranked[0][2])


def _dimensions_to_join(dataset_type: Any, dimensions: list[str], graph: Any | None) -> set[str]:
    """Dimensions of the rows to be counted: those of the datasets and those that are asked for.

    Exposures have no region of their own: they meet tracts only through visits, as the quanta of a pipeline
    that works on both do. Without a pipeline visits are joined too: a constraint on tracts would otherwise
    constrain nothing, silently.
    """
    names = {*dataset_type.dimensions.required, *dimensions}
    if "exposure" in names:
        quanta = (
            {name for task in graph.tasks.values() for name in task.dimensions.names} if graph else {"visit"}
        )
        names |= quanta & {"visit"}
    return names


class _Search:
    """Datasets of one type in some collections, along some dimensions."""

    def __init__(self, butler: Any, dataset_type: Any, collections: list[str], dimensions: list[str]) -> None:
        self.butler, self.dataset_type, self.collections = butler, dataset_type, collections
        self.dimensions = dimensions

    def counts(
        self, joined: set[str], where: str, governors: dict[str, str]
    ) -> tuple[dict[str, Counter[Any]], dict[str, str]]:
        """Datasets by value of each dimension; also which instrument and sky map they belong to."""
        counts: dict[str, Counter[Any]] = {dimension: Counter() for dimension in self.dimensions}
        found: dict[str, set[str]] = {}
        try:
            with self.butler.query() as query:
                rows = query.join_dataset_search(self.dataset_type, self.collections).data_ids(joined)
                for row in rows.where(where, **governors):
                    for dimension in self.dimensions:
                        counts[dimension][row[dimension]] += 1
                    for governor in row.dimensions.governors:
                        found.setdefault(governor, set()).add(row[governor])
        except (ButlerUserError, ValueError) as error:
            told = f"{where}: {error}" + (f" ({error.__cause__})" if error.__cause__ else "")
            raise Mendable("dataQuery", told, "correct it") from error
        several = {governor: sorted(names) for governor, names in found.items() if len(names) > 1}
        if several:
            raise Mendable(
                "dataQuery", f"it selects several: {several}", "say which one, as in instrument='LSSTCam'"
            )
        return counts, {governor: names.pop() for governor, names in found.items()}

    def values(self, dimension: str, joined: set[str], governors: dict[str, str]) -> list[Any]:
        """All values of a dimension; the database makes them distinct."""
        with self.butler.query() as query:
            rows = query.join_dataset_search(self.dataset_type, self.collections).join_dimensions(joined)
            return sorted(row[dimension] for row in rows.data_ids([dimension]).where(**governors))


def _select(request: dict[str, Any]) -> dict[str, Any]:
    """Answer which values of some dimensions a query selects."""
    dimensions, collections, where = request["dimensions"], request["collections"], request["where"]
    with _open_butler(request) as butler:
        _require_collections(butler, collections)
        for dimension in dimensions:
            if dimension not in butler.dimensions.dimensions.names:
                raise Mendable(
                    "split", f"{dimension!r} is not a dimension", "name one, such as visit or tract"
                )
        graph = None
        name = request["dataset_type"]
        if request["pipeline"] is not None:
            graph = _read_pipeline(request["pipeline"], butler.registry)
            name = name or _main_input(graph, dimensions, request["pipeline"])
        dataset_type = _known_dataset_type(butler, name, collections)
        search = _Search(butler, dataset_type, collections, dimensions)
        joined = _dimensions_to_join(dataset_type, dimensions, graph)
        governors = _known_governors(butler, request)
        counts, found = search.counts(joined, where, governors)
        existing = {name: search.values(name, joined, found or governors) for name in dimensions}
        connections = _connections(butler, request["pipelines"], collections)
    first = dimensions[0]
    if not existing[first]:
        raise Mendable(
            "inCollection",
            f"{', '.join(collections)}: no {name} with a {first} in it {_for(governors)}".rstrip(),
            "name the collections that hold it, or complete the step that makes it",
        )
    if not counts[first]:
        raise Mendable(
            "dataQuery",
            f"{where}: it selects no {name} in {', '.join(collections)}",
            f"correct it; there are {len(existing[first])} values of {first} without it",
        )
    return {
        "selected": {dimension: sorted(found) for dimension, found in counts.items()},
        "existing": existing,
        "counts": sorted(counts[first].items()),
        "tasks": len(graph.tasks) if graph else 0,
        "labels": _labels(request["pipeline"]) if graph else [],
        "dataset_type": name,
        **{governor: found.get(governor, governors.get(governor)) for governor in GOVERNORS},
        "missing_collections": [],
        **connections,
    }


def _labels(reference: str) -> list[str]:
    """Labels of all tasks in a pipeline's file, whichever subset is run."""
    return sorted(Pipeline.from_uri(reference.partition("#")[0]).task_labels)


def _for(governors: dict[str, str]) -> str:
    return " and ".join(f"for {governor} {name}" for governor, name in governors.items())


def _known_dataset_type(butler: Any, name: str, collections: list[str]) -> Any:
    """A dataset type that the repository has."""
    try:
        return butler.get_dataset_type(name)
    except MissingDatasetTypeError as error:
        raise Mendable(
            "inCollection",
            f"{', '.join(collections)}: no {name} in it, nor anywhere in this repository",
            "complete the step that makes it, or correct the pipeline",
        ) from error


def _known_governors(butler: Any, request: dict[str, Any]) -> dict[str, str]:
    """Instrument and sky map: as requested, else the only one of the repository."""
    governors = {}
    for governor in GOVERNORS:
        if request[governor] is not None:
            governors[governor] = request[governor]
            continue
        records = butler.query_dimension_records(governor, explain=False)
        if len(records) == 1:
            governors[governor] = records[0].name
    return governors


def _describe(request: dict[str, Any]) -> dict[str, Any]:
    """Answer what a pipeline is made of."""
    graph = _read_pipeline(request["pipeline"], DimensionUniverse())
    return {
        "description": graph.description,
        "tasks": [
            {"label": label, "dimensions": sorted(task.dimensions.required)}
            for label, task in graph.tasks.items()
        ],
        "steps": [
            {"label": label, "dimensions": sorted(graph.steps.get_dimensions(label).required)}
            for label in graph.steps
        ],
        "subsets": [
            {
                "label": label,
                "description": subset.description,
                "tasks": [task for task in graph.tasks if task in subset],
                "needs": sorted(_makers(graph, [task for task in graph.tasks if task in subset])),
            }
            for label, subset in graph.task_subsets.items()
        ],
        "inputs": _overall_inputs(graph),
    }


def _makers(graph: Any, labels: list[str]) -> set[str]:
    """Tasks beside some that make what these read."""
    read = {name for label in labels for name in graph.inputs_of(label)}
    edges = [graph.producing_edge_of(name) for name in read]
    return {edge.task_label for edge in edges if edge is not None} - {*labels}


def _connect(request: dict[str, Any]) -> dict[str, Any]:
    """Answer what each of some pipelines needs and makes, and what is in some collections."""
    with _open_butler(request) as butler:
        return _connections(butler, request["pipelines"], request["collections"])


def _connections(butler: Any, pipelines: dict[str, str], collections: list[str]) -> dict[str, Any]:
    if not pipelines:
        return {"steps": {}, "present": []}
    steps = {}
    for name, reference in pipelines.items():
        try:
            steps[name] = _ends(_read_pipeline(reference, butler.registry), reference)
        except Mendable as mendable:
            steps[name] = mendable.response
    return {"steps": steps, "present": sorted(_present(butler, collections))}


def _ends(graph: Any, reference: str) -> dict[str, Any]:
    """What a pipeline cannot do without, what it makes, and along what its step may be split."""
    label = reference.partition("#")[2]
    return {
        "inputs": sorted(name for name, _ in graph.iter_overall_inputs() if _is_needed(graph, name)),
        "outputs": sorted(name for name in graph.dataset_types if graph.producing_edge_of(name) is not None),
        "dimensions": sorted(graph.steps.get_dimensions(label).names) if label in graph.steps else None,
    }


def _is_needed(graph: Any, name: str) -> bool:
    """Whether a task cannot run without any dataset of a type."""
    for edge in graph.consuming_edges_of(name):
        connections = graph.tasks[edge.task_label].get_connections().allConnections
        # What is read before any quantum has no minimum: it must be there.
        if getattr(connections[edge.connection_name], "minimum", 1):
            return True
    return False


def _present(butler: Any, collections: list[str]) -> set[str]:
    """Dataset types that collections hold, as far as they exist."""
    found: set[str] = set()
    for name in collections:
        try:
            infos = butler.collections.query_info(name, flatten_chains=True, include_summary=True)
        except MissingCollectionError:
            continue
        found.update(*(info.dataset_types or () for info in infos))
    return found


def _count(request: dict[str, Any]) -> dict[str, Any]:
    """Answer how many datasets of some types are in some collections."""
    counts = {}
    with _open_butler(request) as butler:
        _require_collections(butler, request["collections"])
        for name in request["dataset_types"]:
            try:
                with butler.query() as query:
                    counts[name] = query.datasets(name, request["collections"], find_first=True).count()
            except MissingDatasetTypeError:
                counts[name] = 0
    return {"counts": counts}


def _contents(request: dict[str, Any]) -> dict[str, Any]:
    """Answer what the tasks of a pipeline made, by type and group, and what their quanta took."""
    whole, groups = request["collection"], request["groups"]
    types, usage = [], {}
    with _open_butler(request) as butler:
        _require_collections(butler, [whole, *groups.values()])
        graph = _read_pipeline(request["pipeline"], butler.registry)
        for label, task in graph.tasks.items():
            for edge in task.outputs.values():
                name = edge.parent_dataset_type_name
                counts = {group: _number(butler, name, chain) for group, chain in groups.items()}
                total = _number(butler, name, whole)
                types.append({"dataset_type": name, "label": label, "count": total, "groups": counts})
            if (found := _usage(butler, f"{label}_metadata", whole, request["sample"])) is not None:
                usage[label] = found
    return {"types": types, "usage": usage}


def _number(butler: Any, name: str, collection: str) -> int:
    """How many datasets of a type are in a collection; what several members hold is counted once."""
    try:
        with butler.query() as query:
            return int(query.datasets(name, collection, find_first=True).count())
    except MissingDatasetTypeError:
        return 0


def _usage(butler: Any, name: str, collection: str, most: int) -> dict[str, Any] | None:
    """What the quanta of a task took: read from the metadata of some, if there are many."""
    try:
        refs = butler.query_datasets(name, collection, limit=None, explain=False)
    except MissingDatasetTypeError:
        return None
    step = max(1, -(-len(refs) // most))
    read = [taken for ref in refs[::step] if (taken := _taken(butler, ref)) is not None]
    if not read:
        return None
    whole = len(refs) / len(read)
    wall, cpu, memory = zip(*read, strict=True)
    times = {"wall": sum(wall) * whole, "cpu": sum(cpu) * whole}
    return {"quanta": len(refs), "sampled": len(read), "memory": max(memory), **times}


def _taken(butler: Any, ref: Any) -> tuple[float, float, float] | None:
    """Seconds by the clock, seconds of a processor, MB, as the executor wrote them; nothing if it did not."""
    try:
        quantum = butler.get(ref)["quantum"]
        begin, end = (datetime.fromisoformat(quantum[key]) for key in ("prepUtc", "endUtc"))
        cpu = quantum["endCpuTime"] - quantum["startCpuTime"]
        return (end - begin).total_seconds(), cpu, quantum["endMaxResidentSetSize"] / 2**20
    except (KeyError, TypeError, ValueError, FileNotFoundError):
        return None


def _reach(request: dict[str, Any]) -> dict[str, Any]:
    """Answer whether there is a repository; opening it asks its database."""
    with _open_butler(request) as butler:
        return {"universe": butler.dimensions.version}


_VERBS = {
    "select": _select,
    "describe": _describe,
    "connect": _connect,
    "count": _count,
    "contents": _contents,
    "reach": _reach,
}


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
        response = _VERBS[request["verb"]](request)
    except Mendable as mendable:
        response = mendable.response
    partial = response_file.with_name(response_file.name + ".new")
    partial.write_text(json.dumps(response))
    partial.replace(response_file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
