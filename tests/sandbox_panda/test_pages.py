from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Build = Callable[..., dict[str, Any]]


class Page(HTMLParser):
    """Text and links of a page; fails where tags are not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href" and value]
        if tag not in {"meta", "link", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data.split()


@pytest.fixture(scope="module")
def partial(shared: Any, workflow: Build) -> int:
    """A request with a failed, a pruned and a finished job, and a hostile name."""
    command = "echo to stdout ${IN/L}; echo '<b>to stderr</b>' >&2; test ${IN/L} = good"
    request_id: int = shared.result(
        "submit",
        workflow(
            "run<script>alert(1)</script>",
            isr={"command": command, "jobs": {"good": [], "bad": []}, "attempts": 2},
            coadd={"jobs": {"both": ["isr/good", "isr/bad"]}},
            finalJob={},
        ),
    )
    assert shared.ended(request_id) == "SubFinished"
    return request_id


def test_the_list_shows_workflows_and_says_what_it_is(shared: Any, partial: int) -> None:
    answer = shared.ask("GET", "/")
    page = Page(answer.text)
    assert "emulator" in page.words
    assert "SubFinished" in page.words
    assert f"/workflows/{partial}" in page.links
    assert "script" not in page.tags
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_workflow_shows_tasks_states_and_the_logs_of_every_attempt(shared: Any, partial: int) -> None:
    page = Page(shared.ask("GET", f"/workflows/{partial}").text)
    assert {"isr", "coadd", "finalJob", "failed", "missing"} <= set(page.words)
    assert "script" not in page.tags
    (isr,) = [t for t in shared.json(f"/sandbox/requests/{partial}")["tasks"] if t["label"] == "isr"]
    assert isr["states"] | {"finished": 1, "failed": 1} == isr["states"]
    for job in isr["jobs"]:
        assert len(job["attempts"]) == (1 if job["name"] == "good" else 2)
        for attempt in job["attempts"]:
            shown = Page(shared.ask("GET", f"/job/{attempt['id']}/").text)
            assert f"/read/{attempt['id']}/payload.stderr" in shown.links
            store = f"/logs/LOCAL_TEST/PandaJob_{attempt['id']}"
            out = shared.ask("GET", f"{store}/payload.stdout")
            err = shared.ask("GET", f"{store}/payload.stderr")
            assert out.text == f"to stdout {job['name']}\n"
            assert err.text == "<b>to stderr</b>\n"
            assert err.headers["Content-Type"].startswith("text/plain")
            assert err.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/workflows/999999",
        "/sandbox/requests/999999",
        "/logs/LOCAL_TEST/PandaJob_999999/payload.stdout",
        "/logs/elsewhere/PandaJob_1/payload.stdout",
        "/logs/LOCAL_TEST/PandaJob_1/panda.sqlite",
        "/logs/LOCAL_TEST/PandaJob_1/..%2f..%2fpanda.sqlite",
        "/read/1/..%2f..%2fpanda.sqlite",
        "/read/999999/payload.stderr",
    ],
)
def test_what_does_not_exist_is_404(shared: Any, partial: int, path: str) -> None:
    assert shared.ask("GET", path).status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**63)])
def test_what_is_no_number_of_a_request_is_refused(shared: Any, number: str) -> None:
    assert shared.ask("GET", f"/workflows/{number}").status_code == 422


def test_every_link_of_the_pages_works(shared: Any, partial: int) -> None:
    """From the list to the text of a log, and every page says what it is."""
    seen, ahead = set[str](), ["/"]
    while ahead:
        address = ahead.pop()
        seen.add(address)
        answer = shared.ask("GET", address)
        assert answer.status_code == 200, address
        if answer.headers["Content-Type"].startswith("text/html"):
            page = Page(answer.text)
            assert "emulator" in page.words, address
            assert "script" not in page.tags, address
            ahead += [link for link in page.links if link not in seen and link not in ahead]
    kinds = {address.split("/")[1] for address in seen}
    assert {"workflows", "task", "job", "jobs", "read", "logs", "errors", "queues"} - kinds == set()


@pytest.mark.parametrize("queue", ["a/../b", "a b", "", "..", "x|y", "q?#"])
def test_logs_are_found_whatever_the_queue_is_called(shared: Any, workflow: Build, queue: str) -> None:
    posted = workflow("named", isr={"command": "echo here"})
    (work,) = posted["attributes"]["template"]["attributes"]["_works"].values()
    work["attributes"] |= {"task_queue": queue, "task_site": ""}
    request_id = shared.result("submit", posted)
    shared.ended(request_id)
    (job,) = shared.json(f"/jobs/?json&reqid={request_id}")["jobs"]
    address, kind, _ = job["pilotid"].split("|")
    assert kind == "PR"
    found = shared.ask("GET", address.removeprefix(shared.url).replace("pilotlog.txt", "payload.stdout"))
    assert (found.status_code, found.text) == (200, "here\n")
