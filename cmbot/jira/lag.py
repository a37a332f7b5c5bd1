"""What an index that lags may not know yet."""

from __future__ import annotations

import threading
import time

_LONGEST = 600.0
"""Seconds after which Cloud's index knows a write (reference/jira.md section 8.1: minutes)."""
_MOST = 50
"""Issues that one search makes right."""


class Written:
    """The issues that were written, or are known to have changed, in the last minutes."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, issue_id: str) -> None:
        """Remember that an issue changed just now.

        Parameters
        ----------
        issue_id : `str`
            Its id.
        """
        with self._lock:
            self._at.pop(issue_id, None)
            self._at[issue_id] = time.monotonic()

    def newest(self) -> list[int]:
        """Give the issues that the index may not know yet.

        Returns
        -------
        ids : `list` [`int`]
            The newest, as many as a search takes.
        """
        with self._lock:
            since = time.monotonic() - _LONGEST
            self._at = {one: at for one, at in self._at.items() if at > since}
            return [int(one) for one in list(self._at)[-_MOST:]]
