"""A person at the board, for ``cmbot demo --auto``: launches, and launches again after each pause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

from cmbot.demo.seed import PERSON, PROJECT
from cmbot.exceptions import RemoteError
from cmbot.models.issues import Status

if TYPE_CHECKING:
    from cmbot.demo.world import World

_TIMEOUT = 30


class Clicker:
    """Speaks plain REST, as the board does.

    Parameters
    ----------
    world : `~cmbot.demo.world.World`
        The running parts.
    """

    def __init__(self, world: World) -> None:
        self._api = f"{world.jira['url']}/rest/api/2"
        self._session = requests.Session()
        self._session.auth = world.login(PERSON)
        self._search = "search/jql" if "logins" in world.jira else "search"

    def status(self, key: str) -> str:
        """Read the status of an issue.

        Parameters
        ----------
        key : `str`
            Its key.

        Returns
        -------
        status : `str`
            Its name.
        """
        return str(self._get(f"issue/{key}", fields="status")["fields"]["status"]["name"])

    def statuses(self) -> dict[str, str]:
        """Read the status of every issue.

        Returns
        -------
        statuses : `dict` [`str`, `str`]
            By key.
        """
        found = self._get(
            self._search, jql=f"project = {PROJECT} ORDER BY key ASC", fields="status", maxResults=500
        )
        return {issue["key"]: issue["fields"]["status"]["name"] for issue in found["issues"]}

    def comments(self, key: str) -> list[str]:
        """Read the comments of an issue.

        Parameters
        ----------
        key : `str`
            Its key.

        Returns
        -------
        bodies : `list` [`str`]
            Oldest first.
        """
        return [comment["body"] for comment in self._get(f"issue/{key}/comment")["comments"]]

    def launch(self, key: str) -> None:
        """Move an issue to Launch.

        Parameters
        ----------
        key : `str`
            Its key.
        """
        offered = self._get(f"issue/{key}/transitions")["transitions"]
        transition = next(item["id"] for item in offered if item["to"]["name"] == Status.LAUNCH)
        body = {"transition": {"id": transition}}
        answer = self._session.post(f"{self._api}/issue/{key}/transitions", json=body, timeout=_TIMEOUT)
        if answer.status_code != 204:
            raise RemoteError(key, f"Jira refused the move: {answer.text[:200]}")

    def _get(self, path: str, **parameters: str | int) -> dict[str, Any]:
        answer = self._session.get(f"{self._api}/{path}", params=parameters, timeout=_TIMEOUT)
        if answer.status_code != 200:
            raise RemoteError(path, f"Jira answered {answer.status_code}: {answer.text[:200]}")
        return dict(answer.json())
