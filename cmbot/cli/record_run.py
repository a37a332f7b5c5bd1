"""``cmbot record-run``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path


class _Quanta(click.ParamType[tuple[str, int]]):
    """LABEL=QUANTA."""

    name = "LABEL=QUANTA"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Read one."""
        label, _, quanta = str(value).partition("=")
        if not label or not quanta.isdecimal():
            self.fail(f"{value!r} is no number of quanta; write isr=8000", param, ctx)
        return label, int(quanta)


@click.command("record-run", short_help="Record a workflow that somebody else ran; it is only counted.")
@click.argument("key")
@click.option("--run", "run", required=True, help="Collection that holds its outputs.")
@click.option("--graph", default="", help="Its quantum graph, as a whole path: pipetask report counts by it.")
@click.option(
    "--expect",
    multiple=True,
    type=_Quanta(),
    help="Quanta that were expected of a task, where no graph was kept. For every task that counts.",
)
@click.option("--request", type=click.IntRange(min=1), help="Its request id, if it is followed in a WMS.")
@click.option("--site", default="", help="Compute site that says in which; the step's own without it.")
@click.option("--group", default="", help="A group of the step that has no sub-task: g001.")
@click.option("--reason", default="", help="Why; kept in the history.")
@click.option("--dry-run", is_flag=True, help="Print what would be recorded; write nothing.")
@settings_option
@json_option
@told
def command(
    *,
    key: str,
    run: str,
    graph: str,
    expect: tuple[tuple[str, int], ...],
    request: int | None,
    site: str,
    group: str,
    reason: str,
    settings_file: Path,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Record a workflow that was run without cmbot as an attempt of a step or group.

    For Prompt Processing, or a bps submit by hand. Nothing is submitted. With --request it is followed in its
    WMS to its end; then its data are counted, and it is Completed if all that was expected is there. A step
    that was never launched gets a group for each run; no launch submits those.

    \b
    Examples:
      cmbot record-run CM-7 --run LSSTCam/prompt/output-2026-11-20 --expect isr=1890
      cmbot record-run CM-12 --run u/anna/step1b --graph /sdf/…/step1b.qg --request 4711
    """  # noqa: D301 - click wants the character itself
    import json
    from contextlib import closing
    from getpass import getuser

    from cmbot.models.attempts import Recorded
    from cmbot.models.issues import Person
    from cmbot.operations.record_run import find, keep
    from cmbot.reconcile.opening import open_local

    local = open_local(load(settings_file))
    with closing(local.mirror):
        recorded = Recorded(run, graph, dict(expect))
        found = find(local, key, recorded, group=group, request=request, site=site)
        cause = ""
        if not dry_run:
            words = f"ran cmbot record-run {key} --run {run}" + (f": {reason}" if reason else "")
            cause = keep(local, found, Person(getuser()), words).id
        if as_json:
            click.echo(json.dumps({"dry_run": dry_run, "cause": cause, "recorded": found.to_json()}))
            return
        verb = "would be" if dry_run else "is"
        made = " (a new group, of which nothing is ever submitted)" if found.new else ""
        click.echo(f"{found.name} {verb} {found.step} {found.group} a{found.number} of {found.key}{made}")
        if found.request is not None:
            click.echo(f"    {found.wms} request {found.request}: {found.status}")
        expected = graph or ", ".join(f"{label} {quanta}" for label, quanta in recorded.expected.items())
        click.echo(f"    outputs: {run}\n    expected: {expected}")
        if not dry_run:
            click.echo(f"written down as {cause}; the next pass counts it")
