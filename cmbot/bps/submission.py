"""What is submitted: one group of one step, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cmbot.models.systems import System

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Submission:
    """One ``bps submit``, described by what cmbot computes and by what people chose."""

    name: str
    """Run name, BPS's uniqProcName: unique, at most 200 characters."""
    pipeline: str
    """Pipeline file and subset: ``DRP.yaml#step1``; may begin with ``${SOME_DIR}``."""
    project: str
    """BPS's project: key of the Jira project."""
    campaign: str
    """BPS's campaign: key of the epic. Like project, payload and site, letters, digits and ``_ . -`` only."""
    payload: str
    """BPS's payloadName: step and group."""
    operator: str
    """Who BPS records as operator."""
    butler: str
    """Path or URI of the Butler repository."""
    in_collections: tuple[str, ...]
    """Input collections, in search order."""
    data_query: str
    """Butler data query of the group; never empty."""
    output: str
    """Output chain of the group."""
    output_run: str
    """RUN collection of this try; below the chain."""
    submit_path: str
    """Directory that BPS makes; it must not exist, which makes it a mutex."""
    id_link_path: str
    """Directory where BPS links request ids to submit directories."""
    wms: System
    """Workload management system: one of `WMS_CLASSES`."""
    site: str
    """Compute site."""
    site_options: Mapping[str, Any] = field(default_factory=dict)
    """BPS keys of the site, from the settings: trusted, may hold BPS variables."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """BPS options of the step, from Jira: resources and clustering only."""
    overrides: Mapping[str, str | Mapping[str, bool | int | float | str]] = field(default_factory=dict)
    """pex_config overrides of the step, by task label: values by field, or a file."""
    extra_qgraph_options: tuple[str, ...] = ()
    """Further arguments of ``pipetask qgraph``, one item each: quoted when rendered."""
    priority: int = 0
    """WMS priority; 0 for the WMS's own."""
    lsst_version: str = ""
    """Science Pipelines tag, BPS's LSST_VERSION; empty for none."""
    image: str = ""
    """Software image of the jobs, BPS's sw_image; empty for the site's own."""
    setup: tuple[str, ...] = ()
    """Set up on top of the stack, one each: a directory, or a package and its version; BPS's
    custom_lsst_setup, which the sites' configurations run after the stack's own."""


WMS_CLASSES: Mapping[System, str] = {
    System.PANDA: "lsst.ctrl.bps.panda.PanDAService",
    System.HTCONDOR: "lsst.ctrl.bps.htcondor.HTCondorService",
    System.PARSL: "lsst.ctrl.bps.parsl.ParslService",
}
"""BPS's service class by WMS."""
