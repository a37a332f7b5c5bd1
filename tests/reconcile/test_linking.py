"""Issues are linked to pages elsewhere, as the settings say, once what the address needs is known."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.handlers.actions import Decision
from cmbot.mirror import journal
from cmbot.models.attempts import TryState
from cmbot.reconcile import deliver, linking, tell
from cmbot.reconcile.summaries import Ended
from cmbot.settings import LinkSettings, Settings

if TYPE_CHECKING:
    from conftest import Submitting

LINKS = {
    "campaign": {"metrics": "https://metrics.example.org/{campaign}?c={collection}"},
    "step": {"plots": "https://plots.example.org/{step}"},
    "group": {
        "PanDA health": "https://kibana.example.org/?r={request_id}&n={run}",
        "archive": "https://a/{archive}",
    },
}


@pytest.fixture
def linked(submitting: Submitting) -> Submitting:
    watcher = submitting.watcher
    settings = watcher.edges.settings.model_copy(update={"links": LinkSettings.model_validate(LINKS)})
    watcher.edges = replace(watcher.edges, settings=settings)
    return submitting


@pytest.mark.covers("F21", "F22", "F23", "F24")
def test_links_appear_as_their_facts_become_known_and_follow_the_newest_attempt(linked: Submitting) -> None:
    watcher = linked.watcher

    def links() -> dict[tuple[str, str], str]:
        return {(issue.key, text): url for issue, text, url in linking.of(watcher.edges, watcher.campaign())}

    assert links()["CM-1", "metrics"] == "https://metrics.example.org/CM-1?c=u%2Fanna%2Fmini"
    linked.launch()
    linked.jira.add(4, "CM Group", parent={"key": "CM-2"})
    view = watcher.campaign()
    group = replace(view.steps[0].groups[1], issue=replace(view.issue, id="10004", key="CM-4"))
    view = replace(view, steps=(replace(view.steps[0], groups=(group,)),))
    found = {(issue.key, text): url for issue, text, url in linking.of(watcher.edges, view)}
    assert ("CM-4", "PanDA health") not in found
    assert found["CM-4", "archive"].startswith("https://a/")
    assert found["CM-2", "plots"] == "https://plots.example.org/CM-2"
    item = linked.attempt("g002").tries[-1]
    with watcher.edges.mirror.writing() as connection:
        journal.set_try(connection, item.id, state=TryState.SUBMITTED, request_id=4711)
    new = watcher.campaign().steps[0].groups[1]
    view = replace(view, steps=(replace(view.steps[0], groups=(replace(new, issue=group.issue),)),))
    found = {(issue.key, text): url for issue, text, url in linking.of(watcher.edges, view)}
    assert found["CM-4", "PanDA health"] == f"https://kibana.example.org/?r=4711&n={item.name}"


@pytest.mark.covers("F22")
def test_jira_is_told_of_a_link_once_until_it_differs(linked: Submitting) -> None:
    watcher, made = linked.watcher, list[tuple[Any, ...]]()
    gateway = SimpleNamespace(ensure_remote_link=lambda *row: made.append(row), paused_until=None)
    for _ in range(2):
        tell.campaign(watcher.edges, watcher.campaign(), Decision(), Ended(), watcher.now)
        with watcher.edges.mirror.writing() as connection:
            connection.execute("DELETE FROM outbox WHERE kind <> 'link'")
        for _ in range(3):
            deliver.all_due(replace(watcher.edges, jira=cast("Any", gateway)), watcher.now)
    address = "https://metrics.example.org/CM-1?c=u%2Fanna%2Fmini"
    assert made.count(("10001", "cmbot:metrics", address, "metrics")) == 1
    assert len(made) == 2


def test_an_address_that_asks_for_what_its_level_has_not_is_refused_at_the_start(linked: Submitting) -> None:
    bad = linked.watcher.edges.settings.model_dump(mode="json") | {
        "links": {"campaign": {"x": "https://a/{run}"}}
    }
    with pytest.raises(ValueError, match="asks for 'run'"):
        Settings.model_validate(bad)
