"""A person looks at pages with a real browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from cmbot.mirror import reports
from cmbot.models.attempts import AttemptState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.web.pages.conftest import Reader, World

pytestmark = pytest.mark.long  # a real browser
LOG = "https://panda.example.org/logs/7/payload.stderr"
PATHS = (
    "",
    "older",
    "errors",
    "sites",
    "system",
    "campaign/CM-1",
    "campaign/CM-1?all=1",
    "step/CM-2",
    "group/CM-2/g001",
    "task/CM-2/g001/isr",
    "nowhere",
)
SIZES = {"desk": {"width": 1400, "height": 900}, "phone": {"width": 390, "height": 800}}


def produce(world: World) -> None:
    """A production with campaigns in several states; of CM-1 a group failed and says why."""
    world.campaign("pilot", steps=("isr", "coadd", "difference"), production="DP2")
    world.split("CM-2", 30)
    world.split("CM-3", 12)
    error = {"component": "payload", "code": 1137, "diag": "no space left on device"}
    example = {"label": "isr", "errors": [error], "site": "SLAC", "job": 7, "request_id": 4001, "log": LOG}
    task = {"label": "isr", "order": 1, "state": "partly", "expected": 10, "ids": [71]}
    counts = {"done": 8, "failed": 2, "pruned": 0, "running": 0, "pending": 0}
    for number in range(1, 31):
        state = AttemptState.SUCCEEDED if number > 3 else AttemptState.FAILED
        item = world.attempt("CM-2", f"g{number:03}", state, (10, 8, 2, 0) if number < 4 else (10, 10, 0, 0))
        if number < 4:
            bodies = {
                "wms": {
                    "counts": {"total": 10, "done": 8, "failed": 2, "running": 0},
                    "tasks": [task | counts],
                },
                "failures": {"failed": 2, "kinds": [{"example": example, "count": 2}]},
                "failed-jobs": {"logs": [{"address": LOG, "text": "Traceback\nOSError: no space left"}]},
            }
            with world.mirror.writing() as connection:
                for kind, body in bodies.items():
                    reports.save(connection, item, kind, body, world.now)
    for number in range(1, 6):
        world.attempt("CM-3", f"g{number:03}", AttemptState.RUNNING, (100, 40, 0, 20), site="FrDF")
    world.campaign("nightly", "Completed", production="Nightly", definer="bert")
    world.campaign("calibration", "Paused", production="DP2")
    world.campaign("next", "Draft")


@dataclass
class Visitor:
    """Somebody at a browser, and what it complained of."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}/{path}")


@pytest.fixture
def visitor(
    request: pytest.FixtureRequest, chromium: Browser, world: World, reader: Reader
) -> Iterator[Visitor]:
    """Without scripts at all; at the end the browser must have had nothing to complain of."""
    produce(world)
    context = chromium.new_context(**getattr(request, "param", {"viewport": SIZES["desk"]}))
    context.set_default_timeout(15_000)
    found = Visitor(context.new_page(), reader.url)
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on("console", lambda line: found.complaints.append(f"{line.location['url']} {line.text}"))
    elsewhere = found.complaints
    found.page.on(
        "request", lambda one: None if one.url.startswith(reader.url) else elsewhere.append(one.url)
    )
    yield found
    context.close()
    # That a page is not there is the answer that was asked for.
    assert [said for said in found.complaints if "404" not in said or "/nowhere" not in said] == []


@pytest.mark.parametrize(
    "visitor",
    [{"viewport": SIZES[size], "color_scheme": scheme} for size in SIZES for scheme in ("light", "dark")],
    indirect=True,
    ids=[f"{size}-{scheme}" for size in SIZES for scheme in ("light", "dark")],
)
def test_every_page_can_be_used_by_everybody_and_fits(visitor: Visitor, tmp_path: Path) -> None:
    for path in PATHS:
        visitor.go(path)
        found = Axe().run(visitor.page)
        serious = [
            (one["id"], one["nodes"][0]["html"])
            for one in found.response["violations"]
            if one["impact"] in {"serious", "critical"}
        ]
        assert serious == [], path
        # What is wider than the window scrolls in a frame of its own, not the whole page.
        width = visitor.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert width <= 0, path
        visitor.page.screenshot(path=tmp_path / f"{path.replace('/', '-').partition('?')[0] or 'home'}.png")


@pytest.mark.covers("F13")
@pytest.mark.parametrize("visitor", [{"java_script_enabled": False}], indirect=True)
def test_from_the_first_page_to_a_log_line_without_scripts(visitor: Visitor) -> None:
    visitor.go("")
    page = visitor.page
    clicks = 0
    for name in ("CM-1", "failed a1", "isr"):
        page.locator("main").get_by_role("link", name=name, exact=True).first.click()
        clicks += 1
    assert clicks <= 5
    assert page.get_by_text("OSError: no space left").is_visible()
    assert page.url.endswith("/task/CM-2/g001/isr")


@pytest.mark.parametrize("visitor", [{"java_script_enabled": False}], indirect=True)
def test_filters_and_order_work_without_scripts(visitor: Visitor) -> None:
    visitor.go("")
    page = visitor.page
    page.get_by_label("production").select_option("Nightly")
    page.get_by_role("button", name="Show").click()
    assert "production=Nightly" in page.url
    assert page.get_by_role("link", name="nightly").is_visible()
    assert page.get_by_role("link", name="pilot").count() == 0
    page.get_by_role("link", name="all", exact=True).click()
    page.get_by_role("link", name="Name", exact=True).first.click()
    assert "sort=name" in page.url
    page.get_by_role("link", name="pilot").click()
    page.get_by_role("link", name="Show all").click()
    assert page.get_by_role("row", name="g030 succeeded").is_visible()


def test_a_keyboard_reaches_the_content_first(visitor: Visitor) -> None:
    visitor.go("campaign/CM-1")
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    visitor.page.keyboard.press("Enter")
    assert visitor.page.url.endswith("#main")


def test_paper_shows_the_grid_and_no_controls(visitor: Visitor) -> None:
    visitor.go("")
    visitor.page.emulate_media(media="print")
    assert visitor.page.locator("form.filters").is_hidden()
    assert visitor.page.locator("nav").is_hidden()
    assert visitor.page.get_by_role("link", name="pilot").is_visible()
