"""The ``jira`` library's session without its conveniences.

Its retries repeat writes, it has no time-out of its own and makes requests nobody asked for
(reference/jira.md section 11): so none of that is used, and each call here is one request.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from queue import LifoQueue
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jira

from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from cmbot.settings import JiraSettings

_TOKEN = re.compile(r"[!-~]+")


class Client(jira.JIRA):  # type: ignore[misc] # the library publishes no types
    """The library's client, opened to plain requests."""

    def send(self, method: str, path: str, **content: Any) -> requests.Response:
        """Make one request below ``/rest/api/2/``, or elsewhere on the server.

        Parameters
        ----------
        method, path : `str`
            What to ask; the path's parts are quoted. One that begins with ``/`` is below the address
            of the server.
        **content : `Any`
            As `requests.request` takes it.

        Returns
        -------
        response : `requests.Response`
            The answer.
        """
        # A followed redirect would turn a POST into a GET that looks like success.
        url = f"{self.server_url}{path}" if path.startswith("/") else self._get_url(path)
        response: requests.Response = self._session.request(method, url, allow_redirects=False, **content)
        return response


class Clients:
    """A few clients, each for one request at a time: the library promises nothing to threads.

    Parameters
    ----------
    settings : `cmbot.settings.JiraSettings`
        Address, time-outs and number.
    token : `str`
        The secret itself.

    Raises
    ------
    UserError
        If an address or the token cannot be one.
    """

    def __init__(self, settings: JiraSettings, token: str) -> None:
        _check(settings, token)
        self._settings = settings
        self._token = token
        self._free: LifoQueue[Client | None] = LifoQueue()
        for _ in range(settings.connections):
            self._free.put(None)

    @contextmanager
    def one(self) -> Iterator[Client]:
        """Take a client; waits while all are taken.

        Yields
        ------
        client : `Client`
            Given back with the end of the block.
        """
        client = self._free.get()
        try:
            client = client or _open(self._settings, self._token)
            yield client
        finally:
            self._free.put(client)


def _check(settings: JiraSettings, token: str) -> None:
    for name, url in (("url", settings.url), ("api", settings.api or settings.url)):
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise UserError(
                f"settings jira.{name}", "is not the address of a Jira", "write it as https://host/path"
            )
    if not _TOKEN.fullmatch(token):
        raise UserError("settings jira.token", "is empty or holds white space", "store the token alone")


def _open(settings: JiraSettings, token: str) -> Client:
    credentials = {"basic_auth": (settings.user, token)} if settings.user else {"token_auth": token}
    return Client(
        server=(settings.api or settings.url).rstrip("/"),
        options={"headers": {"User-Agent": "cmbot"}},
        get_server_info=False,
        max_retries=0,
        timeout=(settings.connect_timeout, settings.read_timeout),
        **credentials,
    )
