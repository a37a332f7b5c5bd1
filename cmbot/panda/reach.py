"""Whether PanDA's parts answer and how long the token lasts: for `cmbot doctor`."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import requests

from cmbot.exceptions import RemoteError

if TYPE_CHECKING:
    from cmbot.settings import PandaSettings


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


def ask_monitor(settings: PandaSettings) -> None:
    """Ask the monitor for its first page.

    Parameters
    ----------
    settings : `~cmbot.settings.PandaSettings`
        Where it is.

    Raises
    ------
    RemoteError
        If it does not answer, or answers with an error of its own.
    """
    subject, remedy = "PanDA's monitor", "check panda.monitor; only links and log pages need it"
    try:
        with requests.get(
            settings.monitor,
            timeout=(10.0, settings.timeout),
            verify=settings.ca_bundle or True,
            allow_redirects=False,
            stream=True,
        ) as answer:
            status = answer.status_code
    except requests.RequestException as error:
        raise RemoteError(subject, f"got no answer ({type(error).__name__})", remedy) from None
    if status >= 500:
        raise RemoteError(subject, f"answers with HTTP {status}", remedy)
