"""Secrets are taken out of everything that is kept or shown (design.md section 6)."""

from __future__ import annotations

import re

# bps prints the whole header when a token file ends with a newline (reference/panda.md section 9).
_BEARER = re.compile(r"(?i)\b(bearer\s+)[^\s'\"\\]+")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]*)?")


def masked(text: str) -> str:
    """Replace bearer and JSON web tokens.

    Parameters
    ----------
    text : `str`
        Output of a child or a server.

    Returns
    -------
    text : `str`
        The same with ``***`` in place of tokens.
    """
    return _JWT.sub("***", _BEARER.sub(r"\1***", text))
