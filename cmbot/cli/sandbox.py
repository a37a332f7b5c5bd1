"""``cmbot sandbox``: each part alone."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import log_to_stderr

if TYPE_CHECKING:
    from collections.abc import Iterator

_state = click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Directory that keeps everything; address.json in it says how to reach the server.",
)
_port = click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port on loopback; 0 for a free one."
)


@click.group("sandbox", short_help="Run one part of the sandbox alone: Jira, PanDA or Butler.")
def command() -> None:
    """Run one part of the sandbox alone. They are emulators for learning and testing, on loopback only.

    The sandbox PanDA runs what is posted to it: do not make it reachable by others.
    """


@command.command("jira")
@_state
@_port
@click.option(
    "--seed",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Project to begin with (JSON).",
)
@click.option("--context-path", default="", help="Path below which it answers, as in /jira.")
@click.option(
    "--flavour",
    type=click.Choice(["data-center", "cloud", "both"]),
    default="data-center",
    show_default=True,
    help="As which of the two deployments it answers; both: over one store, with Cloud at URL/cloud.",
)
@click.option(
    "--strange",
    type=click.Choice(["calm", "data-center", "cloud"]),
    default="calm",
    show_default=True,
    help="Misbehave like a busy site: answers get lost, requests are refused or limited, searches lag.",
)
def jira(state: Path, port: int, seed: Path | None, context_path: str, flavour: str, strange: str) -> None:
    """Run a local Jira, Data Center or Cloud, with a board in the browser.

    To see how a client copes with what no real Jira does on demand, start it with --strange. What goes wrong,
    how often and towards whom can be changed while it runs, by an administrator, at URL/sandbox/strange:

    \b
        GET                                            how it misbehaves now
        PUT {"profile": "cloud", "users": ["cmbot"]}   towards one user only
        PUT {"profile": "cloud", "seed": 7}            the same trouble in another order
        DELETE                                         behave
    """  # noqa: D301 - click wants the character itself
    from cmbot.sandbox.jira import serve

    log_to_stderr(verbose=False)
    with _said():
        serve(state, port=port, seed=seed, context_path=context_path, flavour=flavour, strange=strange)


@command.command("export")
@_state
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export_jira(state: Path, file: Path) -> None:
    """Write everything of a local Jira to FILE, to begin another one with (--seed)."""
    from cmbot.sandbox.jira.server import export

    with _said():
        export(state, file)
    click.echo(f"{file} holds the site, hashed passwords and webhook secrets included")


@command.command("reset")
@_state
@click.option(
    "--seed",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Project or export to begin with; what it began with last without it.",
)
@click.confirmation_option(prompt="Everything in this local Jira will be lost. Go on?")
def reset_jira(state: Path, seed: Path | None) -> None:
    """Let a local Jira begin again, also while it runs."""
    from cmbot.sandbox.jira.server import reset

    with _said():
        reset(state, seed)
    click.echo(f"{state}: the site has begun again")


@command.command("panda")
@_state
@_port
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Jobs at once.")
@click.option(
    "--bin-dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="The bin directory of an environment with bps and pipetask, put first on the jobs' PATH.",
)
@click.option(
    "--seed",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Settings, queues and troubles to begin with (JSON).",
)
@click.option(
    "--id-tokens",
    type=click.IntRange(1),
    metavar="SECONDS",
    help="Let the relay ask for OIDC id tokens that last so long; the first is in STATE/client.",
)
def panda(
    state: Path, port: int, workers: int, bin_dir: Path, seed: Path | None, id_tokens: int | None
) -> None:
    """Run a local PanDA: the relay that BPS speaks to, jobs as processes of this machine, the monitor.

    What goes wrong in it is said below /sandbox while it runs: failures by task, DataId, exit code, signal or
    memory; queues and their outages; limits and oddities of the monitor; the clock.
    """
    from cmbot.sandbox.panda import serve

    log_to_stderr(verbose=False)
    with _said():
        serve(state, port=port, workers=workers, bin_dir=bin_dir, seed=seed, id_tokens=id_tokens)


@command.command("butler")
@click.argument("repo", type=click.Path(path_type=Path, file_okay=False))
@click.option("--visits", type=click.IntRange(1), default=40, show_default=True, help="Visits.")
@click.option("--detectors", type=click.IntRange(1), default=4, show_default=True, help="Detectors.")
@click.option("--tracts", type=click.IntRange(1), default=2, show_default=True, help="Tracts.")
def butler(repo: Path, visits: int, detectors: int, tracts: int) -> None:
    """Make a small Butler repository with raw data, and say where the pipeline is."""
    from cmbot.sandbox.butler import make, pipeline_path

    with _said():
        make(repo, visits=visits, detectors=detectors, tracts=tracts)
    click.echo(
        f"{repo}: {visits} visits x {detectors} detectors, {tracts} tracts; pipeline {pipeline_path()}"
    )


@contextmanager
def _said() -> Iterator[None]:
    """Tell what people can mend without a traceback."""
    try:
        yield
    except BlockingIOError as error:
        raise click.ClickException(
            "another server uses this directory; stop it or name another --state"
        ) from error
    except (ValueError, FileExistsError, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from error
