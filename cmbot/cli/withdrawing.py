"""What ``cmbot clean``, ``delete`` and ``collections undo`` share: a listing, and who confirms it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option
from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cmbot.operations.withdrawing import Listing


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that all three have.

    Parameters
    ----------
    command : `~collections.abc.Callable`
        Body of a command.

    Returns
    -------
    command : `~collections.abc.Callable`
        With KEY, --group, --reason, --yes, --dry-run, --settings and --json.
    """
    for add in (
        json_option,
        settings_option,
        click.option(
            "--dry-run", is_flag=True, help="List what would be done, with its hash; write nothing."
        ),
        click.option(
            "--yes", "seen", default="", metavar="HASH", help="Do not ask: exactly this was listed."
        ),
        click.option("--reason", required=True, help="Why; kept in the history."),
        click.option("--group", default="", help="Only this group of the step: g001."),
        click.argument("key"),
    ):
        command = add(command)
    return command


def ask(
    settings_file: Path,
    verb: str,
    key: str,
    group: str,
    reason: str,
    seen: str,
    *,
    said: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """List what will be done, let a person confirm it, and write it down.

    Parameters
    ----------
    settings_file : `pathlib.Path`
        The settings.
    verb : `str`
        Of `~cmbot.operations.withdrawing.Extent`.
    key, group, reason : `str`
        Of what, and why.
    seen : `str`
        Hash of the listing that the person has seen; empty to be asked.
    said : `str`
        The command.
    dry_run : `bool`
        Whether only to list it.
    as_json : `bool`
        For a script.

    Raises
    ------
    UserError
        If it cannot be done, or is not what was listed.
    """
    import json
    from getpass import getuser

    from cmbot.models.issues import Person
    from cmbot.operations.ordering import is_served, request
    from cmbot.operations.withdrawing import Extent, give, listing
    from cmbot.reconcile.opening import open_local

    if as_json and not (seen or dry_run):
        raise click.UsageError("--json does not ask: add --dry-run, then --yes HASH")
    local = open_local(load(settings_file))
    found = listing(local, key, Extent(verb), group)
    if seen and seen != found.hash:
        raise UserError(key, f"{seen} is not what would be done now", "list it again with --dry-run")
    if not as_json:
        _show(found)
    cause = ""
    if not dry_run and (seen or click.confirm("Do this?")):
        words = f"ran {said} {key}" + (f" --group {group}" if group else "") + f": {reason}"
        act = request(Person(getuser()), words)
        give(local, found, act)
        cause = act.id
    if as_json:
        click.echo(json.dumps(found.to_json() | {"dry_run": dry_run, "cause": cause}))
    elif cause:
        served = is_served(local)
        next_pass = "the next pass of the service" if served else "the next pass: run `cmbot sync --once`"
        click.echo(f"written down as {cause}; {next_pass} does it")
    else:
        click.echo(f"nothing was done; --yes {found.hash} does exactly this")


def _show(found: Listing) -> None:
    for one in found.made:
        click.echo(f"{one.key} {one.step} {one.group} {one.attempt}")
    for line in (*found.lines, *found.notes):
        click.echo(f"    {line}")
