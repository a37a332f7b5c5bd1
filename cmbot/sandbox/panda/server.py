"""The sandbox PanDA as one server: the relay, the executor, the pages."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import secrets
import signal
import socket
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from cmbot.sandbox.panda import adminpaths, controls, issuerpaths, logs, pages, relay, seeding, serverapi
from cmbot.sandbox.panda.access import Access
from cmbot.sandbox.panda.commands import Commands
from cmbot.sandbox.panda.executor import Executor
from cmbot.sandbox.panda.faults import Faults
from cmbot.sandbox.panda.guard import Guard
from cmbot.sandbox.panda.issuer import Claims, Issuer
from cmbot.sandbox.panda.monitor import routes
from cmbot.sandbox.panda.monitor.pages import MonitorPages
from cmbot.sandbox.panda.monitor.routes import Monitor
from cmbot.sandbox.panda.processes import Site
from cmbot.sandbox.panda.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from starlette.types import ASGIApp

log = logging.getLogger(__name__)
_OPEN = (*routes.PATHS, *issuerpaths.PATHS)


@dataclass(frozen=True)
class Address:
    """Where a sandbox PanDA is to be found."""

    url: str
    """Pages; people open ``<url>/?token=<token>``."""
    relay: str
    """Value of PANDA_URL, PANDA_URL_SSL and PANDACACHE_URL."""
    token: str
    """Bearer token of this start."""


def serve(
    state: Path,
    *,
    port: int = 0,
    workers: int = 2,
    bin_dir: Path,
    seed: Path | None = None,
    id_tokens: int | None = None,
    on_ready: Callable[[Address], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then end the running jobs and return.

    Once ready, ``state/address.json`` (mode 0600) holds ``url``, ``relay`` (value of PANDA_URL and
    PANDA_URL_SSL) and ``token``; it goes away at the end. The server listens on 127.0.0.1 only.

    Parameters
    ----------
    state : `pathlib.Path`
        State directory: requests, logs, address. One server at a time; the next goes on where it ended.
    port : `int`, optional
        Port; 0 for a free one.
    workers : `int`, optional
        How many jobs run at a time.
    bin_dir : `pathlib.Path`
        Directory of the jobs' ``python3``, ``pipetask`` and ``butler``: a virtual environment's ``bin``.
    seed : `pathlib.Path`, optional
        Seed file (`~cmbot.sandbox.panda.seeding.Seed`), for an empty store only.
    id_tokens : `int`, optional
        Seconds an id token lasts: the relay then asks for one. The first, with a refresh token, is in
        ``state/client/.token`` (a PANDA_CONFIG_ROOT) and alone in ``state/client/id_token``.
    on_ready : callable, optional
        Called with the address once the server is ready, for example to print it.

    Raises
    ------
    FileNotFoundError
        If there is no ``python3`` in ``bin_dir``.
    ValueError
        If there are mistakes in the seed, or another version made the store.
    BlockingIOError
        If another server uses the state directory.
    """
    bin_dir = bin_dir.absolute()
    if not (bin_dir / "python3").exists():
        raise FileNotFoundError(bin_dir / "python3")
    content = None if seed is None else seeding.read(seed)
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)  # logs and the token are nobody else's
    state = state.resolve()
    with _only_server(state), contextlib.closing(Store(state)) as store, _listening(port) as listener:
        bound = listener.getsockname()[1]
        url = f"http://127.0.0.1:{bound}"
        address = Address(url, f"{url}/server/panda", secrets.token_urlsafe(32))
        if content is not None:
            seeding.sow(store, content)
        issuer = Issuer(store, url)
        access = Access(address.token, bound, issuer, id_tokens=id_tokens is not None)
        if id_tokens is not None:
            _write_tokens(state / "client", issuer.grant(Claims(lifetime=id_tokens)))

        def ready() -> None:
            _write_private(state / "address.json", json.dumps(asdict(address)))
            log.info("sandbox PanDA at %s", url)
            if on_ready is not None:
                on_ready(address)

        executor = Executor(
            store, Site(state, bin_dir), workers, lambda: os.kill(os.getpid(), signal.SIGTERM)
        )
        app = _application(store, executor, access, url, ready)
        try:
            with _ended_by_signals():
                executor.start()
                _run(Guard(app, access, port=bound, open_paths=_OPEN), listener)
        finally:
            (state / "address.json").unlink(missing_ok=True)
            executor.stop()
            log.info("sandbox PanDA ended")


def _application(
    store: Store, executor: Executor, access: Access, url: str, ready: Callable[[], None]
) -> FastAPI:
    """Put the routes together."""
    faults = Faults()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        ready()
        yield

    app = FastAPI(title="sandbox PanDA", openapi_url=None, lifespan=lifespan, redirect_slashes=False)
    app.add_exception_handler(RequestValidationError, _refused)
    app.include_router(relay.router(Commands(store, executor.wake), faults, access))
    app.include_router(serverapi.router(store, access, faults))
    app.include_router(controls.router(faults, executor))
    app.include_router(adminpaths.router(store, access.issuer, executor.wake))
    app.include_router(issuerpaths.router(access.issuer))
    app.include_router(Monitor(store, access, MonitorPages(), url).router())
    app.include_router(logs.router(store, executor.site))
    app.include_router(pages.router(store, executor.site))
    return app


async def _refused(_: Request, error: Exception) -> JSONResponse:
    """Say what is wrong with an order; what was sent is not repeated, it may not even be text."""
    mistakes = error.errors() if isinstance(error, RequestValidationError) else ()
    told = [{"place": list(map(str, mistake["loc"])), "problem": mistake["msg"]} for mistake in mistakes]
    return JSONResponse({"detail": told}, status_code=422)


def _run(app: ASGIApp, listener: socket.socket) -> None:
    config = uvicorn.Config(
        app,
        http="h11",
        lifespan="on",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,  # requests that are being held do not delay the end
    )
    uvicorn.Server(config).run(sockets=[listener])


class _Signal(Exception):
    """The process was told to end."""


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Leave the block at SIGTERM and SIGINT instead of ending the process.

    uvicorn catches both, shuts down, restores the handlers it found and raises the signal again for them.
    """

    def end(number: int, _: object) -> None:
        raise _Signal(number)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may have handlers
        return
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, end) for number in signals]
    try:
        with contextlib.suppress(_Signal):
            yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


@contextlib.contextmanager
def _only_server(state: Path) -> Iterator[None]:
    """Hold the lock of a state directory; the kernel frees it when the process dies."""
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BlockingIOError(
                error.errno, "another sandbox PanDA uses this directory", str(state)
            ) from None
        (state / "address.json").unlink(missing_ok=True)  # a killed server's
        yield


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """Listen on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
        yield listener


def _write_tokens(directory: Path, tokens: dict[str, Any]) -> None:
    """Write what panda-client reads: its own file, and the id token alone, without a newline."""
    directory.mkdir(mode=0o700, exist_ok=True)
    _write_private(directory / ".token", json.dumps(tokens))
    _write_private(directory / "id_token", tokens["id_token"])


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, all of it or nothing."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    draft.replace(path)
