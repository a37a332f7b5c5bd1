"""The token file of one submission, readable by nobody else and gone when it has ended."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cmbot.exceptions import CredentialsError

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "token"


def place_token(directory: Path, token: str) -> Path:
    """Write a token for a child, or renew it while the child runs.

    Parameters
    ----------
    directory : `pathlib.Path`
        Directory of the child; made if needed.
    token : `str`
        The id token. White space around it is removed: panda-client sends the file as it is, and reports
        a header with a newline by printing it, token and all (reference/panda.md section 9).

    Returns
    -------
    file : `pathlib.Path`
        The file.

    Raises
    ------
    CredentialsError
        If there is no token: panda-client would start an interactive login and wait for ever.
    """
    token = token.strip()
    if not token or any(character.isspace() for character in token):
        raise CredentialsError("PanDA", "the token is empty or holds white space", "renew it")
    directory.mkdir(parents=True, exist_ok=True)
    fresh = directory / f".{_NAME}.new"
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token)
    return fresh.replace(directory / _NAME)


def remove_token(directory: Path) -> None:
    """Remove the token of a child that has ended.

    Parameters
    ----------
    directory : `pathlib.Path`
        Directory of the child.
    """
    (directory / _NAME).unlink(missing_ok=True)
    (directory / f".{_NAME}.new").unlink(missing_ok=True)
