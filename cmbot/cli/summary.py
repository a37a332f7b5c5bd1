"""``cmbot summary``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path


@click.command("summary", short_help="Sum up what came of a campaign, a step or a production.")
@click.argument("key", required=False, default="")
@click.option("--production", default="", help="Add up all campaigns of this production instead.")
@settings_option
@json_option
@told
def command(key: str, production: str, settings_file: Path, *, as_json: bool) -> None:
    """Sum up what came of KEY: quanta expected and produced, what is missing and why, datasets by type.

    Also collections, software, times, core-hours, what people said of it, and counts that look
    suspicious. When a step or campaign has ended the same is attached to its issue, as
    cmbot-summary-….json and .md; before, this shows what is known so far. Datasets and core-hours are
    known once the Butler was asked, which is done when a step has ended.

    An example:

        cmbot summary CM-1
        cmbot summary --production DP0.2 --json
    """
    from cmbot.exceptions import UserError
    from cmbot.models.summary import to_json
    from cmbot.operations import summary
    from cmbot.reconcile.opening import open_local

    if bool(key) is bool(production):
        raise UserError("summary", "needs a KEY or --production, not both", "give one of them")
    local = open_local(load(settings_file))
    found = summary.summary(local, key) if key else summary.production(local, production)
    click.echo(to_json(found) if as_json else summary.text(found), nl=False)
