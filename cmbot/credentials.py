"""Secrets, read where the settings say they are, each time they are needed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from cmbot.settings import Secret


def read(secret: Secret | None, name: str) -> str:
    """Read a secret.

    Parameters
    ----------
    secret : `~cmbot.settings.Secret` or `None`
        Where it is.
    name : `str`
        Name of the setting, for messages.

    Returns
    -------
    text : `str`
        Without white space around it.

    Raises
    ------
    UserError
        If it is not there.
    """
    if secret is None or not (secret.variable or secret.file):
        raise UserError(
            name, "does not say where the secret is", "give {variable: NAME} or {file: PATH} in the settings"
        )
    if secret.variable and os.environ.get(secret.variable, "").strip():
        return os.environ[secret.variable].strip()
    if secret.file:
        try:
            text = Path(secret.file).expanduser().read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "it is no text"
            raise UserError(name, f"cannot read {secret.file} ({said})", "see its file") from error
        if not text:
            raise UserError(name, f"{secret.file} is empty", "write the secret into it")
        return text
    raise UserError(name, f"the environment variable {secret.variable} is empty", "set it")
