"""``cmbot check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, read_text, settings_option, told, values_option

if TYPE_CHECKING:
    from cmbot.operations.check import Checked


@click.command("check", short_help="Check a campaign, or files before they are used.")
@click.argument("target", required=False)
@settings_option
@values_option
@click.option(
    "--offline", is_flag=True, help="Of a file: ask neither Butler nor git; settings are not needed."
)
@click.option(
    "--errors",
    "errors_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Check an error catalogue: what cmbot knows about failures.",
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of campaign files.")
@json_option
@told
def command(
    target: str | None,
    settings_file: Path,
    values: dict[str, str],
    errors_file: Path | None,
    *,
    offline: bool,
    schema: bool,
    as_json: bool,
) -> None:
    """Check a campaign and say everything that is wrong with it, a line each; nothing is changed.

    TARGET is a campaign file or the key of a campaign or step. It is checked as a launch would: git says what
    its tags mean, its Butler what its queries select and whether each step finds what it needs, made by a
    step before it or there already; the BPS YAML of every step is rendered and looked through.

    With `--errors FILE` an error catalogue is checked; a sound one is named by the setting
    `failures.catalogue`. Rules without `active: true` decide nothing; they count what they would have done.
    """
    import json

    if schema:
        from cmbot.definition import file as campaign_file

        click.echo(json.dumps(campaign_file.schema(), indent=2))
    if errors_file:
        from cmbot.reconcile.opening import load_catalogue

        rules = load_catalogue(str(errors_file)).rules
        active = sum(rule.active for rule in rules)
        click.echo(f"{errors_file}: sound; {active} rules are active, {len(rules) - active} passive")
    if target:
        _tell(target, _checked(target, settings_file, values, offline=offline), as_json=as_json)
    elif not schema and not errors_file:
        raise click.UsageError("say what to check: a file, a key, --errors FILE or --schema")


def _checked(target: str, settings_file: Path, values: dict[str, str], *, offline: bool) -> Checked:
    from cmbot.operations import check
    from cmbot.reconcile import opening

    def say(line: str) -> None:
        click.echo(line, err=True)

    file = Path(target)
    if file.suffix in {".yaml", ".yml"} or file.exists():
        from cmbot.definition import file as campaign_file

        definition = campaign_file.read(read_text(file), target, values)
        settings = None if offline and not settings_file.exists() else load(settings_file)
        workshop = None if offline or settings is None else opening.open_workshop(settings)
        return check.check_file(definition, file.parent, settings, workshop, say)
    edges = opening.open_edges(load(settings_file), lasting=False)
    return check.check_key(edges, target, say)


def _tell(target: str, found: Checked, *, as_json: bool) -> None:
    import json
    from dataclasses import asdict

    if as_json:
        click.echo(json.dumps(asdict(found)))
    else:
        for note in found.notes:
            click.echo(f"{target}: {note}")
        if not found.problems:
            click.echo(f"{target}: sound")
    if found.problems:
        from cmbot.exceptions import DefinitionError

        raise DefinitionError(target, found.problems)
