"""The workflow that ``bps submit`` posts, read as plain JSON.

Source: reference/bps.md section 5. The plugin serialises iDDS's client classes; here only what is needed to
run the jobs is taken out of them, and everything is checked before a request is accepted.
"""

from __future__ import annotations

import base64
import binascii
import graphlib
import json
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_ZIPPED = "idds_zip:"
_UNZIPPED_LIMIT = 256 * 2**20
_AFTER_RUN = re.compile(r"_(\d{2,})_(.+)_\d{2,}", re.DOTALL)


class WorkflowError(ValueError):
    """The posted workflow cannot be run; the message says why."""


@dataclass(frozen=True)
class Input:
    """One pseudo input of a task: what becomes one job."""

    name: str
    """Text that replaces ``${IN/L}`` in the executable."""
    parents: tuple[tuple[str, str], ...]
    """Jobs that must have finished before: (task name, input name)."""


@dataclass(frozen=True)
class Work:
    """One task: jobs of one label that share an executable."""

    name: str
    """Transform name, ``<run>_<NN>_<label>_<chunk>``."""
    number: int
    """The task's number in the workflow, from 1."""
    label: str
    """Label of the jobs."""
    executable: str
    """Shell command of every job, before ``${IN/L}`` is replaced."""
    inputs: tuple[Input, ...]
    """The jobs, in the order of the posted map."""
    final: bool
    """Whether the task is triggered by a condition, after all others have ended."""
    memory: int
    """Requested memory of the first attempt, in MB."""
    memory_step: float
    """``task_rss_retry_step`` in MB; 0 for none."""
    memory_offset: float
    """``task_rss_retry_offset`` in MB; 0 for none."""
    memory_max: int
    """Largest request a retry may grow to, in MB."""
    max_attempt: int
    """Attempts in all, not retries."""
    cores: int
    """Requested processors."""
    site: str
    """Site of the task."""
    cloud: str
    """Cloud of the task."""
    queue: str
    """Queue of the task."""
    priority: int
    """Priority of the task; larger goes first."""


@dataclass(frozen=True)
class Workflow:
    """A posted workflow."""

    name: str
    """Run name."""
    works: tuple[Work, ...]
    """Tasks in the order of their numbers."""

    @property
    def final(self) -> Work | None:
        """The task that runs after all others, if there is one."""
        return next((work for work in self.works if work.final), None)


def parse(posted: object) -> Workflow:
    """Read a posted iDDS workflow.

    Parameters
    ----------
    posted : `object`
        First positional argument of the ``submit`` command, as JSON.

    Returns
    -------
    workflow : `Workflow`
        What is to be run.

    Raises
    ------
    WorkflowError
        If a part is missing, has the wrong type, or the dependencies do not form a graph without cycles.
    """
    try:
        template = _attributes(_attributes(posted)["template"])
        name = _text(template, "_name")
        triggered = _triggered(template["_conditions"])
        works = [
            _work(name, _attributes(work), final=key in triggered) for key, work in template["_works"].items()
        ]
    except WorkflowError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise WorkflowError(f"workflow: {type(error).__name__} {error}") from error
    if not works:
        raise WorkflowError(f"{name}: no tasks")
    if sum(work.final for work in works) > 1:
        raise WorkflowError(f"{name}: more than one triggered task")
    _check_graph(works)
    return Workflow(name, tuple(sorted(works, key=lambda work: work.number)))


def _attributes(value: object) -> Mapping[str, Any]:
    """Attributes of a serialised iDDS object."""
    if not isinstance(value, dict) or not isinstance(value.get("attributes"), dict):
        raise WorkflowError("workflow: an object without attributes")
    attributes: dict[str, Any] = value["attributes"]
    return attributes


def _text(attributes: Mapping[str, Any], key: str) -> str:
    value = attributes[key]
    if not isinstance(value, str) or not value or "\0" in value:
        raise WorkflowError(f"{key}: expected a text, got {value!r:.80}")
    return value


def _triggered(conditions: Mapping[str, Any]) -> set[str]:
    """Keys of the works that wait for a condition: in BPS workflows the final job's."""
    return {key for condition in conditions.values() for key in _attributes(condition)["_true_works"]}


def _work(run: str, attributes: Mapping[str, Any], *, final: bool) -> Work:
    name = _text(attributes, "task_name")
    match = _AFTER_RUN.fullmatch(name.removeprefix(run))
    if match is None:
        raise WorkflowError(f"{name}: not of the form {run}_<NN>_<label>_<chunk>")
    memory = int(attributes["task_rss"])
    if memory < 1:
        raise WorkflowError(f"{name}: task_rss is {memory}")
    return Work(
        name=name,
        number=int(match[1]),
        label=match[2],
        executable=_text(attributes, "executable"),
        inputs=tuple(_inputs(name, attributes["_dependency_map"])),
        final=final,
        memory=memory,
        memory_step=float(attributes.get("task_rss_retry_step") or 0),
        memory_offset=float(attributes.get("task_rss_retry_offset") or 0),
        memory_max=max(int(attributes.get("task_rss_max") or memory), memory),
        max_attempt=max(int(attributes.get("maxAttempt") or 1), 1),
        cores=int(attributes.get("core_count") or 1),
        site=str(attributes.get("task_site") or ""),
        cloud=str(attributes.get("task_cloud") or ""),
        queue=str(attributes.get("task_queue") or ""),
        priority=int(attributes.get("task_priority") or 0),
    )


def _inputs(task: str, dependency_map: object) -> list[Input]:
    """Inputs of a task with what each waits for."""
    if isinstance(dependency_map, str):
        dependency_map = json.loads(_unzip(task, dependency_map))
    if not isinstance(dependency_map, list) or not dependency_map:
        raise WorkflowError(f"{task}: no dependency map")
    inputs = []
    for entry in dependency_map:
        parents = tuple(
            (_text(parent, "task"), _text(parent, "inputname")) for parent in entry["dependencies"]
        )
        inputs.append(Input(_text(entry, "name"), parents))
    return inputs


def _unzip(task: str, text: str) -> bytes:
    """Unpack a zipped map, refusing one that grows without end."""
    if not text.startswith(_ZIPPED):
        raise WorkflowError(f"{task}: dependency map starts with {text[:12]!r}")
    decompressor = zlib.decompressobj()
    try:
        packed = base64.b64decode(text.removeprefix(_ZIPPED), validate=True)
        plain = decompressor.decompress(packed, _UNZIPPED_LIMIT)
    except (binascii.Error, zlib.error) as error:
        raise WorkflowError(f"{task}: dependency map cannot be unpacked: {error}") from error
    if decompressor.unconsumed_tail or not decompressor.eof:
        raise WorkflowError(f"{task}: dependency map is cut or too large")
    return plain


def _check_graph(works: list[Work]) -> None:
    """Every parent exists, no job is named twice, and nothing waits for itself."""
    graph: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
    for work in works:
        for item in work.inputs:
            key = (work.name, item.name)
            if key in graph:
                raise WorkflowError(f"{work.name}: input {item.name} appears twice")
            graph[key] = item.parents
    for (task, name), parents in graph.items():
        for parent in parents:
            if parent not in graph:
                raise WorkflowError(
                    f"{task}: {name} waits for {parent[1]} of {parent[0]}, which does not exist"
                )
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        raise WorkflowError(f"{works[0].name}: dependencies in a circle: {error.args[1]}") from error
