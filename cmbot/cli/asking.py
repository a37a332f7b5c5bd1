"""What ``cmbot retry``, ``restart`` and ``cancel`` share: their options, and what they print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, settings_option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmbot.operations.ordering import Target
    from cmbot.reconcile.edges import Local


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that all three have.

    Parameters
    ----------
    command : `~collections.abc.Callable`
        Body of a command.

    Returns
    -------
    command : `~collections.abc.Callable`
        With KEY, --group, --reason, --dry-run, --settings and --json.
    """
    for add in (
        json_option,
        settings_option,
        click.option("--dry-run", is_flag=True, help="Print exactly what would happen; write nothing."),
        click.option("--reason", default="", help="Why; kept in the history and shown in Jira."),
        click.option("--group", default="", help="Only this group of the step: g001."),
        click.argument("key"),
    ):
        command = add(command)
    return command


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
    from getpass import getuser

    from cmbot.models.issues import Person
    from cmbot.operations.ordering import give, is_served

    cause = ""
    if not dry_run:
        words = " ".join(["ran cmbot", *said]) + (f": {reason}" if reason else "")
        cause = give(local, targets, Person(getuser()), words).id
    if as_json:
        rows = [each.to_json() for each in targets]
        click.echo(json.dumps({"dry_run": dry_run, "cause": cause, "targets": rows}))
        return
    for each in targets:
        request = f" (request {each.request})" if each.request else ""
        would = "would " if dry_run else ""
        click.echo(f"{each.key} {would}{each.verb} {each.step} {each.group} {each.attempt}{request}")
        for name, value in each.details.items():
            click.echo(f"    {name}: {value}")
    if not dry_run:
        served = is_served(local)
        next_pass = "the next pass of the service" if served else "the next pass: run `cmbot sync --once`"
        click.echo(f"written down as {cause}; {next_pass} does it")
