"""A submission as the bot would make it, and the template it is rendered with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cmbot.bps.submission import Submission

TEMPLATES = Path(__file__).parents[2] / "templates" / "bps"


@pytest.fixture
def base() -> dict[str, Any]:
    """What all submissions to PanDA have in common."""
    parsed: dict[str, Any] = yaml.safe_load((TEMPLATES / "panda.yaml").read_text())
    return parsed


@pytest.fixture
def submission() -> Submission:
    """One group of visits."""
    name = "CM-7_step1_g001_a1_0a1b2c3d"
    return Submission(
        name=name,
        pipeline="${DRP_PIPE_DIR}/pipelines/DemoCam/DRP.yaml#step1",
        project="CM",
        campaign="CM-1",
        payload="step1_g001",
        operator="cmbot",
        butler="/data/repo",
        in_collections=("DemoCam/raw/all", "DemoCam/calib", "skymaps"),
        data_query="instrument = 'DemoCam' AND visit IN (1001..1020)",
        output="cm/CM-1/step1/g001",
        output_run=f"cm/CM-1/step1/g001/{name}",
        submit_path=f"/data/cmbot/submit/{name}",
        id_link_path="/data/cmbot/submit/ids",
        wms="PanDA",
        site="SLAC",
        site_options={
            "computeCloud": "US",
            "queue": "SLAC_Rubin",
            "fileDistributionEndPoint": "file:///data/box/{uniqProcName}/",
        },
        options={
            "requestMemory": 4096,
            "pipetask": {"isr": {"requestMemory": 8192, "numberOfRetries": 2}},
            "clusterAlgorithm": "lsst.ctrl.bps.quantum_clustering_funcs.dimension_clustering",
            "cluster": {"visit": {"pipetasks": "isr,calibrate", "dimensions": "visit"}},
            "finalJob": {"requestMemory": 4096, "requestCpus": 2},
        },
        extra_qgraph_options=("--skip-existing-in", "cm/CM-1/step1/g001", "-c", "isr:doFlat=False"),
        priority=500,
        lsst_version="w_2026_47",
    )
