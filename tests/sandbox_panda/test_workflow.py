from __future__ import annotations

import base64
import copy
import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.sandbox.panda.workflow import WorkflowError, parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Build = Callable[..., dict[str, Any]]


def test_the_recorded_submission_is_read(samples: Path) -> None:
    posted = json.loads((samples / "bps" / "submit_decoded.json").read_text())["args"][0]
    workflow = parse(posted)
    assert workflow.name == "u_cmbot_w_2026_47_panda_group0_20261120T060450Z"
    assert [work.label for work in workflow.works] == [
        *("pipetaskInit", "isr", "characterizeImage", "calibrate", "finalJob")
    ]
    assert sum(len(work.inputs) for work in workflow.works) == 20
    isr = workflow.works[1]
    assert (isr.memory, isr.memory_step, isr.memory_max, isr.max_attempt) == (2048, 3072.0, 512000, 3)
    assert isr.inputs[0].parents == ((workflow.works[0].name, "pipetaskInit+qgraphNodeId:+qgraphId:"),)
    assert "${IN/L}" in isr.executable
    assert workflow.final is workflow.works[-1]
    assert (workflow.works[-1].queue, workflow.works[-1].cores) == ("LOCAL_MERGE", 2)


def test_a_label_may_look_like_the_end_of_a_name(workflow: Build) -> None:
    (work,) = parse(workflow("run_01_x_02", a_02_b={})).works
    assert (work.label, work.number) == ("a_02_b", 1)


def _attributes(posted: dict[str, Any], number: int = 1) -> dict[str, Any]:
    attributes: dict[str, Any] = posted["attributes"]["template"]["attributes"]["_works"][f"w{number}"][
        "attributes"
    ]
    return attributes


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda a: a.pop("executable"), "executable"),
        (lambda a: a.update(executable=7), "expected a text"),
        (lambda a: a.update(task_name="other"), "not of the form"),
        (lambda a: a.update(task_rss="lots"), "lots"),
        (lambda a: a.update(task_rss=0), "task_rss is 0"),
        (lambda a: a.update(_dependency_map=[]), "no dependency map"),
        (lambda a: a.update(_dependency_map="plain"), "starts with 'plain'"),
        (lambda a: a.update(_dependency_map="idds_zip:AAAA"), "cannot be unpacked"),
        (lambda a: a.update(_dependency_map=a["_dependency_map"][:-8]), "unpacked|cut"),
        (lambda a: a.update(_dependency_map=[{"name": "x", "dependencies": []}] * 2), "appears twice"),
        (lambda a: a.update(_dependency_map=[{"name": "x"}]), "dependencies"),
    ],
)
def test_a_broken_task_is_refused_with_the_reason(
    workflow: Build, change: Callable[[dict[str, Any]], object], complaint: str
) -> None:
    posted = workflow("run", isr={"jobs": {"a": [], "b": []}})
    change(_attributes(posted))
    with pytest.raises(WorkflowError, match=complaint):
        parse(posted)


@pytest.mark.parametrize("posted", [None, 1, [], {}, {"attributes": {}}, {"attributes": {"template": {}}}])
def test_what_is_no_workflow_is_refused(posted: object) -> None:
    with pytest.raises(WorkflowError):
        parse(posted)


def test_dependencies_must_exist_and_form_no_circle(workflow: Build) -> None:
    with pytest.raises(WorkflowError, match="does not exist"):
        parse(workflow("run", isr={"jobs": {"a": ["isr/other"]}}))
    with pytest.raises(WorkflowError, match="in a circle"):
        parse(workflow("run", isr={"jobs": {"a": ["isr/b"], "b": ["isr/a"]}}))


def test_a_workflow_without_tasks_is_refused(workflow: Build) -> None:
    with pytest.raises(WorkflowError, match="no tasks"):
        parse(workflow("run"))


def test_a_map_that_unpacks_without_end_is_refused(workflow: Build) -> None:
    posted = copy.deepcopy(workflow("run", isr={}))
    bomb = zlib.compress(b" " * (300 * 2**20), 9)
    _attributes(posted)["_dependency_map"] = "idds_zip:" + base64.b64encode(bomb).decode()
    with pytest.raises(WorkflowError, match="too large"):
        parse(posted)
