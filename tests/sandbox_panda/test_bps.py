"""The real bps with the real PanDA plugin, the real edge-node decoder, pipetask and Butler."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import cmbot.sandbox.butler

if TYPE_CHECKING:
    from collections.abc import Mapping

pytest.importorskip("lsst.ctrl.bps", reason="the sandbox extra is not installed")

BIN = Path(sys.executable).parent
CLUSTERED = {
    "clusterAlgorithm": "lsst.ctrl.bps.quantum_clustering_funcs.dimension_clustering",
    "cluster": {
        "detectors": {
            "pipetasks": "isr,calibrate",
            "dimensions": "visit,detector",
            "equalDimensions": "visit:exposure",
        }
    },
}


class Bps:
    """Runs bps against a sandbox PanDA and a sandbox Butler."""

    def __init__(self, directory: Path, server: Any) -> None:
        self.directory, self.server = directory, server
        self.repo = directory / "repo"
        cmbot.sandbox.butler.make(self.repo, visits=2, detectors=2, tracts=1)

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        server, prefix = self.server, str(BIN.parent)
        environment = {
            "PATH": f"{BIN}:/usr/bin:/bin",
            "HOME": str(self.directory),
            "USER": "sandbox",
            "CTRL_MPEXEC_DIR": prefix,
            "DAF_BUTLER_DIR": prefix,
            "PANDA_URL": server.relay,
            "PANDA_URL_SSL": server.relay,
            "PANDACACHE_URL": server.relay,
            "PANDA_BEHIND_REAL_LB": "1",
            "PANDA_AUTH": "oidc",
            "PANDA_AUTH_VO": "Rubin",
            "PANDA_AUTH_ID_TOKEN": server.token,
            "PANDA_VERIFY_HOST": "off",
            "PANDA_CONFIG_ROOT": str(self.directory / ".panda"),
            "BPS_WMS_SERVICE_CLASS": "lsst.ctrl.bps.panda.PanDAService",
        }
        return subprocess.run(
            [str(BIN / "bps"), *arguments],
            env=environment,
            cwd=self.directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def submit(self, name: str, where: str, **more: Any) -> int:
        """Submit step1 for some data; the request id."""
        stage = f"{self.directory}/stage/{{uniqProcName}}/"  # file names are appended as they are
        settings = {
            "pipelineYaml": f"{cmbot.sandbox.butler.pipeline_path()}#step1",
            "project": "sandbox",
            "campaign": "test",
            "operator": "sandbox",
            "submitPath": f"{self.directory}/submit/{name}",
            "payload": {
                "payloadName": name,
                "butlerConfig": str(self.repo),
                "inCollection": "DemoCam/defaults",
                "dataQuery": f"instrument='DemoCam' and {where}",
                "output": f"u/sandbox/{name}",
                "outputRun": f"u/sandbox/{name}/run",
            },
            "computeSite": "LOCAL",
            "computeCloud": "US",
            "queue": "LOCAL_TEST",
            "fileDistributionEndPoint": stage,
            "fileDistributionEndPointDefault": stage,
            "runnerCommand": "python3 -m lsst.ctrl.bps.panda.edgenode.cmd_line_decoder _cmd_line_",
            "requestMemory": 1024,
            "memoryMultiplier": 2.0,
            "numberOfRetries": 2,
            "finalJob": {"requestCpus": 1, "requestMemory": 2048},
            **more,
        }
        path = self.directory / f"{name}.yaml"
        path.write_text(yaml.safe_dump(settings))
        done = self("submit", str(path))
        assert done.returncode == 0, done.stderr
        match = re.search(r"^Run Id: (\d+)$", done.stdout, re.MULTILINE)
        assert match, done.stdout
        return int(match[1])

    def found(self, name: str, dataset_type: str) -> int:
        """How many datasets of a type a run holds, asked of the Butler."""
        from lsst.daf.butler import Butler  # noqa: PLC0415 - only after importorskip

        with Butler.from_config(self.repo) as butler:
            return len(butler.query_datasets(dataset_type, collections=f"u/sandbox/{name}", explain=False))

    def table(self, request_id: int) -> dict[str, dict[str, int]]:
        """Counts of `bps report` by label."""
        done = self("report", "--id", str(request_id))
        assert done.returncode == 0, done.stderr
        lines = [line.split() for line in done.stdout.splitlines()]
        header = next(words for words in lines if words[:1] == ["UNKNOWN"])
        rows = [words for words in lines if len(words) == len(header) + 1 and words[1].isdecimal()]
        return {words[0]: dict(zip(header, map(int, words[1:]), strict=True)) for words in rows}


@pytest.fixture(scope="module")
def bps(tmp_path_factory: pytest.TempPathFactory, shared: Any) -> Bps:
    return Bps(tmp_path_factory.mktemp("bps"), shared)


def _attempts(shared: Any, request_id: int, label: str) -> list[Mapping[str, Any]]:
    tasks = {task["label"]: task for task in shared.json(f"/sandbox/requests/{request_id}")["tasks"]}
    return [attempt for job in tasks[label]["jobs"] for attempt in job["attempts"]]


def _stderr(shared: Any, panda_id: int) -> str:
    """What a job wrote, found as the monitor's ``pilotid`` says."""
    pilot = shared.json(f"/job/{panda_id}/?json")["job"]["pilotid"].partition("|")[0]
    address = pilot.removeprefix(shared.url).replace("pilotlog.txt", "payload.stderr")
    return str(shared.ask("GET", address).text)


def test_a_submitted_step_becomes_data_in_the_butler(bps: Bps, shared: Any) -> None:
    request_id = bps.submit("good", "visit = 1", **CLUSTERED)
    name = shared.json(f"/sandbox/requests/{request_id}")["name"]
    assert shared.result("get_request_id_by_name", name=name) == {name: request_id}
    assert shared.ended(request_id, 400) == "Finished"
    assert bps.found("good", "calexp") == 2
    assert {label: row["SUCCEEDED"] for label, row in bps.table(request_id).items()} == {
        "TOTAL": 4,
        "pipetaskInit": 1,
        "detectors": 2,
        "finalJob": 1,
    }
    assert bps("status", "--id", str(request_id)).returncode == 0
    (attempt,) = _attempts(shared, request_id, "finalJob")
    assert "aggregate" in _stderr(shared, attempt["id"])


def test_one_quantum_fails_another_needs_more_memory_and_the_rest_is_merged(bps: Bps, shared: Any) -> None:
    trouble = [
        "isr:failWhen=exposure is 1 and detector is 1",
        "isr:memoryWhen=exposure is 1 and detector is 0",
        "isr:memoryMB=300",
    ]
    request_id = bps.submit(
        "partial",
        "visit = 1",
        extraQgraphOptions=" ".join(f'-c "{setting}"' for setting in trouble),
        requestMemory=500,
    )
    assert shared.ended(request_id, 400) == "SubFinished"
    table = bps.table(request_id)
    assert (table["isr"]["SUCCEEDED"], table["isr"]["FAILED"]) == (1, 1)
    assert (table["calibrate"]["SUCCEEDED"], table["calibrate"]["PRUNED"]) == (1, 1)
    assert (table["finalJob"]["SUCCEEDED"], table["TOTAL"]["EXPECTED"]) == (1, 6)
    assert bps.found("partial", "calexp") == 1
    assert bps("status", "--id", str(request_id)).returncode == 19
    codes = bps("report", "--id", str(request_id), "--return-exit-codes")
    assert re.search(r"^isr +1 +1 +0 +None", codes.stdout, re.MULTILINE), codes.stdout

    attempts = _attempts(shared, request_id, "isr")
    failed = [attempt for attempt in attempts if attempt["exit_code"] == 1]
    assert [attempt["number"] for attempt in failed] == [1, 2]
    assert "made to fail" in _stderr(shared, failed[0]["id"])
    first, second = (attempt for attempt in attempts if attempt["exit_code"] != 1)
    assert (first["exit_code"], first["reason"], first["memory"]) == (137, "memory", 500)
    assert (second["exit_code"], second["memory"]) == (0, 1000)
    assert 500 < second["max_rss"] < 1000


def test_cancel_and_restart_work_through_bps(bps: Bps, shared: Any) -> None:
    shared.order("/sandbox/executor", paused=True)
    request_id = bps.submit("stopped", "visit = 1 and detector = 0", **CLUSTERED)
    assert bps("status", "--id", str(request_id)).returncode == 15
    done = bps("cancel", "--id", str(request_id))
    assert f"Successfully canceled job with id '{request_id}'" in done.stdout
    assert shared.ended(request_id) == "Cancelled"
    assert bps("status", "--id", str(request_id)).returncode == 16
    assert f"Run Id: {request_id}" in bps("restart", "--id", str(request_id)).stdout
    assert bps("status", "--id", str(request_id)).returncode == 15
    assert shared.result("abort", request_id=request_id)
    assert shared.ended(request_id) == "Cancelled"
    shared.order("/sandbox/executor", paused=False)


def test_bps_notices_an_outage_and_a_wrong_token(bps: Bps, shared: Any) -> None:
    assert bps("ping").returncode == 0
    shared.order("/sandbox/outage", kind="idds_down")
    down = bps("ping").returncode
    shared.order("/sandbox/outage", kind=None)
    assert down == 255
