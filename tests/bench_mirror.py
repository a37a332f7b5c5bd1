"""What it costs to mirror a Jira: replayed pages, measured in processes of their own.

``python tests/bench_mirror.py serve DIR`` replays 10,000 issues of 6 KB, as Data Center and, below
``/cloud``, as Cloud; ``floor`` and ``cold`` are the two clients that `bench` compares.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import psutil
import requests
import yaml

from cmbot.jira_schema.fields import FIELDS, FieldType
from cmbot.mirror import Mirror, outbox
from cmbot.reconcile import deliver, observe
from cmbot.reconcile.opening import load_settings
from cmbot.service import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COUNT, SIZE, PAGE = 10_000, 6_000, 100
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_VALUES = {
    FieldType.NUMBER: 12.0,
    FieldType.SELECT: {"self": "https://jira.test/option/1", "value": "none", "id": "1"},
    FieldType.URL: "https://panda.test/tasks/1234567",
    FieldType.TEXT: "u/cmbot/w_2026_47/step1/g001",
    FieldType.PARAGRAPH: "instrument = 'LSSTCam' AND visit > 2026112000001 AND detector < 189",
    FieldType.DATETIME: "2026-11-20T10:00:00.000+0000",
}


def issue(number: int) -> dict[str, Any]:
    """A group as Data Center gives it, with its history."""
    alice = {"name": "alice", "key": "JIRAUSER10100", "displayName": "Alice Example", "active": True}
    values = {f"customfield_{20_000 + place}": _VALUES.get(field.type) for place, field in enumerate(FIELDS)}
    moves = [("1", "Draft", "2", "Launch"), ("2", "Launch", "3", "Running")]
    histories = [
        {
            "id": str(10 * number + place),
            "author": alice,
            "created": f"2026-11-20T10:0{place}:00.000+0000",
            "items": [
                {
                    "field": "status",
                    "fieldtype": "jira",
                    "from": old_id,
                    "fromString": old,
                    "to": new_id,
                    "toString": new,
                }
            ],
        }
        for place, (old_id, old, new_id, new) in enumerate(moves)
    ]
    fields = {
        "summary": f"step1 g{number}",
        "status": {"id": "3", "name": "Running", "statusCategory": {"id": 4, "key": "indeterminate"}},
        "issuetype": {"id": "10002", "name": "CM Group", "subtask": True},
        "project": {"id": "10000", "key": "CM", "name": "Campaigns"},
        "parent": {"id": "2", "key": "CM-2"},
        "updated": (NOW + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.123+0000"),
        "labels": ["cmbot-0123abcd"],
        "issuelinks": [],
        **values,
    }
    found: dict[str, Any] = {
        "expand": "operations,versionedRepresentations,editmeta,changelog",
        "id": str(10_000 + number),
        "self": f"https://jira.test/rest/api/2/issue/{10_000 + number}",
        "key": f"CM-{number + 10}",
        "fields": fields,
        "changelog": {"startAt": 0, "maxResults": 2, "total": 2, "histories": histories},
    }
    fields["description"] = "x" * max(0, SIZE - len(json.dumps(found)))
    return found


class Replay(BaseHTTPRequestHandler):
    """Answers what a cold start asks, from what was made before."""

    protocol_version = "HTTP/1.1"
    whole: dict[str, bytes]
    rows: list[bytes]
    requests = 0

    @classmethod
    def prepare(cls) -> None:
        cls.whole, cls.rows = {}, []
        for number in range(COUNT):
            made = issue(number)
            fields = {name: made["fields"][name] for name in ("updated", "status", "issuetype")}
            cls.whole[made["id"]] = json.dumps(made).encode()
            cls.rows.append(json.dumps({**made, "fields": fields, "changelog": None}).encode())

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self._answer(address.path, {name: values[0] for name, values in parse_qs(address.query).items()})

    def do_POST(self) -> None:
        self._answer(self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, path: str, asked: dict[str, Any]) -> None:
        Replay.requests += path != "/count"
        match path.partition("/rest/api/2/")[2]:
            case "":
                body = json.dumps(Replay.requests).encode()
            case "serverInfo":
                kind = "Cloud" if path.startswith("/cloud/") else "Server"
                body = json.dumps({"deploymentType": kind, "serverTime": NOW.isoformat()}).encode()
            case "myself":
                body = json.dumps({"name": "cmbot", "accountId": "cmbot", "displayName": "cmbot"}).encode()
            case "issue/bulkfetch":
                body = b'{"issues":[' + b",".join(self.whole[one] for one in asked["issueIdsOrKeys"]) + b"]}"
            case "changelog/bulkfetch":
                named = [json.loads(self.whole[one]) for one in asked["issueIdsOrKeys"]]
                logs = [
                    {"issueId": one["id"], "changeHistories": one["changelog"]["histories"]} for one in named
                ]
                body = json.dumps({"issueChangeLogs": logs}).encode()
            case "search/jql":
                start = int(asked.get("nextPageToken", 0))
                page, total = self._rows({**asked, "startAt": start})
                end = start + len(page)
                token = f',"nextPageToken":"{end}"' if end < total else ""
                body = b'{"issues":[' + b",".join(page) + f"]{token}}}".encode()
            case "field":
                names = [
                    {"id": f"customfield_{20_000 + place}", "name": field.name, "custom": True}
                    for place, field in enumerate(FIELDS)
                ]
                body = json.dumps(names).encode()
            case _:
                body = self._found(asked)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _found(self, asked: dict[str, Any]) -> bytes:
        page, total = self._rows(asked)
        head = f'{{"startAt":{asked.get("startAt", 0)},"total":{total},"issues":['
        return head.encode() + b",".join(page) + b"]}"

    def _rows(self, asked: dict[str, Any]) -> tuple[list[bytes], int]:
        named = re.match(r"id in \(([\d,]+)\)", asked["jql"])
        if named:
            found = [self.whole[one] for one in named[1].split(",")]
        elif "updated >=" in asked["jql"]:
            found = []
        else:
            found = list(self.whole.values()) if "whole" in asked["jql"] else self.rows
        start = int(asked.get("startAt", 0))
        return found[start : start + int(asked["maxResults"])], len(found)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve(directory: Path) -> None:
    Replay.prepare()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Replay)
    address = directory / "address"
    address.with_suffix(".new").write_text(f"http://127.0.0.1:{server.server_port}")
    address.with_suffix(".new").rename(address)
    server.serve_forever()


def floor(url: str, directory: Path, _: int) -> dict[str, float]:
    """The same data by plain requests, json and one bulk insert for each page."""
    before = time.process_time()
    database = sqlite3.connect(directory / "floor.sqlite")
    database.execute("CREATE TABLE issues (id TEXT PRIMARY KEY, key TEXT, updated TEXT, body TEXT)")
    session = requests.Session()
    for start in range(0, COUNT, PAGE):
        params: dict[str, str | int] = {"jql": "whole", "startAt": start, "maxResults": PAGE}
        found = session.get(f"{url}/rest/api/2/search", params=params, timeout=60).json()["issues"]
        with database:
            database.executemany(
                "INSERT INTO issues VALUES (?, ?, ?, ?)",
                [(one["id"], one["key"], one["fields"]["updated"], json.dumps(one)) for one in found],
            )
    assert database.execute("SELECT count(*) FROM issues").fetchone() == (COUNT,)
    return {"cpu": time.process_time() - before}


def cold(url: str, directory: Path, passes: int) -> dict[str, float]:
    """A first start: listed, read, parsed, kept; then passes without news."""
    os.environ["BENCH_TOKEN"] = "made-up"
    settings = {
        "jira": {"url": url, "token": {"variable": "BENCH_TOKEN"}},
        "panda": {"relay": "https://panda.test/server/panda"},
        "work": {"state": str(directory), "submit": str(directory)},
        "environments": {},
        "sites": {},
    }
    file = directory / "settings.yaml"
    file.write_text(yaml.safe_dump(settings))
    edges = connect(load_settings(file))
    before = time.process_time()
    while observe.changes(edges, NOW).more:
        pass
    cpu, memory = time.process_time() - before, peak()
    (count,) = edges.mirror.connection.execute("SELECT count(*) FROM issues").fetchone()
    assert count == COUNT
    later = NOW + timedelta(minutes=5)
    for number in range(3):
        observe.changes(edges, later + number * timedelta(minutes=5))
    later += timedelta(minutes=16)
    count = f"{url.removesuffix('/cloud')}/count"
    requested = requests.get(count, timeout=60).json()
    observe.changes(edges, later)
    quiet = requests.get(count, timeout=60).json() - requested
    settled = resident()
    for _ in range(passes):
        observe.changes(edges, later)
    return {"cpu": cpu, "memory": memory, "requests": quiet, "grown": resident() - settled}


def writes_of_a_thousand() -> tuple[int, int]:
    """What the outbox sends in one pass when a thousand issues changed in every way."""
    sent: Counter[str] = Counter()

    class Jira:
        """Counts what is written."""

        paused_until = None
        settling = timedelta()

        def __getattr__(self, name: str) -> Callable[..., str]:
            def ensure(issue_id: str, *_: object, **__: object) -> str:
                sent[issue_id] += 1
                return "1"

            return ensure

    with tempfile.TemporaryDirectory() as directory:
        mirror = Mirror(Path(directory) / "bench.sqlite")
        with mirror.writing() as connection:
            for number in range(1_000):
                one = (str(number), f"CM-{number}")
                for kind in sorted(outbox.KEPT):
                    body = {"text": "x", "key": "k", "value": 1}
                    marker = f"{kind}:{number}"
                    outbox.keep_said(connection, one, kind, marker, body, NOW, timedelta(minutes=1))
        edges: Any = SimpleNamespace(jira=Jira(), mirror=mirror)
        deliver.all_due(edges, NOW)
        mirror.close()
    return max(sent.values()), sum(sent.values())


def peak() -> float:
    """Most memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident() -> float:
    """Memory of this process now, MB."""
    return psutil.Process().memory_info().rss / 2**20


def figures(client: str, url: str, passes: int = 0) -> dict[str, float]:
    """What a client measures, in a process of its own."""
    with tempfile.TemporaryDirectory() as directory:
        asked = [sys.executable, __file__, client, url, directory, str(passes)]
        answer = subprocess.run(asked, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(answer.stdout)
    return found


@contextmanager
def replayed() -> Iterator[str]:
    """A Jira of 10,000 issues, as long as the block lasts."""
    with tempfile.TemporaryDirectory() as directory:
        server = subprocess.Popen([sys.executable, __file__, "serve", directory])
        address = Path(directory) / "address"
        try:
            while not address.exists():
                assert server.poll() is None
                time.sleep(0.05)
            yield address.read_text()
        finally:
            server.terminate()
            server.wait()


def main() -> None:
    what, *rest = sys.argv[1:]
    if what == "serve":
        serve(Path(rest[0]))
        return
    sys.stdout.write(json.dumps({"floor": floor, "cold": cold}[what](rest[0], Path(rest[1]), int(rest[2]))))


if __name__ == "__main__":
    main()
