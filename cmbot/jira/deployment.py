"""What a site is, and which dialect it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmbot.exceptions import NotFound
from cmbot.jira.cloud import Cloud
from cmbot.jira.datacenter import DataCenter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.jira.dialect import Dialect
    from cmbot.jira.wire import Wire


def server_info(wire: Wire, url: str) -> dict[str, Any]:
    """Ask a site what it is: the first request to it.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        To ask.
    url : `str`
        Its address, for messages.

    Returns
    -------
    answer : `dict` [`str`, `Any`]
        The JSON of ``serverInfo``.

    Raises
    ------
    RemoteError
        One of its kinds; `NotFound` if something else answers there.
    """
    try:
        return wire.read(url, "asking for its version", "serverInfo")
    except NotFound:
        told = "no Jira answers at this address (HTTP 404)"
        raise NotFound(url, told, "check jira.url and its context path") from None


def choose(server_info: Mapping[str, object]) -> Dialect:
    """Choose by what the server says of itself, never by its address.

    Parameters
    ----------
    server_info : `~collections.abc.Mapping`
        Answer of ``serverInfo``.

    Returns
    -------
    dialect : `Dialect`
        The one to speak; anything that does not call itself Cloud is Data Center
        (reference/jira.md section 4).
    """
    return Cloud() if server_info.get("deploymentType") == "Cloud" else DataCenter()
