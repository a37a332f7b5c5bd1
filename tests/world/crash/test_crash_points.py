"""cmbot killed by SIGKILL at each step of a submission: PanDA gets one request, Jira hears of it once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.models.issues import Status
from cmbot.operations import archive

if TYPE_CHECKING:
    from conftest import Story

pytestmark = pytest.mark.long

POINTS = {
    "while the attempt is written down": ("after", "cmbot.mirror.journal:add_try"),
    "once the attempt is written down": ("before", "cmbot.reconcile.submit:remember_in_jira"),
    "once Jira keeps the attempt": ("after", "cmbot.reconcile.submit:remember_in_jira"),
    "once the directory is made": ("before", "cmbot.archive.store:Archive.record"),
    "once the lock is held": ("before", "cmbot.children:subprocess.Popen", "'submit'"),
    "once the launch is told": ("after", "cmbot.jira.gateway:Jira.post_comment_once"),
    "once bps is started": ("after", "cmbot.children:subprocess.Popen", "'submit'"),
    "once an issue is moved": ("after", "cmbot.jira.gateway:Jira.ensure_transition"),
    "once the sub-task is made": ("after", "cmbot.jira.gateway:Jira.ensure_issue"),
    "once a status comment is written": ("after", "cmbot.jira.gateway:Jira.ensure_comment"),
    "while the request id is written down": ("after", "cmbot.mirror.journal:set_try", "TryState.SUBMITTED"),
    "once the request id is written down": ("after", "cmbot.reconcile.recover:_adopt"),
}
"""Where the bot is killed: before or after which call, and what shows among its arguments.

In this order one launch can come by all of them; bps is started by the second try, since the first has
only left a lock."""

ENDING = {
    "once the workflow has ended": ("after", "cmbot.mirror.journal:set_attempt", "MERGE_PENDING"),
    "once the data report is started": ("after", "cmbot.children:subprocess.Popen", "'report'"),
    "once the data report is judged": ("after", "cmbot.reconcile.data_reports:_end"),
    "while the end is archived": ("before", "cmbot.archive.store:Archive.record", "Stage.ENDED"),
    "once the end is archived": ("after", "cmbot.archive.store:Archive.record", "Stage.ENDED"),
    "once the collections are being arranged": ("after", "cmbot.children:subprocess.Popen", "arrange.py"),
    "once the end is told": ("after", "cmbot.jira.gateway:Jira.post_comment_once", "completed:"),
}
"""What follows when PanDA has done its part."""

MIRROR = ("cmbot.sqlite",)
ALL = ("cmbot.sqlite", "tries", "plans", "archive")


@pytest.mark.covers("W1", "W2", "W7", "W8", "W18", "W23")
@pytest.mark.parametrize(
    ("point", "lost"),
    [
        ("once the attempt is written down", MIRROR),
        ("once Jira keeps the attempt", MIRROR),
        ("once the lock is held", ()),
        ("once the lock is held", ALL),
        ("once bps is started", MIRROR),
        ("once the sub-task is made", MIRROR),
        ("once the request id is written down", ALL),
    ],
    ids=lambda value: value if isinstance(value, str) else f"without {' '.join(value) or 'loss'}",
)
def test_a_bot_killed_at_one_step(story: Story, point: str, lost: tuple[str, ...]) -> None:
    story.die(*POINTS[point])
    story.lose(*lost)
    story.is_submitted_once(story.go_on())


@pytest.mark.covers("W1", "W2", "W6", "W8", "D5")
def test_a_campaign_whose_bot_is_killed_at_every_step_completes_once(story: Story) -> None:
    story.panda.control("hold", command="submit")
    for name, point in POINTS.items():
        if name == "while the request id is written down":
            story.panda.control("release")
        story.die(*point)
    story.panda.control("executor", paused=False)
    for point in ENDING.values():
        story.die(*point)
    story.bot.start()
    story.bot.until(lambda: story.alice.status(story.epic) == Status.COMPLETED)
    story.calm_down()
    assert set(story.alice.statuses().values()) == {Status.COMPLETED}
    assert len(story.panda.requests()) == 1
    (group,) = story.alice.groups(story.step)
    first, kept = archive.show(story.bot.edges, group)
    assert [each.manifest.stage for each in (first, kept)] == ["ended", "ended"]
    assert [each.manifest.as_run.state for each in (first, kept)] == ["not submitted", "succeeded"]
    assert kept.sha256 == story.alice.field(group, "Archive hash")
    assert archive.verify(story.bot.edges.settings, lambda _: None).damages == []
    assert story.said(story.epic) == {"h4": 1, "*Launched": 1, "*Completed": 1}
    assert story.said(story.step) == {"h4": 1, "*Completed": 1}
    assert story.alice.moves(story.epic) == [
        ("alice", "Launch"),
        ("cmbot", "Running"),
        ("cmbot", "Completed"),
    ]
