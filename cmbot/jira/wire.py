"""One request to Jira and its answer, through the ``jira`` library's session without its conveniences.

The library's retries repeat writes, it has no time-out of its own and makes requests nobody asked
for (reference/jira.md section 11): so none of that is used, and each call here is one request.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import jira
import requests

from cmbot.exceptions import UserError
from cmbot.jira import failures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.settings import JiraSettings

log = logging.getLogger(__name__)
_ISSUE = re.compile(r"[A-Za-z0-9_-]+")
_WRITTEN = re.compile(r"issue/(\d+)(?:/|$)")
_LONGEST_LAG = 600.0
"""Seconds after which Cloud's index knows a write (reference/jira.md section 8.1: minutes)."""
_MOST_RECONCILED = 50
_TOKEN = re.compile(r"[!-~]+")


class _Library(jira.JIRA):  # type: ignore[misc] # the library publishes no types
    """The library's client, opened to plain requests."""

    def send(self, method: str, path: str, **content: Any) -> requests.Response:
        # A followed redirect would turn a POST into a GET that looks like success.
        response: requests.Response = self._session.request(
            method, self._get_url(path), allow_redirects=False, **content
        )
        return response


class Wire:
    """Sends one request at a time; safe to share between threads.

    Parameters
    ----------
    settings : `cmbot.settings.JiraSettings`
        Address and time-outs.
    token : `str`
        The secret itself.

    Raises
    ------
    UserError
        If the address or the token cannot be one.
    """

    def __init__(self, settings: JiraSettings, token: str) -> None:
        self._lock = threading.Lock()
        self._library = _open(settings, token)
        self._written: dict[str, float] = {}
        self.field_names: Mapping[str, str] = {}
        self.keys: dict[str, str] = {}

    def subject(self, issue: str) -> str:
        """Name an issue for people.

        Parameters
        ----------
        issue : `str`
            Its id or key.

        Returns
        -------
        subject : `str`
            Its key, as far as it has been seen.
        """
        return self.keys.get(issue) or (f"issue {issue}" if issue.isdigit() else issue)

    def wrote(self, issue_id: str) -> None:
        """Remember that an issue was written, or is known to have changed, just now.

        Parameters
        ----------
        issue_id : `str`
            Its id.
        """
        self._written.pop(issue_id, None)
        self._written[issue_id] = time.monotonic()

    def recently_written(self) -> list[int]:
        """Give the issues that a lagging index may not know yet.

        Returns
        -------
        ids : `list` [`int`]
            The newest of the last minutes, as many as a search takes.
        """
        since = time.monotonic() - _LONGEST_LAG
        self._written = {one: at for one, at in self._written.items() if at > since}
        return [int(one) for one in list(self._written)[-_MOST_RECONCILED:]]

    def read(self, subject: str, doing: str, path: str, **params: str | int) -> dict[str, Any]:
        """Read a JSON object.

        Parameters
        ----------
        subject, doing : `str`
            For messages: what it is about, and the operation as a noun phrase.
        path : `str`
            Below ``/rest/api/2/``, with its parts quoted.
        **params : `str` or `int`
            Query parameters.

        Returns
        -------
        answer : `dict` [`str`, `Any`]
            The JSON.

        Raises
        ------
        RemoteError
            One of its kinds, never `OutcomeUnknown`.
        """
        response = self._send(subject, doing, "GET", path, write=False, params=params)
        return _object(subject, doing, response, write=False)

    def query(self, subject: str, doing: str, path: str, body: Any) -> dict[str, Any]:
        """Read by a POST that changes nothing; otherwise as `read`.

        Parameters
        ----------
        subject, doing, path : `str`
            As in `read`.
        body : `Any`
            JSON.

        Returns
        -------
        answer : `dict` [`str`, `Any`]
            The JSON.

        Raises
        ------
        RemoteError
            One of its kinds, never `OutcomeUnknown`.
        """
        response = self._send(subject, doing, "POST", path, write=False, json=body)
        return _object(subject, doing, response, write=False)

    def read_list(self, subject: str, doing: str, path: str, page: str = "") -> list[dict[str, Any]]:
        """Read a JSON list of objects; otherwise as `read`.

        Parameters
        ----------
        subject, doing, path : `str`
            As in `read`.
        page : `str`, optional
            Where versions of Jira differ, the name of the list inside an object, which is taken as well.

        Returns
        -------
        answer : `list` [`dict`]
            The JSON.

        Raises
        ------
        RemoteError
            One of its kinds, never `OutcomeUnknown`.
        """
        answer = _json(subject, doing, self._send(subject, doing, "GET", path, write=False), write=False)
        if page and isinstance(answer, dict):
            answer = answer.get(page)
        if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
            raise failures.unknown(subject, f"{doing} was answered in an unknown form", write=False)
        return answer

    def write(
        self, subject: str, doing: str, method: str, path: str, body: Any, *, answer: bool = False
    ) -> dict[str, Any]:
        """Change something, once: nothing is repeated here.

        Parameters
        ----------
        subject, doing, path : `str`
            As in `read`.
        method : `str`
            POST or PUT.
        body : `Any`
            JSON.
        answer : `bool`, optional
            Whether the answer must be a JSON object. Otherwise an empty one is right.

        Returns
        -------
        answer : `dict` [`str`, `Any`]
            The JSON; empty unless asked for.

        Raises
        ------
        OutcomeUnknown
            If it may have happened.
        RemoteError
            One of its other kinds, if it did not happen.
        """
        if named := _WRITTEN.match(path):
            self.wrote(named[1])
        response = self._send(subject, doing, method, path, write=True, json=body)
        if answer:
            return _object(subject, doing, response, write=True)
        if "html" in response.headers.get("Content-Type", ""):
            raise failures.unknown(subject, f"{doing} was answered with a web page", write=True)
        return {}

    def _send(
        self, subject: str, doing: str, method: str, path: str, *, write: bool, **content: Any
    ) -> requests.Response:
        response: requests.Response | None
        try:
            with self._lock:
                response = self._library.send(method, path, **content)
        except jira.JIRAError as error:
            response = error.response
        except requests.RequestException as error:
            # The cause would show addresses and headers in a traceback.
            raise failures.from_exception(subject, doing, error, write=write) from None
        if response is None:
            raise failures.unknown(subject, f"{doing} was not answered", write=write)
        log.debug("%s: %s: %s %s gave %d", subject, doing, method, path, response.status_code)
        failure = failures.from_response(subject, doing, response, write=write, field_names=self.field_names)
        if failure is not None:
            raise failure
        return response


def issue_path(issue: str, *rest: str) -> str:
    """Build the path of an issue or of something that belongs to it.

    Parameters
    ----------
    issue : `str`
        Id or key.
    *rest : `str`
        Further parts; they are quoted.

    Returns
    -------
    path : `str`
        For `Wire.read` and `Wire.write`.

    Raises
    ------
    UserError
        If it cannot be an id or a key.
    """
    if not _ISSUE.fullmatch(issue):
        raise UserError(repr(issue), "is not the key of an issue", "give one like CM-12")
    return "/".join(["issue", issue, *(quote(part, safe="") for part in rest)])


def _open(settings: JiraSettings, token: str) -> Any:
    for name, url in (("url", settings.url), ("api", settings.api or settings.url)):
        address = urlsplit(url)
        if (
            address.scheme not in {"http", "https"}
            or not address.hostname
            or address.username
            or address.query
        ):
            raise UserError(
                f"settings jira.{name}", "is not the address of a Jira", "write it as https://host/path"
            )
    if not _TOKEN.fullmatch(token):
        raise UserError("settings jira.token", "is empty or holds white space", "store the token alone")
    credentials = {"basic_auth": (settings.user, token)} if settings.user else {"token_auth": token}
    return _Library(
        server=(settings.api or settings.url).rstrip("/"),
        options={"headers": {"User-Agent": "cmbot"}},
        get_server_info=False,
        max_retries=0,
        timeout=(settings.connect_timeout, settings.read_timeout),
        **credentials,
    )


def _json(subject: str, doing: str, response: requests.Response, *, write: bool) -> Any:
    try:
        return response.json()
    except ValueError:
        what = "with a web page" if "html" in response.headers.get("Content-Type", "") else "without JSON"
        raise failures.unknown(subject, f"{doing} was answered {what}", write=write) from None


def _object(subject: str, doing: str, response: requests.Response, *, write: bool) -> dict[str, Any]:
    answer = _json(subject, doing, response, write=write)
    if not isinstance(answer, dict):
        raise failures.unknown(subject, f"{doing} was answered in an unknown form", write=write)
    return answer
