"""The data query, the task labels and the clusters."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from cmbot.bps.hazards import query_hazard
from cmbot.exceptions import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

# On SQLite 990 literals work and 997 do not; 8 alternatives of AND terms take 0.2 s and 50 never end
# (reference/bps.md section 7).
_MOST_LITERALS = 900
_MOST_ALTERNATIVES = 8
_LIST = re.compile(r"\bIN\s*\(([^()]*)\)", re.IGNORECASE)
_ALTERNATIVE = re.compile(r"\)\s*OR\s*\(", re.IGNORECASE)
_BY_DIMENSION = "lsst.ctrl.bps.quantum_clustering_funcs.dimension_clustering"
_BPS_LABELS = frozenset({"pipetaskInit"})


def selection_problems(config: Mapping[str, Any], labels: Collection[str] | None) -> Iterator[Problem]:
    """Find what is wrong with the selection of data and tasks.

    Parameters
    ----------
    config : `~collections.abc.Mapping`
        The configuration.
    labels : `~collections.abc.Collection` [`str`] or `None`
        Labels of the pipeline's tasks, if known.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        One per finding.
    """
    payload = config.get("payload")
    if isinstance(payload, dict):
        yield from _query(payload.get("dataQuery"))
        if payload.get("output") and payload.get("output") == payload.get("outputRun"):
            yield Problem("payload.outputRun", "is the output chain itself", "give the run a name below it")
    tasks, clusters = config.get("pipetask"), config.get("cluster")
    if labels is not None and isinstance(tasks, dict):
        for label in tasks:
            yield from _label(f"pipetask.{label}", label, {*labels, *_BPS_LABELS})
    if isinstance(clusters, dict) and clusters:
        yield from _clusters(clusters, labels)
        if config.get("clusterAlgorithm") != _BY_DIMENSION:
            yield Problem("clusterAlgorithm", "does not use the clusters", f"write {_BY_DIMENSION}")
    final = config.get("finalJob")
    if isinstance(final, dict) and str(final.get("whenRun", "ALWAYS")).upper() == "NEVER":
        yield Problem(
            "finalJob.whenRun",
            "is NEVER, so no output would reach the Butler",
            "leave it out or write ALWAYS",
        )


def _query(query: Any) -> Iterator[Problem]:
    if query is None or query == "":
        return
    if not isinstance(query, str):
        yield Problem("payload.dataQuery", f"is {query!r}", "write a query, quoted as YAML needs it")
        return
    if what := query_hazard(query):
        yield Problem("payload.dataQuery", f"cannot be used: {what}", "correct it")
    if any(found.count(",") >= _MOST_LITERALS for found in _LIST.findall(query)):
        yield Problem(
            "payload.dataQuery", "lists too many values for the Butler", "use ranges a..b or --data-id-table"
        )
    if len(_ALTERNATIVE.findall(query)) >= _MOST_ALTERNATIVES:
        yield Problem(
            "payload.dataQuery",
            "joins too many alternatives by OR for the Butler",
            "use ranges a..b or --data-id-table",
        )


def _clusters(clusters: Mapping[Any, Any], labels: Collection[str] | None) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, cluster in clusters.items():
        where = f"cluster.{name}"
        if not isinstance(cluster, dict) or not cluster.get("pipetasks"):
            yield Problem(f"{where}.pipetasks", "is missing", "name the tasks of the cluster")
            continue
        for label in (text.strip() for text in str(cluster["pipetasks"]).split(",")):
            if labels is not None:
                yield from _label(f"{where}.pipetasks", label, labels)
            if label in seen:
                yield Problem(
                    where, f"{label} is in cluster {seen[label]} already", "put it into one cluster"
                )
            seen[label] = str(name)
        parts = {"partitionMaxClusters", "partitionMaxSize"} & set(cluster)
        if cluster.get("partitionDimensions") and len(parts) != 1:
            yield Problem(
                f"{where}.partitionDimensions",
                "needs exactly one of partitionMaxClusters and partitionMaxSize",
                "give one of them",
            )


def _label(where: str, label: str, labels: Collection[str]) -> Iterator[Problem]:
    if label in labels:
        return
    near = difflib.get_close_matches(str(label), sorted(labels), n=1)
    remedy = f"did you mean {near[0]}?" if near else f"use one of {', '.join(sorted(labels))}"
    yield Problem(where, f"the pipeline has no task {label}", remedy)
