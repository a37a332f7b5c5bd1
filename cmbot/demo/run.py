"""The demonstration itself: by hand, or clicked by a program."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from time import monotonic, sleep
from typing import TYPE_CHECKING

from rich.live import Live

from cmbot import credentials
from cmbot.definition import file as campaign_file
from cmbot.demo import progress
from cmbot.demo.clicker import Clicker
from cmbot.demo.proof import findings
from cmbot.demo.world import World, process, with_pages, world
from cmbot.exceptions import RemoteError
from cmbot.jira.gateway import Jira
from cmbot.models.issues import Status
from cmbot.operations.create import create
from cmbot.reconcile.opening import load_settings
from cmbot.resources import resource

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

CAMPAIGN = "config/campaigns/mini-drp.yaml"


def by_hand(state: Path, console: Console, ports: tuple[int, int]) -> None:
    """Start everything and say what to click; goes on until Ctrl-C.

    Parameters
    ----------
    state : `pathlib.Path`
        Directory of everything.
    console : `rich.console.Console`
        Where to talk.
    ports : `tuple` [`int`, `int`]
        Ports of Jira and PanDA; 0 for free ones.
    """
    with ExitStack() as parts:
        running = parts.enter_context(world(state, console.print, ports=ports))
        pages = with_pages(running)
        parts.enter_context(process(running.state, "bot", *_sync(running)))
        key = _create(running)
        console.print(_welcome(running, key, pages), highlight=False, soft_wrap=True)
        with Live(console=console, refresh_per_second=2) as live:
            while True:
                live.update(progress.picture(progress.lines(running.settings, key)))
                sleep(1)


def clicked(state: Path, console: Console, *, patience: float) -> bool:
    """Do what a person would do, and check that it came true.

    Parameters
    ----------
    state : `pathlib.Path`
        Directory of everything.
    console : `rich.console.Console`
        Where to talk.
    patience : `float`
        Seconds after which it has failed.

    Returns
    -------
    true : `bool`
        Whether the Butler, Jira and PanDA are as they should be.

    Raises
    ------
    RemoteError
        If the campaign does not complete in time.
    """
    with world(state, console.print) as running, process(running.state, "bot", *_sync(running)):
        key, clicker = _create(running), Clicker(running)
        console.print(f"board: {running.board}", highlight=False, soft_wrap=True)
        _click(running, clicker, key, console, patience)
        found = []
        for finding in findings(running, clicker):
            console.print(f"{'ok ' if finding.good else 'NOT'} {finding.what}", highlight=False)
            found.append(finding.good)
        return all(found)


def _click(running: World, clicker: Clicker, key: str, console: Console, patience: float) -> None:
    until, clicks = monotonic() + patience, 0
    with Live(console=console, refresh_per_second=2, transient=not console.is_terminal) as live:
        while (status := clicker.status(key)) != Status.COMPLETED or not _all_done(clicker):
            if monotonic() > until:
                raise RemoteError(
                    key, f"is {status} after {patience:.0f} s", f"see {running.state / 'bot.log'}"
                )
            if status in {Status.DRAFT, Status.PAUSED}:
                clicks += 1
                console.print(f"click {clicks}: {key} {status} -> Launch", highlight=False)
                clicker.launch(key)
            live.update(progress.picture(progress.lines(running.settings, key)))
            sleep(0.5)


def _all_done(clicker: Clicker) -> bool:
    return set(clicker.statuses().values()) == {Status.COMPLETED}


def _create(running: World) -> str:
    settings = load_settings(running.settings)
    jira = Jira.connect(settings.jira, partial(credentials.read, settings.jira.token, "jira.token"))
    text, values = resource(CAMPAIGN).read_text(), {"butler": str(running.repo)}
    definition = campaign_file.read(text, CAMPAIGN, values)
    return create(settings, jira, definition, lambda _: None)[0]


def _sync(running: World) -> tuple[str, ...]:
    return "sync", "--settings", str(running.settings)


def _welcome(running: World, key: str, pages: str) -> str:
    return f"""
[bold]Everything runs.[/] Nothing of it is reachable from outside this machine.

  Jira's board   {running.board}
  cmbot's pages  {pages}
  PanDA's jobs   {running.jobs}
  the bot's log  {running.state / "bot.log"}
  commands       export CMBOT_SETTINGS={running.settings}; cmbot status {key}; cmbot history {key}

[bold]What to do:[/] open the board, move [bold]{key}[/] from Draft to Launch, and watch: steps get groups,
bps submits, the status comments of {key} and its steps fill up. After each step the campaign is Paused:
read why, move it to Launch again, until it is Completed.
Ctrl-C ends everything; the next `cmbot demo` goes on from there.
"""
