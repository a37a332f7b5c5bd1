from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import cmbot.sandbox.butler

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Pipetask = Callable[..., subprocess.CompletedProcess[str]]

PIPELINE = cmbot.sandbox.butler.pipeline_path()


@pytest.fixture
def small_repo(tmp_path: Path) -> Path:
    repo = tmp_path / "repo"
    cmbot.sandbox.butler.make(repo, visits=4, detectors=2)
    return repo


def count(repo: Path, dataset_type: str, collections: str) -> int:
    from lsst.daf.butler import Butler  # noqa: PLC0415 - conftest skips without it

    with Butler.from_config(repo) as butler, butler.query() as query:
        return int(query.datasets(dataset_type, collections).count())


def report(pipetask: Pipetask, repo: Path, *graphs: Path) -> Any:
    output = repo.parent / "report.json"
    pipetask("report", repo, *graphs, "--force-v2", "--full-output-filename", output)
    return json.loads(output.read_text())["tasks"]


def test_each_step_declares_the_dimensions_it_may_be_split_by(butler: Any) -> None:
    from lsst.pipe.base import Pipeline  # noqa: PLC0415 - conftest skips without it

    steps = Pipeline.fromFile(str(PIPELINE)).to_graph(butler.registry).steps
    dimensions = {step: set(steps.get_dimensions(step).names) for step in steps}
    assert {"visit", "detector"} <= dimensions["step1"]
    assert "visit" in dimensions["step2"]
    assert "detector" not in dimensions["step2"]
    assert dimensions["step3"] == {"skymap", "tract"}


@pytest.mark.parametrize(
    ("file", "steps"),
    [
        ("LSSTCam-imSim/DRP.yaml", [f"step{number}" for number in range(1, 8)]),
        ("LSSTCam/nightly-validation.yaml", ["step1", "step2"]),
        ("LSSTCam/DRP.yaml", ["step3"]),
    ],
)
def test_pipelines_of_the_examples_have_their_steps(butler: Any, file: str, steps: list[str]) -> None:
    from lsst.pipe.base import Pipeline  # noqa: PLC0415 - conftest skips without it

    graph = Pipeline.fromFile(str(PIPELINE.parent / file)).to_graph(butler.registry)
    assert list(graph.steps) == steps
    assert set(graph.task_subsets) == set(steps)


def test_three_steps_one_after_the_other_make_an_object_table(small_repo: Path, pipetask: Pipetask) -> None:
    for step, where in (
        ("step1", "instrument='DemoCam' AND visit IN (1..2)"),
        ("step2", "instrument='DemoCam' AND visit IN (1..2)"),
        ("step3", "skymap='demo' AND tract=0"),
    ):
        done = pipetask(
            *("run", "-b", small_repo, "-i", "DemoCam/defaults", "-o", "u/demo", "--register-dataset-types"),
            *("-p", f"{PIPELINE}#{step}", "-d", where),
        )
        assert done.returncode == 0, done.stdout
    assert count(small_repo, "sourceTable", "u/demo") == 4
    assert count(small_repo, "visitSummary", "u/demo") == 2
    assert count(small_repo, "objectTable_tract", "u/demo") == 1


def test_a_chosen_quantum_fails_in_the_first_attempt_and_is_rescued_by_the_second(
    small_repo: Path, pipetask: Pipetask
) -> None:
    graphs = []
    for attempt in ("a1_00000000", "a2_00000001"):
        graph = small_repo.parent / f"{attempt}.qg"
        pipetask(
            *(
                "run",
                "-b",
                small_repo,
                "-i",
                "DemoCam/defaults",
                "-o",
                "u/demo",
                "--output-run",
                f"u/demo/{attempt}",
            ),
            *(
                "-p",
                f"{PIPELINE}#step1",
                "-d",
                "instrument='DemoCam' AND visit IN (3..4)",
                "--save-qgraph",
                graph,
            ),
            *("-c", "isr:failWhen=exposure is 3 and detector is 1", "-c", "isr:onlyInRuns=*/a1_*"),
            *("--skip-existing-in", "u/demo", "--register-dataset-types"),
        )
        graphs.append(graph)
    first, both = report(pipetask, small_repo, graphs[0]), report(pipetask, small_repo, *graphs)
    assert first["isr"]["failed_quanta"][0]["data_id"]["exposure"] == 3
    assert (first["isr"]["n_failed"], first["calibrate"]["n_blocked"]) == (1, 1)
    assert all(task["n_successful"] == task["n_expected"] == 4 for task in both.values())
