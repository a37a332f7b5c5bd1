"""PanDA as a WMS: requests followed by id and found by name."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import NotFound, OutcomeUnknown, Refused, RemoteError
from cmbot.panda.relay import Relay
from cmbot.panda.rows import report
from cmbot.wms.masking import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cmbot.settings import PandaSettings
    from cmbot.wms.port import WmsReport

_LOG = logging.getLogger(__name__)


class PandaWms:
    """Follows and steers requests through the iDDS relay; implements `~cmbot.wms.port.Wms`.

    Parameters
    ----------
    settings : `~cmbot.settings.PandaSettings`
        Where PanDA is.
    token : `~collections.abc.Callable`
        Gives the id token, once for every request.
    spend : `~collections.abc.Callable`
        Called with the host once for every request; the budget is the caller's.
    """

    def __init__(
        self, settings: PandaSettings, token: Callable[[], str], spend: Callable[[str], None]
    ) -> None:
        self._relay = Relay(settings, token, spend)

    def status(self, request_id: int) -> WmsReport:
        """Ask how a request is; see `~cmbot.wms.port.Wms.status`.

        An empty list means that there is no such request now. iDDS moves old requests to an archive,
        so for them it does not mean that there never was one.
        """
        rows = self._relay.ask("get_requests", list, request_id=request_id, with_detail=True)
        if not rows:
            raise NotFound(f"request {request_id}", "PanDA has no such request", "look in the monitor")
        return report(request_id, rows)

    def find(self, prefix: str) -> Mapping[str, int]:
        """Look requests up by the beginning of their name; see `~cmbot.wms.port.Wms.find`.

        iDDS compares with SQL's LIKE, in which every ``_`` matches any character, so its answer is
        filtered here. It is a mapping: of two requests with exactly the same name only one is seen,
        which is why every try has a name of its own (reference/predecessors.md section 8.2).
        """
        found = self._relay.ask("get_request_id_by_name", dict, name=f"{prefix}*")
        return select(prefix, found)

    def cancel(self, request_id: int) -> None:
        """Register a cancel; see `~cmbot.wms.port.Wms.cancel`."""
        self._register("abort", request_id)

    def restart(self, request_id: int) -> None:
        """Register a restart; see `~cmbot.wms.port.Wms.restart`."""
        self._register("retry", request_id)

    def _register(self, command: str, request_id: int) -> None:
        subject = f"request {request_id}"
        match self._relay.order(command, list, request_id=request_id):
            case [[0, {"status": 0}]]:
                _LOG.info("request %d: %s registered", request_id, command)
            case [[_, {"message": "No match requests"}]]:
                raise NotFound(subject, f"PanDA has nothing to {command}", "look in the monitor")
            case [[int(), {"message": str(message)}]]:
                raise Refused(subject, f"{command} was refused ({masked(message)[:200]})")
            case answer:
                raise OutcomeUnknown(subject, f"{command} was answered with {masked(str(answer))[:200]}")


def select(prefix: str, found: Mapping[Any, Any]) -> Mapping[str, int]:
    """Keep the names that really begin with a prefix.

    Parameters
    ----------
    prefix : `str`
        Compared literally, with case.
    found : `~collections.abc.Mapping`
        What iDDS answered.

    Returns
    -------
    ids : `dict` [`str`, `int`]
        Request id by name.

    Raises
    ------
    RemoteError
        If an entry is not a name with a number.
    """
    for name, number in found.items():
        if not isinstance(name, str) or isinstance(number, bool) or not isinstance(number, int):
            raise RemoteError("iDDS", f"{name!r} has the request id {number!r}", "cmbot tries again")
    return {name: number for name, number in found.items() if name.startswith(prefix)}
