"""What the commands share that ask something of attempts, as retry does: options, and what they print."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, settings_option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmbot.models.attempts import Cause
    from cmbot.operations.ordering import Target
    from cmbot.reconcile.edges import Local


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that all of them have.

    Parameters
    ----------
    command : `~collections.abc.Callable`
        Body of a command.

    Returns
    -------
    command : `~collections.abc.Callable`
        With KEY, --group, --reason, --dry-run, --settings and --json.
    """
    return move_options(
        click.option("--group", default="", help="Only this group of the step: g001.")(command)
    )


def move_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of commands that stand for a move of an issue.

    Parameters
    ----------
    command : `~collections.abc.Callable`
        Body of a command.

    Returns
    -------
    command : `~collections.abc.Callable`
        With KEY, --reason, --dry-run, --settings and --json.
    """
    for add in (
        json_option,
        settings_option,
        click.option("--dry-run", is_flag=True, help="Print exactly what would happen; write nothing."),
        click.option("--reason", default="", help="Why; kept in the history and shown in Jira."),
        click.argument("key"),
    ):
        command = add(command)
    return command


def act(
    local: Local,
    do: Callable[[Cause], tuple[str, ...]],
    said: Sequence[str],
    reason: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write down what a person commands of an issue, and print what follows.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    do : `~collections.abc.Callable`
        Writes it down, and says what follows.
    said : `~collections.abc.Sequence` [`str`]
        What was typed, without the reason; the key comes last.
    reason : `str`
        Why.
    dry_run : `bool`
        Whether only to print it.
    as_json : `bool`
        For a script.
    """
    import json

    from cmbot.operations.moving import would

    cause = _act(said, reason)
    lines = would(local, partial(do, cause)) if dry_run else do(cause)
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run, "cause": "" if dry_run else cause.id, "follows": lines}))
        return
    for line in lines:
        click.echo(f"{said[-1]} {line}")
    if not dry_run:
        _say_written(local, cause)


def ask(
    local: Local, targets: Sequence[Target], said: Sequence[str], reason: str, *, dry_run: bool, as_json: bool
) -> None:
    """Write down what is asked, and print it.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    targets : `~collections.abc.Sequence` [`~cmbot.operations.ordering.Target`]
        Of what, and what.
    said : `~collections.abc.Sequence` [`str`]
        What was typed, without the reason.
    reason : `str`
        Why.
    dry_run : `bool`
        Whether only to print it.
    as_json : `bool`
        For a script.
    """
    import json

    from cmbot.operations.ordering import give

    cause = _act(said, reason)
    if not dry_run:
        give(local, targets, cause)
    if as_json:
        rows = [each.to_json() for each in targets]
        click.echo(json.dumps({"dry_run": dry_run, "cause": "" if dry_run else cause.id, "targets": rows}))
        return
    for each in targets:
        request = f" (request {each.request})" if each.request else ""
        would = "would " if dry_run else ""
        click.echo(f"{each.key} {would}{each.verb} {each.step} {each.group} {each.attempt}{request}")
        for name, value in each.details.items():
            click.echo(f"    {name}: {value}")
    if not dry_run:
        _say_written(local, cause)


def _act(said: Sequence[str], reason: str) -> Cause:
    from getpass import getuser

    from cmbot.models.issues import Person
    from cmbot.operations.ordering import request

    return request(Person(getuser()), " ".join(["ran cmbot", *said]) + (f": {reason}" if reason else ""))


def _say_written(local: Local, cause: Cause) -> None:
    from cmbot.operations.ordering import is_served

    next_pass = (
        "the next pass of the service" if is_served(local) else "the next pass: run `cmbot sync --once`"
    )
    click.echo(f"written down as {cause.id}; {next_pass} does it")
