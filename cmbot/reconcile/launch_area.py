"""The launching area on disk (requirements B22, B23).

::

    <area>/<STEPKEY>/g001_a1/bps.yaml        what the first attempt of g001 submits; people edit it
                             rendered.yaml   the same as cmbot rendered it
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cmbot.bps import prepared
from cmbot.definition import yaml_text
from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.models.views import Unlike
    from cmbot.reconcile.edges import Local

EDITED, RENDERED = "bps.yaml", "rendered.yaml"
"""Files of the launching area."""


@dataclass(frozen=True)
class Files:
    """What is prepared for one attempt."""

    place: Path
    """Its directory."""
    edited: str
    """What is submitted, but for nonce and operator."""
    rendered: str
    """What cmbot rendered."""

    @property
    def changed(self) -> str:
        """Whose file it is, and when it was changed last, for people."""
        file = self.place / EDITED
        with suppress(OSError, KeyError):
            at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            return f"file of {file.owner()}, changed {at:%Y-%m-%d %H:%M} UTC"
        return ""

    @property
    def edits(self) -> tuple[Unlike, ...]:
        """What was edited.

        Raises
        ------
        UserError
            If the file cannot be read as YAML.
        """
        edited = yaml_text.load(self.edited, str(self.place / EDITED))
        found = edited if isinstance(edited, dict) else {}
        return prepared.edits(found, yaml_text.load(self.rendered, str(self.place / RENDERED)))


def place(local: Local, step_key: str, group: str, number: int) -> Path:
    """Name the directory of an attempt.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        For the settings.
    step_key, group : `str`
        Key of the step and name of the group.
    number : `int`
        Number of the attempt.

    Returns
    -------
    directory : `pathlib.Path`
        Not necessarily there.
    """
    return local.launch / step_key / f"{group}_a{number}"


def listed(local: Local, step_key: str) -> tuple[str, ...]:
    """List what is prepared of a step, for any attempt.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        For the settings.
    step_key : `str`
        Key of the step.

    Returns
    -------
    files : `tuple` [`str`, ...]
        In order.
    """
    return tuple(sorted(map(str, (local.launch / step_key).glob(f"*/{EDITED}"))))


def find(local: Local, step_key: str, group: str, number: int) -> Files | None:
    """Read what is prepared for an attempt.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        For the settings.
    step_key, group : `str`
        Key of the step and name of the group.
    number : `int`
        Number of the attempt.

    Returns
    -------
    files : `Files` or `None`
        `None` if nothing is.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    where = place(local, step_key, group, number)
    try:
        return Files(where, *((where / name).read_text() for name in (EDITED, RENDERED)))
    except (FileNotFoundError, NotADirectoryError) as error:
        if not where.exists():
            return None
        raise UserError(
            str(error.filename), "is not there", f"prepare it again, or remove {where}"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(str(where), f"cannot be read ({error})", "mend it, or remove it") from error
