"""The commands of iDDS's client manager that the relay knows.

Source: reference/panda.md 7.2. A command answers what goes into ``[true, ...]``; errors inside iDDS are
``[false, text]`` there, inside a success.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import unquote

from cmbot.sandbox.panda.contents import content_rows
from cmbot.sandbox.panda.rows import request_rows
from cmbot.sandbox.panda.store import USERNAME
from cmbot.sandbox.panda.times import http_date
from cmbot.sandbox.panda.workflow import WorkflowError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cmbot.sandbox.panda.store import Store


class CommandError(Exception):
    """The relay itself refuses: ``[false, text]``."""


class ClientError(Exception):
    """iDDS or its client fails: ``[true, [false, text]]``."""


_PARAMETERS = {
    "ping": (),
    "submit": ("workflow", "username", "userdn", "use_dataset_name"),
    "get_requests": ("request_id", "workload_id", "with_detail", "with_metadata"),
    "get_request_id_by_name": ("name",),
    "get_contents_output_ext": ("request_id", "workload_id", "transform_id", "group_by_jedi_task_id"),
    "get_status": ("request_id", "workload_id", "with_detail", "with_metadata"),
    "abort": ("request_id", "workload_id"),
    "retry": ("request_id", "workload_id"),
}
"""Commands with the names of their arguments, in their order."""
_REQUIRED = {"submit": "workflow", "get_request_id_by_name": "name"}
"""Arguments that a command cannot do without."""
_NO_PAGE = (
    "An unknown IDDS exception occurred.: {}\nDetails: The requested REST API is not defined: 404 Not Found: "
    "The requested URL was not found on the server. If you entered the URL manually please check your "
    "spelling and try again."
)

_CALL = "failed to execute command with idds.client.clientmanager.ClientManager"
_MOST_DIGITS = 18

Arguments = dict[str, object]


class Commands:
    """What can be asked of the relay.

    Parameters
    ----------
    store : `Store`
        The store.
    wake : callable
        Called after something was registered.
    """

    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        self._store = store
        self._wake = wake

    def run(self, name: str, args: object, kwargs: object, caller: str = USERNAME) -> object:
        """Carry out one command.

        Parameters
        ----------
        name : `str`
            Command without the address of an iDDS server.
        args, kwargs : `object`
            Its arguments: a list and an object, if the caller is right.
        caller : `str`, optional
            PanDA's user name of who asks.

        Returns
        -------
        result : `object`
            Its result, ready for JSON; also iDDS's failure.

        Raises
        ------
        CommandError
            If the command is not known or cannot be called.
        """
        if name not in _PARAMETERS:
            raise CommandError(f"{name} is not a command of iDDS ClientManager")
        if not isinstance(args, list | dict | str):
            raise CommandError(f"{_CALL}.{name}() argument after * must be an iterable, not {_kind(args)}")
        if not isinstance(kwargs, dict):
            raise CommandError(f"{_CALL}.{name}() argument after ** must be a mapping, not {_kind(kwargs)}")
        try:
            return self._carry_out(name, _bound(name, list(args), kwargs), caller)
        except ClientError as error:
            return [False, str(error)]

    def _carry_out(self, name: str, arguments: Arguments, caller: str) -> object:
        if name == "submit":
            return self._submit(arguments, caller)
        if name in {"abort", "retry"}:
            return self._register(arguments, name, caller)
        function: Callable[[Arguments], object] = getattr(self, f"_{name}")
        return function(arguments)

    def _ping(self, _: Arguments) -> object:
        return {"Status": "OK"}

    def _submit(self, arguments: Arguments, caller: str) -> object:
        try:
            request_id = self._store.submit(arguments.get("workflow"), caller)
        except WorkflowError as error:
            raise ClientError(str(error)) from error
        self._wake()
        return request_id

    def _get_requests(self, arguments: Arguments) -> object:
        detail = bool(arguments.get("with_detail"))
        request_id = arguments.get("request_id")
        if request_id is None:
            return request_rows(self._store, None, detail=detail)
        return request_rows(self._store, _integer(request_id), detail=detail)

    def _get_request_id_by_name(self, arguments: Arguments) -> object:
        # There the name is part of an address, as it is.
        name = unquote(str(arguments["name"]))
        if not name:
            raise ClientError(_NO_PAGE)
        if "/" in name:
            raise _no_object("name")
        if "\0" in name:
            raise _failure("Core", "A string literal cannot contain NUL (0x00) characters.")
        return self._store.ids_by_name(name)

    def _get_contents_output_ext(self, arguments: Arguments) -> object:
        if arguments.get("workload_id") is None:
            return {}
        workload = _integer(arguments["workload_id"])
        rows = content_rows(self._store, _integer(arguments.get("request_id")), workload)
        return {str(workload): rows} if rows else {}

    def _get_status(self, arguments: Arguments) -> object:
        asked = arguments.get("request_id")
        number = None if asked is None else _integer(asked)
        rows = self._store.rows(
            "SELECT * FROM requests WHERE archived = 0 AND (? IS NULL OR id = ?) ORDER BY id", number, number
        )
        lines = [f"{'request_id':>10}  {'status':<14} {'created_at':<30} name"]
        for row in rows:
            created = http_date(row["created"])
            lines.append(f"{row['id']:>10}  {row['status']:<14} {created:<30} {row['name']}")
        return "\n".join(lines)

    def _register(self, arguments: Arguments, command: str, caller: str) -> object:
        if arguments.get("request_id") is None:
            return [-1, "Both request_id and workload_id are None. One of them should not be None"]
        number = _integer(arguments["request_id"], "Core")
        owner = self._store.rows("SELECT username FROM requests WHERE archived = 0 AND id = ?", number)
        if not owner:
            return [[-1, {"message": "No match requests", "status": -1}]]
        if owner[0]["username"] != caller:
            message = f"User {caller} has no permission to update request {number}"
            return [[-1, {"message": message, "status": -1}]]
        self._store.register(number, command)
        self._wake()
        return [[0, {"message": "Command registered successfully", "status": 0}]]


def _bound(name: str, args: Sequence[object], kwargs: Mapping[str, object]) -> Arguments:
    """Name the arguments of a call, as Python does."""
    parameters, call = _PARAMETERS[name], f"ClientManager.{name}()"
    for key in kwargs:
        if key not in parameters:
            raise ClientError(f"{call} got an unexpected keyword argument '{key}'")
    if len(args) > len(parameters):
        most = f"{len(parameters) + 1} positional argument{'s' if parameters else ''}"
        raise ClientError(f"{call} takes {most} but {len(args) + 1} were given")
    arguments = dict(zip(parameters, args, strict=False)) | dict(kwargs)
    if (needed := _REQUIRED.get(name)) and needed not in arguments:
        raise ClientError(f"{call} missing 1 required positional argument: '{needed}'")
    return arguments


def _kind(value: object) -> str:
    """Type of a JSON value, in Python's words."""
    return type(value).__name__


def _integer(value: object, kind: str = "No object ") -> int:
    """Read an id, given as number or text, as PostgreSQL reads a bigint."""
    text = str(value)
    digits = text.removeprefix("-")
    if isinstance(value, bool) or not digits.isascii() or not digits.isdecimal():
        raise _no_object(value, kind=kind)
    if len(digits) > _MOST_DIGITS:
        raise _no_object(
            value, f'NumericValueOutOfRange) value "{value}" is out of range for type bigint', kind
        )
    return int(text)


def _no_object(asked: object, why: str = "", kind: str = "No object ") -> ClientError:
    """What iDDS says about an id that is no number, and about everything else its database refuses."""
    why = why or f'InvalidTextRepresentation) invalid input syntax for type bigint: "{asked}"'
    text = f"request(request_id: {asked}) cannot be found: (psycopg2.errors.{why}"
    return _failure(kind, f"No object  exception.: {{}}\nDetails: {text}")


def _failure(kind: str, text: str) -> ClientError:
    """What iDDS's client makes of an answer of the server's."""
    return ClientError(f"{kind} exception.: {{}}\nDetails: {json.dumps({'msg': text})}")
