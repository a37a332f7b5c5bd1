"""Documents of any size as issue properties of 32,768 characters each (reference/jira.md section 7.2)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

PART = 30_000
"""Characters of one part."""
MOST = 64 * 2**20
"""Bytes that a document may have: whoever may edit an issue may write its properties."""


def pack(document: Any, key: str) -> dict[str, dict[str, Any]]:
    """Write a document as properties.

    Parameters
    ----------
    document : `Any`
        What JSON can hold.
    key : `str`
        Name of the first property; the next are ``<key>.1`` and so on.

    Returns
    -------
    properties : `dict` [`str`, `dict`]
        By property key; the same for the same document.
    """
    plain = json.dumps(document, sort_keys=True).encode()
    text = base64.b64encode(zlib.compress(plain, 9)).decode()
    parts = [text[start : start + PART] for start in range(0, len(text), PART)]
    sha256 = hashlib.sha256(plain).hexdigest()
    return {
        f"{key}.{number}" if number else key: {
            "version": 1,
            "parts": len(parts),
            "sha256": sha256,
            "data": part,
        }
        for number, part in enumerate(parts)
    }


def unpack(properties: Mapping[str, Any], key: str) -> Any:
    """Read a document from properties.

    Parameters
    ----------
    properties : `~collections.abc.Mapping` [`str`, `Any`]
        As Jira gives them; hostile until parsed.
    key : `str`
        Name of the first.

    Returns
    -------
    document : `Any`
        As it was packed; its content is not checked.

    Raises
    ------
    UserError
        If it is not there, not whole, too large or not what `pack` wrote.
    """
    first = properties.get(key)
    if first is None:
        raise UserError(key, "is not there", "see the issue's properties")
    try:
        count, sha256 = int(first["parts"]), str(first["sha256"])
        parts = [properties[f"{key}.{number}" if number else key] for number in range(min(count, 10_000))]
        packed = base64.b64decode("".join(part["data"] for part in parts), validate=True)
        reader = zlib.decompressobj()
        plain = reader.decompress(packed, MOST)
        if reader.unconsumed_tail or hashlib.sha256(plain).hexdigest() != sha256:
            raise UserError(key, "is too large, or was changed", "see the issue's properties")
        return json.loads(plain)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError, binascii.Error, zlib.error):
        raise UserError(key, "is not whole", "see the issue's properties") from None
