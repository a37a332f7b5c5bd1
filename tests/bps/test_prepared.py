"""A prepared file is submitted as it stands, as long as cmbot can find and count what it submits."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cmbot.bps import prepared
from cmbot.bps.lint.sameness import leaves
from cmbot.bps.render import render, to_yaml
from cmbot.models.views import Unlike

if TYPE_CHECKING:
    from cmbot.bps.submission import Submission

NAME = "CM-7_step1_g001_a1_"
FILE = "launch/CM-7/g001_a1/bps.yaml"


def described(submission: Submission, nonce: str, operator: str) -> Submission:
    run = f"cm/CM-1/step1/g001/a1_{nonce}"
    options = ("--data-id-table", f"/tries/{NAME}{nonce}/dataids.csv", "-c", "isr:doFlat=False")
    path = f"/data/cmbot/submit/{NAME}{nonce}"
    own = replace(submission, name=NAME + nonce, output_run=run, submit_path=path, operator=operator)
    return replace(own, extra_qgraph_options=options)


@pytest.fixture
def rendered(submission: Submission, base: dict[str, Any]) -> dict[str, Any]:
    return render(described(submission, "0a1b2c3d", "anna"), base)


def refused(edited: Any, rendered: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in prepared.problems(edited, rendered, FILE)]


def changed(config: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    config = copy.deepcopy(config)
    *parents, key = path.split(".")
    place = config
    for parent in parents:
        place = place.setdefault(parent, {})
    place[key] = value
    return config


@pytest.mark.covers("B22", "B23")
def test_what_the_launch_fills_in_makes_what_would_have_been_rendered(
    submission: Submission, base: dict[str, Any], rendered: dict[str, Any]
) -> None:
    text = to_yaml(render(described(submission, prepared.NONCE, prepared.OPERATOR), base))
    assert prepared.at_launch(text, f"{NAME}0a1b2c3d", "anna") == to_yaml(rendered)
    commented = f"# mine: 00000000, whoever-launches\n{text}"
    filled = prepared.at_launch(commented, f"{NAME}0a1b2c3d", "anna")
    assert filled.startswith("# mine: 00000000, whoever-launches\n")
    assert refused(yaml.safe_load(filled), rendered) == []
    quoted = text.replace("operator: whoever-launches", "operator: 'whoever-launches'  # or me")
    assert "operator: 'anna'  # or me\n" in prepared.at_launch(quoted, f"{NAME}0a1b2c3d", "anna")


@pytest.mark.covers("B22")
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("requestMemory", 8000),
        ("pipetask.isr.numberOfRetries", 5),
        ("queue", "other"),
        ("LSST_VERSION", "w_2026_48"),
        ("pipelineYaml", "${DRP_PIPE_DIR}/pipelines/DemoCam/DRP.yaml#isr"),
        ("payload.sw_image", "lsst/w_2026_48"),
        (
            "extraQgraphOptions",
            "-c calibrate:x=1 --data-id-table /tries/CM-7_step1_g001_a1_0a1b2c3d/dataids.csv -C isr:$A/x.py",
        ),
    ],
)
def test_what_decides_how_it_runs_may_be_edited(rendered: dict[str, Any], path: str, value: Any) -> None:
    edited = changed(rendered, path, value)
    assert refused(edited, rendered) == []
    before = dict(leaves(rendered, "")).get(path, "")
    assert prepared.edits(edited, rendered) == (Unlike(path, str(value), str(before)),)


@pytest.mark.covers("B22")
@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("uniqProcName", "write 'CM-7_step1_g001_a1_0a1b2c3d' again"),
        ("submitPath", "again"),
        ("idLinkPath", "again"),
        ("makeIdLink", "write True again"),
        ("operator", "write 'anna' again"),
        ("project", "again"),
        ("campaign", "again"),
        ("computeSite", "the field Compute site in Jira changes it"),
        ("wmsServiceClass", "the field WMS in Jira changes it"),
        ("payload.payloadName", "write 'step1_g001' again"),
        ("payload.outputRun", "the field Output root in Jira changes it"),
        ("payload.output", "the field Output root in Jira changes it"),
        ("payload.butlerConfig", "the field Butler repository in Jira changes it"),
        ("payload.inCollection", "the field Input collections in Jira changes it"),
        ("payload.dataQuery", "the field Data query in Jira changes it"),
        ("finalJob.updateOutputChain", "write '' again"),
        # The same said elsewhere, or in a way that is not in the record.
        ("outputRun", "leave it out"),
        ("site.SLAC.butlerConfig", "leave it out"),
        ("pipetask.isr.outputRun", "leave it out"),
        ("bps_cmdline.outputRun", "leave it out"),
        ("includeConfigs", "leave it out"),
        ("qgraphFile", "leave it out"),
        ("createQuantumGraph", "leave it out"),
        ("remoteBuild.enabled", "leave it out"),
    ],
)
def test_what_cmbot_computes_is_put_back(rendered: dict[str, Any], path: str, remedy: str) -> None:
    (said,) = refused(changed(rendered, path, "other"), rendered)
    assert said.startswith(f"{FILE} {path}: is computed by cmbot; ")
    assert said.endswith(remedy)


def test_what_cmbot_computes_cannot_be_left_out(rendered: dict[str, Any]) -> None:
    del rendered["payload"]["outputRun"]
    whole = changed(rendered, "payload.outputRun", "cm/CM-1/x")
    (said,) = refused(rendered, whole)
    assert "payload.outputRun: is computed by cmbot; write 'cm/CM-1/x' again" in said


@pytest.mark.covers("B22")
@pytest.mark.parametrize(
    "options",
    [
        "-c isr:doFlat=False",
        "--data-id-table /other.csv -c isr:doFlat=False",
        "{} --output-run elsewhere",
        "{} --skip-existing-in=other",
        "{} -b /other",
        "{} -d visit>0",
        "{} -c isr:x={{uniqProcName}}",
        "{} -c isr:x=$HOME",
        "{} -c",
        "{} -c nothing",
        "{} -C nothing.py",
        "{} -C isr:$(x).py",
        "{} -C isr:x=y",
        "{} 'open",
        7,
        None,
    ],
)
def test_graph_options_can_only_override_what_tasks_do(rendered: dict[str, Any], options: Any) -> None:
    if isinstance(options, str):
        options = options.format(rendered["extraQgraphOptions"])
    found = refused(changed(rendered, "extraQgraphOptions", options), rendered)
    assert len(found) == 1
    assert found[0].startswith(f"{FILE} extraQgraphOptions: ")


def test_a_pipeline_that_is_no_path_is_refused(rendered: dict[str, Any]) -> None:
    (said,) = refused(changed(rendered, "pipelineYaml", "$(rm -r /).yaml"), rendered)
    assert "pipelineYaml: '$(rm -r /).yaml' cannot be used" in said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(JSON)
def test_nothing_that_yaml_can_hold_makes_the_check_stumble(edited: Any) -> None:
    rendered = {"uniqProcName": "x", "pipelineYaml": "a.yaml"}
    assert refused(edited, rendered)
