"""Names that BPS's PanDA plugin and iDDS give to tasks (reference/panda.md section 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PARTS = re.compile(r"(?P<order>[0-9]+)_(?P<label>.+)_(?P<chunk>[0-9]+)")


@dataclass(frozen=True, order=True)
class TaskName:
    """What a task's name says."""

    order: int
    """Place in the pipeline."""
    label: str
    """Task or cluster label; may hold underscores and digits."""
    chunk: int = 0
    """Part of a label that has more jobs than fit into one task."""


def transform_name(text: str, run: str) -> TaskName:
    """Read the name of an iDDS transform, ``<run>_<NN>_<label>_<chunk>``.

    Parameters
    ----------
    text : `str`
        The name.
    run : `str`
        Run name of its request; compared without case, since older servers lower-cased it.

    Returns
    -------
    name : `TaskName`
        Its parts. A name of another form, such as ``build_task``, is a label in place 0.
    """
    if text.lower().startswith(f"{run.lower()}_") and (match := _PARTS.fullmatch(text[len(run) + 1 :])):
        return TaskName(int(match["order"]), match["label"], int(match["chunk"]))
    return TaskName(0, text)


def panda_task_name(text: str, run: str, request_id: int) -> TaskName:
    """Read the name of a PanDA task: the transform's with ``_<request id>_<transform id>`` behind it.

    Parameters
    ----------
    text, run : `str`
        As for `transform_name`.
    request_id : `int`
        The request's id, which must be in the name.

    Returns
    -------
    name : `TaskName`
        Its parts.
    """
    # The label may end in digits too, so the trailing ids go before it is looked for.
    front, _, back = text.rpartition(f"_{request_id}_")
    return transform_name(front if front and back.isdecimal() else text, run)
