"""No secret is kept or shown."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from cmbot.wms.masking import is_secret, masked, masked_data

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def test_a_bearer_header_is_masked() -> None:
    shown = masked(r"LocalProtocolError: Illegal header value b'Bearer 0a1b2c3d\n'")
    assert shown == r"LocalProtocolError: Illegal header value b'Bearer ***\n'"


def test_a_web_token_is_masked_wherever_it_stands() -> None:
    assert JWT not in masked(f"PANDA_AUTH_ID_TOKEN={JWT} and more")
    assert masked(f"x {JWT} y") == "x *** y"


def test_other_text_stays() -> None:
    text = "ERROR : Token authentication failed. Invalid token."
    assert masked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "export AWS_SECRET_ACCESS_KEY=xyzzyxyzzy",
        "PGPASSWORD: 'xyzzy x'",
        '{"api_key": "xyzzy"}',
        "cmd=\"env PGPASSWORD=xyzzyxyzzy psql 'token=xyzzyxyzzy'\"",
        "postgresql://cm:xyzzy@db.example.org/main",
        "{'Authorization': 'Basic xyzzy'}",
        "-----BEGIN RSA PRIVATE KEY-----\nxyzzy\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nxyzzy",
    ],
)
def test_passwords_and_keys_are_masked(text: str) -> None:
    assert "xyzzy" not in masked(f"before {text} after")
    assert masked(f"before {text}").startswith("before ")


def test_what_json_holds_is_masked_value_by_value() -> None:
    row = {
        "errordialog": "Bearer xyzzy",
        "token": "xyzzy",
        "nfiles": 3,
        "datasets": [{"name": "a", "x": None}],
    }
    clean = {"errordialog": "Bearer ***", "token": None, "nfiles": 3, "datasets": [{"name": "a", "x": None}]}
    assert masked_data(row) == clean
    deep: Any = "x"
    for _ in range(900):
        deep = [{"a": deep}]
    assert len(str(masked_data(deep))) < 200


def test_the_place_of_a_secret_is_none() -> None:
    assert is_secret("AWS_SECRET_ACCESS_KEY")
    assert not is_secret("OIDC_AUTH_TOKEN_FILE")
    text = "OIDC_AUTH_TOKEN_FILE=/home/cm/.token s3://rubin@bucket/path requestMemory: 20480000"
    assert masked(text) == text


@pytest.mark.parametrize(
    "part", ["eyJ-", 'a="', "a='b=\"", "a.", "-----BEGIN PRIVATE KEY", "://a:", "bearer  "]
)
def test_what_a_job_writes_takes_no_more_time_than_other_text(part: str) -> None:
    def seconds(size: int) -> float:
        begun = process_time()
        masked(part * (size // len(part)))
        return process_time() - begun

    seconds(1000)
    assert seconds(400_000) < 60 * max(seconds(20_000), 0.005)
