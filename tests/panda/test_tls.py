"""A server whose certificate nobody vouches for is told nothing."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cmbot.exceptions import OutcomeUnknown, RemoteError
from cmbot.panda.monitor import Monitor
from cmbot.panda.service import PandaWms
from cmbot.settings import PandaSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from panda.conftest import Purse


@dataclass
class Server:
    """Relay and monitor behind TLS."""

    certificate: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def settings(self, ca_bundle: str = "") -> PandaSettings:
        return PandaSettings(
            relay=f"{self.url}/server/panda", monitor=self.url, timeout=5, ca_bundle=ca_bundle
        )


def self_signed(directory: Path) -> tuple[Path, Path]:
    """Certificate and key of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    files = directory / "certificate.pem", directory / "key.pem"
    for file, text in zip(
        files, (certificate.public_bytes(serialization.Encoding.PEM), private), strict=True
    ):
        file.write_bytes(text)
    return files


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    certificate, key = self_signed(tmp_path)
    server = Server(certificate)

    class Handler(BaseHTTPRequestHandler):
        def answer(self, body: bytes) -> None:
            server.asked.append(self.path.partition("?")[0])
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.answer(b"[]")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(b"[true, {}]")

        def log_message(self, *_: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    server.url = f"https://127.0.0.1:{listener.server_port}"
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
    thread.start()
    yield server
    listener.shutdown()
    listener.server_close()
    thread.join()


def test_a_certificate_that_nobody_signed_is_refused_before_anything_is_said(
    server: Server, purse: Purse
) -> None:
    wms = PandaWms(server.settings(), lambda: "0123456789abcdef", purse)
    with pytest.raises(RemoteError, match="SSLError"):
        wms.find("CM-1_")
    with pytest.raises(OutcomeUnknown, match="SSLError"):
        wms.cancel(1)
    with pytest.raises(RemoteError, match="SSLError"):
        Monitor(server.settings(), None, purse).ask("tasks/", days=7)
    assert server.asked == []


def test_an_authority_of_the_settings_is_trusted(server: Server, purse: Purse) -> None:
    settings = server.settings(str(server.certificate))
    assert PandaWms(settings, lambda: "0123456789abcdef", purse).find("CM-1_") == {}
    assert Monitor(settings, None, purse).ask("tasks/", days=7) == []
    assert server.asked == ["/server/panda/relay_idds_command", "/tasks/"]
