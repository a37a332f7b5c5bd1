"""Log files of jobs, at the addresses that their pilots name (reference/panda.md section 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from cmbot.exceptions import NotFound, RemoteError
from cmbot.panda import wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmbot.panda.wire import Budget
    from cmbot.settings import PandaSettings

_LARGEST_LOG = 32 * 1024 * 1024
_BROWSER = "open it in a browser"


class Logs:
    """Reads log files.

    Parameters
    ----------
    settings : `~cmbot.settings.PandaSettings`
        Where the monitor is, and how long to wait.
    token : `~collections.abc.Callable` or `None`
        Gives the monitor's token, which no other host is shown; `None` for none.
    budget : `~cmbot.panda.wire.Budget`
        Counts every request.
    """

    def __init__(self, settings: PandaSettings, token: Callable[[], str] | None, budget: Budget) -> None:
        self._settings = settings
        self._token = token
        self._budget = budget

    def read(self, url: str) -> str:
        """Read a log.

        Parameters
        ----------
        url : `str`
            Its address: https, or at the monitor itself. Jobs name it, so it may be anything.

        Returns
        -------
        text : `str`
            All of it.

        Raises
        ------
        NotFound
            If it is not there.
        RemoteError
            If it cannot be had: not within the time, larger than 32 MB, behind a login.
        """
        own = _origin(url) == _origin(self._settings.monitor)
        if not own and urlsplit(url).scheme != "https":
            raise RemoteError(url, "is neither at the monitor nor https", _BROWSER)
        auth = wire.Credentials(url, "Bearer", self._token()) if own and self._token else None
        self._budget.spend(wire.host_of(url))
        try:
            answer = wire.send("GET", url, self._settings, auth, largest=_LARGEST_LOG)
        except requests.RequestException as error:
            raise RemoteError(url, f"cannot be read ({wire.cause(error)})", _BROWSER) from None
        if answer.status in {requests.codes.not_found, requests.codes.gone}:
            raise NotFound(url, "is not there; logs are deleted after some time")
        if answer.status != requests.codes.ok:
            raise RemoteError(url, f"is answered with HTTP {answer.status}", _BROWSER)
        return answer.body.decode(errors="replace")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
