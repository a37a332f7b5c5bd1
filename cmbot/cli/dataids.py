"""``cmbot dataids``."""

from __future__ import annotations

from pathlib import Path

import click

from cmbot.cli.doing import json_option, load, settings_option, told

_file = click.Path(path_type=Path, dir_okay=False)


_environment = click.option(
    "--environment", default="", help="Named environment that asks the Butler, if there are several."
)
_repo = click.option("--repo", required=True, help="Butler repository: path or URI.")
_as_csv = click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of JSON.")


@click.group("dataids", short_help="Check, compare, list and convert sets of DataIds.")
def command() -> None:
    """Check, compare, list and convert sets of DataIds, which campaigns include or exclude.

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


@command.command("dump", short_help="List the DataIds that a query selects, or their files.")
@_repo
@click.option("--collections", required=True, metavar="A,B", help="Where to look, in search order.")
@click.option("--type", "dataset_type", default="raw", show_default=True, help="Dataset type.")
@click.option(
    "--query", "where", default="", help="Query expression: \"instrument = 'LSSTCam' AND visit > 5\"."
)
@click.option("--dimensions", default="", metavar="A,B", help="Only these dimensions, each DataId once.")
@click.option("--files", is_flag=True, help="Also where each dataset is: a path, or an address.")
@_as_csv
@_environment
@settings_option
@told
def dump(
    repo: str,
    collections: str,
    dataset_type: str,
    where: str,
    dimensions: str,
    environment: str,
    settings_file: Path,
    *,
    files: bool,
    as_csv: bool,
) -> None:
    """List the DataIds that a query selects; what it prints can be included or excluded by a campaign.

    With `--files` each line also says where the dataset is, to look at it or at the logs that name it:

    \b
        cmbot dataids dump --repo /repo/main --collections LSSTCam/raw/all
            --query "instrument = 'LSSTCam' AND day_obs = 20261119" --dimensions visit,detector > night.json
    """  # noqa: D301 - click wants the character itself
    import csv
    import json
    import sys

    from cmbot.butler.dataids import DumpRequest
    from cmbot.dataids import DataIdSet
    from cmbot.operations.dataids import dump
    from cmbot.reconcile.opening import open_workshop

    request = DumpRequest(repo, _names(collections), dataset_type, where, _names(dimensions), files)
    found = dump(open_workshop(load(settings_file)), request, environment)
    if not files:
        made = DataIdSet.of(found.rows, "the query")
        click.echo(made.to_csv() if as_csv else made.to_json(), nl=False)
        return
    rows = [row | {"file": file} for row, file in zip(found.rows, found.files, strict=True)]
    if not as_csv:
        click.echo(json.dumps(rows, indent=1))
        return
    writer = csv.DictWriter(sys.stdout, sorted({key for row in rows for key in row}), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


@command.command("convert", short_help="Convert other keys, such as day_obs and seq_num, to primary ones.")
@click.argument("file", type=_file)
@_repo
@_as_csv
@_environment
@settings_option
@told
def convert(file: Path, repo: str, environment: str, settings_file: Path, *, as_csv: bool) -> None:
    """Convert DataIds with other keys to primary ones, by asking the Registry; print the set.

    It knows day_obs with seq_num, obs_id or exposure_name (exposure), visit_name (visit), detector_name or
    full_name, and raft with name_in_raft (detector). Each must mean exactly one:

    \b
        [{"instrument": "LSSTCam", "day_obs": 20261119, "seq_num": 12, "detector_name": "R22_S11"}, ...]
    """  # noqa: D301 - click wants the character itself
    from cmbot.operations.dataids import convert, read
    from cmbot.reconcile.opening import open_workshop

    found = convert(open_workshop(load(settings_file)), repo, read(file), environment)
    click.echo(found.to_csv() if as_csv else found.to_json(), nl=False)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
