"""The OIDC id token, renewed before it expires where that is possible (reference/panda.md section 10)."""

from __future__ import annotations

import base64
import json
import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from cmbot.exceptions import CredentialsError, RemoteError
from cmbot.panda import wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmbot.settings import PandaSettings

_LOG = logging.getLogger(__name__)
_SUBJECT = "PanDA's token"
_EARLY = timedelta(minutes=10)
"""A token is renewed so long before it expires: bps takes it along and uses it for a while."""
_SOON = timedelta(hours=24)
"""A token that nothing renews is named in the log so long before it expires."""


def expiry(token: str) -> datetime | None:
    """Read when an OIDC id token expires (RFC 7519 section 4.1.4); it is not verified.

    Parameters
    ----------
    token : `str`
        The token.

    Returns
    -------
    at : `datetime.datetime` or `None`
        In UTC; `None` if the token does not say.
    """
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (IndexError, KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


class IdToken:
    """Gives the id token; called for every request, so that a renewed one is used at once.

    Where the setting names panda-client's token file (JSON with ``id_token`` and ``refresh_token``, normally
    ``~/.panda/.token``), the token is renewed as panda-client does, and written back for it.

    Parameters
    ----------
    settings : `~cmbot.settings.PandaSettings`
        Where the token is, and the server whose issuer renews it.
    read : `~collections.abc.Callable`
        Reads the secret.
    clock : `~collections.abc.Callable`, optional
        Gives the time.
    """

    def __init__(
        self,
        settings: PandaSettings,
        read: Callable[[], str],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._read = read
        self._clock = clock
        self._named = ""
        self._renewed: tuple[str, dict[str, Any]] | None = None

    def __call__(self) -> str:
        """Read the token, and renew it if need be.

        Returns
        -------
        token : `str`
            Good for some minutes at least, as far as it says.

        Raises
        ------
        UserError
            If there is none.
        CredentialsError
            If it has expired and was not renewed.
        RemoteError
            If the issuer does not answer, and it has expired.
        """
        text = self._read()
        tokens = _of_panda_client(text)
        if tokens and self._renewed and self._renewed[0] == text:
            # It could not be written back.
            tokens = self._renewed[1]
        token = str(tokens["id_token"]) if tokens else text
        until, now = expiry(token), self._clock()
        if until is None or until > now + (_EARLY if tokens else timedelta(0)):
            self._warn(token, until, now, renewable=tokens is not None)
            return token
        if tokens is not None:
            try:
                return self._renew(text, str(tokens["refresh_token"]))
            except RemoteError as error:
                if until <= now:
                    raise
                _LOG.warning("%s", error)
                return token
        raise CredentialsError(_SUBJECT, f"expired at {_instant(until)}", "renew it; see panda.token")

    def _warn(self, token: str, until: datetime | None, now: datetime, *, renewable: bool) -> None:
        """Say once of each token that it expires soon."""
        if until is not None and until <= now + _SOON and not renewable and self._named != token:
            self._named = token
            _LOG.warning("%s expires at %s; renew it before", _SUBJECT, _instant(until))

    def _renew(self, text: str, refresh: str) -> str:
        """Ask the issuer, found as panda-client finds it, for another id token."""
        server, vo = urlsplit(self._settings.relay), self._settings.vo.replace(":", ".")
        client = self._answer("GET", f"{server.scheme}://{server.netloc}/auth/{vo}_auth_config.json")
        discovery = self._answer("GET", str(client.get("oidc_config_url")))
        form = {
            "grant_type": "refresh_token",
            "client_id": str(client.get("client_id")),
            "client_secret": str(client.get("client_secret")),
            "refresh_token": refresh,
        }
        tokens = self._answer("POST", str(discovery.get("token_endpoint")), form)
        token = tokens.get("id_token")
        if not isinstance(token, str) or not token:
            raise CredentialsError(_SUBJECT, "the issuer gave no id token", "sign in again")
        # An issuer that does not turn refresh tokens over leaves them out.
        self._renewed = (text, {"refresh_token": refresh, **tokens})
        self._keep(self._renewed[1])
        _LOG.info("%s was renewed", _SUBJECT)
        return token

    def _answer(self, method: str, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        wire.require_private("panda.relay", url)
        try:
            answer = wire.send(method, url, self._settings, None, form=form)
            value = wire.parsed(answer.body)
        except requests.RequestException as error:
            raise RemoteError(_SUBJECT, f"its issuer gave no answer ({wire.cause(error)})") from None
        except ValueError:
            value = None
        if answer.status in {400, 401, 403} and form:
            raise CredentialsError(_SUBJECT, f"was not renewed ({answer.said})", "sign in again")
        if answer.status != requests.codes.ok or not isinstance(value, dict):
            raise RemoteError(_SUBJECT, f"its issuer answered with HTTP {answer.status}", "cmbot tries again")
        return value

    def _keep(self, tokens: dict[str, Any]) -> None:
        """Write the tokens back in one step, readable for nobody else."""
        secret = self._settings.token
        if secret is None or not secret.file:
            return
        file = Path(secret.file).expanduser()
        new = file.with_name(f"{file.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as writer:
                json.dump(tokens, writer)
            new.replace(file)
        except OSError as error:
            # The new token is good all the same, as long as this process lasts.
            _LOG.warning("%s cannot be kept in %s (%s)", _SUBJECT, file, error.strerror)


def _of_panda_client(text: str) -> dict[str, Any] | None:
    """Read panda-client's token file; `None` for a token alone."""
    if not text.startswith("{"):
        return None
    try:
        tokens = json.loads(text)
    except ValueError:
        tokens = {}
    if not tokens.get("id_token") or not tokens.get("refresh_token"):
        raise CredentialsError(_SUBJECT, "its file holds no id_token with a refresh_token", "sign in again")
    return dict(tokens)


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
