"""Serving a site on this machine's loopback."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import requests
import uvicorn

from . import beginnings, seeding, snapshot
from .access import new_tokens
from .app import create_app
from .datacenter import DATA_CENTER
from .loading import load
from .sidebyside import SideBySide
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from .app import Application

log = logging.getLogger(__name__)
HOST = "127.0.0.1"
STORE, ADDRESS = "jira.sqlite3", "address.json"
BOTH = "both"


class _Server(uvicorn.Server):
    """Uvicorn that says when it is ready."""

    def __init__(self, app: Application | SideBySide, address: Path) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            date_header=False,  # the application's own follows the sandbox's clock
            ws="none",
            lifespan="off",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)
        self._address = address
        self._app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.tell()
        log.info("sandbox Jira (an emulator) at %s", self._app.about()["url"])

    def tell(self) -> None:
        """Write how it is reached."""
        write_private(self._address, json.dumps(self._app.about(), indent=1))


def serve(
    state: Path,
    *,
    port: int = 0,
    seed: Path | None = None,
    context_path: str = "",
    flavour: str = DATA_CENTER.name,
    strange: str = "calm",
) -> None:
    """Run the sandbox Jira until SIGTERM or SIGINT.

    Once ready, ``state/address.json`` (mode 0600) holds the address and a token for every user by login name;
    on Cloud also what to sign in as (``logins``: e-mail and account id) and the address of the gateway. With
    both deployments, those of Cloud stand under ``cloud``. It is written anew when the site begins again.

    Parameters
    ----------
    state : `pathlib.Path`
        Directory of the store; made if absent.
    port : `int`, optional
        Port on 127.0.0.1; 0 takes a free one.
    seed : `pathlib.Path`, optional
        Seed file or export, applied to an empty store only; a small default without it.
    context_path : `str`, optional
        Prefix of every path, for example ``/jira``.
    flavour : `str`, optional
        ``data-center``, ``cloud``, or ``both``: Cloud at ``/cloud`` below the context path.
    strange : `str`, optional
        How it misbehaves from the start: a word of `strange.profiles.PROFILES`.

    Raises
    ------
    ValueError
        Raised for a seed, a context path or a flavour with mistakes.
    OSError
        Raised if the port is taken.
    """
    if context_path and (not context_path.startswith("/") or context_path.endswith("/")):
        raise ValueError(f"context path {context_path!r}: it begins with a slash and does not end with one")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again once it has shut down
            signal.signal(number, _end)
    content = seeding.DEFAULT if seed is None else beginnings.load(seed)
    state.mkdir(parents=True, exist_ok=True)
    store = Store(state / STORE)
    address = state / ADDRESS
    address.unlink(missing_ok=True)  # of a start that was killed
    app: Application | SideBySide | None = None
    try:
        beginnings.begin(store, content)
        tokens = new_tokens([row["name"] for row in store.rows("SELECT name FROM users WHERE active")])
        app = (
            SideBySide(store, tokens, context_path)
            if flavour == BOTH
            else create_app(store, tokens=tokens, context_path=context_path, flavour=flavour)
        )
        app.become(strange)
        # asyncio switches Nagle's delay off only for sockets that say they are TCP
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((HOST, port))
            url = f"http://{HOST}:{listening.getsockname()[1]}{context_path}"
            app.answers_at(url)
            server = _Server(app, address)
            app.site.common.begun_again.append(lambda _: server.tell())
            server.run(sockets=[listening])
    finally:
        address.unlink(missing_ok=True)
        if app is not None:
            app.close()
        store.close()


def export(state: Path, file: Path) -> None:
    """Write a whole site to a file that ``serve`` takes as a seed; its server may be running.

    Parameters
    ----------
    state : `pathlib.Path`
        Directory of the store.
    file : `pathlib.Path`
        The file; only its owner can read it, since hashed passwords and webhooks' secrets are in it.

    Raises
    ------
    FileNotFoundError
        Raised if there is no store.
    ValueError
        Raised if the store is of another version.
    """
    with _opened(state) as store:
        write_private(file, snapshot.take(store).model_dump_json())


def reset(state: Path, seed: Path | None = None) -> None:
    """Let a site begin again; its server may be running, and does it then.

    Parameters
    ----------
    state : `pathlib.Path`
        Directory of the store.
    seed : `pathlib.Path`, optional
        Seed file or export; what the site began with last if not given.

    Raises
    ------
    FileNotFoundError
        Raised if there is no store.
    ValueError
        Raised for a seed with mistakes, a store of another version, or a server that refuses.
    """
    content = None if seed is None else beginnings.load(seed)
    with _opened(state) as store:
        if not _server_resets(state, store, {} if seed is None else {"seed": json.loads(seed.read_bytes())}):
            beginnings.start_over(store, content)


def _server_resets(state: Path, store: Store, asked: dict[str, Any]) -> bool:
    """Have the server of a store do it; says whether there is one."""
    address = state / ADDRESS
    if not address.is_file():
        return False
    about = json.loads(address.read_bytes())
    name = next(user.name for user in load(store).users.values() if user.admin and user.active)
    signed = {"Authorization": f"Bearer {about['tokens'][name]}"}
    try:
        answer = requests.post(f"{about['url']}/sandbox/reset", json=asked, headers=signed, timeout=60)
    except requests.ConnectionError:  # it was killed and left its address behind
        return False
    if not answer.ok:
        raise ValueError(f"{about['url']}: its server refused to begin again; {answer.text[:200]}")
    return True


@contextmanager
def _opened(state: Path) -> Iterator[Store]:
    path = state / STORE
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no site of a sandbox Jira")
    store = Store(path)
    try:
        yield store
    finally:
        store.close()


def _end(number: int, _: FrameType | None) -> NoReturn:
    del number
    raise SystemExit(0)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads; it appears whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
