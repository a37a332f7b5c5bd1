"""The service is woken by Jira's webhooks, and misses nothing when they go wrong."""

from __future__ import annotations

import hmac
import json
import re
from contextlib import closing, contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from cmbot.demo import world as demo
from cmbot.demo.seed import BOT, PERSON, PROJECT
from cmbot.models.issues import Status
from cmbot.operations import status
from cmbot.reconcile.opening import load_settings, open_local

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Human

pytestmark = pytest.mark.long

PATIENCE = 200.0
SECRET = "what only this Jira and cmbot know"


def until(true: Callable[[], Any]) -> None:
    end = monotonic() + PATIENCE
    while not true():
        assert monotonic() < end, "it did not become true in time"
        sleep(0.2)


@contextmanager
def service(world: demo.World, poll: str) -> Iterator[str]:
    """`cmbot sync` as a process of its own, with its webhook registered in Jira."""
    settings = yaml.safe_load(world.settings.read_text())
    secret = world.state / "webhook.secret"
    secret.write_text(SECRET)
    settings["work"]["poll"] = poll
    settings["web"] = {"port": 0, "webhook_secret": {"file": str(secret)}}
    world.settings.write_text(yaml.safe_dump(settings))
    log = world.state / "sync.log"
    with demo.process(world.state, "sync", "sync", "--settings", str(world.settings)):
        until(lambda: re.search(r"serving (http://\S+)", log.read_text()))
        found = re.search(r"serving (http://\S+)", log.read_text())
        assert found is not None
        url = found[1]
        until(lambda: requests.get(f"{url}/readyz", timeout=10).ok)
        register(world, f"{url}/webhooks/jira")
        yield url
    assert SECRET not in log.read_text()


def register(world: demo.World, url: str) -> None:
    order = {
        "name": "cmbot",
        "url": url,
        "events": ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created"],
        "filters": {"issue-related-events-section": f"project = {PROJECT}"},
        "secret": SECRET,
    }
    address = f"{world.jira['url']}/rest/webhooks/1.0/webhook"
    requests.post(address, json=order, auth=world.login(PERSON), timeout=30).raise_for_status()


def moves(world: demo.World, key: str) -> list[str]:
    """What cmbot recorded of the moves of an issue."""
    local = open_local(load_settings(world.settings))
    with closing(local.mirror):
        return [event.what for event in status.history(local, key) if event.what.startswith("moved")]


@pytest.mark.calm("counts requests")
@pytest.mark.covers("W3", "W14")
def test_webhooks_wake_the_service_and_a_storm_of_them_once(world: demo.World, alice: Human) -> None:
    epic = alice.make({"summary": "one", "issuetype": {"name": "Epic"}, "Epic Name": "one"})
    with service(world, poll="PT1H") as url:
        until(lambda: alice.comments(epic))
        alice.forget()
        # Without a webhook this would be seen in an hour.
        alice.move(epic, Status.ABANDONED)
        until(lambda: moves(world, epic) == [f"moved {epic} from Draft to Abandoned"])

        # What cmbot writes comes back as webhooks too, and wakes nobody.
        until(lambda: searches(alice) == 1)
        alice.forget()
        for _ in range(20):
            alice.move(epic, Status.DRAFT)
            alice.move(epic, Status.ABANDONED)
        until(lambda: len(moves(world, epic)) == 41)
        assert searches(alice) < 20
        assert requests.get(f"{url}/healthz", timeout=10).json()["status"] == "ok"

        # When the token expires, whoever watches the service is told.
        alice.disturb("401", path="/rest/", count=10_000)
        deliver(f"{url}/webhooks/jira", {"id": "10000", "key": epic})
        until(lambda: requests.get(f"{url}/healthz", timeout=10).json()["status"] == "degraded")
        trouble = requests.get(f"{url}/healthz", timeout=10).json()["trouble"]
        assert "does not accept the credentials" in trouble
        assert world.jira["tokens"][BOT] not in trouble


def deliver(url: str, issue: dict[str, str]) -> None:
    body = {"webhookEvent": "jira:issue_updated", "timestamp": 1, "issue": issue}
    raw = json.dumps(body).encode()
    signature = hmac.new(SECRET.encode(), raw, "sha256").hexdigest()
    headers = {"X-Hub-Signature": f"sha256={signature}"}
    requests.post(url, data=raw, headers=headers, timeout=10).raise_for_status()


def searches(alice: Human) -> int:
    return sum(path.endswith("/search") for _, path in alice.asked(BOT))


@pytest.mark.covers("W14")
def test_nothing_is_missed_when_webhooks_are_lost_doubled_late_and_out_of_order(
    world: demo.World, alice: Human
) -> None:
    steer_webhooks(world, lost=0.3, doubled=0.3, delayed=0.4, delay=[0.1, 3.0], reordered=0.3)
    keys = [
        alice.make({"summary": name, "issuetype": {"name": "Epic"}, "Epic Name": name})
        for name in ("one", "two", "three")
    ]
    with service(world, poll="PT3S"):
        for _ in range(6):
            for key in keys:
                alice.move(key, Status.ABANDONED)
                alice.say(key, "a comment, of which Data Center tells twice")
            for key in keys:
                alice.move(key, Status.DRAFT)
        for key in keys:
            until(lambda key=key: len(moves(world, key)) == 12)
            assert moves(world, key) == 6 * [
                f"moved {key} from Draft to Abandoned",
                f"moved {key} from Abandoned to Draft",
            ]


def steer_webhooks(world: demo.World, **webhooks: Any) -> None:
    url = f"{world.jira['url']}/sandbox/strange"
    now = requests.get(url, auth=world.login(PERSON), timeout=30).json()
    order = now | {"webhooks": webhooks}
    requests.put(url, json=order, auth=world.login(PERSON), timeout=30).raise_for_status()
