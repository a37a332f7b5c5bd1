"""Passwords as they are kept: salted and stretched, never in plain words."""

from __future__ import annotations

import hashlib
import hmac
import secrets

# Small on purpose: a loopback sandbox is asked with basic auth many times a second.
_COST = {"n": 2**10, "r": 8, "p": 1}


def kept(password: str) -> str:
    """What is stored of a password."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_stretched(password, salt)}"


def fits(password: str, stored: str | None) -> bool:
    """Whether a password is the one that is kept; never for who has none."""
    if stored is None:
        return False
    salt, _, digest = stored.partition("$")
    return hmac.compare_digest(_stretched(password, bytes.fromhex(salt)), digest)


def _stretched(password: str, salt: bytes) -> str:
    raw = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(raw, salt=salt, **_COST).hex()
