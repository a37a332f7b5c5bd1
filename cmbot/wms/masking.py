"""Secrets are taken out of everything that is kept or shown (design.md section 6)."""

from __future__ import annotations

import re

# bps prints the whole header when a token file ends with a newline (reference/panda.md section 9).
_BEARER = re.compile(r"(?i)\b(bearer\s+)[^\s'\"\\]+")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]*)?")
_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL)
_IN_ADDRESS = re.compile(r"(://)[^\s/@:'\"]{0,256}:[^\s/@'\"]{1,256}(?=@)")
_NAME = r"token|secret|passw(?:or)?d|passphrase|credential|cookie|(?:api|access|private|secret)_?key"
_SECRET_NAME = re.compile(rf"(?i){_NAME}")
# What holds the name of a file is no secret, and says where one was looked for.
_PLACE = re.compile(r"(?i)_(?:file|path|dir|home|url|type)$")
_NAMED = re.compile(
    r"""\b(?P<name>[A-Za-z][\w.\-]{0,80})(?P<is>["']?\s?[=:]\s?)(?P<value>"[^"\n]*"|'[^'\n]*'|[^\s"',;}]{8,})"""
)


def masked(text: str) -> str:
    """Replace bearer and JSON web tokens, private keys, passwords in addresses, and values of secret names.

    Parameters
    ----------
    text : `str`
        Output of a child or a server.

    Returns
    -------
    text : `str`
        The same with ``***`` in place of secrets.
    """
    text = _JWT.sub("***", _BEARER.sub(r"\1***", _KEY.sub("***", text)))
    return _NAMED.sub(_without_value, _IN_ADDRESS.sub(r"\1***", text))


def is_secret(name: str) -> bool:
    """Tell whether what is called so is a secret: ``AWS_SECRET_ACCESS_KEY``, but not ``TOKEN_FILE``.

    Parameters
    ----------
    name : `str`
        Name of an environment variable or of a key in a document.

    Returns
    -------
    secret : `bool`
        Whether its value must not be kept or shown.
    """
    return bool(_SECRET_NAME.search(name)) and not _PLACE.search(name)


def _without_value(found: re.Match[str]) -> str:
    if not is_secret(found["name"]):
        return found[0]
    return f"{found['name']}{found['is']}***"
