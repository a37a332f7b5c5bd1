"""``cmbot jobs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cmbot.operations.jobs import Job

_DATA_IDS = 3


@click.command("jobs", short_help="List the jobs that failed: DataId, site, code, log.")
@click.argument("key")
@click.option("--group", default="", help="Only this group of the step: g001.")
@click.option("--task", default="", metavar="LABEL", help="Only jobs of this task.")
@click.option("--most", default=100, show_default=True, type=click.IntRange(1), help="Jobs to print.")
@settings_option
@json_option
@told
def command(key: str, group: str, task: str, most: int, settings_file: Path, *, as_json: bool) -> None:
    """List every job that failed for good of a campaign, step or group: of its newest attempts.

    PanDA's monitor is asked, once or twice for all of them, within its hourly budget. The DataIds come from
    the data report, once there is one: PanDA does not know them, so where several quanta failed alike, all
    that a job may be of are named; its log says which. With --json all jobs are printed, and all DataIds.

    Why they failed, added up and with what to do, stands in `cmbot report`.
    """
    import json

    from cmbot.operations.jobs import jobs
    from cmbot.reconcile import systems
    from cmbot.reconcile.opening import open_local

    settings = load(settings_file)
    local = open_local(settings)
    counted = systems.budget(settings, local.mirror, person=True)
    found = jobs(local, systems.panda(settings, systems.id_token(settings), counted), key, group, task)
    if as_json:
        click.echo(json.dumps([each.to_json() for each in found]))
        return
    for each in found[:most]:
        for line in _lines(each):
            click.echo(line)
    if len(found) > most:
        click.echo(f"and {len(found) - most} more (--most)")
    if not found:
        click.echo(f"{key}: no job is known to have failed; see `cmbot report {key}`")


def _lines(job: Job) -> Iterator[str]:
    ended = f", exit {job.exit_code}" if job.exit_code is not None else ""
    memory = f", {job.used or 'unknown'} of {job.memory} MB" if job.memory else ""
    site = job.site or "an unknown site"
    yield f"{job.attempt} {job.task}: job {job.job}, attempt {job.number} at {site}{ended}{memory}"
    yield f"    {job.error} {job.diag}".rstrip()
    if job.data_ids:
        one_of = f"one of {len(job.data_ids)}: " if len(job.data_ids) > 1 else ""
        more = " …" if len(job.data_ids) > _DATA_IDS else ""
        yield f"    {one_of}{'; '.join(job.data_ids[:_DATA_IDS])}{more}"
    for address in filter(None, (job.page, job.log)):
        yield f"    {address}"
