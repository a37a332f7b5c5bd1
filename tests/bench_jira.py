"""Figures of the sandbox Jira for ``make bench``: processor time of client and server together."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
from contextlib import contextmanager
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any

import requests
import uvicorn

from cmbot.sandbox.jira import Store, create_app, seeding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cmbot.sandbox.jira.app import Application

    Client = Callable[[str, Any], requests.Response]

ISSUES, AT_ONCE = 10_000, 1000
TEXT = "word " * 1200
"""6 kB."""
NEW = {
    "fields": {
        "project": {"key": "CM"},
        "issuetype": {"name": "Task"},
        "summary": "bench",
        "labels": ["a", "b"],
        "description": TEXT,
    }
}
JQL = "project = CM AND labels = a ORDER BY updated ASC, key ASC"
Row = tuple[str, float, str, float]
"""Figure, its seconds, what the floor is, seconds of the floor."""


def cpu(work: Callable[[], Any], runs: int = 5) -> float:
    """Median processor time of some runs."""
    times = []
    for _ in range(runs):
        start = process_time()
        work()
        times.append(process_time() - start)
    return median(times)


def figures() -> Iterator[Row]:
    """Creating a thousand issues at once, and pages of a hundred among ten thousand, in both flavours."""
    floor = cpu(_rows, 1)
    for flavour in ("data-center", "cloud"):
        store = Store()
        seeding.apply(store, seeding.DEFAULT)
        app = create_app(store, tokens={"admin": "bench"}, flavour=flavour)
        with _listening(app) as client:
            yield (
                f"{flavour}: 1,000 issues of 6 kB in bulk",
                cpu(lambda c=client: _create(c), 1),
                "rows",
                floor,
            )
            for _ in range(ISSUES // AT_ONCE - 1):
                _create(client)
            for fields in (["summary", "status", "updated"], ["*all"]):
                page = _page(client, flavour, fields)
                seconds = cpu(lambda c=client, f=flavour, n=fields: _page(c, f, n))
                name = f"{flavour}: page of 100 of {ISSUES:,}, {' '.join(fields)}"
                yield name, seconds, "its JSON", cpu(lambda p=page: json.dumps(p))
        app.close()
        store.close()


@contextmanager
def _listening(app: Application) -> Iterator[Client]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none", lifespan="off"))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as door:
        door.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        while not server.started:
            thread.join(0.01)
        with requests.Session() as session:
            session.headers["Authorization"] = app.access.credentials("admin")
            address = f"http://127.0.0.1:{door.getsockname()[1]}/rest/api/2/"
            yield lambda path, body: session.post(address + path, json=body, timeout=60)
        server.should_exit = True
        thread.join(20)


def _create(client: Client) -> None:
    most = 50  # what Cloud takes at once
    for _ in range(AT_ONCE // most):
        answer = client("issue/bulk", {"issueUpdates": [NEW] * most})
        assert answer.status_code == 201, answer.text


def _page(client: Client, flavour: str, fields: list[str]) -> Any:
    path = "search/jql" if flavour == "cloud" else "search"
    answer = client(path, {"jql": JQL, "fields": fields, "maxResults": 100})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["issues"]) == 100
    return answer.json()


def _rows() -> None:
    """Put as many texts into a table."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE texts (text TEXT)")
    for _ in range(AT_ONCE):
        database.execute("INSERT INTO texts VALUES (?)", (json.dumps(NEW),))
        database.commit()
    database.close()
