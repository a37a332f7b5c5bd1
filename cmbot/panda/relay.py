"""The iDDS relay of the PanDA server, spoken directly (reference/panda.md section 7).

panda-client is left to ``bps``: it looks host names up at import, ends the process when a setting is
missing, and waits ten minutes.
"""

from __future__ import annotations

import ipaddress
import json
import time
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from cmbot.exceptions import CredentialsError, Limited, OutcomeUnknown, Refused, RemoteError, UserError
from cmbot.wms.masking import masked

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmbot.settings import PandaSettings

Result = TypeVar("Result")

_SUBJECT = "PanDA"
_LARGEST_ANSWER = 64 * 1024 * 1024


class Relay:
    """Sends commands to iDDS through the relay.

    Parameters
    ----------
    settings : `~cmbot.settings.PandaSettings`
        Where the relay is and how long to wait for it.
    token : `~collections.abc.Callable`
        Gives the id token; asked for every request, so that a renewed one is used at once.
    spend : `~collections.abc.Callable`
        Called with the host once for every request; may refuse by raising.

    Raises
    ------
    UserError
        If the token would cross a network unencrypted.
    """

    def __init__(
        self, settings: PandaSettings, token: Callable[[], str], spend: Callable[[str], None]
    ) -> None:
        self._url = f"{settings.relay.rstrip('/')}/relay_idds_command"
        parts = urlsplit(self._url)
        self._host = parts.hostname or ""
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(self._host)):
            raise UserError("panda.relay", f"{settings.relay!r} would show the token to others", "use https")
        self._settings = settings
        self._token = token
        self._spend = spend

    def ask(self, command: str, kind: type[Result], /, **arguments: Any) -> Result:
        """Send a command that changes nothing.

        Parameters
        ----------
        command : `str`
            Name of the command.
        kind : `type`
            Type that its result must have.
        **arguments
            What the command wants.

        Returns
        -------
        result : ``kind``
            What iDDS answered.

        Raises
        ------
        RemoteError
            If there is no sensible answer; nothing is known then.
        """
        return self._send(command, kind, arguments, RemoteError)

    def order(self, command: str, kind: type[Result], /, **arguments: Any) -> Result:
        """Send a command that changes something; as `ask`, but a lost answer is `OutcomeUnknown`."""
        return self._send(command, kind, arguments, OutcomeUnknown)

    def _send(
        self, command: str, kind: type[Result], arguments: dict[str, Any], lost: type[RemoteError]
    ) -> Result:
        auth = _Bearer(self._token(), self._settings.vo)
        self._spend(self._host)
        form = {"command_name": command, "kwargs": json.dumps(arguments), "manager": "True"}
        deadline = time.monotonic() + self._settings.timeout
        try:
            with requests.Session() as session:
                # A proxy for the outside world cannot reach this machine's own loopback.
                session.trust_env = not _is_loopback(self._host)
                response = session.post(
                    self._url,
                    data={name: value for name, value in form.items() if value != "{}"},
                    auth=auth,
                    timeout=(min(10.0, self._settings.timeout), self._settings.timeout),
                    verify=self._settings.ca_bundle or True,
                    allow_redirects=False,
                    stream=True,
                )
                status, body = response.status_code, _read(response, deadline)
        except requests.RequestException as error:
            raise lost(_SUBJECT, f"{command} got no answer ({_cause(error)})") from None
        _check_status(status, body, command, lost)
        return _unwrap(body, kind, command, lost)


class _Bearer(AuthBase):
    """Sets the token as an authentication of its own, so that no .netrc replaces it."""

    def __init__(self, token: str, vo: str) -> None:
        if not token or not token.isascii() or any(character.isspace() for character in token):
            raise CredentialsError(_SUBJECT, "the token is empty or holds white space", "renew it")
        self._headers = {"Authorization": f"Bearer {token}", "Origin": vo}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(response: requests.Response, deadline: float) -> bytes:
    # requests' own time-out starts again with every byte that drips in.
    body = bytearray()
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise requests.RequestException("the answer is too large")
        if time.monotonic() > deadline:
            raise requests.Timeout("the answer takes too long")
    return bytes(body)


def _cause(error: requests.RequestException) -> str:
    # The text of a connection error holds the URL and objects of urllib3; its kind is enough.
    return (
        str(error) if type(error) in {requests.RequestException, requests.Timeout} else type(error).__name__
    )


def _check_status(status: int, body: bytes, command: str, lost: type[RemoteError]) -> None:
    if status == requests.codes.ok:
        return
    said = _short(body.decode(errors="replace"))
    if status in {401, 403}:
        raise CredentialsError(_SUBJECT, f"the token was refused ({said})", "renew the token")
    if status == 429:
        raise Limited(_SUBJECT, "too many requests")
    if status < 500:
        raise Refused(_SUBJECT, f"{command} was answered with HTTP {status} ({said})", "check panda.relay")
    raise lost(_SUBJECT, f"{command} was answered with HTTP {status} ({said})")


def _unwrap(body: bytes, kind: type[Result], command: str, lost: type[RemoteError]) -> Result:
    """Take the result out of its layers, in the order of reference/panda.md section 7.1."""
    try:
        answer = json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        raise lost(_SUBJECT, f"{command} was answered with something else than JSON") from None
    match answer:
        case [True, [False, *texts]]:
            # iDDS itself failed, or could not be reached, after the relay had accepted the command.
            raise lost(_SUBJECT, f"{command} failed in iDDS ({_short(' '.join(map(str, texts)))})")
        case [True, str(text)] if "no permission" in text:
            raise Refused(_SUBJECT, f"{command} is not allowed ({_short(text)})", "check panda.vo")
        case [True, result] if isinstance(result, kind) and not isinstance(result, bool):
            return result
        case [False, "SSL secure connection is required"]:
            raise CredentialsError(_SUBJECT, "no credentials were accepted", "check panda.token and panda.vo")
        case [False, text]:
            raise Refused(_SUBJECT, f"{command} was refused ({_short(str(text))})")
    raise lost(_SUBJECT, f"{command} was answered with something unexpected ({_short(str(answer))})")


def _short(text: str) -> str:
    return masked(" ".join(text.split()))[:200]
