"""Serve beside the passes, in a thread."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

_LOG = logging.getLogger(__name__)
_MOST = 200
"""Requests at once; more are answered with 503."""


@contextmanager
def serving(app: FastAPI, host: str, port: int) -> Iterator[str]:
    """Serve until the end of the block.

    Parameters
    ----------
    app : `fastapi.FastAPI`
        What answers.
    host : `str`
        Address to listen on.
    port : `int`
        Port; 0 takes a free one.

    Yields
    ------
    url : `str`
        Where it answers.

    Raises
    ------
    UserError
        If it cannot listen there.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="none",
        lifespan="off",
        server_header=False,
        limit_concurrency=_MOST,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=2,
        # Nobody's word about whom a request comes from is needed, so none is believed.
        proxy_headers=False,
    )
    listening = _listen(host, port)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), name="web", daemon=True)
    thread.start()
    url = f"http://{host}:{listening.getsockname()[1]}"
    _LOG.info("serving %s", url)
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(_MOST)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        problem = f"{host}:{port} cannot be listened on ({error.strerror})"
        raise UserError("settings web", problem, "name another port, or stop what uses it") from error
    return listening
