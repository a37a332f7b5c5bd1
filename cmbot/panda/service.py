"""PanDA as a WMS: requests followed by id, together where there is a monitor, and found by name."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import (
    CmbotError,
    CredentialsError,
    Limited,
    NotFound,
    OutcomeUnknown,
    Refused,
    RemoteError,
    UserError,
)
from cmbot.panda import failed_jobs
from cmbot.panda.batch import Batch, Told
from cmbot.panda.relay import Relay
from cmbot.panda.rows import report
from cmbot.wms.masking import masked
from cmbot.wms.port import Look, WmsReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cmbot.models.failures import Failure
    from cmbot.panda.monitor import Monitor
    from cmbot.panda.wire import Budget
    from cmbot.settings import PandaSettings
    from cmbot.wms.port import Failing

_LOG = logging.getLogger(__name__)


class PandaWms:
    """Follows and steers requests through the monitor and the iDDS relay; implements `~cmbot.wms.port.Wms`.

    Parameters
    ----------
    settings : `~cmbot.settings.PandaSettings`
        Where PanDA is.
    token : `~collections.abc.Callable`
        Gives the id token, once for every request.
    budget : `~cmbot.panda.wire.Budget`
        Counts every request; may refuse one by raising.
    monitor : `~cmbot.panda.monitor.Monitor` or `None`, optional
        Where many requests are looked at together; without it each is asked about at the relay.
    clock : `~collections.abc.Callable`, optional
        Gives the time.
    """

    def __init__(
        self,
        settings: PandaSettings,
        token: Callable[[], str],
        budget: Budget,
        monitor: Monitor | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._relay = Relay(settings, token, budget)
        self._monitor = monitor
        self._batch = Batch(monitor) if monitor else None
        self._clock = clock
        self._turns: dict[int, int] = {}

    def statuses(self, names: Mapping[int, str], since: datetime) -> Look:
        """Ask how many requests are; see `~cmbot.wms.port.Wms.statuses`.

        What the monitor cannot tell, iDDS is asked one by one: as many as the budget allows in one look,
        those first that waited longest, and no longer than one answer may take.
        """
        told = Told()
        if self._batch is not None and names:
            told = self._batch.look(names, min(self._days(since), self._settings.days))
        untold = [number for number in names if number not in told.reports]
        untold.sort(key=lambda number: self._turns.get(number, 0))
        found = self._one_by_one(untold)
        for number, answer in found.items():
            # One whose rows could not be had is asked about again at the next look.
            if self._batch is not None and number in told.rows and isinstance(answer, WmsReport):
                self._batch.confirmed(told.listed[number], answer)
        return Look(told.reports | found, told.others, told.rows)

    def _one_by_one(self, request_ids: Sequence[int]) -> dict[int, WmsReport | CmbotError]:
        reports: dict[int, WmsReport | CmbotError] = {}
        end = time.monotonic() + self._settings.timeout
        turn = max(self._turns.values(), default=0) + 1
        # At least one: that nothing may be asked is then said.
        for number in request_ids[: max(1, self._relay.share())]:
            if time.monotonic() > end:
                break
            self._turns[number] = turn
            try:
                reports[number] = self.status(number)
            except (CredentialsError, Limited, UserError) as error:
                # The others would get the same answer.
                return dict.fromkeys(request_ids, error) | reports
            except RemoteError as error:
                reports[number] = error
        self._turns = {number: self._turns[number] for number in request_ids if number in self._turns}
        return reports

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

    def failures(self, asked: Sequence[Failing]) -> Mapping[int, tuple[Failure, ...]]:
        """Ask why jobs failed; see `~cmbot.wms.port.FailedJobs.failures`. The relay does not know."""
        if self._monitor is None or not asked:
            return {}
        return failed_jobs.failed(self._monitor, asked, self._days(min(each.since for each in asked)))

    def _days(self, since: datetime) -> int:
        """How far back the monitor has to look; a day more, for clocks differ."""
        return max(1, (self._clock() - since).days + 1)

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
