"""Who is asked to do something, and how often (requirements D7, V12, V21)."""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from cmbot.models.notices import NoticeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from cmbot.models.attempts import Cause
    from cmbot.models.issues import Issue, Person
    from cmbot.models.notices import Notice
    from cmbot.models.views import CampaignView

APART = timedelta(days=1)
"""Least time between two mentions of a person for one reason (requirement V12)."""
_NEEDS_A_PERSON = frozenset(
    {NoticeKind.PAUSED, NoticeKind.FAILED, NoticeKind.ATTENTION, NoticeKind.DISTRUSTED}
)


def operators(
    path: Sequence[Issue], on_shift: tuple[Person, ...], me: Person, cause: Cause | None
) -> tuple[Person, ...]:
    """Say whose something is: the roster's, else Jira's, else whose act is behind it.

    Parameters
    ----------
    path : `~collections.abc.Sequence` [`~cmbot.models.issues.Issue`]
        From the epic inwards.
    on_shift : `tuple` [`~cmbot.models.issues.Person`, ...]
        Who is on shift; empty without a roster, and in a gap.
    me : `~cmbot.models.issues.Person`
        cmbot's own account, which is nobody's operator.
    cause : `~cmbot.models.attempts.Cause` or `None`
        The human act behind it.

    Returns
    -------
    people : `tuple` [`~cmbot.models.issues.Person`, ...]
        Each once; of the innermost issue that names operators, or is assigned to somebody.
    """
    if on_shift:
        return on_shift
    for issue in reversed(path):
        named = issue.fields.get("Operators") or filter(None, (issue.assignee,))
        if others := tuple(dict.fromkeys(person for person in named if person != me)):
            return others
    return (cause.by,) if cause else ()


def asked(notice: Notice, view: CampaignView, on_shift: tuple[Person, ...]) -> tuple[Person, ...]:
    """Say who should act on a notice.

    Parameters
    ----------
    notice : `~cmbot.models.notices.Notice`
        What is told.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    on_shift : `tuple` [`~cmbot.models.issues.Person`, ...]
        Who is on shift.

    Returns
    -------
    people : `tuple` [`~cmbot.models.issues.Person`, ...]
        Nobody for what is only good to know; for a refusal whose act it was.
    """
    if notice.kind in _NEEDS_A_PERSON:
        return operators(_path(view, notice.issue), on_shift, view.me, notice.cause)
    return (notice.cause.by,) if notice.kind is NoticeKind.REFUSED and notice.cause else ()


def reason(notice: Notice, view: CampaignView) -> str:
    """Name why somebody is mentioned: what has the same name is one reason.

    Parameters
    ----------
    notice : `~cmbot.models.notices.Notice`
        What is told.
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    name : `str`
        Groups of one campaign that fail, or overdue in the same way, are one reason; every refused act is one
        of its own.
    """
    if notice.kind is NoticeKind.REFUSED:
        return notice.marker
    why = "".join(notice.happened) if notice.kind is NoticeKind.ATTENTION else ""
    # What differs from group to group are numbers.
    digest = sha256(re.sub(r"\d+", "", why).encode()).hexdigest()[:8] if why else ""
    return ":".join(filter(None, (notice.kind, view.issue.id, digest)))


def due(people: Iterable[Person], last: Mapping[str, datetime], now: datetime) -> tuple[Person, ...]:
    """Choose who may be mentioned.

    Parameters
    ----------
    people : `~collections.abc.Iterable` [`~cmbot.models.issues.Person`]
        Who should act.
    last : `~collections.abc.Mapping` [`str`, `datetime.datetime`]
        Account -> when it was mentioned last for this reason.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    people : `tuple` [`~cmbot.models.issues.Person`, ...]
        The others are only named.
    """
    return tuple(
        person for person in people if person.account not in last or now - last[person.account] >= APART
    )


def _path(view: CampaignView, issue: Issue) -> tuple[Issue, ...]:
    for step, group in view.groups:
        if group.issue is not None and group.issue.id == issue.id:
            return view.path(step, group)
    return (view.issue,) if issue.id == view.issue.id else (view.issue, issue)
