"""``cmbot demo``."""

from __future__ import annotations

from pathlib import Path

import click

from cmbot.cli.doing import told


@click.command("demo", short_help="Try cmbot on this machine: a whole small world, with a board to click on.")
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=".cmbot-demo",
    show_default=True,
    help="Directory of everything; the next start goes on with what is there.",
)
@click.option(
    "--auto",
    is_flag=True,
    help="Let a program click, check the outcome, and end with status 0 if it is true.",
)
@click.option(
    "--jira-port", type=click.IntRange(0, 65535), default=0, help="Port of the board; 0 for a free one."
)
@click.option(
    "--panda-port", type=click.IntRange(0, 65535), default=0, help="Port of PanDA; 0 for a free one."
)
@click.option(
    "--patience", type=float, default=900, show_default=True, help="Seconds that --auto waits at most."
)
@told
def command(state: Path, jira_port: int, panda_port: int, patience: float, *, auto: bool) -> None:
    """Try cmbot on this machine: a Jira with a board, a PanDA, a Butler repository, and the bot.

    It prints the addresses and what to click. The science packages must be installed, as
    `make demo` does.
    """
    import shutil
    import signal

    from rich.console import Console

    from cmbot.demo import run

    # As Ctrl-C: the parts are ended with the demonstration.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console()
    if auto:
        # The proof counts what is there, so it begins with nothing.
        shutil.rmtree(state / "auto", ignore_errors=True)
        if not run.clicked(state / "auto", console, patience=patience):
            raise SystemExit(1)
        return
    try:
        run.by_hand(state, console, (jira_port, panda_port))
    except KeyboardInterrupt:
        console.print("ended")
