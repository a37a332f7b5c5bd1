"""Secrets are taken out of everything that is kept or shown (design.md section 6)."""

from __future__ import annotations

import re
from typing import Any

# Every pattern takes time in proportion to the text, whatever a job writes: starts do not overlap.
# bps prints the whole header when a token file ends with a newline (reference/panda.md section 9).
_HEADER = re.compile(r"(?i)\b(bearer\s+|authorization[\"']?\s?[=:]\s?[\"']?basic\s+)[^\s'\"\\]+")
_JWT = re.compile(r"(?<![\w\-])eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]*)?")
_KEY = re.compile(r"-----BEGIN ([A-Z ]{0,20}PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL)
_IN_ADDRESS = re.compile(r"(://)[^\s/@:'\"]{0,256}:[^\s/@'\"]{1,256}(?=@)")
_NAME = re.compile(r"(?<![\w.\-])([A-Za-z][\w.\-]*+)[\"']?\s?[=:]\s?")
_VALUE = re.compile(r"""\"[^"\n]{0,8192}\"|'[^'\n]{0,8192}'|[^\s"',;}]{8,}""")
_SECRET = re.compile(
    r"(?i)token|secret|passw(?:or)?d|passphrase|credential|cookie|(?:api|access|private|secret)_?key"
)
# What holds the name of a file is no secret, and says where one was looked for.
_PLACE = re.compile(r"(?i)_(?:file|path|dir|home|url|type)$")


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
    text = _JWT.sub("***", _HEADER.sub(r"\1***", _KEY.sub("***", text)))
    return _without_values(_IN_ADDRESS.sub(r"\1***", text))


def masked_data(data: Any, depth: int = 20) -> Any:
    """Replace secrets in what JSON can hold, so that it stays what JSON can hold.

    Parameters
    ----------
    data : `Any`
        Mappings, lists and scalars.
    depth : `int`, optional
        Levels that are kept; what is nested deeper was made to harm, and is null.

    Returns
    -------
    data : `Any`
        The same with `masked` texts, and null where the name of a value says that it is a secret.
    """
    match data:
        case str():
            return masked(data)
        case dict():
            return {
                key: masked_data(value, depth - 1) if depth and not is_secret(str(key)) else None
                for key, value in data.items()
            }
        case list():
            return [masked_data(each, depth - 1) for each in data if depth]
    return data


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
    return bool(_SECRET.search(name)) and not _PLACE.search(name)


def _without_values(text: str) -> str:
    parts, done = [], 0
    for name in _NAME.finditer(text):
        if name.start() >= done and is_secret(name[1]) and (value := _VALUE.match(text, name.end())):
            parts += [text[done : name.end()], "***"]
            done = value.end()
    return "".join([*parts, text[done:]])
