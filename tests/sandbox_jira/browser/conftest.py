"""A person at the board, with a real browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from conftest import Sandbox
    from playwright.sync_api import Browser, Page


@dataclass
class Person:
    """Somebody who is signed in, and what the browser complained of."""

    sandbox: Sandbox
    page: Page
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.sandbox.url + path)

    def drag(self, key: str, status: str) -> None:
        """Take a card to the column of a status, within its lane."""
        number = next(s.id for s in self.sandbox.app.site.config.statuses.values() if s.name == status)
        card = self.page.locator(f'.card[data-key="{key}"]')
        lane = self.page.locator(".lane").filter(has=card)
        card.drag_to(lane.locator(f'.cell[data-status="{number}"]'))

    def column(self, key: str) -> str | None:
        """Number of the status under which a card hangs."""
        return self.page.locator(f'.cell:has(.card[data-key="{key}"])').get_attribute("data-status")

    @property
    def notice(self) -> str:
        """What was refused, once something was."""
        self.page.locator("#notice").wait_for()
        return self.page.locator("#notice").inner_text()


@pytest.fixture(scope="module")
def site(listen: Callable[..., AbstractContextManager[Sandbox]]) -> Iterator[Sandbox]:
    """A site below a context path that the tests of a module share."""
    with listen(context_path="/jira") as sandbox:
        yield sandbox


@pytest.fixture
def person(chromium: Browser, site: Sandbox) -> Iterator[Person]:
    """Alice at the board; at the end the browser must have had nothing to complain of."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    page = context.new_page()
    found = Person(site, page)
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("console", lambda line: found.complaints.append(line.text) if line.type == "error" else None)
    page.goto(f"{site.url}/?token={site.app.access.tokens['alice']}")
    yield found
    context.close()
    assert found.complaints == []
