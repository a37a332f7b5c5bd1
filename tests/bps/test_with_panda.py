"""The real bps, the sandbox PanDA, and bps killed at the instants that matter (predecessors.md 8.3)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cmbot.bps import command
from cmbot.bps.evidence import gather
from cmbot.bps.output import FailureKind
from cmbot.bps.render import render, to_yaml
from cmbot.bps.tokens import place_token
from cmbot.children import Runner
from cmbot.exceptions import NotFound, OutcomeUnknown, RemoteError
from cmbot.mirror import Mirror
from cmbot.mirror.budget import Budget
from cmbot.panda.service import PandaWms
from cmbot.settings import EnvironmentSettings, PandaSettings
from cmbot.wms.states import WorkflowState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cmbot.bps.evidence import Evidence
    from cmbot.bps.submission import Submission

pytest.importorskip("lsst.ctrl.bps.wms_service", reason="the sandbox extra is not installed")

BIN = Path(sys.executable).parent
SERVE = """
import sys
from pathlib import Path
from cmbot.sandbox.panda import serve
serve(Path(sys.argv[1]), workers=1, bin_dir=Path(sys.argv[2]))
"""


def until(condition: Callable[[], Any], seconds: float = 90) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return value


class World:
    """A sandbox PanDA that accepts requests and runs nothing, a repository, and bps."""

    def __init__(self, directory: Path) -> None:
        from cmbot.sandbox.butler import make  # noqa: PLC0415 after importorskip

        self.directory = directory
        make(directory / "repo", visits=2, detectors=1, tracts=1)
        self.server = subprocess.Popen([sys.executable, "-c", SERVE, str(directory / "panda"), str(BIN)])
        address = directory / "panda" / "address.json"
        until(lambda: address.exists() or self.server.poll() is not None)
        self.address: dict[str, str] = json.loads(address.read_text())
        self.settings = PandaSettings(relay=self.address["relay"], timeout=30)
        self.wms = PandaWms(
            self.settings, lambda: self.address["token"], Budget(Mirror(Path(":memory:")), {}, 0)
        )
        self.runner = Runner()
        self.order("executor", paused=True)

    def order(self, what: str, **body: Any) -> None:
        self.ask("POST", what, json=body).raise_for_status()

    def held(self) -> Any:
        return self.ask("GET", "controls").json()["held"]

    def ask(self, method: str, what: str, **more: Any) -> requests.Response:
        url = f"{self.address['url']}/sandbox/{what}"
        headers = {"Authorization": f"Bearer {self.address['token']}"}
        return requests.request(method, url, headers=headers, timeout=30, **more)

    def start(self, submission: Submission, base: dict[str, Any]) -> Submission:
        """Start bps on a group of this repository."""
        here = replace(
            submission,
            pipeline=str(Path(__file__).parents[2] / "cmbot/sandbox/butler/pipelines/DRP.yaml#step1"),
            butler=str(self.directory / "repo"),
            in_collections=("DemoCam/defaults",),
            output=f"cm/{submission.name}",
            output_run=f"cm/{submission.name}/run",
            submit_path=str(self.directory / "submit" / submission.name),
            id_link_path=str(self.directory / "ids"),
            site_options={"fileDistributionEndPoint": f"{self.directory}/box/{{uniqProcName}}/"},
            options={"requestMemory": 1000},
            extra_qgraph_options=(),
        )
        run = self.run(here)
        run.mkdir(parents=True)
        (run / "bps.yaml").write_text(to_yaml(render(here, base)))
        token = place_token(run, self.address["token"])
        variables = command.panda_variables(self.settings, user="demo", token_file=str(token))
        environment = EnvironmentSettings(
            path=(str(BIN),),
            variables={**variables, "CTRL_MPEXEC_DIR": str(BIN.parent), "DAF_BUTLER_DIR": str(BIN.parent)},
        )
        self.runner.start(run, command.submit(str(run / "bps.yaml")), environment, {})
        return here

    def run(self, submission: Submission) -> Path:
        return self.directory / "runs" / submission.name

    def ended(self, submission: Submission) -> int | None:
        until(lambda: not self.runner.look(self.run(submission)).alive)
        return self.runner.look(self.run(submission)).code

    def evidence(self, submission: Submission) -> Evidence:
        return gather(self.run(submission), Path(submission.submit_path), Path(submission.id_link_path))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all tests; requests do not disturb each other."""
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.server.terminate()
    world.server.wait(timeout=30)


@pytest.fixture
def group(submission: Submission, request: pytest.FixtureRequest) -> Submission:
    """A submission with a name of its own and a query for this repository."""
    name = f"CM-7_step1_g001_a1_{zlib.crc32(request.node.name.encode()):08x}"
    return replace(submission, name=name, data_query="instrument = 'DemoCam' AND exposure IN (1..2)")


@pytest.mark.covers("W1", "W18", "V20", "A6")
def test_a_submission_leaves_traces_but_not_its_token_and_can_be_cancelled(
    world: World, group: Submission, base: dict[str, Any]
) -> None:
    group = world.start(group, base)
    assert world.ended(group) == 0
    evidence = world.evidence(group)
    assert (evidence.prepared, evidence.quanta) == (True, 4)
    found = world.wms.find(f"{group.name[:-8]}")
    assert found[group.name] == evidence.request_id
    assert evidence.request_id is not None
    assert (Path(group.id_link_path) / str(evidence.request_id)).resolve() == evidence.submit_directory
    seen = world.wms.status(evidence.request_id)
    assert (seen.name, seen.state.ended) == (group.name, False)

    token = world.address["token"].encode()
    left = [*Path(group.submit_path).rglob("*"), *world.run(group).iterdir()]
    assert [file.name for file in left if file.is_file() and token in file.read_bytes()] == ["token"]

    world.order("executor", paused=False)
    world.wms.cancel(evidence.request_id)
    until(lambda: world.wms.status(evidence.request_id or 0).state is WorkflowState.CANCELLED)
    world.order("executor", paused=True)


@pytest.mark.covers("W1")
def test_nothing_is_sent_before_the_workflow_is_written(
    world: World, group: Submission, base: dict[str, Any]
) -> None:
    world.order("hold", command="submit", when="before")
    group = world.start(group, base)
    until(world.held)
    assert world.evidence(group).prepared
    world.runner.stop(world.run(group))
    world.order("release", then="drop")
    evidence = world.evidence(group)
    assert (world.ended(group), evidence.prepared, evidence.request_id) == (None, True, None)
    assert world.wms.find(group.name) == {}


@pytest.mark.covers("W1", "W8")
def test_a_submission_whose_bps_was_killed_after_it_took_effect_is_found_by_name(
    world: World, group: Submission, base: dict[str, Any]
) -> None:
    world.order("hold", command="submit", when="after")
    group = world.start(group, base)
    until(world.held)
    world.runner.stop(world.run(group))
    world.order("release", then="drop")
    assert world.evidence(group).request_id is None
    found = world.wms.find(group.name)
    assert list(found) == [group.name]
    assert world.wms.status(found[group.name]).name == group.name


def test_an_empty_selection_sends_nothing(world: World, group: Submission, base: dict[str, Any]) -> None:
    group = world.start(replace(group, data_query="instrument = 'DemoCam' AND exposure = 3"), base)
    assert world.ended(group) == 1
    evidence = world.evidence(group)
    assert (evidence.prepared, evidence.failure.kind) == (False, FailureKind.NOTHING_SELECTED)
    assert world.wms.find(group.name) == {}


@pytest.mark.parametrize("kind", ["down", "html", "idds_down", "idds_db_down"])
def test_no_outage_looks_like_absence(world: World, kind: str) -> None:
    world.order("outage", kind=kind)
    try:
        for ask in (lambda: world.wms.status(1), lambda: world.wms.find("CM-7_")):
            with pytest.raises(RemoteError) as caught:
                ask()
            assert not isinstance(caught.value, NotFound)
        with pytest.raises(OutcomeUnknown):
            world.wms.restart(1)
    finally:
        world.order("outage", kind=None)


def test_an_unknown_request_is_told_as_such(world: World) -> None:
    with pytest.raises(NotFound):
        world.wms.status(424242)
    with pytest.raises(NotFound):
        world.wms.cancel(424242)
