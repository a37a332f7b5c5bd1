"""What is archived holds no secrets and is not too large; what was done to it is said."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cmbot.archive.documents import Document, from_data, from_environment, from_file, from_text

if TYPE_CHECKING:
    from pathlib import Path

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def test_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "stderr"
    file.write_bytes(b"INFO: \xff\xfe done\n")
    assert from_file("submit.err", file) == Document("submit.err", b"INFO: \xff\xfe done\n")


def test_what_is_no_plain_file_is_left_out(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    (tmp_path / "link").symlink_to(secret)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "absent", "."):
        assert from_file("x.log", tmp_path / name) is None
    assert from_file("x.log", None) is None


def test_a_file_that_cannot_be_read_now_is_not_taken_for_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> int:
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(os, "open", away)
    with pytest.raises(OSError, match="Stale"):
        from_file("x.log", tmp_path / "log")


@given(st.lists(st.integers(0, 60), min_size=1, max_size=60), st.integers(0, 400))
def test_a_long_log_keeps_whole_lines_of_its_beginning_and_end(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], most: int
) -> None:
    text = "".join(f"{number:04d} {'x' * length}\n" for number, length in enumerate(lengths))
    file = tmp_path_factory.mktemp("log") / "log"
    file.write_text(text)
    document = from_file("x.log", file, most)
    assert document is not None
    lines, kept = text.splitlines(), document.data.decode().splitlines()
    if len(text) <= most:
        assert (kept, document.note) == (lines, "")
        return
    assert document.note == f"cut: it has {len(text)} bytes"
    (mark,) = [number for number, line in enumerate(kept) if line.startswith("[... ")]
    head, tail = kept[:mark], kept[mark + 1 :]
    assert head == lines[: len(head)]
    assert tail == lines[len(lines) - len(tail) :]
    said = sum(len(line) + 1 for line in head + tail)
    assert said <= most
    assert kept[mark] == f"[... {len(text) - said} bytes are left out ...]"


@pytest.mark.parametrize(
    "secret",
    [
        f"Authorization: Bearer {JWT}",
        "export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENG",
        "PGPASSWORD: 'a b c'",
        '{"api_key": "0a1b2c3d4e5f"}',
        "postgresql://cm:wJalrXUtnFEMI@db.example.org/main",
        "-----BEGIN RSA PRIVATE KEY-----\nwJalrXUtnFEMI\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_secrets_in_logs_are_masked_and_that_is_said(secret: str) -> None:
    document = from_text("submit.err", f"before\n{secret}\nafter\n".encode())
    for part in ("wJalrXUtnFEMI", "a b c", "0a1b2c3d", "eyJ"):
        assert part not in document.data.decode()
    assert document.data.startswith(b"before\n")
    assert document.data.endswith(b"\nafter\n")
    assert document.note == "secrets are masked"


def test_what_bps_writes_is_not_mistaken_for_secrets() -> None:
    text = (
        "OIDC_AUTH_TOKEN_FILE: /home/cm/.token\nPANDA_AUTH: oidc\nrequestMemory: 2048\n"
        "fileDistributionEndPoint: s3://rubin@bucket/path\nERROR : Token authentication failed: see the log\n"
    )
    assert from_text("config.yaml", text.encode()) == Document("config.yaml", text.encode())


def test_the_environment_is_kept_without_the_values_of_secrets(tmp_path: Path) -> None:
    file = tmp_path / "env.info.yaml"
    key = "-----BEGIN PRIVATE KEY-----\nwJalr\nXUtn\n-----END PRIVATE KEY-----\n"
    variables = {
        "HOME": "/home/cm",
        "MY_SECRET": "wJalr " * 40,
        "SSH_PRIVATE_KEY": key,
        "OIDC_AUTH_TOKEN_FILE": "/home/cm/.token",
    }
    file.write_text(yaml.safe_dump(variables))
    document = from_environment("environment.yaml", file)
    assert document is not None
    assert yaml.safe_load(document.data) == variables | {"MY_SECRET": "***", "SSH_PRIVATE_KEY": "***"}
    assert document.note == "secrets are masked"
    assert from_environment("environment.yaml", tmp_path / "absent") is None


@pytest.mark.parametrize(
    "text", ["{", "- HOME", "a: &a x\nb: *a\n", "A: " + "x\n" * 600_000, "!!python/none"]
)
def test_an_environment_that_cannot_be_read_is_not_kept(tmp_path: Path, text: str) -> None:
    file = tmp_path / "env.info.yaml"
    file.write_text(text)
    document = from_environment("environment.yaml", file)
    assert document is not None
    assert document.data == b""
    assert document.note.startswith("left out")


def test_large_data_is_cut_like_a_text() -> None:
    document = from_data("data.json", {"failed": ["x" * 100] * 60_000})
    assert document.note.startswith("cut: it has ")
    assert len(document.data) < 4.1 * 1024 * 1024
    assert from_data("data.json", {"failed": [1]}) == Document("data.json", b'{\n "failed": [\n  1\n ]\n}\n')
