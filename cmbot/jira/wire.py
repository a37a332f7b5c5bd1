"""Requests to Jira and their answers, at the pace that Jira allows.

What failed and certainly did nothing is tried again within the patience of the settings; a write that may
have happened never is.
"""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import jira
import requests

from cmbot.exceptions import CredentialsError, UserError
from cmbot.jira import answers, failures
from cmbot.jira.client import Clients
from cmbot.jira.lag import Written
from cmbot.jira.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from cmbot.settings import JiraSettings

T = TypeVar("T")
log = logging.getLogger(__name__)
_ISSUE = re.compile(r"[A-Za-z0-9_-]+")
_WRITTEN = re.compile(r"issue/([A-Za-z0-9_-]+)(?:/|$)")


class Wire:
    """Sends requests; safe to share between threads.

    Parameters
    ----------
    settings : `cmbot.settings.JiraSettings`
        Address and time-outs.
    token : `~collections.abc.Callable`
        Reads the secret: at once, and again each time when Jira did not accept it.

    Raises
    ------
    UserError
        If the address or the token cannot be one.
    """

    def __init__(self, settings: JiraSettings, token: Callable[[], str]) -> None:
        self._clients = Clients(settings, token)
        self._pace = Pace(settings.patience)
        self._denied = False
        self.written = Written()
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

    @property
    def paused_until(self) -> datetime | None:
        """Until when Jira wants no requests; `None` for a pause that is worth waiting for, or for none."""
        return self._pace.paused_until

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
        return self._ask(answers.mapping, subject, doing, "GET", path, params=params)

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
        return self._ask(answers.mapping, subject, doing, "POST", path, json=body)

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
        answer = self._ask(answers.content, subject, doing, "GET", path)
        if page and isinstance(answer, dict):
            answer = answer.get(page)
        if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
            raise failures.unknown(subject, f"{doing} was answered in an unknown form", write=False)
        return answer

    def write(
        self, subject: str, doing: str, method: str, path: str, body: Any, *, answer: bool = False
    ) -> dict[str, Any]:
        """Change something, once: what may have happened is not repeated here.

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
        response = self._change(subject, doing, method, path, json=body)
        if answer:
            return answers.mapping(subject, doing, response, write=True)
        if "html" in response.headers.get("Content-Type", ""):
            raise failures.unknown(subject, f"{doing} was answered with a web page", write=True)
        return {}

    def upload(self, subject: str, doing: str, path: str, name: str, content: bytes) -> None:
        """Attach a file, once; otherwise as `write`.

        Parameters
        ----------
        subject, doing, path : `str`
            As in `read`.
        name : `str`
            What the file is called.
        content : `bytes`
            What it holds.

        Raises
        ------
        OutcomeUnknown
            If it may have happened.
        RemoteError
            One of its other kinds, if it did not happen.
        """
        file = {"file": (name, content, "application/octet-stream")}
        # Without one of its own the request gets the type of a form with its boundary.
        self._change(subject, doing, "POST", path, files=file, headers={"Content-Type": None})

    def download(self, subject: str, doing: str, path: str, **params: str) -> bytes:
        """Read a file; otherwise as `read`.

        Parameters
        ----------
        subject, doing, **params
            As in `read`.
        path : `str`
            As in `read`, or below the site's address if it begins with a slash.

        Returns
        -------
        content : `bytes`
            The file.

        Raises
        ------
        RemoteError
            One of its kinds, never `OutcomeUnknown`.
        """
        return self._ask(_content, subject, doing, "GET", path, params=params)

    def _ask(
        self, parse: Callable[..., T], subject: str, doing: str, method: str, path: str, **content: Any
    ) -> T:
        def once() -> T:
            return parse(subject, doing, self._once(subject, doing, method, path, write=False, **content))

        found = self._pace.tried(subject, doing, "", once)
        self._denied = False
        return found

    def _change(self, subject: str, doing: str, method: str, path: str, **content: Any) -> requests.Response:
        if self._denied:
            # Until something can be read again: wrong credentials over and over lock an account.
            raise failures.denied(subject, f"{doing} was not tried")
        named = _WRITTEN.match(path)
        if named and named[1].isdigit():
            self.written.add(named[1])

        def once() -> requests.Response:
            return self._once(subject, doing, method, path, write=True, **content)

        return self._pace.tried(subject, doing, named[1] if named else "", once)

    def _once(
        self, subject: str, doing: str, method: str, path: str, *, write: bool, **content: Any
    ) -> requests.Response:
        response: requests.Response | None
        try:
            with self._clients.one() as client:
                response = client.send(method, path, **content)
        except jira.JIRAError as error:
            response = error.response
        except requests.RequestException as error:
            # The cause would show addresses and headers in a traceback.
            raise failures.from_exception(subject, doing, error, write=write) from None
        if response is None:
            raise failures.unknown(subject, f"{doing} was not answered", write=write)
        log.debug("%s: %s: %s %s gave %d", subject, doing, method, path, response.status_code)
        self._pace.heed(response)
        failure = failures.from_response(subject, doing, response, write=write, field_names=self.field_names)
        if isinstance(failure, CredentialsError):
            self._denied = True
            self._clients.refused()
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


def _content(subject: str, doing: str, response: requests.Response) -> bytes:
    if response.status_code != HTTPStatus.OK:
        raise failures.unknown(subject, f"{doing} was answered with HTTP {response.status_code}", write=False)
    return response.content
