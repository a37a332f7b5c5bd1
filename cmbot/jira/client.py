"""The ``jira`` library's session without its conveniences.

Its retries repeat writes, it has no time-out of its own and makes requests nobody asked for
(reference/jira.md section 11): so none of that is used, and each call here is one request.
"""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from queue import LifoQueue
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jira

from cmbot.exceptions import CredentialsError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    token : `~collections.abc.Callable`
        Reads the secret.

    Raises
    ------
    UserError
        If an address or the token cannot be one.
    """

    def __init__(self, settings: JiraSettings, token: Callable[[], str]) -> None:
        _check(settings)
        self._settings = settings
        self._read = token
        self._token = _checked(token())
        self._refused = False
        self._lock = threading.Lock()
        self._free: LifoQueue[tuple[Client | None, str]] = LifoQueue()
        for _ in range(settings.connections):
            self._free.put((None, ""))

    def refused(self) -> None:
        """Have the secret read anew before the next request: Jira does not accept it any more."""
        with self._lock:
            self._refused = True

    @contextmanager
    def one(self) -> Iterator[Client]:
        """Take a client; waits while all are taken.

        Yields
        ------
        client : `Client`
            Given back with the end of the block.

        Raises
        ------
        CredentialsError
            If the secret was refused and cannot be read anew.
        """
        client, opened_with = self._free.get()
        try:
            token = self._current()
            if client is None or token != opened_with:
                client, opened_with = _open(self._settings, token), token
            yield client
        finally:
            self._free.put((client, opened_with))

    def _current(self) -> str:
        with self._lock:
            if self._refused:
                try:
                    self._token = _checked(self._read())
                except UserError as error:
                    raise CredentialsError(error.subject, error.problem, error.remedy) from error
                self._refused = False
            return self._token


def _check(settings: JiraSettings) -> None:
    for name, url in (("url", settings.url), ("api", settings.api or settings.url)):
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise UserError(
                f"settings jira.{name}", "is not the address of a Jira", "write it as https://host/path"
            )


def _checked(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise UserError("settings jira.token", "is empty or holds white space", "store the token alone")
    return token


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
