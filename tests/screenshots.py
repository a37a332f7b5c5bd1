"""Take the pictures of the manual: run ``python tests/screenshots.py`` after changing what they show.

It starts `cmbot demo` below a temporary directory and clicks as a newcomer does, with Debian's chromium.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PATIENCE = 900_000
"""Milliseconds."""


@contextmanager
def demo() -> Iterator[str]:
    """Start the small world.

    Yields
    ------
    address : `str`
        Of the board, with the token of the person.
    """
    with tempfile.TemporaryDirectory() as place:
        argv = [
            sys.executable,
            "-m",
            "cmbot",
            "demo",
            "--state",
            place,
            "--jira-port",
            "0",
            "--panda-port",
            "0",
        ]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
            try:
                assert child.stdout is not None
                found = (re.search(r"Jira's board +(\S+)", line) for line in child.stdout)
                yield next(match for match in found if match)[1]
            finally:
                child.send_signal(signal.SIGINT)
                child.wait()


def launch(page: Page, board: str, key: str) -> None:
    """Drag a card to the second column, Launch.

    Parameters
    ----------
    page : `playwright.sync_api.Page`
        A page of the person's.
    board : `str`
        Address of the board.
    key : `str`
        Key of the issue.
    """
    page.goto(board)
    card = page.locator(f'.card[data-key="{key}"]')
    card.drag_to(page.locator(".lane").filter(has=card).locator(".cell").nth(1))


def take(page: Page, address: str, text: str, name: str) -> None:
    """Wait until a page says something, and take a picture of where it does.

    Parameters
    ----------
    page : `playwright.sync_api.Page`
        A page of the person's.
    address, text, name : `str`
        Of which page, what it says, and the name of the picture.
    """
    page.goto(address)
    # The page shows changes by itself.
    found = page.get_by_text(text).first
    found.wait_for()
    found.scroll_into_view_if_needed()
    page.screenshot(path=IMAGES / name)


def main() -> None:
    """Take them all."""
    IMAGES.mkdir(exist_ok=True)
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        board = page.url
        page.screenshot(path=IMAGES / "board-draft.png")
        issue = board.partition("/projects/")[0] + "/browse/"
        launch(page, board, "CM-1")
        take(page, f"{issue}CM-2", "quanta done", "step-running.png")
        take(page, f"{issue}CM-1", "submits nothing new until", "paused.png")
        browser.close()


if __name__ == "__main__":
    main()
