"""Bodies of requests, from anybody: never more than is allowed, and never waited for long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import Request

_PATIENCE = 10.0
"""Seconds that a body may take to arrive."""


class TooLarge(Exception):
    """The body is larger than it may be."""


async def whole(request: Request, largest: int) -> bytes:
    """Read a body.

    Parameters
    ----------
    request : `fastapi.Request`
        The request.
    largest : `int`
        Bytes that it may have.

    Returns
    -------
    raw : `bytes`
        All of it.

    Raises
    ------
    TooLarge
        If there is more, whatever its head says.
    TimeoutError
        If it takes too long.
    """
    return await asyncio.wait_for(_read(request, largest), _PATIENCE)


async def _read(request: Request, largest: int) -> bytes:
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > largest:
        raise TooLarge
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > largest:
            raise TooLarge
    return bytes(raw)
