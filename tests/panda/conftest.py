"""A relay on loopback that gives prepared answers, and the recorded ones."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from cmbot.exceptions import Limited
from cmbot.panda.service import PandaWms
from cmbot.settings import PandaSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "0123456789abcdef"


@dataclass
class Purse:
    """A budget that remembers what it was told, and refuses nothing unless the test says so."""

    spent: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    may: int = 1000
    """What one look may cost."""
    empty: bool = False
    """Whether nothing may be asked any more."""

    def spend(self, host: str) -> None:
        if self.empty:
            raise Limited(host, "the hourly budget is spent")
        self.spent.append(host)

    def refused(self, host: str) -> None:
        self.refusals.append(host)

    def answered(self, host: str) -> None:
        pass

    def share(self, host: str) -> int:
        return self.may


@pytest.fixture
def purse() -> Purse:
    return Purse()


class Stub:
    """What the stub was asked, and what it answers."""

    def __init__(self) -> None:
        self.status = 200
        self.body = "[true, []]"
        self.headers: dict[str, str] = {}
        self.forms: list[dict[str, str]] = []
        self.seen: list[dict[str, str]] = []
        self.purse = Purse()
        self.token = TOKEN
        self.url = ""

    def answer(self, result: Any) -> None:
        self.body = json.dumps([True, result])

    def wms(self, timeout: float = 5.0) -> PandaWms:
        settings = PandaSettings(relay=f"{self.url}/server/panda", timeout=timeout)
        return PandaWms(settings, lambda: self.token, self.purse)


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A relay that answers what the test prepared."""
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            stub.forms.append({key: values[0] for key, values in form.items()} | {"path": self.path})
            stub.seen.append(dict(self.headers))
            body = stub.body.encode()
            self.send_response(stub.status)
            for name, value in ({"Content-Length": str(len(body))} | stub.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield stub
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def exchanges(samples: Path) -> dict[str, dict[str, Any]]:
    """The recorded exchanges with a real relay, by name."""
    recorded = json.loads((samples / "panda/relay/relay_exchanges.json").read_text())
    return {exchange["name"]: exchange for exchange in recorded}
