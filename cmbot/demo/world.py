"""Start the parts of the demonstration as processes, and end them together."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from cmbot.demo.seed import BOT, PERSON, PROJECT, seed
from cmbot.exceptions import RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SANDBOX = Path(__file__).parent.parent / "sandbox" / "butler"
_START = 60.0
"""Seconds that a server may take to answer."""
HASTE = 1_000_000
"""Requests in an hour, where time goes by as in a demonstration."""
_END = 20.0
"""Seconds that it may take to end before it is killed."""


@dataclass(frozen=True)
class World:
    """The running parts."""

    state: Path
    """Directory of everything."""
    jira: dict[str, Any]
    """Address and tokens of the sandbox Jira."""
    panda: dict[str, Any]
    """Address and token of the sandbox PanDA."""
    settings: Path
    """Settings file of the bot."""

    def login(self, name: str) -> tuple[str, str]:
        """What somebody signs in to Jira with.

        Parameters
        ----------
        name : `str`
            Login name in the seed.

        Returns
        -------
        name, token : `str`
            For basic authentication; on Cloud the name is an e-mail.
        """
        logins = self.jira.get("logins", {})
        return logins[name]["email"] if logins else name, self.jira["tokens"][name]

    @property
    def repo(self) -> Path:
        """The Butler repository."""
        return self.state / "repo"

    @property
    def submit(self) -> Path:
        """BPS submit directories."""
        return self.state / "submit"

    @property
    def board(self) -> str:
        """Where a person clicks."""
        return f"{self.jira['url']}/?token={self.jira['tokens'][PERSON]}"

    @property
    def jobs(self) -> str:
        """Where a person sees the jobs."""
        return f"{self.panda['url']}/?token={self.panda['token']}"


@contextmanager
def world(
    state: Path,
    say: Callable[[str], None],
    *,
    ports: tuple[int, int] = (0, 0),
    flavour: str = "data-center",
) -> Iterator[World]:
    """Start Jira, PanDA and, if there is none yet, make the Butler repository.

    Parameters
    ----------
    state : `pathlib.Path`
        Directory of everything; a second start goes on with what is there.
    say : `~collections.abc.Callable`
        Told what is being done.
    ports : `tuple` [`int`, `int`], optional
        Ports of Jira and PanDA; 0 for free ones.
    flavour : `str`, optional
        As which deployment Jira answers: ``data-center`` or ``cloud``.

    Yields
    ------
    world : `World`
        Until the end of the block.

    Raises
    ------
    RemoteError
        If a part does not start: with the end of its log.
    """
    state = state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    if not (state / "repo" / "butler.yaml").exists():
        say("making a Butler repository with raw data of 40 visits")
        _run(state, "butler", "sandbox", "butler", str(state / "repo"))
    (state / "seed.json").write_text(json.dumps(seed(), indent=1))
    (state / "panda-seed.json").write_text(json.dumps({"settings": {"rate_limit": HASTE}}))
    with ExitStack() as parts:
        say("starting Jira and PanDA")
        options = {
            "jira": ("--seed", f"{state}/seed.json", "--flavour", flavour),
            "panda": ("--seed", f"{state}/panda-seed.json", "--bin-dir", _bin()),
        }
        servers = {}
        for (name, more), asked in zip(options.items(), ports, strict=True):
            port = str(_port(state, name, asked))
            command = ("sandbox", name, "--state", f"{state}/{name}", "--port", port, *more)
            servers[name] = parts.enter_context(process(state, name, *command))
        jira_at, panda_at = (_address(state, name, child) for name, child in servers.items())
        yield World(state, jira_at, panda_at, settings=_settings(state, jira_at, panda_at))


def with_pages(running: World) -> str:
    """Have the bot serve pages when it starts.

    Parameters
    ----------
    running : `World`
        The running parts; its settings are changed.

    Returns
    -------
    address : `str`
        Where the pages will be, at the port of the last start if that is free.
    """
    port = _port(running.state, "pages", 0) or _free()
    (running.state / "pages.port").write_text(str(port))
    settings = yaml.safe_load(running.settings.read_text())
    running.settings.write_text(yaml.safe_dump(settings | {"web": {"pages": True, "port": port}}))
    return f"http://127.0.0.1:{port}/"


@contextmanager
def process(state: Path, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a cmbot command beside this one; its log goes to a file.

    Parameters
    ----------
    state : `pathlib.Path`
        Directory of the log.
    name : `str`
        Name of the log.
    *arguments : `str`
        The command.

    Yields
    ------
    child : `subprocess.Popen`
        Ended, by force if need be, with the block.
    """
    (state / name / "address.json").unlink(missing_ok=True)
    with (state / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "cmbot", *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(_END)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _run(state: Path, name: str, *arguments: str) -> None:
    with process(state, name, *arguments) as child:
        if child.wait() != 0:
            raise RemoteError(name, f"did not work: {_last_line(state, name)}", f"see {state / name}.log")


def _port(state: Path, name: str, asked: int) -> int:
    """Use the port of the last start again, so that links in old comments still lead somewhere."""
    file = state / f"{name}.port"
    if asked or not file.exists():
        return asked
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(file.read_text())))
        except OSError:
            return 0
        return int(probe.getsockname()[1])


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _address(state: Path, name: str, child: subprocess.Popen[bytes]) -> dict[str, Any]:
    file, until = state / name / "address.json", monotonic() + _START
    while monotonic() < until and child.poll() is None:
        if file.exists():
            address = dict(json.loads(file.read_text()))
            (state / f"{name}.port").write_text(str(urlsplit(address["url"]).port))
            return address
        sleep(0.05)
    raise RemoteError(name, f"did not start: {_last_line(state, name)}", f"see {state / name}.log")


def _last_line(state: Path, name: str) -> str:
    lines = (state / f"{name}.log").read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _bin() -> str:
    return str(Path(sys.executable).parent)


def _settings(state: Path, jira: dict[str, Any], panda: dict[str, Any]) -> Path:
    """Write the bot's settings as an administrator would, the secrets in files of their own."""
    for name, token in (("jira", jira["tokens"][BOT]), ("panda", panda["token"])):
        file = state / f"{name}.token"
        file.touch(mode=0o600)
        file.write_text(token)
    prefix = str(Path(_bin()).parent)
    settings = {
        "jira": {
            "url": jira["url"],
            "project": PROJECT,
            "token": {"file": str(state / "jira.token")},
            **({"user": jira["logins"][BOT]["email"]} if "logins" in jira else {}),
            "comment_interval": "PT2S",
        },
        "panda": {
            "relay": panda["relay"],
            "monitor": panda["url"],
            "monitor_token": {"file": str(state / "panda.token")},
            # Relay and monitor are one host here, which is asked every two seconds (see panda-seed.json).
            "requests_per_hour": HASTE,
            "relay_requests_per_hour": HASTE,
            "cycle": "PT0S",
            "token": {"file": str(state / "panda.token")},
        },
        "links": dict.fromkeys(("request", "logs"), f"{panda['url']}/workflows/{{request_id}}"),
        "work": {
            "state": str(state / "bot"),
            "submit": str(state / "submit"),
            "poll": "PT2S",
            "grace": "PT20S",
            "max_children": 2,
        },
        "environments": {
            "sandbox": {
                "path": [_bin()],
                "variables": {
                    "CTRL_MPEXEC_DIR": prefix,
                    "DAF_BUTLER_DIR": prefix,
                    "DEMO_PIPELINES": str(_SANDBOX / "pipelines"),
                    # So that examples of config/campaigns find pipelines of the shape that they expect.
                    "DRP_PIPE_DIR": str(_SANDBOX),
                },
            }
        },
        "sites": {
            "laptop": {
                "wms_options": {
                    "computeCloud": "LOCAL",
                    # BPS's default of 16 processes is for large graphs; the merge of a small one takes ages.
                    "finalJob": {"requestMemory": 2048, "requestCpus": 1},
                    "fileDistributionEndPoint": f"file://{state}/staging/{{uniqProcName}}/",
                }
            }
        },
    }
    file = state / "settings.yaml"
    file.write_text(yaml.safe_dump(settings, sort_keys=False))
    return file
