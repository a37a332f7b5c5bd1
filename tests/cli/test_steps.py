"""The steps of a pipeline, as a person asks for them; a named environment reads it."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
import yaml


@pytest.fixture
def pipeline(terminal: Any) -> str:
    """The sandbox's, where the environment can import it."""
    butler = pytest.importorskip("cmbot.sandbox.butler", reason="the sandbox extra is not installed")
    pytest.importorskip("lsst.pipe.base", reason="the sandbox extra is not installed")
    terminal.write_settings(environments={"stack": {"python": sys.executable}})
    return str(butler.pipeline_path())


@pytest.mark.covers("B14", "B17", "B21")
def test_the_steps_of_a_pipeline_become_those_of_a_campaign_file(terminal: Any, pipeline: str) -> None:
    found = json.loads(terminal.run("steps", pipeline, "--json").stdout)
    assert [step["definition"]["name"] for step in found] == ["step1", "step2", "step3"]
    assert found[0]["tasks"] == ["isr", "calibrate"]
    assert found[2]["dimensions"] == ["skymap", "tract"]
    steps = yaml.safe_load(terminal.run("steps", pipeline, "--yaml").stdout)["steps"]
    assert [step.get("after", []) for step in steps] == [[], ["step1"], ["step1", "step2"]]
    assert steps[0]["split"] == {"dimension": "visit", "size": 1000}
    assert "Operators: check the number of warps" in steps[2]["description"]
    head = {"name": "x", "reason": "r", "butler": "/r", "inputs": ["raw"], "output": "o"}
    file = terminal.place / "made.yaml"
    file.write_text(yaml.safe_dump(head | {"environment": "stack", "site": "laptop", "steps": steps}))
    lines = terminal.refused("check", str(file), "--offline")
    assert [line.partition(": ")[2].partition(":")[0] for line in lines if "is empty" in line] == [
        "step1 Data query",
        "step2 Data query",
        "step3 Data query",
    ]


def test_steps_are_shown_to_people(terminal: Any, pipeline: str) -> None:
    lines = terminal.run("steps", pipeline).output.splitlines()
    assert lines[:2] == [
        "step1: isr, calibrate",
        "  goes by detector, instrument, visit; proposed: groups of 1000 by visit",
    ]
    assert "  after step1, step2" in lines


def test_what_cannot_be_read_is_told(terminal: Any, pipeline: str) -> None:
    assert "Pipeline YAML: /no/DRP.yaml" in terminal.refused("steps", "/no/DRP.yaml")[0]
    assert "cannot be the file of a pipeline" in terminal.refused("steps", f"{pipeline}#step1")[0]
    assert "'other' is not known" in terminal.refused("steps", pipeline, "--environment", "other")[0]
    terminal.write_settings(environments={"a": {}, "b": {}})
    assert "say --environment, one of a, b" in terminal.refused("steps", pipeline)[0]
