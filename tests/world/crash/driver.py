"""cmbot in a process of its own that kills itself: ``driver.py SETTINGS before|after MODULE:NAME [TEXT]``.

It does passes as the service does, until the named function is called with arguments that show TEXT, and
then ends by SIGKILL before or after the call, as it would for want of memory or power. The product has no
switch for this: the function is wrapped from here.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from cmbot.reconcile.opening import load_settings, open_edges
from cmbot.reconcile.passes import Passes

if TYPE_CHECKING:
    from collections.abc import Callable


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def deadly(function: Callable[..., Any], when: str, text: str) -> Callable[..., Any]:
    """Wrap a function so that the process dies before or after a call that shows a text."""

    def call(*args: Any, **kwargs: Any) -> Any:
        shown = text in repr((args, kwargs))
        if shown and when == "before":
            die()
        result = function(*args, **kwargs)
        if shown:
            die()
        return result

    return call


def arm(when: str, target: str, text: str) -> None:
    """Put the wrapper in the function's place, in a module or a class."""
    module, _, path = target.partition(":")
    *owners, name = path.split(".")
    owner: Any = import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    setattr(owner, name, deadly(getattr(owner, name), when, text))


def main(settings: str, when: str, target: str, text: str = "") -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    passes = Passes(open_edges(load_settings(Path(settings))))
    arm(when, target, text)
    while True:
        passes.run(datetime.now(UTC))
        time.sleep(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
