"""The BigPanDA monitor's JSON: one question, one answer (reference/panda.md section 2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import requests

from cmbot.exceptions import RemoteError, UserError
from cmbot.panda import wire
from cmbot.panda.monitor_rows import SUBJECT, payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmbot.panda.wire import Budget
    from cmbot.settings import PandaSettings


class Monitor:
    """Asks the monitor.

    Parameters
    ----------
    settings : `~cmbot.settings.PandaSettings`
        Where it is and how long to wait for it.
    token : `~collections.abc.Callable` or `None`
        Gives its token; `None` for none, as most monitors ask for none (requirement H4).
    budget : `~cmbot.panda.wire.Budget`
        Counts every request; may refuse one by raising.

    Raises
    ------
    UserError
        If its address is none, or the token would cross a network unencrypted.
    """

    def __init__(self, settings: PandaSettings, token: Callable[[], str] | None, budget: Budget) -> None:
        self._url = settings.monitor.rstrip("/")
        self._host = wire.host_of(self._url)
        if not self._url.startswith(("http://", "https://")) or not self._host:
            raise UserError("panda.monitor", f"{settings.monitor!r} is no web address", "write https://HOST")
        if token is not None:
            wire.require_private("panda.monitor", self._url)
        self._settings = settings
        self._token = token
        self._budget = budget

    def ask(self, path: str, /, *, days: int, **parameters: str | int) -> Any:
        """Ask for one of its lists.

        Parameters
        ----------
        path : `str`
            With the slash at its end, without which a redirect loses what was asked: ``tasks/``.
        days : `int`
            How far back to look. The windows that it uses otherwise are short, and no filter lifts them.
        **parameters
            Filters. It ignores names that it does not know, so that every row has to be checked.

        Returns
        -------
        answer : `Any`
            The JSON, for the readers in ``monitor_workflows`` and ``monitor_jobs``; an empty list is also
            what it says when its own query failed.

        Raises
        ------
        Limited
            If the budget, or the monitor, refuses more requests now.
        RemoteError
            If there is no sensible answer: nothing is known then. See `~cmbot.panda.monitor_rows.payload`.
        """
        auth = self._credentials()
        self._budget.spend(self._host)
        # The last one keeps caches in between from answering.
        query = {name: str(value) for name, value in parameters.items()}
        query |= {"days": str(days), "json": "", "timestamp": datetime.now(UTC).strftime("%H%M%S%f")}
        url = f"{self._url}/{path}"
        try:
            answer = wire.send("GET", url, self._settings, auth, query=query, accept="application/json")
        except requests.RequestException as error:
            raise RemoteError(SUBJECT, f"{path} got no answer ({wire.cause(error)})") from None
        if answer.status in {requests.codes.forbidden, requests.codes.too_many_requests}:
            self._budget.refused(self._host)
        elif answer.status == requests.codes.ok:
            self._budget.answered(self._host)
        return payload(answer.status, answer.kind, answer.body)

    def _credentials(self) -> wire.Credentials | None:
        if self._token is None:
            return None
        token = self._token()
        # Identity tokens have three parts; those of the monitor's profile page have none.
        scheme = "Bearer" if token.count(".") == 2 else "Token"
        return wire.Credentials(SUBJECT, scheme, token)
