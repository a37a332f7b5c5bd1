"""The relay endpoint that the real PanDA plugin of BPS speaks to.

Source: reference/panda.md 7.1 and reference/bps.md section 5.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from cmbot.sandbox.panda.commands import CommandError, Commands
from cmbot.sandbox.panda.faults import Dropped, Faults, plain
from cmbot.sandbox.panda.issuer import TokenError

if TYPE_CHECKING:
    from cmbot.sandbox.panda.access import Access

_BODY_LIMIT = 64 * 2**20
_JSON_LIMIT = 512 * 2**20  # the plugin splits workflows above 400 MB


@dataclass(frozen=True)
class _Call:
    """One decoded request."""

    name: str
    args: object
    kwargs: object
    json_outputs: bool


class _Undecodable(Exception):
    """The body cannot be read; the text is the answer, with status 500."""


def router(commands: Commands, faults: Faults, access: Access) -> APIRouter:
    """Make the relay endpoint.

    Parameters
    ----------
    commands : `Commands`
        What can be asked.
    faults : `Faults`
        Troubles in force.
    access : `Access`
        Who may ask.

    Returns
    -------
    router : `fastapi.APIRouter`
        One route.
    """
    routes = APIRouter()

    @routes.post("/server/panda/relay_idds_command")
    async def relay_idds_command(request: Request) -> Response:
        caller = faults.outage_answer(None) or _authenticate(request, access)
        if isinstance(caller, Response):
            return caller
        try:
            call = _decode(await _body(request), request.headers.get("content-type", ""))
        except _Undecodable as error:
            return plain(str(error), status_code=500)
        return faults.outage_answer(call.name) or await _answer(call, caller, commands, faults)

    return routes


async def _answer(call: _Call, caller: str, commands: Commands, faults: Faults) -> Response:
    """Carry a command out, with the holds around its effect."""
    if await faults.gate(call.name, "before") == "drop":
        return Dropped()
    try:
        result = await run_in_threadpool(commands.run, call.name, call.args, call.kwargs, caller)
        answer = [True, {"data": result, "error": None, "status": 0} if call.json_outputs else result]
    except CommandError as error:
        answer = [False, str(error)]
    if await faults.gate(call.name, "after") == "drop":
        return Dropped()
    return plain(await run_in_threadpool(json.dumps, answer))


def _authenticate(request: Request, access: Access) -> Response | str:
    """Name of the caller, or the refusal of a call without a right token or organisation."""
    authorization = request.headers.get("authorization")
    if authorization is None or " " not in authorization:
        return plain(json.dumps([False, "SSL secure connection is required"]))
    try:
        return access.caller(authorization, request.headers.get("origin"))
    except TokenError as error:
        return plain(f"ERROR : Token authentication failed. {error}", status_code=403)


async def _body(request: Request) -> bytes:
    """Read the body, up to a limit."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise _Undecodable(f"request body above {_BODY_LIMIT} bytes")
    return bytes(body)


def _decode(body: bytes, content_type: str) -> _Call:
    """Read a form, or gzip of a JSON object whatever its Content-Encoding says; plain JSON is refused."""
    if content_type.partition(";")[0].strip() == "application/json":
        fields = _json_object(_gunzip(body))
    else:
        fields = {key: values[-1] for key, values in _form(body).items()}
    name = fields.get("command_name")
    if not isinstance(name, str):
        raise _Undecodable("relay_idds_command() missing 1 required positional argument: 'command_name'")
    args, kwargs = _argument(fields, "args", []), _argument(fields, "kwargs", {})
    wrapped = str(fields.get("json_outputs", "")).lower() in {"true", "1"}
    return _Call(name.partition("+")[0], args, kwargs, wrapped)


def _form(body: bytes) -> dict[str, list[str]]:
    return parse_qs(body.decode(errors="replace"), keep_blank_values=True)


def _gunzip(body: bytes) -> bytes:
    """Unpack, refusing what grows without end."""
    if body[:2] != b"\x1f\x8b":
        raise _Undecodable(f"Not a gzipped file ({body[:2]!r})")
    decompressor = zlib.decompressobj(wbits=31)
    try:
        plain = decompressor.decompress(body, _JSON_LIMIT)
    except zlib.error as error:
        raise _Undecodable(f"Not a gzipped file ({error})") from error
    if decompressor.unconsumed_tail or not decompressor.eof:
        raise _Undecodable("gzipped body is cut or too large")
    return plain


def _json_object(text: bytes) -> dict[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _Undecodable(f"body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise _Undecodable("body is not a JSON object")
    return value


def _argument(fields: dict[str, object], key: str, absent: object) -> object:
    """Read an argument: JSON text inside the body."""
    text = fields.get(key)
    if text is None:
        return absent
    try:
        return json.loads(str(text))
    except (ValueError, RecursionError) as error:
        raise _Undecodable(f"{key} is not JSON: {error}") from error
