"""What went wrong on the wire, in cmbot's own errors (reference/jira.md sections 5 and 11).

Nothing here matches on wording, and no message carries headers, addresses or credentials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from urllib3.exceptions import NameResolutionError, NewConnectionError

from cmbot.exceptions import (
    CmbotError,
    Conflict,
    CredentialsError,
    Limited,
    NotFound,
    OutcomeUnknown,
    Refused,
    RemoteError,
)
from cmbot.jira import limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DETAIL_LIMIT = 600
_LOOK_FIRST = "cmbot looks whether it happened before it tries again"
_TRY_LATER = "cmbot tries again"
_REACH = "check jira.url, and the network between Jira and this machine"
_RENEW = (
    "renew the token where the setting jira.token says: a file is read again, a variable needs a restart; "
    "on Cloud it needs its account's e-mail (jira.user)"
)
_LOGIN_FAILED = ("AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED")


def from_exception(subject: str, doing: str, error: requests.RequestException, *, write: bool) -> CmbotError:
    """Translate a failure without an answer.

    Parameters
    ----------
    subject : `str`
        The issue, or what else it is about.
    doing : `str`
        The operation as a noun phrase: "adding a comment".
    error : `requests.RequestException`
        What the session raised.
    write : `bool`
        Whether it would have changed something.

    Returns
    -------
    error : `CmbotError`
        `OutcomeUnknown` for a write that may have reached Jira.
    """
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return RemoteError(subject, f"{doing} did not reach Jira ({_why_never(error)})", _REACH)
    if isinstance(error, requests.Timeout):
        what = "was not answered in time"
    elif isinstance(error, requests.exceptions.SSLError):
        what = "failed in TLS, perhaps over a certificate"
    else:
        what = "lost its connection"
    return unknown(subject, f"{doing} {what}", write=write)


def unknown(subject: str, problem: str, *, write: bool) -> RemoteError:
    """Say that an answer is missing or unusable: for a write this means that it may have happened.

    Parameters
    ----------
    subject, problem : `str`
        As in `CmbotError`.
    write : `bool`
        Whether it would have changed something.

    Returns
    -------
    error : `RemoteError`
        `OutcomeUnknown` for a write.
    """
    if write:
        return OutcomeUnknown(subject, problem, _LOOK_FIRST)
    return RemoteError(subject, problem, _TRY_LATER)


def denied(subject: str, problem: str) -> CredentialsError:
    """Say that the credentials are not accepted: on Cloud a token lives a year at most.

    Parameters
    ----------
    subject, problem : `str`
        As in `CmbotError`.

    Returns
    -------
    error : `CredentialsError`
        To be raised.
    """
    return CredentialsError(subject, f"{problem}: Jira does not accept the credentials", _RENEW)


def strange(subject: str, what: str) -> RemoteError:
    """Say that an answer has an unknown form.

    Parameters
    ----------
    subject, what : `str`
        What it is about, and what was read.

    Returns
    -------
    error : `RemoteError`
        To be raised.
    """
    return RemoteError(subject, f"Jira gave {what} in an unknown form", "check jira.url and Jira's version")


def from_response(
    subject: str,
    doing: str,
    response: requests.Response,
    *,
    write: bool,
    field_names: Mapping[str, str] | None = None,
) -> CmbotError | None:
    """Translate an answer that is an error.

    Parameters
    ----------
    subject, doing : `str`
        As in `from_exception`.
    response : `requests.Response`
        The answer.
    write : `bool`
        Whether it would have changed something.
    field_names : `~collections.abc.Mapping` [`str`, `str`], optional
        Field id -> name, to speak of fields as people do.

    Returns
    -------
    error : `CmbotError` or `None`
        `None` if it is no error.
    """
    code = response.status_code
    if _credentials_failed(response):
        return denied(subject, f"{doing} failed (HTTP {code})")
    if 300 <= code < 400:
        return Refused(subject, f"{doing} was redirected (HTTP {code})", "set jira.url to Jira's own address")
    if code < 300:
        return None
    if limits.asks_to_wait(response) and not (write and code == 503):
        return Limited(subject, f"{doing}: Jira asks to wait (HTTP {code})", limits.retry_at(response))
    if code == 408 or code >= 500:
        return unknown(subject, f"{doing} failed in Jira (HTTP {code})", write=write)
    if code == 404:
        return NotFound(
            subject, f"{doing}: not found, or hidden from cmbot's account", "check that it exists"
        )
    said = f"{doing} was refused (HTTP {code}){_detail(response, field_names or {})}"
    if code == 409:
        return Conflict(subject, said, _TRY_LATER)
    return Refused(subject, said, "see Jira's reason")


def _credentials_failed(response: requests.Response) -> bool:
    # Data Center may demand a CAPTCHA with a 403, and may answer 200 to a login that failed.
    headers = response.headers
    return (
        response.status_code == 401
        or (response.status_code == 403 and "X-Authentication-Denied-Reason" in headers)
        or any(word in headers.get("X-Seraph-LoginReason", "") for word in _LOGIN_FAILED)
    )


def _never_connected(error: BaseException) -> bool:
    # requests wraps what urllib3 gave up with; a name that does not resolve is one of these too.
    return bool(error.args) and isinstance(getattr(error.args[0], "reason", None), NewConnectionError)


def _why_never(error: requests.RequestException) -> str:
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    unresolved = isinstance(error.args[0].reason, NameResolutionError)
    return "its host name is not known here" if unresolved else "no connection"


def _detail(response: requests.Response, field_names: Mapping[str, str]) -> str:
    try:
        body = response.json()
    except ValueError:
        return ""
    text = "; ".join(_reasons(body, field_names)) if isinstance(body, dict) else ""
    return f": {text[:DETAIL_LIMIT]}" if text else ""


def _reasons(body: Mapping[str, Any], field_names: Mapping[str, str]) -> Iterator[str]:
    messages = body.get("errorMessages")
    yield from map(str, messages if isinstance(messages, list) else ())
    errors = body.get("errors")
    for field, text in errors.items() if isinstance(errors, dict) else ():
        yield f"{field_names.get(field, field)}: {text}"
