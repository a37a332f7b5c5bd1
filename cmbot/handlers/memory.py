"""How much memory a task asks for, and how much more it is to ask for (reference/panda.md section 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmbot.wms.port import FINAL_JOB

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from cmbot.models.attempts import Changes
    from cmbot.models.failures import Explained


_DEFAULT = {FINAL_JOB: 32768}
"""What BPS asks for where nothing is said (reference/bps.md section 2.3)."""
_OTHERWISE = 2048
_TAKEN = 0.9
"""Share of the request that PanDA's job asks for."""
_SPARE = 1.25
"""A job that was killed had not reached its peak."""


def asked(options: Mapping[str, Any], label: str) -> int:
    """Tell how much memory a task asks for.

    Parameters
    ----------
    options : `~collections.abc.Mapping`
        BPS options of the step.
    label : `str`
        Label of the task or of the cluster.

    Returns
    -------
    amount : `int`
        In MB.
    """
    if label == FINAL_JOB:
        return int(options.get(label, {}).get("requestMemory", _DEFAULT[label]))
    own = options.get("cluster", {}).get(label, {}).get("requestMemory")
    if own is not None:
        return int(own)
    # A cluster asks for what its largest member does (reference/predecessors.md 2.3).
    otherwise, tasks = options.get("requestMemory", _OTHERWISE), options.get("pipetask", {})
    members = _members(options, label) or [label]
    return max(int(tasks.get(member, {}).get("requestMemory", otherwise)) for member in members)


def queue(options: Mapping[str, Any], label: str, chosen: str = "") -> str:
    """Tell which queue a task goes to.

    Parameters
    ----------
    options : `~collections.abc.Mapping`
        BPS options of the step.
    label : `str`
        Label of the task or of the cluster.
    chosen : `str`, optional
        Queue of the attempt, which counts above all but the final job's own.

    Returns
    -------
    queue : `str`
        Its name; empty for the WMS's choice.
    """
    if label == FINAL_JOB:
        return str(options.get(label, {}).get("queue") or chosen or options.get("queue", ""))
    members = [options.get("pipetask", {}).get(each, {}) for each in _members(options, label) or [label]]
    sections = [options.get("cluster", {}).get(label, {}), *members, options]
    return chosen or next((str(each["queue"]) for each in sections if each.get("queue")), "")


def raised(
    options: Mapping[str, Any],
    before: Mapping[str, int],
    failures: Iterable[Explained],
    most: Callable[[str], int],
) -> dict[str, int]:
    """Raise the memory of the tasks that failed for it: to twice as much, or more if more was measured.

    Parameters
    ----------
    options : `~collections.abc.Mapping`
        BPS options of the step.
    before : `~collections.abc.Mapping` [`str`, `int`]
        What the last attempt asked for otherwise than they say, in MB by label.
    failures : `~collections.abc.Iterable` [`~cmbot.models.failures.Explained`]
        Why its jobs failed.
    most : `~collections.abc.Callable`
        The most that a job of a label can have, in MB; 0 if that is not known.

    Returns
    -------
    memory : `dict` [`str`, `int`]
        In MB by label; what cannot be raised stays as it was.
    """
    memory = dict(before)
    for each in failures:
        if not each.for_memory:
            continue
        now = before.get(each.label, asked(options, each.label))
        now = max(now, round((each.example.memory or 0) / _TAKEN))
        wanted = max(2 * now, round(_SPARE * (each.example.used or 0)), memory.get(each.label, 0))
        limit = most(each.label)
        memory[each.label] = max(min(wanted, limit), now) if limit else wanted
    return {label: amount for label, amount in memory.items() if amount > asked(options, label)}


def applied(options: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """Change the BPS options of a step for one attempt.

    Parameters
    ----------
    options : `~collections.abc.Mapping`
        As the definition says.
    changes : `~cmbot.models.attempts.Changes`
        What the attempt does otherwise.

    Returns
    -------
    options : `dict`
        With its memory, and with its queue in place of those of single tasks.
    """
    changed = dict(options)
    for label, amount in changes.memory.items():
        if label == FINAL_JOB:
            changed[label] = dict(changed.get(label, {})) | {"requestMemory": amount}
            continue
        section = "cluster" if label in options.get("cluster", {}) else "pipetask"
        labels = dict(changed.get(section, {}))
        changed[section] = labels | {label: dict(labels.get(label, {})) | {"requestMemory": amount}}
    if changes.tasks and "cluster" in changed:
        changed["cluster"] = dict(_narrowed(changed, changes.tasks))
    return _sent_to(changed, changes.queue) if changes.queue else changed


def _sent_to(options: Mapping[str, Any], queue: str) -> dict[str, Any]:
    """What a task says of its queue would count above what is said for all."""
    sections = {
        section: {
            label: {key: values[key] for key in values if key != "queue"} for label, values in own.items()
        }
        for section in ("cluster", "pipetask")
        if (own := options.get(section))
    }
    return {**options, **sections, "queue": queue}


def _narrowed(options: Mapping[str, Any], tasks: Collection[str]) -> Iterator[tuple[str, Any]]:
    """The clusters without tasks that are not run."""
    for label, cluster in options["cluster"].items():
        kept = [member for member in _members(options, label) if member in tasks]
        if kept:
            yield label, dict(cluster) | {"pipetasks": ",".join(kept)}


def _members(options: Mapping[str, Any], label: str) -> list[str]:
    listed = str(options.get("cluster", {}).get(label, {}).get("pipetasks", ""))
    return [member.strip() for member in listed.split(",") if member.strip()]
