"""What is to be done: the definition of a campaign and its steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class PausePolicy(StrEnum):
    """When cmbot stops and asks (design.md section 3; DMTN-181: after each workflow)."""

    AFTER_EACH_WORKFLOW = "after each workflow"
    AFTER_EACH_STEP = "after each step"
    ON_ERRORS = "only on errors and checkpoints"


class RetryPolicy(StrEnum):
    """Whether cmbot does by itself what the active rules of the error catalogue say."""

    MANUAL = "manual"
    """It suggests it, and a person decides."""
    AUTOMATIC = "automatic"
    """It accepts and rescues, until a rule or a limit says that a person is needed."""


@dataclass(frozen=True)
class SplitRule:
    """How a step's data become groups (requirement B17)."""

    dimension: str = ""
    """The dimension to split by; empty for one group."""
    size: int = 0
    """At most so many values in a group."""


@dataclass(frozen=True)
class StepDefinition:
    """One step: a pipeline subset on a selection of data (requirement A4)."""

    name: str
    """Short name, unique in the campaign; part of collection and run names."""
    pipeline: str
    """File and subset: ``DRP.yaml#step1``."""
    query: str
    """Butler data query; never empty, since BPS would process everything."""
    after: tuple[str, ...] = ()
    """Names of the steps that must be completed before."""
    split: SplitRule = SplitRule()
    """How it is split into groups."""
    description: str = ""
    """Instructions for operators (requirement B14)."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """BPS options: resources, clustering, extra options."""
    tolerance: Mapping[str, float] = field(default_factory=dict)
    """Tolerated failed fraction by task label, 0 to 1 (requirement G7)."""
    environment: str = ""
    """Named environment; empty for the campaign's."""
    site: str = ""
    """Compute site; empty for the campaign's."""
    max_groups: int = 0
    """Groups in flight at once; 0 for no limit of its own."""
    priority: int = 0
    """WMS priority; 0 for the WMS's own."""
    retry: RetryPolicy | None = None
    """What cmbot does by itself when something failed; `None` for the campaign's."""


@dataclass(frozen=True)
class CampaignDefinition:
    """One campaign: why, what, on which data, with which software (DMTN-181)."""

    name: str
    """Short name (requirement B2)."""
    reason: str
    """Why it is run; it cannot start without (requirement B3)."""
    kind: str
    """DataProc, SimProc, CalibProc … (requirement A1)."""
    stage: str
    """development, integration, mini-DRP, production (requirement B26)."""
    mode: str
    """prod, dev or test (requirement D20)."""
    butler: str
    """Path or URI of the Butler repository."""
    inputs: tuple[str, ...]
    """Input collections, in search order."""
    output: str
    """Root of the output collections."""
    environment: str
    """Named environment that runs it."""
    wms: str
    """Workload management system."""
    site: str
    """Compute site."""
    pause: PausePolicy = PausePolicy.AFTER_EACH_WORKFLOW
    """When to stop and ask."""
    retry: RetryPolicy = RetryPolicy.MANUAL
    """What cmbot does by itself when something failed."""
    lsst_version: str = ""
    """Science Pipelines tag (requirement B7)."""
    steps: tuple[StepDefinition, ...] = ()
    """Its steps, in the order written."""

    def step(self, name: str) -> StepDefinition:
        """One step by its name.

        Raises
        ------
        KeyError
            If there is none.
        """
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)
