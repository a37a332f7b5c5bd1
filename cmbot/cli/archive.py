"""``cmbot archive``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmbot.operations.archive import Kept


@click.group("archive", short_help="Show, check and copy what was run: YAML, logs, reports.")
def command() -> None:
    """Show, check and copy what was run.

    Of every submission cmbot keeps, read-only and named by its SHA-256: the BPS YAML as it was
    submitted, what BPS made of it, the environment without its secrets, the packages, what bps said,
    the graph's summary, the last report of the workload system, the data report, and why jobs failed.
    The hash of the manifest, which names them all, is in the group's field "Archive hash".
    """


@command.command("verify", short_help="Hash everything again and name what is damaged or missing.")
@settings_option
@json_option
@told
def verify(settings_file: Path, *, as_json: bool) -> None:
    """Hash everything in the archive again and name what is damaged, missing or not read-only.

    The exit status is 0 if all is whole and 1 if not. It changes nothing.
    """
    import json
    from dataclasses import asdict

    from cmbot.operations import archive

    progress = _progress()
    found = archive.verify(load(settings_file), progress)
    progress("")
    if as_json:
        click.echo(json.dumps(asdict(found)))
    else:
        for damage in found.damages:
            click.echo(str(damage))
        left = f"; {found.unused} left by a crash" if found.unused else ""
        said = f"{len(found.damages)} damaged" if found.damages else "all is whole"
        click.echo(
            f"{found.tries} submissions, {found.files} files, {found.objects} contents, "
            f"{found.size} bytes{left}: {said}"
        )
    if found.damages:
        raise SystemExit(1)


@command.command("show", short_help="List what is kept of a campaign, step or group, or print one file.")
@click.argument("key")
@click.argument("group", required=False, default="")
@click.argument("attempt", required=False, default="")
@click.option("--file", "name", default="", help="Print this file, exactly as it is kept.")
@settings_option
@json_option
@told
def show(key: str, group: str, attempt: str, settings_file: Path, *, name: str, as_json: bool) -> None:
    """List the files that are kept of KEY, with sizes and hashes; or print one of them.

    KEY is a campaign, step or group; GROUP (g001) and ATTEMPT (a1) choose among what belongs to it. With
    --json each submission is told as it was run: query, pipeline, software, site, collections, request id,
    times. Of several attempts --file prints the newest's.

    \b
    Examples:
        cmbot archive show CM-2 g001
        cmbot archive show CM-2 g001 a1 --file bps.yaml
    """  # noqa: D301 - click wants the character itself
    import json

    from cmbot.operations import archive
    from cmbot.reconcile.opening import open_local

    local = open_local(load(settings_file))
    if name:
        click.echo(archive.file(local, key, group, attempt, name), nl=False)
        return
    kept = archive.show(local, key, group, attempt)
    if as_json:
        click.echo(json.dumps([{"sha256": each.sha256} | each.manifest.model_dump() for each in kept]))
        return
    for each in kept:
        _show(each)


@command.command("runs", short_help="List every submission of a campaign, step or group as it was run.")
@click.argument("key")
@click.argument("group", required=False, default="")
@settings_option
@json_option
@told
def runs(key: str, group: str, settings_file: Path, *, as_json: bool) -> None:
    """List every submission of KEY, a campaign, step or group, as it was run, oldest first.

    Of each attempt: when it was submitted, how it is, request id, site, software, pipeline and query, and
    what of its BPS file a person had edited. With --json all that is kept of it (requirement E1): also
    collections, Butler, image, cause, person, hashes.
    """
    import json

    from cmbot.operations import archive
    from cmbot.reconcile.opening import open_local

    local = open_local(load(settings_file))
    kept = sorted(archive.show(local, key, group), key=lambda each: each.manifest.as_run.reserved_at)
    if as_json:
        rows = [{"name": each.manifest.name} | each.manifest.as_run.model_dump() for each in kept]
        click.echo(json.dumps(rows))
        return
    for each in kept:
        as_run = each.manifest.as_run
        software = " ".join(filter(None, (as_run.environment, as_run.lsst_version, as_run.image)))
        request = "no request" if as_run.request_id is None else f"request {as_run.request_id}"
        edited = ", edited" if each.manifest.entry("edits.diff") else ""
        click.echo(f"{as_run.reserved_at:.19} {each.manifest.name}: {request}, {_state(each)}{edited}")
        click.echo(f"    {as_run.pipeline} at {as_run.site} with {software}")
        click.echo(f"    {as_run.query}")


@command.command("export", short_help="Copy what is kept into a directory or a tar file.")
@click.argument("key")
@click.argument("group", required=False, default="")
@click.argument("attempt", required=False, default="")
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    required=True,
    help="New directory; or new file that ends in .tar, .tar.gz or .tgz.",
)
@settings_option
@told
def export(key: str, group: str, attempt: str, to: Path, settings_file: Path) -> None:
    """Copy what is kept of KEY, GROUP and ATTEMPT, a directory for each submission, with manifest.json.

    Every file is checked against its hash; what is there already is never overwritten.
    """
    from cmbot.operations import archive
    from cmbot.reconcile.opening import open_local

    tries, files = archive.export(open_local(load(settings_file)), key, group, attempt, to)
    click.echo(f"{to}: {files} files of {tries} submissions")


def _progress() -> Callable[[str], None]:
    """Show on a terminal which submission is looked at."""
    import sys

    if not sys.stderr.isatty():
        return lambda _: None
    return lambda name: click.echo(f"\r\x1b[K{name}", err=True, nl=False)


def _state(kept: Kept) -> str:
    return kept.manifest.as_run.state or kept.manifest.stage


def _show(kept: Kept) -> None:
    manifest, as_run = kept.manifest, kept.manifest.as_run
    request = "no request" if as_run.request_id is None else f"request {as_run.request_id}"
    click.echo(f"{manifest.name}: {request}, {_state(kept)}; manifest {kept.sha256}")
    for entry in manifest.files:
        note = f"  ({entry.note})" if entry.note else ""
        click.echo(f"  {entry.size:>10}  {entry.sha256}  {entry.name}{note}")
