"""No secret is kept or shown."""

from __future__ import annotations

from cmbot.wms.masking import masked

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
