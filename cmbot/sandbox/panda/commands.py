"""The commands of iDDS's client manager that the relay knows.

Source: reference/panda.md 7.2. A command answers what goes into ``[true, ...]``; errors inside iDDS are
``[false, text]`` there, inside a success.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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


_PARAMETERS = {
    "ping": (),
    "submit": ("workflow", "username", "use_dataset_name"),
    "get_requests": ("request_id", "workload_id", "with_detail", "with_metadata"),
    "get_request_id_by_name": ("name",),
    "get_contents_output_ext": ("request_id", "workload_id"),
    "get_status": ("request_id", "workload_id", "with_detail"),
    "abort": ("request_id", "workload_id"),
    "retry": ("request_id", "workload_id"),
}
"""Commands with the names of their arguments, in their order."""

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

    def run(
        self, name: str, args: Sequence[object], kwargs: Mapping[str, object], caller: str = USERNAME
    ) -> object:
        """Carry out one command.

        Parameters
        ----------
        name : `str`
            Command without the address of an iDDS server.
        args, kwargs
            Its arguments.
        caller : `str`, optional
            PanDA's user name of who asks.

        Returns
        -------
        result : `object`
            Its result, ready for JSON.

        Raises
        ------
        CommandError
            If the command or an argument is not known.
        """
        parameters = _PARAMETERS.get(name)
        if parameters is None:
            raise CommandError(f"{name} is not a command of iDDS ClientManager")
        unknown = [key for key in kwargs if key not in parameters]
        if unknown or len(args) > len(parameters):
            raise CommandError(
                f"{name}: unexpected arguments {unknown or list(args[len(parameters) :])!r:.80}"
            )
        arguments = dict(zip(parameters, args, strict=False)) | dict(kwargs)
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
            raise CommandError(str(error)) from error
        self._wake()
        return request_id

    def _get_requests(self, arguments: Arguments) -> object:
        detail = bool(arguments.get("with_detail"))
        request_id = arguments.get("request_id")
        if request_id is None:
            return request_rows(self._store, None, detail=detail)
        number = _integer(request_id)
        if number is None:
            return _not_found(request_id)
        return request_rows(self._store, number, detail=detail)

    def _get_request_id_by_name(self, arguments: Arguments) -> object:
        return self._store.ids_by_name(str(arguments.get("name", "")))

    def _get_contents_output_ext(self, arguments: Arguments) -> object:
        request_id, workload = _integer(arguments.get("request_id")), _integer(arguments.get("workload_id"))
        if request_id is None or workload is None:
            return _not_found(arguments.get("request_id"))
        rows = content_rows(self._store, request_id, workload)
        return {str(workload): rows} if rows else {}

    def _get_status(self, arguments: Arguments) -> object:
        number = _integer(arguments.get("request_id"))
        rows = self._store.rows(
            "SELECT * FROM requests WHERE ? IS NULL OR id = ? ORDER BY id", number, number
        )
        lines = [f"{'request_id':>10}  {'status':<14} {'created_at':<30} name"]
        for row in rows:
            created = http_date(row["created"])
            lines.append(f"{row['id']:>10}  {row['status']:<14} {created:<30} {row['name']}")
        return "\n".join(lines)

    def _register(self, arguments: Arguments, command: str, caller: str) -> object:
        number = _integer(arguments.get("request_id"))
        owner = self._store.rows("SELECT username FROM requests WHERE id = ?", number)
        if not owner:
            return [[-1, {"message": "No match requests", "status": -1}]]
        if owner[0]["username"] != caller:
            message = f"User {caller} has no permission to update request {number}"
            return [[-1, {"message": message, "status": -1}]]
        self._store.register(int(number or 0), command)
        self._wake()
        return [[0, {"message": "Command registered successfully", "status": 0}]]


def _integer(value: object) -> int | None:
    """Read an id, given as number or text, that fits into a column."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _not_found(request_id: object) -> object:
    """What iDDS says about an id that is no number."""
    text = f"request(request_id: {request_id}) cannot be found: invalid input syntax for type bigint"
    return [False, f"No object  exception.: {{}}\nDetails: {text}"]
