"""How much memory a task asks for, and how much more it is to ask for (reference/panda.md section 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmbot.wms.port import FINAL_JOB

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.models.attempts import Changes


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
        With its memory and its queue.
    """
    changed = dict(options)
    for label, amount in changes.memory.items():
        if label == FINAL_JOB:
            changed[label] = dict(changed.get(label, {})) | {"requestMemory": amount}
            continue
        section = "cluster" if label in options.get("cluster", {}) else "pipetask"
        labels = dict(changed.get(section, {}))
        changed[section] = labels | {label: dict(labels.get(label, {})) | {"requestMemory": amount}}
    return changed | ({"queue": changes.queue} if changes.queue else {})
