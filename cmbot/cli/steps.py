"""``cmbot steps``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.operations.steps import PipelineStep


@click.command("steps", short_help="Show the steps of a pipeline, ready for a campaign file.")
@click.argument("pipeline")
@settings_option
@click.option("--environment", default="", help="Named environment that reads it, if there are several.")
@click.option("--yaml", "as_yaml", is_flag=True, help="Print them as the steps of a campaign file.")
@json_option
@told
def command(pipeline: str, settings_file: Path, environment: str, *, as_yaml: bool, as_json: bool) -> None:
    """Show the steps of a pipeline: what they do, what they may be split by, and what they wait for.

    PIPELINE is a file as a campaign names it, such as '$DRP_PIPE_DIR/pipelines/LSSTCam/DRP.yaml'. It is read
    in a named environment. With `--yaml` it becomes the steps of a campaign file, with the operators'
    instructions and a split rule for each; `cmbot check` refuses them until every step has a data query.
    """
    import json
    from dataclasses import asdict

    import yaml

    from cmbot.definition.parts import plain
    from cmbot.operations.steps import steps
    from cmbot.reconcile.opening import open_workshop

    found = steps(open_workshop(load(settings_file)), pipeline, environment)
    if as_json:
        click.echo(json.dumps([asdict(step) for step in found]))
    elif as_yaml:
        content = {"steps": [plain(step.definition) for step in found]}
        click.echo(yaml.safe_dump(content, sort_keys=False, width=110), nl=False)
    else:
        for step in found:
            _show(step)


def _show(step: PipelineStep) -> None:
    from textwrap import fill

    rule, after = step.definition.split, step.definition.after
    cut = f"groups of {rule.size} by {rule.dimension}" if rule.dimension else "one group"
    click.echo(f"{step.definition.name}: {', '.join(step.tasks)}")
    click.echo(f"  goes by {', '.join(step.dimensions) or 'nothing that it declares'}; proposed: {cut}")
    if after:
        click.echo(f"  after {', '.join(after)}")
    if step.definition.description:
        indent = "  "
        said = step.definition.description
        click.echo(fill(said, 100, initial_indent=indent, subsequent_indent=indent))
