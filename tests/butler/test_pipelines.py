"""What pipelines are made of, and how steps are connected, as the sandbox's own pipeline and Butler say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cmbot.sandbox.butler
from cmbot.butler.pipelines import (
    ConnectRequest,
    Described,
    DescribeRequest,
    parse_connections,
    parse_description,
)
from cmbot.butler.questions import QUERY_SCRIPT, SelectRequest, parse_selection
from cmbot.definition.connections import Ends
from cmbot.exceptions import DefinitionError, Problem, RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PIPELINE = str(cmbot.sandbox.butler.pipeline_path())


@pytest.mark.covers("B14")
def test_a_pipeline_says_what_it_is_made_of(world: Any, script: Callable[[Path, str], str]) -> None:
    found = parse_description(script(QUERY_SCRIPT, DescribeRequest(f"{PIPELINE}#step1").to_json()), "DEMO-2")
    assert [task.label for task in found.tasks] == ["isr", "calibrate"]
    assert found.steps == (Described("step1", ("detector", "instrument", "visit")),)
    (subset,) = found.subsets
    assert "Operators: look at unexpected failures before step2 starts" in subset.description
    assert subset.tasks == ("isr", "calibrate")
    assert {(one.dataset_type, one.prerequisite) for one in found.inputs} == {
        ("raw", False),
        ("camera", True),
    }


def test_a_pipeline_that_cannot_be_read_is_told(
    world: Any, tmp_path: Path, script: Callable[[Path, str], str]
) -> None:
    (tmp_path / "bad.yaml").write_text("description: bad\ntasks:\n  a: {class: no.such.Task}\n")
    with pytest.raises(DefinitionError, match=r"Pipeline YAML: .*no\.such\.Task"):
        parse_description(
            script(QUERY_SCRIPT, DescribeRequest(str(tmp_path / "bad.yaml")).to_json()), "DEMO-2"
        )


@pytest.mark.covers("B34")
def test_steps_say_what_they_need_and_make(world: Any, script: Callable[[Path, str], str]) -> None:
    steps = {"one": f"{PIPELINE}#step1", "three": f"{PIPELINE}#step3", "bad": f"{PIPELINE}#step9"}
    request = ConnectRequest(world.repo, ("DemoCam/defaults", "not/there"), steps)
    found = parse_connections(script(QUERY_SCRIPT, request.to_json()), "DEMO-2")
    one, three, bad = (found.steps[name] for name in steps)
    assert isinstance(one, Ends)
    assert one.inputs == ("camera", "raw")
    assert "calexp" in one.outputs
    assert {"visit", "detector"} <= set(one.dimensions or ())
    assert isinstance(three, Ends)
    assert three.inputs == ("calexp", "visitSummary")
    assert three.dimensions == ("skymap", "tract")
    assert isinstance(bad, Problem)
    assert bad.field == "Pipeline YAML"
    assert {"camera", "raw"} <= found.present
    assert "calexp" not in found.present


@pytest.mark.covers("B15")
def test_single_tasks_are_no_step_that_declares_anything(
    world: Any, script: Callable[[Path, str], str]
) -> None:
    request = ConnectRequest(world.repo, (world.processed,), {"one": f"{PIPELINE}#isr,calibrate"})
    found = parse_connections(script(QUERY_SCRIPT, request.to_json()), "DEMO-2")
    one = found.steps["one"]
    assert isinstance(one, Ends)
    assert one.dimensions is None
    assert "calexp" in found.present


def test_a_selection_says_how_steps_are_connected_if_it_is_asked(
    world: Any, script: Callable[[Path, str], str]
) -> None:
    step = f"{PIPELINE}#step1"
    request = SelectRequest(world.repo, ("DemoCam/defaults",), "visit > 3", ("visit",), step)
    found = parse_selection(script(QUERY_SCRIPT, request.to_json()), "DEMO-2")
    assert found.connections.steps == {}
    request = SelectRequest(
        world.repo, ("DemoCam/defaults",), "visit > 3", ("visit",), step, pipelines={"one": step}
    )
    found = parse_selection(script(QUERY_SCRIPT, request.to_json()), "DEMO-2")
    assert list(found.connections.steps) == ["one"]


@pytest.mark.parametrize(
    "text", ["", "{}", '{"steps": {"a": {}}, "present": []}', '{"steps": [], "present": 1}']
)
def test_a_strange_response_is_not_the_users_fault(text: str) -> None:
    for parse in (parse_description, parse_connections):
        with pytest.raises(RemoteError, match="DEMO-2: the Butler script answered something strange"):
            parse(text, "DEMO-2")
