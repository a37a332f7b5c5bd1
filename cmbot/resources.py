"""Where the files are that ship with cmbot: configuration and templates."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """Find a directory or file that ships with cmbot.

    Parameters
    ----------
    name : `str`
        ``config/…`` or ``templates/…``.

    Returns
    -------
    path : `pathlib.Path`
        Inside the package when it was installed, beside it in a checkout.

    Raises
    ------
    FileNotFoundError
        If it is in neither place.
    """
    for root in (_PACKAGE, _PACKAGE.parent):
        if (root / name).exists():
            return root / name
    raise FileNotFoundError(f"{name} does not ship with this cmbot")
