"""iDDS's REST server on loopback; runs in iDDS's own environment.

In production Apache stands in front of it, cuts the prefix off and says whose certificate was shown.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from idds.rest.v1.app import create_app
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import run_simple

if TYPE_CHECKING:
    from collections.abc import Iterable

app = DispatcherMiddleware(NotFound(), {"/idds": create_app()})


def behind_apache(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    environ |= {"SSL_CLIENT_S_DN": "/DC=local/OU=svc/CN=pandasrv1", "SSL_CLIENT_CERT": "dummy"}
    return app(environ, start_response)


run_simple("127.0.0.1", int(sys.argv[1]), behind_apache, threaded=True)
