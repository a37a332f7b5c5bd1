"""A thousand BPS files rendered, loaded back, linted and written, and the least that this can take."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import jinja2
import yaml

from cmbot.bps.lint import keys, lint
from cmbot.bps.lint.sameness import leaves
from cmbot.bps.render import render, to_yaml
from cmbot.bps.submission import Submission
from cmbot.definition import yaml_text
from cmbot.models.systems import System
from cmbot.reconcile.systems import bases

if TYPE_CHECKING:
    from collections.abc import Mapping

_COUNT = 1_000
_PLACEHOLDER = re.compile(r"TODO|GNUM|\{\{.*?\}\}")
_TASKS = [f"task{number}" for number in range(8)]


def _submission(number: int) -> Submission:
    group = f"g{number:03}"
    name = f"CM-7_step1_{group}_a1_0a1b2c3d"
    return Submission(
        name=name,
        pipeline="${DRP_PIPE_DIR}/pipelines/LSSTCam/DRP.yaml#step1",
        project="CM",
        campaign="CM-1",
        payload=f"step1_{group}",
        operator="anna",
        butler="/repo/main",
        in_collections=("LSSTCam/raw/all", "LSSTCam/calib", "skymaps"),
        data_query=f"instrument = 'LSSTCam' AND visit IN ({number}001..{number}040)",
        output=f"cm/CM-1/step1/{group}",
        output_run=f"cm/CM-1/step1/{group}/a1_0a1b2c3d",
        submit_path=f"/data/submit/{name}",
        id_link_path="/data/submit/ids",
        wms=System.PANDA,
        site="SLAC",
        site_options={"queue": "SLAC_Rubin", "fileDistributionEndPoint": "file:///box/{uniqProcName}/"},
        options={
            "requestMemory": 4096,
            "pipetask": {label: {"requestMemory": 8192, "numberOfRetries": 2} for label in _TASKS},
            "clusterAlgorithm": "lsst.ctrl.bps.quantum_clustering_funcs.dimension_clustering",
            "cluster": {"visit": {"pipetasks": "task0,task1", "dimensions": "visit"}},
            "finalJob": {"requestMemory": 4096, "requestCpus": 2},
        },
        priority=500,
        lsst_version="w_2026_47",
    )


def _floor(template: jinja2.Template, submission: Submission, file: Path) -> None:
    """A compiled template, the C loader, one look at every key and value, a write."""
    text = template.render(name=submission.name, query=submission.data_query, group=submission.payload)
    for path, value in leaves(yaml.load(text, Loader=yaml.CSafeLoader), ""):
        for key in path.split("."):
            keys.TOP.get(key)
        _PLACEHOLDER.search(str(value))
    file.write_text(text)


def _work(base: Mapping[str, Any], submission: Submission, file: Path) -> None:
    text = to_yaml(render(submission, base))
    found = lint(yaml_text.load(text, file.name), labels=_TASKS)
    assert not found, found
    file.write_text(text)


def figures() -> tuple[float, float]:
    """Seconds for a thousand files, of the floor and of cmbot; taken in turn, the least of five."""
    base = bases()[System.PANDA]
    submissions = [_submission(number) for number in range(_COUNT)]
    text = to_yaml(render(submissions[0], base)).replace("{", "{{ '{' }}")
    for name, value in (
        ("name", submissions[0].name),
        ("query", submissions[0].data_query),
        ("group", submissions[0].payload),
    ):
        text = text.replace(value, f"{{{{ {name} }}}}")
    template = jinja2.Environment().from_string(text)
    floors, times = [], []
    with tempfile.TemporaryDirectory() as directory:
        files = [Path(directory) / f"{submission.name}.yaml" for submission in submissions]
        for _ in range(5):
            start = perf_counter()
            for submission, file in zip(submissions, files, strict=True):
                _floor(template, submission, file)
            middle = perf_counter()
            for submission, file in zip(submissions, files, strict=True):
                _work(base, submission, file)
            floors.append(middle - start)
            times.append(perf_counter() - middle)
    return min(floors), min(times)
