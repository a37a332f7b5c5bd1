"""Which dialect a site speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.jira.cloud import Cloud
from cmbot.jira.datacenter import DataCenter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.jira.dialect import Dialect


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
