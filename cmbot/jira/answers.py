"""The JSON of Jira's answers, which may as well be the web page of something in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from cmbot.jira import failures

if TYPE_CHECKING:
    import requests


def content(subject: str, doing: str, response: requests.Response, *, write: bool = False) -> Any:
    """Read an answer.

    Parameters
    ----------
    subject, doing : `str`
        For messages: what it is about, and the operation as a noun phrase.
    response : `requests.Response`
        The answer.
    write : `bool`, optional
        Whether it answers a write, which may have happened all the same.

    Returns
    -------
    content : `Any`
        The JSON.

    Raises
    ------
    RemoteError
        If it is none; for a write `OutcomeUnknown`.
    """
    try:
        # Stricter than the standard library's, which takes what no database could keep, at any depth.
        return from_json(response.content, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        what = "with a web page" if "html" in response.headers.get("Content-Type", "") else "without JSON"
        raise failures.unknown(subject, f"{doing} was answered {what}", write=write) from None


def mapping(subject: str, doing: str, response: requests.Response, *, write: bool = False) -> dict[str, Any]:
    """Read an answer that must be a JSON object; otherwise as `content`.

    Parameters
    ----------
    subject, doing, response, write
        As in `content`.

    Returns
    -------
    content : `dict` [`str`, `Any`]
        The JSON.

    Raises
    ------
    RemoteError
        If it is none; for a write `OutcomeUnknown`.
    """
    answer = content(subject, doing, response, write=write)
    if not isinstance(answer, dict):
        raise failures.unknown(subject, f"{doing} was answered in an unknown form", write=write)
    return answer
