"""For each kind of broken configuration the linter names the key and a remedy.

The kinds are those that were tried with the real BPS (most were accepted in silence) and those found in
earlier campaigns' templates.
"""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cmbot.bps.lint import keys, lint
from cmbot.bps.render import render

if TYPE_CHECKING:
    from cmbot.bps.submission import Submission

LABELS = frozenset({"isr", "characterizeImage", "calibrate"})
GONE = object()


@pytest.fixture
def good(submission: Submission, base: dict[str, Any]) -> dict[str, Any]:
    """A configuration without problems."""
    return render(submission, base)


def changed(config: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    config = copy.deepcopy(config)
    *parents, key = path.split(".")
    place = config
    for parent in parents:
        place = place.setdefault(parent, {})
    if value is GONE:
        del place[key]
    else:
        place[key] = value
    return config


def found(config: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in lint(config, labels=LABELS)]


@pytest.mark.parametrize(
    "path",
    [
        "pipelineYaml",
        "project",
        "campaign",
        "operator",
        "uniqProcName",
        "submitPath",
        "wmsServiceClass",
        "computeSite",
        "payload.payloadName",
        "payload.butlerConfig",
        "payload.inCollection",
        "payload.dataQuery",
        "payload.output",
        "payload.outputRun",
        "fileDistributionEndPoint",
    ],
)
def test_a_missing_key_is_named(good: dict[str, Any], path: str) -> None:
    assert any(line.startswith(f"{path}: is missing") for line in found(changed(good, path, GONE)))
    assert any(line.startswith(f"{path}: is missing") for line in found(changed(good, path, "")))


def test_a_missing_query_is_said_to_process_everything(good: dict[str, Any]) -> None:
    assert found(changed(good, "payload.dataQuery", " ")) == [
        "payload.dataQuery: is missing, and BPS would process everything; set it"
    ]


def test_a_missing_runner_command_is_named(good: dict[str, Any]) -> None:
    assert found(changed(good, "runnerCommand", GONE)) == [
        "runnerCommand: does not hold _cmd_line_; see templates/bps/panda.yaml"
    ]


BROKEN = [
    # tried with the real BPS: most were accepted
    ("payload.outCollection", "u/x", "payload.outCollection: is no key", "write outputRun in payload"),
    ("requestMemory", "lots", "requestMemory: cannot be 'lots'", "give a whole number"),
    ("pipetask.isr.requestMemory", "lots", "pipetask.isr.requestMemory: cannot be 'lots'", "whole number"),
    ("requestMemry", 4096, "requestMemry: is no key", "write requestMemory"),
    ("payload.dataquery", "x", "payload.dataquery: is no key", "write dataQuery"),
    ("myOwnThing", "x", "myOwnThing: is no key of BPS and no value uses it", "leave it out"),
    ("payload.butlerConfig", "/data/{repo}", "payload.butlerConfig: uses {repo}, which nothing", "define or"),
    ("payload.butlerConfig", "/data/{repo", "payload.butlerConfig: holds a brace", "correct"),
    # ignored or refused keys of predecessors.md 2.2
    ("pipetask.isr.request_memory", 4096, "pipetask.isr.request_memory: is no key", "write requestMemory"),
    ("request_cpus", 4, "request_cpus: is no key", "write requestCpus"),
    ("clustering", {}, "clustering: is no key", "write cluster"),
    ("payload.extra_args", "--x", "payload.extra_args: is no key", "write extraQgraphOptions"),
    ("computing_cloud", "US", "computing_cloud: is no key", "write computeCloud"),
    ("idds_server", "x", "idds_server: is no key", "write iddsServer"),
    ("payload_folder", "x", "payload_folder: is no key", "write payloadFolder"),
    ("s3_endpoint_url", "x", "s3_endpoint_url: is no key", "write s3EndpointUrl"),
    ("runner_command", "x", "runner_command: is no key", "write runnerCommand"),
    # placeholders
    ("payload.payloadName", "step1_GNUM", "payload.payloadName: still holds the placeholder GNUM", "fill it"),
    ("payload.dataQuery", "visit IN (LOWEXP..HIGHEXP)", "still holds the placeholder LOWEXP", "fill it"),
    ("payload.dataQuery", "band = 'BAND'", "still holds the placeholder BAND", "fill it"),
    ("payload.output", "u/{{ campaign }}", "still holds the placeholder {{ campaign }}", "fill it"),
    # labels and clusters
    (
        "pipetask.isrr",
        {"requestMemory": 1},
        "pipetask.isrr: the pipeline has no task isrr",
        "did you mean isr?",
    ),
    ("cluster.visit.pipetasks", "isr,calib", "the pipeline has no task calib", "did you mean calibrate?"),
    ("cluster.b", {"pipetasks": "isr", "dimensions": "visit"}, "cluster.b: isr is in cluster visit", "one"),
    ("cluster.visit.pipetasks", GONE, "cluster.visit.pipetasks: is missing", "name the tasks"),
    (
        "cluster.visit.partitionDimensions",
        "detector",
        "needs exactly one of partitionMaxClusters",
        "give one",
    ),
    ("clusterAlgorithm", GONE, "clusterAlgorithm: does not use the clusters", "dimension_clustering"),
    # places and names
    ("fileDistributionEndPoint", "/box/{uniqProcName}", "fileDistributionEndPoint: does not end in /", "add"),
    ("fileDistributionEndPoint", "/box/", "fileDistributionEndPoint: is shared by all submissions", "write"),
    ("uniqProcName", "x" * 201, "uniqProcName: has 201 characters", "200"),
    ("payload.outputRun", "cm/CM-1/step1/g001", "payload.outputRun: is the output chain itself", "below it"),
    # things that do not go together
    ("payload.sw_image", "lsst:w_2026_46", "LSST_VERSION: w_2026_46 and w_2026_47 are mixed", "one version"),
    ("memoryLimit", 5000, "pipetask.isr.requestMemory: 8192 is above memoryLimit 5000", "lower it"),
    ("finalJob.whenRun", "NEVER", "finalJob.whenRun: is NEVER", "ALWAYS"),
    ("remoteBuild", {"enabled": True}, "remoteBuild: cannot be used", "leave it out"),
    ("requestMemory", 0, "requestMemory: cannot be 0", "above 0"),
    ("numberOfRetries", 0, "numberOfRetries: cannot be 0", "above 0"),
    ("payload.wmsServiceClass", "x", "payload.wmsServiceClass: does not belong here", "top level"),
    # what the Butler cannot do
    ("payload.dataQuery", 5, "payload.dataQuery: is 5", "write a query"),
    ("payload.dataQuery", "visit IN (" + "1," * 990 + "1)", "lists too many values", "--data-id-table"),
    ("payload.dataQuery", "(a=1 AND b=2)" + " OR (a=1 AND b=2)" * 9, "joins too many alternatives", "ranges"),
    ("payload.dataQuery", 'x = "1"', "payload.dataQuery: cannot be used: it would end the quotes", "correct"),
    (
        "payload.dataQuery",
        "x = bpsEval(f, 1)",
        "payload.dataQuery: cannot be used: BPS would execute",
        "correct",
    ),
]


@pytest.mark.covers("B11", "W17")
@pytest.mark.parametrize(("path", "value", "problem", "remedy"), BROKEN)
def test_a_broken_configuration_is_named_with_a_remedy(
    good: dict[str, Any], path: str, value: Any, problem: str, remedy: str
) -> None:
    lines = found(changed(good, path, value))
    assert any(problem in line and remedy in line.partition("; ")[2] for line in lines), lines


def test_everything_is_told_at_once(good: dict[str, Any]) -> None:
    config = changed(changed(changed(good, "payload.dataQuery", GONE), "clustering", {}), "campaign", "")
    assert len(found(config)) == 3


def test_a_key_that_a_value_uses_is_a_variable(good: dict[str, Any]) -> None:
    config = changed(good, "payload.butlerConfig", "{myRepo}/butler.yaml")
    assert found(changed(config, "myRepo", "/data")) == []


def test_variables_that_bps_defines_are_allowed(good: dict[str, Any]) -> None:
    assert found(changed(good, "payload.outputRun", "{output}/{timestamp}")) == []
    assert found(changed(good, "subDirTemplate", "{label}/{tract}/{visit}")) == []
    assert found(changed(good, "pipelineYaml", "${DRP_PIPE_DIR}/DRP.yaml#step1")) == []


def test_known_plain_variables_are_allowed(good: dict[str, Any]) -> None:
    assert found(changed(good, "custom_lsst_setup", "setup -j -r /hotfix")) == []


def test_a_ready_graph_needs_no_query(good: dict[str, Any]) -> None:
    config = changed(changed(good, "pipelineYaml", GONE), "qgraphFile", "/data/a.qg")
    config = changed(changed(config, "payload.dataQuery", GONE), "payload.inCollection", GONE)
    assert found(config) == []


def test_what_an_included_file_may_set_is_not_asked_for(good: dict[str, Any]) -> None:
    config = changed(good, "includeConfigs", ["${CTRL_BPS_PANDA_DIR}/config/bps_usdf.yaml"])
    assert found(changed(config, "fileDistributionEndPoint", GONE)) == []


def test_without_labels_no_label_is_doubted(good: dict[str, Any]) -> None:
    assert lint(changed(good, "pipetask.anything", {"requestMemory": 1})) == ()


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=10,
)
SECTIONS = st.sampled_from(
    ["payload", "pipetask", "cluster", "finalJob", "site", "uniqProcName", "memoryLimit"]
)


@given(st.dictionaries(st.one_of(SECTIONS, st.text()), JSON))
def test_no_yaml_makes_the_linter_stumble(config: dict[str, Any]) -> None:
    assert lint(config, labels=LABELS) != ()


def test_the_keys_of_the_installed_bps_are_known() -> None:
    bps = pytest.importorskip("lsst.ctrl.bps", reason="the sandbox extra is not installed")
    defaults = yaml.safe_load((Path(bps.__file__).parent / "etc" / "bps_defaults.yaml").read_text())
    assert set(defaults) - {"executionButler"} <= set(keys.TOP)
    assert set(defaults["payload"]) <= set(keys.PAYLOAD)
    assert set(defaults["finalJob"]) <= set(keys.FINAL_JOB)


def test_the_job_attributes_of_the_installed_bps_are_known() -> None:
    bps = pytest.importorskip("lsst.ctrl.bps", reason="the sandbox extra is not installed")
    words = [field.name.split("_") for field in dataclasses.fields(bps.GenericWorkflowJob)]
    attributes = {first + "".join(word.title() for word in more) for first, *more in words}
    internal = {"name", "label", "quantaCounts", "tags", "executable", "arguments", "cmdvals"}
    assert attributes - internal <= set(keys.JOB)
