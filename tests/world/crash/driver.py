"""cmbot in a process of its own: ``driver.py SETTINGS KILL|STOP before|after MODULE:NAME [TEXT]``.

It does passes as the service does, until the named function is called with arguments that show TEXT. Before
or after that call it ends by SIGKILL, as for want of memory or power, or falls asleep by SIGSTOP, as a host
that hangs. The product has no switch for this: the function is wrapped from here.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import RemoteError
from cmbot.operations.commands import obey
from cmbot.reconcile.opening import load_settings, open_edges
from cmbot.reconcile.passes import Passes

if TYPE_CHECKING:
    from collections.abc import Callable

BETWEEN = timedelta(seconds=1)
"""How much later the next pass thinks it is, so that what waits after a failure is tried again soon."""
LOG = logging.getLogger(__name__)


def deadly(function: Callable[..., Any], end: signal.Signals, when: str, text: str) -> Callable[..., Any]:
    """Wrap a function so that the process gets a signal before or after the first call that shows a text.

    After one that came to its end: a strange Jira makes others fail.
    """
    calls: list[str] = []

    def meet() -> None:
        calls.append(text)
        os.kill(os.getpid(), end)

    def call(*args: Any, **kwargs: Any) -> Any:
        first = not calls and text in repr((args, kwargs))
        if first and when == "before":
            meet()
        result = function(*args, **kwargs)
        if first and when == "after":
            meet()
        return result

    return call


def arm(end: str, when: str, target: str, text: str) -> None:
    """Put the wrapper in the function's place, in a module or a class."""
    module, _, path = target.partition(":")
    *owners, name = path.split(".")
    owner: Any = import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    setattr(owner, name, deadly(getattr(owner, name), signal.Signals[f"SIG{end}"], when, text))


def main(settings: str, end: str, when: str, target: str, text: str = "") -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    passes: Passes | None = None
    ahead = timedelta(0)
    while True:
        try:
            if passes is None:
                passes = Passes(open_edges(load_settings(Path(settings))), obey)
                arm(end, when, target, text)
            passes.run(datetime.now(UTC) + ahead)
        except RemoteError as error:
            LOG.warning("%s", error)
        ahead += BETWEEN
        time.sleep(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
