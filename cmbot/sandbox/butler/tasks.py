"""Tasks with the shape of a data release production and no science code.

Every task reads its inputs, may get into trouble as its configuration says, and writes a small dictionary
that tells what it was made from. Dataset types and labels are those of the DRP pipeline (RTN-023 section 7);
contents are not.
"""

# the class keywords below belong to metaclasses of packages without type information
# mypy: disable-error-code="call-arg"
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsst.pex.config import Field
from lsst.pipe.base import (
    InputQuantizedConnection,
    OutputQuantizedConnection,
    PipelineTask,
    PipelineTaskConfig,
    PipelineTaskConnections,
    QuantumContext,
)
from lsst.pipe.base.connectionTypes import Input, Output, PrerequisiteInput

from cmbot.sandbox.butler.trouble import TroubleConfig, make_trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPOSURE_DETECTOR = ("instrument", "exposure", "detector")
VISIT_DETECTOR = ("instrument", "visit", "detector")
VISIT = ("instrument", "visit")
WARP = ("instrument", "skymap", "tract", "patch", "visit")
PATCH_BAND = ("skymap", "tract", "patch", "band")
TRACT = ("skymap", "tract")
BAND = ("skymap", "band")


def _read(name: str, dimensions: tuple[str, ...], *, multiple: bool = False) -> Input:
    return Input(
        doc=f"The {name} of the data.",
        name=name,
        storageClass="StructuredDataDict",
        dimensions=dimensions,
        multiple=multiple,
    )


def _write(name: str, dimensions: tuple[str, ...]) -> Output:
    return Output(
        doc=f"The {name} made by this task.",
        name=name,
        storageClass="StructuredDataDict",
        dimensions=dimensions,
    )


def _refs(connection: InputQuantizedConnection | OutputQuantizedConnection) -> Iterator[Any]:
    for _, value in connection:
        yield from value if isinstance(value, list | tuple) else (value,)


class SandboxTask(PipelineTask):
    """Read everything, write a note of it: the body that all tasks share."""

    ConfigClass = TroubleConfig

    def runQuantum(  # noqa: N802 - the names are lsst's
        self,
        butlerQC: QuantumContext,  # noqa: N803 - as above
        inputRefs: InputQuantizedConnection,  # noqa: N803 - as above
        outputRefs: OutputQuantizedConnection,  # noqa: N803 - as above
    ) -> None:
        """Run one quantum.

        Parameters
        ----------
        butlerQC : `lsst.pipe.base.QuantumContext`
            Butler of the quantum.
        inputRefs, outputRefs : `lsst.pipe.base.InputQuantizedConnection`, \
                `lsst.pipe.base.OutputQuantizedConnection`
            What it reads and writes.

        Raises
        ------
        RuntimeError
            Raised if the configuration wants this quantum to fail.
        """
        outputs = list(_refs(outputRefs))
        data_id = {str(name): value for name, value in butlerQC.quantum.dataId.required.items()}
        sources = list(_refs(inputRefs))
        for ref in sources:
            butlerQC.get(ref)
        make_trouble(self.config, data_id, outputs[0].run)
        for ref in outputs:
            butlerQC.put({"label": self.getName(), "inputs": len(sources), "dataId": data_id}, ref)


class IsrConnections(PipelineTaskConnections, dimensions=EXPOSURE_DETECTOR):
    """A raw becomes a corrected image."""

    raw = _read("raw", EXPOSURE_DETECTOR)
    camera = PrerequisiteInput(
        doc="The camera.",
        name="camera",
        storageClass="StructuredDataDict",
        dimensions=("instrument",),
        isCalibration=False,
    )
    output_exposure = _write("postISRCCD", EXPOSURE_DETECTOR)


class IsrConfig(PipelineTaskConfig, TroubleConfig, pipelineConnections=IsrConnections):
    """Configuration of `IsrTask`."""


class IsrTask(SandboxTask):
    """Instrument signature removal."""

    ConfigClass = IsrConfig
    _DefaultName = "isr"


class CalibrateConnections(PipelineTaskConnections, dimensions=VISIT_DETECTOR):
    """A corrected image becomes a calibrated one and a source table."""

    exposure = _read("postISRCCD", EXPOSURE_DETECTOR, multiple=True)
    output_exposure = _write("calexp", VISIT_DETECTOR)
    output_catalog = _write("sourceTable", VISIT_DETECTOR)


class CalibrateConfig(PipelineTaskConfig, TroubleConfig, pipelineConnections=CalibrateConnections):
    """Configuration of `CalibrateTask`."""

    do_calibrate_pixels = Field(doc="Nothing: the name is that of calibrateImage.", dtype=bool, default=True)


class CalibrateTask(SandboxTask):
    """Calibration of one detector."""

    ConfigClass = CalibrateConfig
    _DefaultName = "calibrate"


class ConsolidateSourceTableConnections(PipelineTaskConnections, dimensions=VISIT):
    """Source tables of the detectors become one of the visit."""

    input_catalogs = _read("sourceTable", VISIT_DETECTOR, multiple=True)
    output_catalog = _write("sourceTable_visit", VISIT)


class ConsolidateSourceTableConfig(
    PipelineTaskConfig, TroubleConfig, pipelineConnections=ConsolidateSourceTableConnections
):
    """Configuration of `ConsolidateSourceTableTask`."""


class ConsolidateSourceTableTask(SandboxTask):
    """Source table of a visit."""

    ConfigClass = ConsolidateSourceTableConfig
    _DefaultName = "consolidateSourceTable"


class ConsolidateVisitSummaryConnections(PipelineTaskConnections, dimensions=VISIT):
    """Calibrated images of the detectors become a summary of the visit."""

    calexp = _read("calexp", VISIT_DETECTOR, multiple=True)
    visit_summary = _write("visitSummary", VISIT)


class ConsolidateVisitSummaryConfig(
    PipelineTaskConfig, TroubleConfig, pipelineConnections=ConsolidateVisitSummaryConnections
):
    """Configuration of `ConsolidateVisitSummaryTask`."""


class ConsolidateVisitSummaryTask(SandboxTask):
    """Summary of a visit."""

    ConfigClass = ConsolidateVisitSummaryConfig
    _DefaultName = "consolidateVisitSummary"


class MakeWarpConnections(PipelineTaskConnections, dimensions=WARP):
    """Images of a visit that touch a patch become a warp."""

    calexp_list = _read("calexp", VISIT_DETECTOR, multiple=True)
    visit_summary = _read("visitSummary", VISIT)
    direct = _write("deepCoadd_directWarp", WARP)


class MakeWarpConfig(PipelineTaskConfig, TroubleConfig, pipelineConnections=MakeWarpConnections):
    """Configuration of `MakeWarpTask`."""


class MakeWarpTask(SandboxTask):
    """Warp of one visit onto one patch."""

    ConfigClass = MakeWarpConfig
    _DefaultName = "makeWarp"


class AssembleCoaddConnections(PipelineTaskConnections, dimensions=PATCH_BAND):
    """Warps of a band become a coadd."""

    input_warps = _read("deepCoadd_directWarp", WARP, multiple=True)
    coadd_exposure = _write("deepCoadd", PATCH_BAND)


class AssembleCoaddConfig(PipelineTaskConfig, TroubleConfig, pipelineConnections=AssembleCoaddConnections):
    """Configuration of `AssembleCoaddTask`."""


class AssembleCoaddTask(SandboxTask):
    """Coadd of one patch in one band."""

    ConfigClass = AssembleCoaddConfig
    _DefaultName = "assembleCoadd"


class ConsolidateObjectTableConnections(PipelineTaskConnections, dimensions=TRACT):
    """Coadds of all patches and bands become the object table of a tract."""

    input_coadds = _read("deepCoadd", PATCH_BAND, multiple=True)
    output_catalog = _write("objectTable_tract", TRACT)


class ConsolidateObjectTableConfig(
    PipelineTaskConfig, TroubleConfig, pipelineConnections=ConsolidateObjectTableConnections
):
    """Configuration of `ConsolidateObjectTableTask`."""


class ConsolidateObjectTableTask(SandboxTask):
    """Object table of one tract."""

    ConfigClass = ConsolidateObjectTableConfig
    _DefaultName = "consolidateObjectTable"


class SelectVisitsConnections(PipelineTaskConnections, dimensions=PATCH_BAND):
    """Summaries of visits say which of them a patch is made from."""

    visit_summaries = _read("visitSummary", VISIT, multiple=True)
    selected_visits = _write("deepCoaddVisits", PATCH_BAND)


class SelectVisitsConfig(PipelineTaskConfig, TroubleConfig, pipelineConnections=SelectVisitsConnections):
    """Configuration of `SelectVisitsTask`."""

    maxPsfFwhm = Field(  # noqa: N815 - the name is that of the science pipelines
        doc="Seeing in arcseconds up to which a visit would be chosen.", dtype=float, default=1.5
    )


class SelectVisitsTask(SandboxTask):
    """Choice of the visits of one patch in one band."""

    ConfigClass = SelectVisitsConfig
    _DefaultName = "selectDeepCoaddVisits"


class MeasureCoaddConnections(PipelineTaskConnections, dimensions=PATCH_BAND):
    """A coadd becomes a catalogue."""

    exposure = _read("deepCoadd", PATCH_BAND)
    output_catalog = _write("deepCoadd_meas", PATCH_BAND)


class MeasureCoaddConfig(PipelineTaskConfig, TroubleConfig, pipelineConnections=MeasureCoaddConnections):
    """Configuration of `MeasureCoaddTask`."""


class MeasureCoaddTask(SandboxTask):
    """Detection or measurement on one patch in one band."""

    ConfigClass = MeasureCoaddConfig
    _DefaultName = "measure"


class ImageDifferenceConnections(PipelineTaskConnections, dimensions=(*VISIT_DETECTOR, "skymap")):
    """A calibrated image less the templates that it touches becomes a difference image and its sources."""

    science = _read("calexp", VISIT_DETECTOR)
    templates = _read("goodSeeingCoadd", PATCH_BAND, multiple=True)
    difference = _write("goodSeeingDiff_differenceExp", VISIT_DETECTOR)
    output_catalog = _write("goodSeeingDiff_diaSrcTable", VISIT_DETECTOR)


class ImageDifferenceConfig(
    PipelineTaskConfig, TroubleConfig, pipelineConnections=ImageDifferenceConnections
):
    """Configuration of `ImageDifferenceTask`."""


class ImageDifferenceTask(SandboxTask):
    """Difference image of one detector."""

    ConfigClass = ImageDifferenceConfig
    _DefaultName = "imageDifference"


class AssociationConnections(PipelineTaskConnections, dimensions=TRACT):
    """Difference sources of all visits become the difference objects of a tract."""

    input_catalogs = _read("goodSeeingDiff_diaSrcTable", VISIT_DETECTOR, multiple=True)
    output_catalog = _write("diaObjectTable_tract", TRACT)


class AssociationConfig(PipelineTaskConfig, TroubleConfig, pipelineConnections=AssociationConnections):
    """Configuration of `AssociationTask`."""


class AssociationTask(SandboxTask):
    """Association of the difference sources of one tract."""

    ConfigClass = AssociationConfig
    _DefaultName = "drpAssociation"


class PropertyMapConnections(PipelineTaskConnections, dimensions=BAND):
    """Coadds of a band become one map."""

    input_coadds = _read("deepCoadd", PATCH_BAND, multiple=True)
    property_map = _write("deepCoadd_property_map", BAND)


class PropertyMapConfig(PipelineTaskConfig, TroubleConfig, pipelineConnections=PropertyMapConnections):
    """Configuration of `PropertyMapTask`."""


class PropertyMapTask(SandboxTask):
    """Map of the whole survey in one band."""

    ConfigClass = PropertyMapConfig
    _DefaultName = "consolidateHealSparsePropertyMaps"
