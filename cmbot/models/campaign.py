"""What is to be done: the definition of a campaign and its steps.

`cmbot.definition.file` reads campaign files as these classes, and makes the JSON Schema of them.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic reads it
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from cmbot.models.systems import System

KINDS = ("DataProc", "SimProc", "CalibProc", "AP", "SSP", "Validation")
STAGES = ("development", "integration", "mini-DRP", "production")
MODES = ("prod", "dev", "test")
SYSTEMS = (System.PANDA, System.HTCONDOR, System.PARSL)
YES = "yes"

KEY = "{key}"
"""Stands in an output root for the key of the campaign that is not created yet."""

_STRICT: Mapping[str, Any] = {"extra": "forbid"}
_Count = Annotated[int, Field(ge=0)]
_Line = Annotated[str, AfterValidator(lambda text: " ".join(text.split()))]
_Prose = Annotated[str, AfterValidator(str.strip)]
_Fraction = Annotated[float, Field(ge=0, le=1)]


def one_of(*names: str) -> Any:
    """Say that a text is one of these."""
    return Field(pattern=f"^({'|'.join(names)})$", json_schema_extra={"enum": list(names)})


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
class Specification:
    """Where data or processing are specified: a script, a notebook, a git repository (B4, B5)."""

    __pydantic_config__: ClassVar = _STRICT

    link: str
    """Address of it; of the repository, if it is in git."""
    tag: str = ""
    """Tag in that repository; a branch is refused, since it moves (requirement B9)."""
    sha: str = ""
    """What the tag meant when it was written down: 40 hexadecimal digits."""


@dataclass(frozen=True)
class DataIdFile:
    """A set of DataIds in a file: beside the campaign file, then attached to the issue (A9, C2)."""

    __pydantic_config__: ClassVar = _STRICT

    file: str
    """Name of the file: JSON (DMTN-181) or CSV."""
    reason: _Prose
    """Why these (requirements C4, V22)."""
    sha256: str = ""
    """Hash of the set's canonical form; empty for whatever the file holds when a step is split."""
    count: _Count = 0
    """DataIds in it; 0 where nobody counted."""
    dataset_type: str = ""
    """Of what is included: these datasets are put into a TAGGED collection, which is read in place of theirs
    (requirements A10, C6); empty for a range or a table in each group's query."""
    collections: tuple[str, ...] = ()
    """Where these datasets are looked for; none of them is among the inputs."""


@dataclass(frozen=True)
class SplitRule:
    """How a step's data become groups (requirement B17)."""

    __pydantic_config__: ClassVar = _STRICT

    dimension: str = ""
    """The dimension to split by: visit, tract, healpix3 …; empty for one group."""
    size: _Count = 0
    """At most so many values in a group."""
    count: _Count = 0
    """Number of groups, instead of a size."""
    values: tuple[int | str, ...] = ()
    """Instead of a size: a group for each of these, which must be all that the query selects."""
    lists: tuple[tuple[int | str, ...], ...] = ()
    """Instead of a size: a group for each list of values and ranges (``0..62``), together all of them."""
    file: str = ""
    """Instead of a size: a file with a list for each group, attached to the step: JSON, or CSV."""
    sha256: str = ""
    """Hash of that file's canonical form; empty for whatever it holds when the step is split."""
    by: SplitRule | None = None
    """A second dimension: a group for each pair, as of visits and ranges of detectors."""
    grow: bool = False
    """Whether data that came later get groups of their own when the step is launched again."""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What is split; none for one group."""
        return tuple(one.dimension for one in (self, self.by) if one and one.dimension)


@dataclass(frozen=True)
class StepDefinition:
    """One step: a pipeline subset on a selection of data (requirement A4)."""

    __pydantic_config__: ClassVar = _STRICT

    name: str
    """Short name, unique in the campaign; part of collection and run names."""
    pipeline: str = ""
    """File and subset: ``DRP.yaml#step1``."""
    query: _Line = ""
    """Butler data query; never empty, since BPS would process everything."""
    after: tuple[str, ...] = ()
    """Names of the steps that must be completed before."""
    split: SplitRule = SplitRule()
    """How it is split into groups."""
    include: DataIdFile | None = None
    """Only these DataIds, of those that the query selects; nothing for the campaign's."""
    exclude: DataIdFile | None = None
    """Without these DataIds; nothing for the campaign's."""
    description: _Prose = ""
    """Instructions for operators (requirement B14)."""
    exception: _Prose = ""
    """Why it does otherwise than the rules for such steps say (requirement B15)."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """BPS options: resources, clustering."""
    overrides: Mapping[str, str | Mapping[str, bool | int | float | str]] = field(default_factory=dict)
    """pex_config overrides by task label: values by field, or a file of overrides (requirement B8)."""
    tolerance: Mapping[str, _Fraction] = field(default_factory=dict)
    """Tolerated failed fraction by task label, 0 to 1 (requirement G7)."""
    operators: tuple[str, ...] = ()
    """Jira accounts of those who look after it (requirement D7)."""
    environment: str = ""
    """Named environment; empty for the campaign's."""
    lsst_version: str = ""
    """Science Pipelines tag; empty for the campaign's."""
    image: str = ""
    """Software image; empty for the campaign's."""
    setup: tuple[str, ...] = ()
    """Packages set up on top, see `CampaignDefinition.setup`; none for the campaign's."""
    site: str = ""
    """Compute site; empty for the campaign's."""
    max_groups: _Count = 0
    """Groups in flight at once; 0 for no limit of its own."""
    priority: _Count = 0
    """WMS priority; 0 for the campaign's. Groups of steps with a higher one start first."""
    checkpoint: bool = False
    """Whether it processes nothing: what follows it waits until a person has looked and goes on (D8)."""
    canary: bool = False
    """Whether its first group goes alone, and the others only when that is completed (requirement W12)."""
    retry: RetryPolicy | None = None
    """What cmbot does by itself when something failed; nothing for the campaign's."""


@dataclass(frozen=True, kw_only=True)
class CampaignDefinition:
    """One campaign: why, what, on which data, with which software (DMTN-181)."""

    __pydantic_config__: ClassVar = _STRICT

    name: str
    """Short name (requirement B2)."""
    production: str = ""
    """The production that it belongs to, with other campaigns (requirement A2)."""
    ancestor: str = ""
    """Key of the campaign that it was cloned from (requirement B25)."""
    reason: _Prose = ""
    """Why it is run; it cannot start without (requirement B3)."""
    description: _Prose = ""
    """Anything more there is to say."""
    kind: Annotated[str, one_of(*KINDS)] = "DataProc"
    """What it does (requirement A1)."""
    stage: Annotated[str, one_of(*STAGES)] = "development"
    """How serious it is (requirement B26)."""
    mode: Annotated[str, one_of(*MODES)] = "dev"
    """Whose resources it uses (requirement D20)."""
    definer: str = ""
    """Jira account of who defines it; empty for who creates it (requirement B6)."""
    operators: tuple[str, ...] = ()
    """Jira accounts of those who look after it (requirement D7)."""
    sign_off: Mapping[str, str] = field(default_factory=dict)
    """Who signs for it, by role: data-quality shifter, burst advocate … (requirement A14)."""
    data: Specification | None = None
    """Where its data are specified: exclusion lists and why (requirements B4, B9)."""
    processing: Specification | None = None
    """Where its processing is specified: pipelines, configuration (requirements B5, B9)."""
    butler: str
    """Path or URI of the Butler repository."""
    inputs: tuple[str, ...]
    """Input collections, in search order."""
    include: DataIdFile | None = None
    """Only these DataIds, in the steps that follow no other: later ones see what was made of them."""
    exclude: DataIdFile | None = None
    """Without these DataIds, in the same steps."""
    output: str
    """Root of the output collections; ``{key}`` becomes the key of the campaign (DMTN-167, E6)."""
    public: str = ""
    """Chain that people read; the root of a campaign that is completed is put before all in it (A12)."""
    environment: str
    """Named environment that runs it."""
    lsst_version: str = ""
    """Science Pipelines tag (requirement B7)."""
    image: str = ""
    """Software image that jobs run in, where the site does not decide (requirement E1)."""
    setup: tuple[str, ...] = ()
    """Packages set up on top of the stack, one each: a directory, or a package and its version (B7)."""
    wms: Annotated[str, one_of("", *SYSTEMS)] = ""
    """Workload management system; empty for the site's own."""
    site: str
    """Compute site."""
    pause: PausePolicy = PausePolicy.AFTER_EACH_WORKFLOW
    """When to stop and ask."""
    retry: RetryPolicy = RetryPolicy.MANUAL
    """What cmbot does by itself when something failed."""
    max_groups: _Count = 0
    """Groups of all its steps in flight at once; 0 for no limit of its own (requirement V18)."""
    priority: _Count = 0
    """WMS priority of steps that have none; campaigns with a higher one start their groups first."""
    steps: tuple[StepDefinition, ...] = ()
    """Its steps, in the order written."""

    @property
    def work(self) -> tuple[StepDefinition, ...]:
        """The steps that process data: all but checkpoints."""
        return tuple(step for step in self.steps if not step.checkpoint)

    def chosen(self, step: StepDefinition) -> dict[str, DataIdFile]:
        """Sets of DataIds that restrict a step, by ``include`` and ``exclude``."""
        own = {"include": step.include, "exclude": step.exclude}
        ours = {"include": self.include, "exclude": self.exclude} if not step.after else {}
        return {kind: found for kind, file in own.items() if (found := file or ours.get(kind))}

    def created_as(self, key: str) -> CampaignDefinition:
        """Give the definition that a campaign has once it is created.

        Parameters
        ----------
        key : `str`
            Key of its epic.

        Returns
        -------
        definition : `CampaignDefinition`
            With the key in the output root, where that asks for it.
        """
        return replace(self, output=self.output.replace(KEY, key))

    def site_of(self, step: StepDefinition) -> str:
        """Name the compute site of a step.

        Parameters
        ----------
        step : `StepDefinition`
            One of its steps.

        Returns
        -------
        name : `str`
            The step's own, else the campaign's.
        """
        return step.site or self.site

    def environment_of(self, step: StepDefinition) -> str:
        """Name the environment of a step.

        Parameters
        ----------
        step : `StepDefinition`
            One of its steps.

        Returns
        -------
        name : `str`
            The step's own, else the campaign's.
        """
        return step.environment or self.environment

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
