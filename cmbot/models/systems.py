"""The workload management systems, and what cannot be had of each (requirements A6, D17)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class System(StrEnum):
    """What executes a workflow."""

    PANDA = "PanDA"
    HTCONDOR = "HTCondor"
    PARSL = "Parsl"
    ELSEWHERE = "elsewhere"
    """Not followed: somebody else's system, of which only the data are seen (Prompt Processing)."""


MISSING: Mapping[System, tuple[str, ...]] = {
    System.PANDA: (),
    System.HTCONDOR: (
        "why jobs failed is not told: only the data report says which quanta failed",
        "following it is tested against the documented output of bps, not against a real pool",
    ),
    System.PARSL: (
        "no cancel and no restart: a run is left to its end, and retried",
        "how far it is does not show before its end",
        "bps submit runs on cmbot's own host until the workflow ends; a host that goes down ends it",
    ),
    System.ELSEWHERE: ("no cancel and no restart: cmbot did not submit it",),
}
"""What people have to do without, for messages and pages (reference/bps.md section 4)."""
