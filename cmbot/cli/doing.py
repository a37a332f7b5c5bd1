"""What the commands share: the settings option, and errors on one line."""

from __future__ import annotations

import logging
import sys
from functools import wraps
from pathlib import Path
from time import gmtime
from typing import TYPE_CHECKING, Any

import click

from cmbot.exceptions import CmbotError, DefinitionError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmbot.settings import Settings

settings_option = click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="CMBOT_SETTINGS",
    default="cmbot.yaml",
    show_default=True,
    help="Settings file; also the environment variable CMBOT_SETTINGS.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")


def pairs(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Read what an option that is NAME=VALUE was given."""
    found = [item.partition("=") for item in given]
    for name, equals, _value in found:
        if not equals:
            raise click.BadParameter(f"{name!r} is not NAME=VALUE")
    return {name: value for name, _, value in found}


values_option = click.option(
    "--set",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    callback=pairs,
    help="Value of a variable that the file declares; may be repeated.",
)


def read_text(file: Path) -> str:
    """Read a file that a person wrote.

    Parameters
    ----------
    file : `pathlib.Path`
        The file.

    Returns
    -------
    text : `str`
        Its content.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(str(file), f"cannot be read ({error})", "write it as UTF-8 text") from error


def load(file: Path) -> Settings:
    """Read the settings.

    Parameters
    ----------
    file : `pathlib.Path`
        The file.

    Returns
    -------
    settings : `~cmbot.settings.Settings`
        Checked.
    """
    from cmbot.reconcile.opening import load_settings

    return load_settings(file)


def told(command: Callable[..., None]) -> Callable[..., None]:
    """Tell errors on the terminal, a line each, and end with status 1.

    Parameters
    ----------
    command : `~collections.abc.Callable`
        Body of a command.

    Returns
    -------
    command : `~collections.abc.Callable`
        The same, without tracebacks for what people can mend.
    """

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except DefinitionError as error:
            for problem in error.problems:
                click.echo(_line(f"{error.subject}: {problem}"), err=True)
            sys.exit(1)
        except CmbotError as error:
            click.echo(_line(str(error)), err=True)
            sys.exit(1)

    return run


def _line(text: str) -> str:
    # What other programs said may hold several lines.
    return " ".join(text.split())


def log_to_stderr(*, verbose: bool) -> None:
    """Log one line per change.

    Parameters
    ----------
    verbose : `bool`
        Also what explains the changes.
    """
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%SZ",
        level=logging.INFO,
        stream=sys.stderr,
    )
    logging.Formatter.converter = gmtime
    logging.getLogger("cmbot").setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
