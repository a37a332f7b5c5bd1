"""Make a lost mirror again from what Jira and the WMS know, submitting nothing (requirements W1, W8)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cmbot.comments.render import status_marker
from cmbot.exceptions import RemoteError
from cmbot.mirror import Mirror, journal, outbox, plans, seen, unread
from cmbot.models.issues import Level
from cmbot.reconcile import follow, observe, restoring, views
from cmbot.reconcile.opening import mirror_file, open_edges

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cmbot.models.issues import Issue
    from cmbot.reconcile.edges import Edges
    from cmbot.settings import Settings

_PARTS = ("", "-wal", "-shm")


@dataclass(frozen=True)
class Rebuilt:
    """What a mirror holds again."""

    campaigns: int
    """Campaigns."""
    steps: int
    """Steps."""
    groups: int
    """Groups of steps that were submitted."""
    attempts: int
    """Attempts."""
    live: int
    """Attempts that are still followed."""
    comments: int
    """Comments that will not be written again."""
    problems: tuple[str, ...]
    """What could not be found out, or contradicts itself."""

    def to_json(self) -> dict[str, Any]:
        """Give it to a script.

        Returns
        -------
        data : `dict`
            By field.
        """
        return asdict(self)


def run(settings: Settings, say: Callable[[str], None], *, dry_run: bool) -> Rebuilt:
    """Make the mirror again.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.
    say : `~collections.abc.Callable`
        Told how far it is.
    dry_run : `bool`
        Whether the new mirror is thrown away, and the old one left alone.

    Returns
    -------
    rebuilt : `Rebuilt`
        What it holds.

    Raises
    ------
    RemoteError
        If a cmbot works with the old mirror, or Jira does not answer.
    """
    now = datetime.now(UTC)
    if dry_run:
        return _made(settings, say, now, lasting=False)
    aside = put_aside(settings, now)
    try:
        made = _made(settings, say, now, lasting=True)
    except BaseException:
        # Half a mirror is worth less than the old one, which knows what people were told.
        _remove(mirror_file(settings))
        if aside:
            _move(aside, mirror_file(settings))
            say("the old mirror is back in its place")
        raise
    if aside:
        say(f"the old mirror is now {aside}")
    return made


def _made(settings: Settings, say: Callable[[str], None], now: datetime, *, lasting: bool) -> Rebuilt:
    edges = open_edges(settings, lasting=lasting)
    try:
        return rebuild(edges, say, now)
    finally:
        edges.mirror.release_lease()
        edges.mirror.close()


def _remove(file: Path) -> None:
    for part in _PARTS:
        file.with_name(file.name + part).unlink(missing_ok=True)


def _move(file: Path, to: Path) -> None:
    for part in _PARTS:
        source = file.with_name(file.name + part)
        if source.exists():
            source.rename(to.with_name(to.name + part))


def put_aside(settings: Settings, now: datetime) -> Path | None:
    """Move an old mirror out of the way, unless a cmbot works with it.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    file : `pathlib.Path` or `None`
        Where it is now; `None` if there was none.

    Raises
    ------
    RemoteError
        If a cmbot holds its lease.
    """
    file = mirror_file(settings)
    if not file.exists():
        return None
    try:
        old = Mirror(file)
    except RemoteError:
        # Broken: that is why it is made again.
        pass
    else:
        try:
            old.take_lease(now, settings.work.lease)
            old.release_lease()
        finally:
            old.close()
    aside = file.with_name(f"{file.name}.{now.strftime('%Y%m%dT%H%M%S%f')}")
    _move(file, aside)
    return aside


def rebuild(edges: Edges, say: Callable[[str], None], now: datetime) -> Rebuilt:
    """Fill an empty mirror.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world, with an empty mirror.
    say : `~collections.abc.Callable`
        Told how far it is.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    rebuilt : `Rebuilt`
        What it holds.

    Raises
    ------
    RemoteError
        If Jira does not answer: begin again.
    """
    edges.mirror.take_lease(now, edges.settings.work.lease)
    say("reading all issues of the project")
    more = True
    while more:
        news = observe.changes(edges, now)
        if news.trouble is not None:
            raise news.trouble
        more = news.more
    problems = [f"{key} {why}" for key, why in unread.left(edges.mirror)]
    epics = views.epics(edges)
    for number, epic in enumerate(epics, start=1):
        say(f"{epic.key} ({number} of {len(epics)})")
        restoring.link(edges, epic)
        view = views.campaign(edges, epic)
        problems += follow.look(edges, view, now)
        for issue in (epic, *(step.issue for step in view.steps)):
            _what_was_told(edges, issue, now)
        for step in view.steps:
            if step.groups:
                problems += [f"{step.issue.key} {problem}" for problem in step.problems]
            for group in step.groups:
                if group.issue is not None and group.attempts:
                    _what_was_told(edges, group.issue, now)
        # Renewed, for a large project takes longer than a lease.
        edges.mirror.take_lease(now, edges.settings.work.lease)
    return _count(edges, len(epics), problems)


def _what_was_told(edges: Edges, issue: Issue, now: datetime) -> None:
    told = edges.jira.told(issue.id)
    with edges.mirror.writing() as connection:
        for marker, said in told.items():
            kind = "status comment" if marker == status_marker(issue.id) else "comment"
            outbox.was_told(connection, (issue.id, issue.key), kind, marker, said, now)


def _count(edges: Edges, campaigns: int, problems: list[str]) -> Rebuilt:
    steps = [str(body["id"]) for body in seen.bodies(edges.mirror, level=Level.STEP)]
    groups = [group for step in steps for group in journal.attempts(edges.mirror, step).values()]
    attempts = [item for group in groups for item in group]
    return Rebuilt(
        campaigns=campaigns,
        steps=len(steps),
        groups=sum(len(plans.groups_of(edges.mirror, step)) for step in steps),
        attempts=len(attempts),
        live=sum(item.state.live for item in attempts),
        comments=outbox.count_told(edges.mirror),
        problems=tuple(problems),
    )
