"""Show how campaigns are, from the mirror alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import dropwhile, takewhile
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError
from cmbot.jira_schema import parse
from cmbot.mirror import events, seen
from cmbot.models.issues import Level
from cmbot.reconcile import views

if TYPE_CHECKING:
    from cmbot.mirror.events import Event
    from cmbot.models.attempts import Attempt
    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView, Counts, GroupView, StepView
    from cmbot.reconcile.edges import Local


@dataclass(frozen=True)
class Line:
    """One campaign, step or group."""

    level: Level
    """What it is."""
    key: str
    """Its key; empty for a group without a sub-task."""
    name: str
    """Its name."""
    status: str
    """Its status in Jira, with ``failing`` if it runs and something failed; for a group its finer state."""
    attempt: str
    """Newest attempt of a group."""
    request: int | None
    """Its request id."""
    jobs: Counts
    """How far its jobs are."""
    quanta: Counts
    """How many of its quanta are known to be in the Butler."""
    summary: str
    """The reason of its state."""
    heard_at: str = ""
    """When PanDA last said how it is, as ISO 8601; empty for what PanDA is not asked about."""
    expected_end: str = ""
    """When what runs ends if it goes on as so far, as ISO 8601; empty before a tenth is done."""

    @property
    def estimate(self) -> str:
        """The same for people."""
        end = datetime.fromisoformat(self.expected_end) if self.expected_end else None
        return f"ends about {end:%Y-%m-%d %H:%M} UTC (an estimate, from the rate so far)" if end else ""

    def to_json(self) -> dict[str, Any]:
        """Give it to a script.

        Returns
        -------
        data : `dict`
            By field.
        """
        return asdict(self)


def status(local: Local, key: str = "") -> tuple[Line, ...]:
    """List campaigns, or one campaign with its steps and groups.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`, optional
        Key of a campaign, step or group; empty for all campaigns.

    Returns
    -------
    lines : `tuple` [`Line`, ...]
        From the outside in.

    Raises
    ------
    UserError
        If the key is not known here.
    """
    if not key:
        return tuple(_lines(views.campaign(local, epic))[0] for epic in views.epics(local))
    return _lines(views.campaign(local, epic_of(local, key)))


def below(local: Local, key: str) -> tuple[Line, ...]:
    """List a campaign, step or group with what is below it.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Its key.

    Returns
    -------
    lines : `tuple` [`Line`, ...]
        From the outside in, itself first.

    Raises
    ------
    UserError
        If the key is not known here.
    """
    levels, key = list(Level), seen.renamed(local.mirror).get(key, key)
    lines = list(dropwhile(lambda line: line.key != key, status(local, key)))
    own = levels.index(lines[0].level) if lines else 0
    return (*lines[:1], *takewhile(lambda line: levels.index(line.level) > own, lines[1:]))


def old(line: Line, limit: timedelta) -> str:
    """Say how old is what PanDA said of a group, if it is older than it would be if PanDA answered.

    Parameters
    ----------
    line : `Line`
        The group.
    limit : `datetime.timedelta`
        What is younger is not worth a word.

    Returns
    -------
    text : `str`
        For people who look now; empty if it is fresh.
    """
    if not line.heard_at:
        return ""
    heard, minute = datetime.fromisoformat(line.heard_at), timedelta(minutes=1)
    age = datetime.now(UTC) - heard
    if age <= max(limit, minute):
        return ""
    return f"what PanDA said is {age // minute} minutes old ({heard:%Y-%m-%d %H:%M} UTC)"


def history(local: Local, key: str) -> tuple[Event, ...]:
    """List what happened to a campaign, a step or a group.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Its key; of a campaign everything, its steps and groups included. Or the name of a site.

    Returns
    -------
    events : `tuple` [`~cmbot.mirror.events.Event`, ...]
        Oldest first.

    Raises
    ------
    UserError
        If the key is not known here.
    """
    if key in local.settings.sites:
        return events.of(local.mirror, (key,))
    epic = epic_of(local, key)
    key = seen.renamed(local.mirror).get(key, key)
    if epic.key != key:
        return events.of(local.mirror, (key,))
    return events.of(local.mirror, tuple(line.key for line in status(local, key) if line.key))


def epic_of(local: Local, key: str) -> Issue:
    """Find the campaign that an issue belongs to.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Key of a campaign, step or group.

    Returns
    -------
    epic : `~cmbot.models.issues.Issue`
        The campaign.

    Raises
    ------
    UserError
        If the key is not known here.
    """
    key = seen.renamed(local.mirror).get(key, key)
    body = next(iter(seen.bodies(local.mirror, key=key)), None)
    if body is None:
        raise UserError(key, "is not known here", "check the key, or run `cmbot sync --once`")
    issue = parse.issue(body, local.names)
    return views.epic(local, issue.id) if issue.level is Level.CAMPAIGN else epic_of(local, issue.parent)


def _lines(view: CampaignView) -> tuple[Line, ...]:
    problems = "; ".join(map(str, view.problems))
    lines = [_issue_line(view.issue, view.issue.summary, view, problems)]
    for step in view.steps:
        stale = f"stale: {step.stale}" if step.stale else ""
        waits = "; ".join(filter(None, (step.waiting, step.paced))) or "; ".join(map(str, step.problems))
        said = "; ".join(filter(None, (stale, waits)))
        lines.append(_issue_line(step.issue, step.name, step, said))
        lines += [_group_line(group) for group in step.groups]
    return tuple(lines)


def _issue_line(issue: Issue, name: str, view: CampaignView | StepView, summary: str) -> Line:
    said = issue.judgement
    judged = f"judged {said.verdict}{f' by {said.by}' if said.by else ''}: {said.reason}" if said else ""
    summary = "; ".join(filter(None, (_frozen(issue), judged.rstrip(": "), summary)))
    status = f"{issue.status}, failing" if view.failing else issue.status
    end = _iso(view.expected_end)
    return Line(
        issue.level, issue.key, name, status, "", None, view.jobs, view.quanta, summary, expected_end=end
    )


def _iso(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _frozen(issue: Issue | None) -> str:
    return f"frozen: {issue.frozen}" if issue is not None and issue.frozen else ""


def _group_line(group: GroupView) -> Line:
    last = group.last
    return Line(
        level=Level.GROUP,
        key=group.issue.key if group.issue else "",
        name=group.name,
        status=group.state,
        attempt=last.label if last else "",
        request=last.last_try.request_id if last and last.last_try else None,
        jobs=group.jobs,
        quanta=group.quanta,
        summary="; ".join(
            filter(None, (_frozen(group.issue), *((last.summary, last.attention) if last else ())))
        ),
        heard_at=_heard_at(last) if last else "",
        expected_end=_iso(group.expected_end),
    )


def _heard_at(attempt: Attempt) -> str:
    item = attempt.last_try
    return item.seen_at.isoformat() if attempt.state.live and item and item.seen_at else ""
