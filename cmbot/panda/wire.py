"""One HTTP request to PanDA's servers: what the relay, the monitor and the token issuer share."""

from __future__ import annotations

import ipaddress
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from cmbot.exceptions import CredentialsError, UserError
from cmbot.wms.masking import masked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.settings import PandaSettings

_LARGEST_ANSWER = 64 * 1024 * 1024


class Budget(Protocol):
    """How many requests a host may still be sent; kept by the caller, shared by all uses of the host."""

    def spend(self, host: str) -> None:
        """Count one request that is about to be made.

        Parameters
        ----------
        host : `str`
            Who is asked.

        Raises
        ------
        Limited
            If it may not be made now.
        """
        ...

    def refused(self, host: str) -> None:
        """Back off from a host that said "too many requests" or "blocked".

        Parameters
        ----------
        host : `str`
            Who said it.
        """
        ...

    def answered(self, host: str) -> None:
        """Forget earlier refusals of a host.

        Parameters
        ----------
        host : `str`
            Who answered.
        """
        ...

    def share(self, host: str) -> int:
        """Tell how many requests one look at everything may cost, so that the hour lasts.

        Parameters
        ----------
        host : `str`
            Who would be asked.

        Returns
        -------
        count : `int`
            At least 1 as long as anything is left.
        """
        ...


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    """HTTP status."""
    kind: str
    """Content type, without parameters."""
    body: bytes
    """The whole body."""

    @property
    def said(self) -> str:
        """Beginning of the body, for messages."""
        return short(self.body.decode(errors="replace"))


class Credentials(AuthBase):
    """Sets headers as an authentication of its own, so that no .netrc replaces them.

    Parameters
    ----------
    subject : `str`
        Whose token it is, for messages.
    scheme, token : `str`
        Of the header ``Authorization``.
    **headers : `str`
        More headers.

    Raises
    ------
    CredentialsError
        If the token cannot stand in a header.
    """

    def __init__(self, subject: str, scheme: str, token: str, **headers: str) -> None:
        if not token or not token.isascii() or any(character.isspace() for character in token):
            raise CredentialsError(subject, "the token is empty or holds white space", "renew it")
        self._headers = {"Authorization": f"{scheme} {token}", **headers}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the headers."""
        request.headers.update(self._headers)
        return request


def send(
    method: str,
    url: str,
    settings: PandaSettings,
    auth: AuthBase | None,
    *,
    query: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    accept: str = "*/*",
    largest: int = _LARGEST_ANSWER,
) -> Answer:
    """Send one request, once.

    Parameters
    ----------
    method, url : `str`
        What and where; redirects are not followed.
    settings : `~cmbot.settings.PandaSettings`
        How long to wait, and which authorities to trust.
    auth : `requests.auth.AuthBase` or `None`
        Credentials.
    query, form : `~collections.abc.Mapping` [`str`, `str`], optional
        Parameters of the address, and of the body.
    accept : `str`, optional
        Media type that is asked for.
    largest : `int`, optional
        Bytes that the body may have.

    Returns
    -------
    answer : `Answer`
        Whatever its status is.

    Raises
    ------
    requests.RequestException
        If there is no whole answer in time; see `cause`.
    """
    deadline = time.monotonic() + settings.timeout
    with requests.Session() as session:
        # A proxy for the outside world cannot reach this machine's own loopback.
        session.trust_env = not is_loopback(host_of(url))
        response = session.request(
            method,
            url,
            params=query,
            data=form,
            headers={"Accept": accept},
            auth=auth,
            timeout=(min(10.0, settings.timeout), settings.timeout),
            verify=settings.ca_bundle or True,
            allow_redirects=False,
            stream=True,
        )
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Answer(response.status_code, kind, _read(response, deadline, largest))


def parsed(body: bytes) -> Any:
    """Read JSON as the monitor writes it: bare ``NaN`` and ``Infinity`` are nothing.

    Parameters
    ----------
    body : `bytes`
        The text.

    Returns
    -------
    value : `object`
        What it says.

    Raises
    ------
    ValueError
        If it is not JSON.
    """
    try:
        return json.loads(body, parse_constant=lambda _: None)
    except RecursionError:
        raise ValueError("too deeply nested") from None


def require_private(setting: str, url: str) -> None:
    """Refuse an address to which a token would travel unencrypted.

    Parameters
    ----------
    setting : `str`
        Where the address stands.
    url : `str`
        The address.

    Raises
    ------
    UserError
        If it is neither https nor this machine's own loopback.
    """
    scheme = urlsplit(url).scheme
    if scheme != "https" and not (scheme == "http" and is_loopback(host_of(url))):
        raise UserError(setting, f"{url!r} would show the token to others", "use https")


def host_of(url: str) -> str:
    """Host of an address."""
    return urlsplit(url).hostname or ""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def cause(error: requests.RequestException) -> str:
    """Say why there was no answer.

    Parameters
    ----------
    error : `requests.RequestException`
        Its text may hold the URL and objects of urllib3; its kind is enough.

    Returns
    -------
    text : `str`
        For people.
    """
    own = type(error) in {requests.RequestException, requests.Timeout}
    return str(error) if own else type(error).__name__


def short(text: str) -> str:
    """Beginning of a text from outside, on one line and without tokens."""
    return masked(" ".join(text.split()))[:200]


def _read(response: requests.Response, deadline: float, largest: int) -> bytes:
    # requests' own time-out starts again with every byte that drips in.
    body = bytearray()
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) > largest:
            raise requests.RequestException("the answer is too large")
        if time.monotonic() > deadline:
            raise requests.Timeout("the answer takes too long")
    return bytes(body)
