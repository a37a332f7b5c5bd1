"""The real iDDS and the real panda-server, as the relay, beside PostgreSQL (reference/panda.md section 15).

Each has an environment of its own, made by ``make test-panda``. PanDA's own database is not there, so nothing
runs jobs.
"""

from __future__ import annotations

import configparser
import contextlib
import functools
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from cmbot.bps import command
from cmbot.bps.output import parse_output
from cmbot.bps.render import render, to_yaml
from cmbot.bps.submission import Submission
from cmbot.bps.tokens import place_token
from cmbot.sandbox import butler
from cmbot.settings import PandaSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
IDDS, RELAY = ROOT / ".venv-idds", ROOT / ".venv-panda-server"
BIN = Path(sys.executable).parent
CLIENT = "cmbot-tests"
"""Client id that tokens are made for."""


def until(condition: Callable[[], Any], seconds: float = 90) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return value


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def write_ini(file: Path, sections: Mapping[str, Mapping[str, object]], template: Path | None = None) -> Path:
    """Write a configuration file: a shipped one, with what differs."""
    ini = configparser.RawConfigParser()
    ini.optionxform = str  # type: ignore[assignment,method-assign] # the way to keep the case of keys
    if template:
        ini.read_string(template.read_text())
    ini.read_dict(sections)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as stream:
        ini.write(stream)
    return file


@pytest.fixture(name="until", scope="session")
def until_fixture() -> Callable[..., Any]:
    return until


class Database:
    """A PostgreSQL of its own; it refuses to run as root, which a runner may be."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="cmbot-pg-"))
        self.port = free_port()
        self._owner: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._owner = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(self.directory, "postgres", "postgres")
        self._run("initdb", "-D", "data", "-A", "trust", "-U", "postgres", "--encoding=UTF8", "--locale=C")
        self.start()
        self.sql("create role panda login password 'password'")
        self.sql("create database idds owner panda")

    def _run(self, program: str, *arguments: str) -> str:
        # Text of the server's goes to a file: a pipe would stay open as long as it runs.
        log = self.directory / "programs.log"
        with log.open("a") as stream:
            done = subprocess.run(
                [postgres_program(program), *arguments],
                cwd=self.directory, stdout=stream, stderr=stream, check=False, timeout=60, **self._owner,
            )  # fmt: skip
        assert done.returncode == 0, log.read_text()
        return log.read_text()

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-D", "data", "-l", "server.log", "-o", options)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", "data")

    def sql(self, statement: str, database: str = "postgres") -> str:
        argv = ["psql", "-qtA", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database]
        done = subprocess.run(
            [*argv, "-v", "ON_ERROR_STOP=1", "-c", statement], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.directory)


def postgres_program(name: str) -> str:
    """Path of one of PostgreSQL's programs, which Debian keeps out of PATH; empty if it is not there."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(found[-1]) if found else "")


class Issuer:
    """An OIDC issuer: two documents, and a key that signs tokens."""

    def __init__(self, directory: Path) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        handler = functools.partial(_Quiet, directory=str(directory))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.discovery = f"{self.url}/.well-known/openid-configuration"
        (directory / ".well-known").mkdir(parents=True)
        (directory / ".well-known/openid-configuration").write_text(
            json.dumps(
                {"issuer": self.url, "jwks_uri": f"{self.url}/jwks", "token_endpoint": f"{self.url}/token"}
            )
        )
        public = json.loads(RSAAlgorithm.to_jwk(self._key.public_key()))
        (directory / "jwks").write_text(json.dumps({"keys": [{**public, "kid": "one", "use": "sig"}]}))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def token(self, name: str, groups: tuple[str, ...] = ("/Rubin",), seconds: int = 3600) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url, "sub": name, "aud": CLIENT, "name": name, "preferred_username": name,
            "groups": list(groups), "iat": now, "exp": now + seconds,
        }  # fmt: skip
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "one"})

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing of this is worth a line."""


class Server:
    """A program of another environment, which can be stopped and started again."""

    def __init__(self, argv: list[str], variables: Mapping[str, str], log: Path, ready: str = "") -> None:
        self._argv, self._ready, self._variables, self._log = argv, ready, dict(variables), log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._argv, env={"PATH": "/usr/bin:/bin", "TZ": "UTC", **self._variables},
                cwd=self._log.parent, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        if self._ready:
            until(self._answers)

    def _answers(self) -> bool:
        assert self._process
        assert self._process.poll() is None, self._log.read_text()[-4000:]
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(self._ready, timeout=10).ok
        return False

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:  # iDDS's agents may take minutes
                self._process.kill()
                self._process.wait()
            self._process = None


@dataclass
class Panda:
    """All of it."""

    directory: Path
    closing: contextlib.ExitStack

    def __post_init__(self) -> None:
        self.database = self.closing.enter_context(contextlib.closing(Database()))
        self.issuer = self.closing.enter_context(contextlib.closing(Issuer(self.directory / "issuer")))
        idds_port, relay_port = free_port(), free_port()
        self.relay = f"http://127.0.0.1:{relay_port}/server/panda"
        self._idds_config = self._configure_idds(f"http://127.0.0.1:{idds_port}/idds")
        self._make_schema()
        self.idds = Server(
            [str(IDDS / "bin/python"), str(HERE / "serve_idds.py"), str(idds_port)],
            self._idds_variables(),
            self.directory / "idds.log",
            f"http://127.0.0.1:{idds_port}/idds/ping",
        )
        self.server = Server(
            [str(RELAY / "bin/python"), str(HERE / "serve_relay.py"), str(relay_port)],
            self._configure_relay(),
            self.directory / "relay.log",
            f"http://127.0.0.1:{relay_port}/api/v1/system/is_alive",
        )
        (agents,) = IDDS.glob("lib/python*/site-packages/idds/agents/main.py")
        self.agents = Server(
            [str(IDDS / "bin/python"), str(agents)], self._configure_agents(), self.directory / "agents.log"
        )
        self.closing.callback(self.agents.stop)
        for server in (self.idds, self.server):
            self.closing.callback(server.stop)
            server.start()

    def _configure_idds(self, url: str) -> Path:
        home = self.directory / "idds"
        (home / "logs").mkdir(parents=True)
        (home / "cache").mkdir()
        write_ini(
            home / "auth.cfg",
            {
                "common": {"allow_vos": "Rubin"},
                "Rubin": {
                    "client_secret": "x", "audience": CLIENT, "client_id": CLIENT, "vo": "Rubin",
                    "oidc_config_url": self.issuer.discovery,
                },
                # Only a super user's request is booked under the name of whom the relay asks for.
                "Users": {"allow_users": "CN=", "ban_users": "nobodyatall", "super_users": "pandasrv1"},
            },
        )  # fmt: skip
        return write_ini(
            home / "idds.cfg",
            {
                "common": {"logdir": home / "logs", "loglevel": "INFO"},
                "database": {
                    "default": f"postgresql://panda:password@127.0.0.1:{self.database.port}/idds",
                    "schema": "doma_idds", "pool_size": 5, "pool_recycle": 3600, "echo": 0,
                    "pool_reset_on_return": "rollback",
                },
                "rest": {"host": url, "cacher_dir": home / "cache"},
            },
        )  # fmt: skip

    def _idds_variables(self) -> dict[str, str]:
        home = self._idds_config.parent
        return {
            "IDDS_CONFIG": str(self._idds_config),
            "IDDS_AUTH_CONFIG": str(home / "auth.cfg"),
            "HOME": str(home),
        }

    def _make_schema(self) -> None:
        (scripts,) = IDDS.glob("lib/python*/site-packages/idds/orm/base/alembic")
        url = f"postgresql+psycopg2://panda:password@127.0.0.1:{self.database.port}/idds"
        alembic = {"script_location": scripts, "sqlalchemy.url": url, "version_table_schema": "doma_idds"}
        file = write_ini(
            self.directory / "idds/alembic.ini", {"alembic": alembic}, IDDS / "etc/idds/alembic.ini.template"
        )
        made = subprocess.run(
            [str(IDDS / "bin/python"), str(IDDS / "tools/env/create_database.py")],
            env=self._idds_variables() | {"ALEMBIC_CONFIG": str(file)},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr

    def _configure_agents(self) -> dict[str, str]:
        """Configure what moves requests on: as far as handing tasks to PanDA, whose database is not there."""
        period = {
            f"{name}_period": 1 for name in ("poll_time", "new_poll", "update_poll", "poll_operation_time")
        }
        more = write_ini(
            self._idds_config.with_name("agents.cfg"),
            {
                "main": {"agents": "coordinator, clerk, transformer, submitter, poller, trigger, finisher"},
                # The default one fails at its first event.
                "eventbus": {"backend": "database"},
                "coordinator": {"coordination_interval_delay": 2},
                "clerk": {"num_threads": 2, "retrieve_bulk_size": 3, "pending_time": 3, **period},
                "transformer": {"num_threads": 2, "retrieve_bulk_size": 3, **period},
                "carrier": {"num_threads": 1, "retrieve_bulk_size": 10, **period},
            },
            self._idds_config,
        )
        # Without a token its client ends the thread of whoever asks.
        token = place_token(self.directory / "idds", self.issuer.token("idds"))
        client = command.panda_variables(PandaSettings(relay=self.relay), user="idds", token_file=str(token))
        return {**self._idds_variables(), **client, "IDDS_CONFIG": str(more)}

    def _configure_relay(self) -> dict[str, str]:
        home, shipped = self.directory / "panda", RELAY / "etc/panda"
        for name in ("logs", "cache", "auth"):
            (home / name).mkdir(parents=True)
        write_ini(
            home / "etc/panda/panda_server.cfg",
            {
                "server": {
                    "logdir": home / "logs", "cache_dir": home / "cache", "home_dir_cwd": home,
                    "dbhost": "127.0.0.1", "backend": "postgres", "nDBConnection": 0,
                    "record_sandbox_info": False, "pserveralias": "localhost", "emailSMTPsrv": "127.0.0.1",
                    "token_authType": "oidc", "token_issuers": self.issuer.url, "token_audience": CLIENT,
                    "auth_config": f"{home}/auth/",
                }
            },
            shipped / "panda_server.cfg.rpmnew",
        )  # fmt: skip
        write_ini(
            home / "etc/panda/panda_common.cfg",
            {"logger": {"loghost": "127.0.0.1", "loghost_new": "127.0.0.1", "logdir": home / "logs"}},
            shipped / "panda_common.cfg.rpmnew",
        )
        for name, organisation in (("Rubin", "Rubin"), ("Rubin.production", "Rubin:production")):
            config = {
                "client_secret": "x", "audience": CLIENT, "client_id": CLIENT, "vo": organisation,
                "oidc_config_url": self.issuer.discovery, "no_verify": "True", "robot_ids": "NONE",
            }  # fmt: skip
            (home / "auth" / f"{name}_auth_config.json").write_text(json.dumps(config))
        (packages,) = RELAY.glob("lib/python*/site-packages")
        closed = "http://127.0.0.1:1/api/v1"
        return {
            "PANDA_HOME": str(home),
            "HOME": str(home),
            # Without a database it would ask itself who is banned, for ever.
            "PANDA_API_URL": closed,
            "PANDA_API_URL_SSL": closed,
            "PANDA_BEHIND_REAL_LB": "1",
            "IDDS_CONFIG": str(self._idds_config),
            "IDDS_AUTH_TYPE": "x509_proxy",
            "X509_USER_PROXY": str(self._idds_config),
            "PYTHONPATH": f"{packages}/pandacommon:{packages}/pandaserver",
        }

    def idds_sql(self, statement: str) -> str:
        """Ask iDDS's database; columns are parted by bars, rows by line ends."""
        return self.database.sql(f"set search_path to doma_idds; {statement}", "idds")

    def copy_request(self, request_id: int, name: str) -> None:
        """Let iDDS have a request of another name, as if somebody had submitted it."""
        number = self.idds_sql("select max(request_id) + 1000 from requests")
        other = json.dumps({"name": name, "request_id": int(number)})
        self.idds_sql(
            f"insert into requests select (jsonb_populate_record(r, '{other}')).* from requests r"
            f" where request_id = {request_id}"
        )

    def end(self, request_id: int, counts: Mapping[str, tuple[int, int, int]]) -> None:
        """Let a request have ended partially; by label the jobs that are done, failed and pruned."""
        for label, (done, failed, pruned) in counts.items():
            status = 4 if failed or pruned else 3
            (transform,) = self.idds_sql(
                f"update transforms set status = {status}, workload_id = 900 + transform_id"
                f" where request_id = {request_id} and name like '%{label}_01' returning transform_id"
            ).split()
            self.idds_sql(
                f"update collections set total_files = {done + failed + pruned}, processed_files = {done},"
                f" failed_files = {failed}, missing_files = {pruned} where transform_id = {transform}"
            )
        self.idds_sql(f"update requests set status = 4, locking = 0 where request_id = {request_id}")


@pytest.fixture(scope="module")
def panda(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panda]:
    for program in ("initdb", "pg_ctl", "psql"):
        if not postgres_program(program):
            pytest.skip(f"PostgreSQL's {program} is not there (Debian: postgresql)")
    if not (IDDS / "ready").exists() or not (RELAY / "ready").exists():
        pytest.skip("iDDS and panda-server are not installed: make test-panda does it")
    with contextlib.ExitStack() as closing:
        yield Panda(tmp_path_factory.mktemp("panda"), closing)


class Bps:
    """Runs bps as cmbot does, on a repository of its own."""

    def __init__(self, directory: Path, relay: str, token: str) -> None:
        self.directory = directory
        self.settings = PandaSettings(relay=relay, timeout=120)
        variables = command.panda_variables(
            self.settings, user="sandbox", token_file=str(place_token(directory, token))
        )
        self.variables = {
            **variables, "CTRL_MPEXEC_DIR": str(BIN.parent), "DAF_BUTLER_DIR": str(BIN.parent),
            "PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(directory),
        }  # fmt: skip
        butler.make(directory / "repo", visits=2, detectors=1, tracts=1)

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BIN / "bps"), *arguments], env=self.variables, cwd=self.directory,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    def submit(self, name: str) -> int:
        """Submit a group of two visits; the request id."""
        group = Submission(
            name=name,
            pipeline=f"{butler.pipeline_path()}#step1",
            project="CM", campaign="CM-1", payload="step1_g001", operator="cmbot",
            butler=str(self.directory / "repo"), in_collections=("DemoCam/defaults",),
            data_query="instrument = 'DemoCam' AND exposure IN (1..2)",
            output=f"cm/{name}", output_run=f"cm/{name}/run",
            submit_path=str(self.directory / "submit" / name), id_link_path=str(self.directory / "ids"),
            wms="PanDA", site="SLAC",
            site_options={
                "computeCloud": "US", "queue": "SLAC_Rubin",
                "fileDistributionEndPoint": f"{self.directory}/box/{{uniqProcName}}/",
            },
            options={"requestMemory": 1000},
        )  # fmt: skip
        base = yaml.safe_load((ROOT / "templates/bps/panda.yaml").read_text())
        file = self.directory / f"{name}.yaml"
        file.write_text(to_yaml(render(group, base)))
        done = self("submit", str(file))
        assert done.returncode == 0, done.stderr
        request_id = parse_output(done.stdout).request_id
        assert request_id is not None, done.stdout
        return request_id


SERVE = """
import sys
from pathlib import Path
from cmbot.sandbox.panda import serve
serve(Path(sys.argv[1]), workers=1, bin_dir=Path(sys.argv[2]))
"""


@dataclass
class Sandbox:
    """The sandbox PanDA, which accepts requests and runs nothing."""

    directory: Path

    def __post_init__(self) -> None:
        argv = [sys.executable, "-c", SERVE, str(self.directory), str(BIN)]
        self.process = subprocess.Popen(argv)
        address = self.directory / "address.json"
        until(lambda: address.exists() or self.process.poll() is not None)
        told = json.loads(address.read_text())
        self.relay, self.token, self.url = told["relay"], told["token"], told["url"]
        self.order("executor", paused=True)

    def order(self, what: str, **body: Any) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        requests.post(f"{self.url}/sandbox/{what}", headers=headers, json=body, timeout=30).raise_for_status()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with contextlib.closing(Sandbox(tmp_path_factory.mktemp("sandbox"))) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def bps_for(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Bps]:
    """Make a bps for the address of a relay and a token."""
    return lambda relay, token: Bps(tmp_path_factory.mktemp("bps"), relay, token)
