"""``cmbot dataids``."""

from __future__ import annotations

from pathlib import Path

import click

from cmbot.cli.doing import json_option, told

_file = click.Path(path_type=Path, dir_okay=False)


@click.group("dataids", short_help="Check and compare sets of DataIds.")
def command() -> None:
    """Check and compare sets of DataIds, which campaigns include or exclude.

    A set is a JSON list of DataIds with primary dimension keys (DMTN-181), or CSV with a line of keys:

    \b
        [{"instrument": "LSSTCam", "visit": 2026111900012, "detector": 94}, ...]
    """  # noqa: D301 - click wants the character itself


@command.command("check", short_help="Check a set; say its hash and how many DataIds it holds.")
@click.argument("file", type=_file)
@json_option
@told
def check(file: Path, *, as_json: bool) -> None:
    """Check a set of DataIds, and say what a campaign records of it: keys, count, hash."""
    import json

    from cmbot.operations.dataid_files import read

    found = read(file)
    said = {"keys": found.keys, "count": len(found), "repeated": found.repeated, "sha256": found.sha256}
    if as_json:
        click.echo(json.dumps(said))
        return
    again = f", {found.repeated} more than once" if found.repeated else ""
    click.echo(f"{file}: {len(found)} DataIds of {', '.join(found.keys)}{again}\nsha256: {found.sha256}")


@command.command("diff", short_help="Show what one set has and another has not.")
@click.argument("old", type=_file)
@click.argument("new", type=_file)
@told
def diff(old: Path, new: Path) -> None:
    """Show what a new set lacks (-) and has more (+) than an old one."""
    import json

    from cmbot.operations.dataid_files import read

    before, after = read(old), read(new)
    for sign, found in (("-", before.without(after, str(new))), ("+", after.without(before, str(new)))):
        for dataid in found:
            click.echo(f"{sign} {json.dumps(dataid)}")
