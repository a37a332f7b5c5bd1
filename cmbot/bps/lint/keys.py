"""The keys that BPS and its plugins read, and what they hold (reference/bps.md 6, predecessors.md 2.1).

BPS reports no unknown key, because any key may be a variable; so a misspelt one is silently ignored.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(Enum):
    """What a key holds."""

    TEXT = "a text"
    WHOLE = "a whole number"
    NUMBER = "a number"
    FLAG = "true or false"
    MAPPING = "a mapping"
    TEXTS = "a list of texts"
    CODES = "an exit code or a list of them"
    TIME = "minutes"


def _keys(kind: Kind, names: str) -> dict[str, Kind]:
    return dict.fromkeys(names.split(), kind)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


JOB: Mapping[str, Kind] = {
    **_keys(Kind.WHOLE, "requestMemory requestMemoryMax requestCpus requestDisk memoryLimit"),
    **_keys(Kind.WHOLE, "numberOfRetries priority abortOnValue abortReturnValue maxPayloadsPerPandaJob"),
    **_keys(Kind.NUMBER, "memoryMultiplier"),
    **_keys(Kind.TIME, "requestWalltime maxWmsJobWalltime"),
    **_keys(Kind.CODES, "retryUnlessExit"),
    **_keys(Kind.FLAG, "preemptible enableEventService"),
    **_keys(Kind.TEXT, "queue computeSite computeCloud accountingGroup accountingUser nodeset"),
    **_keys(Kind.TEXT, "mailTo whenToMail category concurrencyLimit preCmdline postCmdline"),
    **_keys(Kind.TEXT, "runQuantumCommand runPreCmdOpts extraRunQuantumOptions"),
    **_keys(Kind.TEXT, "processingType taskType prodSourceLabel vo"),
    **_keys(Kind.MAPPING, "environment profile attrs"),
}
"""What belongs to jobs: at top level, per task and per cluster."""

CLUSTER: Mapping[str, Kind] = {
    **JOB,
    **_keys(Kind.TEXT, "pipetasks dimensions equalDimensions partitionDimensions"),
    **_keys(Kind.TEXT, "clusterTemplate findDependencyMethod"),
    **_keys(Kind.WHOLE, "partitionMaxClusters partitionMaxSize"),
}
"""One cluster."""

FINAL_JOB: Mapping[str, Kind] = {
    **JOB,
    **_keys(Kind.TEXT, "whenRun whenSetup implementation finalPreCmdOpts updateOutputChain"),
    **_keys(Kind.TEXT, "command1 command2 command3 command4"),
}
"""The final job."""

PAYLOAD: Mapping[str, Kind] = {
    **_keys(Kind.TEXT, "payloadName butlerConfig inCollection dataQuery output outputRun sw_image"),
    **_keys(Kind.TEXT, "payloadFolder fileDistributionEndPoint fileDistributionEndPointDefault"),
    **_keys(Kind.TEXT, "runnerCommand s3EndpointUrl"),
    **_keys(Kind.FLAG, "runInit"),
}
"""The payload section."""

TOP: Mapping[str, Kind] = {
    **JOB,
    **PAYLOAD,
    # Variables of the plugins' example configurations, which BPS itself does not read.
    **_keys(Kind.TEXT, "LSST_VERSION custom_lsst_setup setupLSSTEnv container_cmd payloadCommand"),
    **_keys(
        Kind.TEXT, "pipelineYaml qgraphFile operator project campaign uniqProcName submitPath idLinkPath"
    ),
    **_keys(Kind.TEXT, "wmsServiceClass clusterAlgorithm subDirTemplate templateDataId qgraphFileTemplate"),
    **_keys(
        Kind.TEXT, "whenSaveJobQgraph createQuantumGraph updateQuantumGraph iddsServer orderIdMapFilename"
    ),
    **_keys(Kind.TEXT, "extraQgraphOptions extraInitOptions extraUpdateQgraphOptions extraAggregateOptions"),
    **_keys(Kind.TEXT, "pipetaskInput pipetaskOutput pipetaskDataQuery defaultPreCmdOpts qgraphPreCmdOpts"),
    **_keys(Kind.TEXT, "initPreCmdOpts updateQgraphPreCmdOpts"),
    **_keys(Kind.FLAG, "makeIdLink saveDot saveGenericWorkflow saveClusteredQgraph validateClusteredQgraph"),
    **_keys(Kind.FLAG, "useLazyCommands bpsUseShared enableJobNameMap enableQnodeMap provisionResources"),
    **_keys(Kind.WHOLE, "maxJobsPerTask maxRequestLength maxCopyWorkers"),
    **_keys(Kind.TEXTS, "includeConfigs placeholderParams submitSideResolvedParams"),
    **_keys(Kind.MAPPING, "payload pipetask cluster finalJob site cloud remoteBuild provisioning"),
}
"""Top level."""

POSITIVE = _names(
    """requestMemory requestMemoryMax requestCpus requestDisk requestWalltime memoryLimit maxJobsPerTask
    memoryMultiplier numberOfRetries partitionMaxClusters partitionMaxSize"""
)
"""Numbers that must be above 0; PanDA takes 0 retries for its default of 3."""

REPLACED: Mapping[str, str] = {
    "clustering": "cluster",
    "extra_args": "extraQgraphOptions",
    "outCollection": "outputRun in payload",
    "computing_cloud": "computeCloud",
    "computingCloud": "computeCloud",
    "executionButler": "finalJob",
    "retries": "numberOfRetries",
}
"""Keys of older versions and of other tools' templates: ignored or refused (predecessors.md 2.2)."""

SET_BY_BPS = _names(
    """timestamp submitPath operator uniqProcName workflowName workflowPath runQgraphFile qgraphFile
    inputQgraphFile qgraphNodeId qgraphId butlerConfig label"""
)
"""Variables that BPS itself defines."""

DEFAULTED = _names(
    """defaultPreCmdOpts qgraphPreCmdOpts initPreCmdOpts runPreCmdOpts updateQgraphPreCmdOpts finalPreCmdOpts
    pipetaskInput pipetaskOutput pipetaskDataQuery fileDistributionEndPoint requestCpus requestMemory
    extraQgraphOptions extraInitOptions extraRunQuantumOptions extraUpdateQgraphOptions extraAggregateOptions
    updateOutputChain output outputRun"""
)
"""Keys that bps_defaults.yaml sets, or that are rightly empty when nobody does."""

DIMENSIONS = _names(
    """instrument detector exposure visit tract patch band physical_filter subfilter skymap day_obs group
    healpix3 healpix7 htm7"""
)
"""Dimensions that BPS's file-name templates may use as variables."""
