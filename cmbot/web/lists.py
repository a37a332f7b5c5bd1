"""The pages that list campaigns."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cmbot.exceptions import CmbotError, UserError
from cmbot.mirror import seen
from cmbot.operations import attention
from cmbot.pages import home, query
from cmbot.pages.waiting import placed
from cmbot.reconcile import views

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView
    from cmbot.operations.attention import Waits
    from cmbot.web.desk import Reading

_LOG = logging.getLogger(__name__)
_READ = 500
"""Epics that are read for one page of older ones: filters that find little cost no more than that."""


def first(reading: Reading, words: Mapping[str, str]) -> home.HomePage:
    """Make the first page.

    Parameters
    ----------
    reading : `~cmbot.web.desk.Reading`
        One state of the mirror.
    words : `~collections.abc.Mapping` [`str`, `str`]
        What is asked for, see `~cmbot.pages.query.Query`.

    Returns
    -------
    page : `~cmbot.pages.home.HomePage`
        The page.

    Raises
    ------
    UserError
        If it is asked for something that is not known.
    """
    asked, local = query.parse(words), reading.local
    campaigns, broken = recent(reading)
    waiting = attention.among(local, campaigns, whole=True)
    rows = list(_rows(campaigns, waiting))
    matching = {view.issue.key for view in campaigns if query.matches(asked, view.issue)}
    wanted = [row for row in rows if row.key in matching and asked.site in {"", *row.sites}]
    shown, more = home.page(wanted, asked)
    keys = {row.key for row in wanted}
    return home.HomePage(
        fresh=reading.fresh,
        query=asked,
        waiting=tuple(
            each for each in placed(waiting, campaigns) if not asked.filters or each.campaign in keys
        ),
        active=tuple(row for row in shown if row.active),
        recent=tuple(row for row in shown if not row.active),
        more=more,
        choices=home.choices(rows),
        broken=broken,
    )


def recent(reading: Reading) -> tuple[list[CampaignView], tuple[str, ...]]:
    """Put the campaigns together that are active or changed lately.

    Parameters
    ----------
    reading : `~cmbot.web.desk.Reading`
        One state of the mirror.

    Returns
    -------
    campaigns : `list` [`~cmbot.models.views.CampaignView`]
        The last changed first.
    broken : `tuple` [`str`, ...]
        Keys of those that cannot be put together.
    """
    ids = seen.campaigns_since(reading.local.mirror, reading.now - home.RECENT)
    return _together(reading, (views.epic(reading.local, issue_id) for issue_id in ids))


def older(reading: Reading, words: Mapping[str, str]) -> home.OlderPage:
    """List campaigns of any age: epics are read until a page is full, whole campaigns only for what is shown.

    Parameters
    ----------
    reading : `~cmbot.web.desk.Reading`
        One state of the mirror.
    words : `~collections.abc.Mapping` [`str`, `str`]
        What is asked for, see `~cmbot.pages.query.Query`.

    Returns
    -------
    page : `~cmbot.pages.home.OlderPage`
        The page.

    Raises
    ------
    UserError
        If it is asked for something that is not known.
    """
    asked, local = query.parse(words), reading.local
    found: list[Issue] = []
    most = query.count(asked.rows)
    place = None
    if asked.after:
        issue_id = next((str(body["id"]) for body in seen.bodies(local.mirror, key=asked.after)), "")
        known = seen.version(local.mirror, issue_id)
        if known is None:
            raise UserError(
                "the address", f"after={asked.after!r} is not known here", "begin at the first page"
            )
        place = (known[1], issue_id)
    more = last = ""
    for number, (_, issue_id) in enumerate(seen.campaigns_before(local.mirror, place)):
        if len(found) == most or number == _READ:
            more = last
            break
        epic = views.epic(local, issue_id)
        last = epic.key
        if query.matches(asked, epic):
            found.append(epic)
    shown, broken = _together(reading, found)
    waiting = attention.among(local, shown, whole=False)
    rows = tuple(row for row in _rows(shown, waiting) if asked.site in {"", *row.sites})
    return home.OlderPage(reading.fresh, asked, rows, more, broken)


def _together(reading: Reading, epics: Iterable[Issue]) -> tuple[list[CampaignView], tuple[str, ...]]:
    """Put campaigns together; one that cannot be does not hide the others (design.md rule 8)."""
    found, broken = [], []
    for epic in epics:
        try:
            found.append(reading.campaign(epic))
        except Exception as error:  # noqa: BLE001 - a defect met in one campaign must not hide the others
            broken.append(epic.key)
            level = logging.WARNING if isinstance(error, CmbotError) else logging.ERROR
            _LOG.log(level, "%s cannot be shown: %r", epic.key, error)
    return found, tuple(broken)


def _rows(campaigns: Sequence[CampaignView], waiting: Sequence[Waits]) -> Iterator[home.CampaignRow]:
    for view in campaigns:
        keys = set(views.members(view))
        yield home.row(view, [each for each in waiting if each.key in keys])
