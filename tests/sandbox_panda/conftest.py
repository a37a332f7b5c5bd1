"""A sandbox PanDA to test: workflows of shell commands, servers as real processes, samples."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cmbot.sandbox.panda.executor import Executor
from cmbot.sandbox.panda.processes import Site
from cmbot.sandbox.panda.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BIN = Path(sys.executable).parent
ENDED = {"Finished", "SubFinished", "Failed", "Cancelled"}

SERVE = """
import json, logging, sys
from pathlib import Path
from cmbot.sandbox.panda import serve
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
more = json.loads(sys.argv[4])
serve(
    Path(sys.argv[1]),
    workers=int(sys.argv[3]),
    bin_dir=Path(sys.argv[2]),
    seed=more["seed"] and Path(more["seed"]),
    id_tokens=more["id_tokens"],
    on_ready=lambda address: logging.info("ready: %s", address.url),
)
"""


def wait_until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """What a condition becomes, once it is true."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value


@pytest.fixture
def until() -> Callable[..., Any]:
    return wait_until


def _task(run: str, number: int, label: str, parts: Mapping[str, Any]) -> dict[str, Any]:
    jobs = parts.get("jobs", {"only": []})
    entries = [{"name": job, "dependencies": parents} for job, parents in jobs.items()]
    packed = base64.b64encode(zlib.compress(json.dumps(entries).encode())).decode()
    attributes = {
        "task_name": f"{run}_{number:02d}_{label}_01",
        "executable": parts.get("command", "true"),
        "_dependency_map": f"idds_zip:{packed}",
        "task_rss": parts.get("memory", 512),
        "task_rss_retry_step": parts.get("step", 0),
        "task_rss_retry_offset": parts.get("offset", 0),
        "task_rss_max": parts.get("maximum", 4096),
        "maxAttempt": parts.get("attempts", 1),
        "core_count": 1,
        "task_site": "LOCAL",
        "task_cloud": "US",
        "task_queue": "LOCAL_TEST",
        "task_priority": 500,
    }
    return {"class": "DomaPanDAWork", "attributes": attributes}


def build(run: str, **tasks: Mapping[str, Any]) -> dict[str, Any]:
    """A workflow as it is posted; a task named finalJob is triggered after the others.

    A task is a mapping with ``command``, ``jobs`` ({name: ["label/name of a parent"]}), ``attempts`` ...
    """
    names = {label: f"{run}_{number:02d}_{label}_01" for number, label in enumerate(tasks, 1)}
    works = {}
    for number, (label, parts) in enumerate(tasks.items(), 1):
        jobs = {
            job: [
                {
                    "task": names.get(parent.partition("/")[0], "nowhere"),
                    "inputname": parent.partition("/")[2],
                }
                for parent in parents
            ]
            for job, parents in parts.get("jobs", {"only": []}).items()
        }
        works[f"w{number}"] = _task(run, number, label, {**parts, "jobs": jobs})
    final = [key for key, work in works.items() if "_finalJob_" in work["attributes"]["task_name"]]
    conditions = {"c": {"class": "AndCondition", "attributes": {"_true_works": final}}} if final else {}
    template = {"attributes": {"_name": run, "_works": works, "_conditions": conditions}}
    return {"class": "Workflow", "attributes": {"template": template}}


@pytest.fixture(scope="session")
def workflow() -> Callable[..., dict[str, Any]]:
    return build


class World:
    """A store and an executor in this process."""

    def __init__(self, state: Path, workers: int = 2) -> None:
        self.state = state
        self.store = Store(state)
        self.site = Site(state, BIN)
        self.gave_up = threading.Event()
        self.executor = Executor(self.store, self.site, workers, self.gave_up.set)

    def submit(self, posted: object) -> int:
        request_id = self.store.submit(posted)
        self.executor.wake()
        return request_id

    def command(self, request_id: int, command: str) -> None:
        assert self.store.register(request_id, command)
        self.executor.wake()

    def status(self, request_id: int) -> str:
        return str(self.store.rows("SELECT status FROM requests WHERE id = ?", request_id)[0]["status"])

    def ended(self, request_id: int) -> str:
        wait_until(lambda: self.status(request_id) in ENDED)
        return self.status(request_id)

    def jobs(self, request_id: int) -> dict[str, str]:
        """State by 'label/name'."""
        rows = self.store.rows(
            "SELECT label, jobs.name, state FROM jobs JOIN tasks ON tasks.id = task_id WHERE request_id = ?",
            request_id,
        )
        return {f"{row['label']}/{row['name']}": row["state"] for row in rows}

    def attempts(self, request_id: int, label: str) -> list[dict[str, Any]]:
        rows = self.store.rows(
            "SELECT attempts.* FROM attempts JOIN jobs ON jobs.id = job_id JOIN tasks ON tasks.id = task_id"
            " WHERE request_id = ? AND label = ? ORDER BY attempts.id",
            request_id,
            label,
        )
        return [dict(row) for row in rows]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An executor with two workers, at work."""
    world = World(tmp_path)
    world.executor.start()
    yield world
    if not world.gave_up.is_set():
        world.executor.stop()
    world.store.close()


class Server:
    """A sandbox PanDA as a process of its own."""

    def __init__(
        self, state: Path, workers: int = 2, *, seed: Path | None = None, id_tokens: int | None = None
    ) -> None:
        self.state = state
        self.workers = workers
        self.more = json.dumps({"seed": seed and str(seed), "id_tokens": id_tokens})
        self.start()

    def start(self) -> None:
        self.state.mkdir(exist_ok=True)
        (self.state / "address.json").unlink(missing_ok=True)  # of one that was killed
        self.log = self.state / "server.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVE, str(self.state), str(BIN), str(self.workers), self.more],
                stdout=log,
                stderr=log,
            )
        path = self.state / "address.json"
        wait_until(lambda: path.exists() or self.process.poll() is not None)
        assert path.exists(), self.log.read_text()
        address = json.loads(path.read_text())
        self.url, self.relay, self.token = address["url"], address["relay"], address["token"]

    def ask(self, method: str, path: str, *, kind: str | None = None, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Content-Type": kind} if kind else {})
        return requests.request(method, self.url + path, headers=headers, timeout=60, **more)

    def json(self, path: str) -> Any:
        return self.ask("GET", path).json()

    def order(self, path: str, **body: Any) -> Any:
        answer = self.ask("POST", path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, fields: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> requests.Response:
        """As panda-client does: gzip of JSON without a content encoding."""
        usual = {
            "Authorization": f"Bearer {self.token}",
            "Origin": "Rubin",
            "Content-Type": "application/json",
        }
        body = gzip.compress(json.dumps(fields).encode())
        url = f"{self.relay}/relay_idds_command"
        return requests.post(url, data=body, headers=usual if headers is None else headers, timeout=60)

    def call(self, command: str, *args: Any, **kwargs: Any) -> Any:
        fields: dict[str, Any] = {"command_name": command, "manager": True}
        if args:
            fields["args"] = json.dumps(args)
        if kwargs:
            fields["kwargs"] = json.dumps(kwargs)
        answer = self.post(fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def result(self, command: str, *args: Any, **kwargs: Any) -> Any:
        success, result = self.call(command, *args, **kwargs)
        assert success, result
        return result

    def ended(self, request_id: int, seconds: float = 60) -> str:
        def status() -> str:
            return str(self.json(f"/sandbox/requests/{request_id}")["status"])

        wait_until(lambda: status() in ENDED, seconds)
        return status()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture(scope="session")
def start(request: pytest.FixtureRequest) -> Callable[..., Server]:
    """Start a server as it is asked for; it ends with the session at the latest."""

    def started(state: Path, **more: Any) -> Server:
        server = Server(state, **more)
        request.addfinalizer(server.stop)
        return server

    return started


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server for one test."""
    with contextlib.ExitStack() as stack:
        server = Server(tmp_path / "panda")
        stack.callback(server.stop)
        yield server


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for tests that do not disturb each other."""
    with contextlib.ExitStack() as stack:
        server = Server(tmp_path_factory.mktemp("shared") / "panda")
        stack.callback(server.stop)
        yield server


@pytest.fixture
def samples(pytestconfig: pytest.Config) -> Path:
    """Recorded payloads, read where they are."""
    path = pytestconfig.rootpath.parent / "shared" / "samples"
    if not path.is_dir():
        pytest.skip("no recorded samples beside the checkout")
    return path
