"""panda-server on loopback, as the relay to iDDS; runs in panda-server's own environment.

In production Apache's mod_wsgi stands in front of it and hands the whole path over as SCRIPT_NAME.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import waitress
from pandaserver.server.panda import application

if TYPE_CHECKING:
    from collections.abc import Iterable


def behind_apache(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    environ["SCRIPT_NAME"] += environ["PATH_INFO"]
    environ["PATH_INFO"] = ""
    environ["CONTENT_LENGTH"] = environ.get("CONTENT_LENGTH") or "0"
    return application(environ, start_response)


# It calls itself, so one thread is not enough.
waitress.serve(behind_apache, host="127.0.0.1", port=int(sys.argv[1]), threads=8)
