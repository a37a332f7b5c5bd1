"""Which page stands at which address, and what it is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError
from cmbot.mirror import seen
from cmbot.operations import attention
from cmbot.pages import home, query
from cmbot.reconcile import views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView
    from cmbot.operations.attention import Waits
    from cmbot.web.desk import Reading


@dataclass(frozen=True)
class Page:
    """A page before it is written."""

    template: str
    """Name of its template."""
    model: Any
    """What it shows, as a dataclass."""


class NoSuchPage(UserError):
    """There is no page at an address."""


def page(reading: Reading, path: str, words: Mapping[str, str]) -> Page:
    """Make the page at an address.

    Parameters
    ----------
    reading : `~cmbot.web.desk.Reading`
        One state of the mirror.
    path : `str`
        The address, without a slash in front; empty for the first page.
    words : `~collections.abc.Mapping` [`str`, `str`]
        What is asked for.

    Returns
    -------
    page : `Page`
        To be written.

    Raises
    ------
    NoSuchPage
        If there is none.
    UserError
        If it is asked for something that is not known.
    """
    name, *parts = path.split("/")
    if name not in _PAGES or len(parts) not in _PAGES[name][0]:
        raise NoSuchPage(path[:200], "there is no such page", "begin at the first one")
    model = _PAGES[name][1](reading, words, *parts)
    return Page(name or "home", model)


def _home(reading: Reading, words: Mapping[str, str]) -> home.HomePage:
    asked, local = query.parse(words), reading.local
    ids = seen.campaigns_since(local.mirror, reading.since(home.RECENT))
    campaigns = [reading.campaign(views.epic(local, issue_id)) for issue_id in ids]
    waiting = attention.among(local, campaigns, whole=True)
    where = {key: view.issue.key for view in campaigns for key in views.members(view)}
    rows = list(_rows(campaigns, waiting))
    matching = {view.issue.key for view in campaigns if query.matches(asked, view.issue)}
    wanted = [row for row in rows if row.key in matching and asked.site in {"", *row.sites}]
    shown, more = home.page(wanted, asked)
    keys = {row.key for row in wanted}
    return home.HomePage(
        fresh=reading.fresh,
        query=asked,
        waiting=tuple(each for each in waiting if not asked.filters or where.get(each.key) in keys),
        active=tuple(row for row in shown if row.active),
        recent=tuple(row for row in shown if not row.active),
        more=more,
        campaigns={each.key: where[each.key] for each in waiting if each.key in where},
        choices=home.choices(rows),
    )


def _older(reading: Reading, words: Mapping[str, str]) -> home.OlderPage:
    """Campaigns of any age: epics are read until a page is full, whole campaigns only for what is shown."""
    asked, local = query.parse(words), reading.local
    found: list[Issue] = []
    place = None
    if asked.after:
        issue_id = next((str(body["id"]) for body in seen.bodies(local.mirror, key=asked.after)), "")
        known = seen.version(local.mirror, issue_id)
        if known is None:
            raise UserError(
                "the address", f"after={asked.after!r} is not known here", "begin at the first page"
            )
        place = (known[1], issue_id)
    for _, issue_id in seen.campaigns_before(local.mirror, place):
        epic = views.epic(local, issue_id)
        if query.matches(asked, epic):
            found.append(epic)
        if len(found) > home.PAGE:
            break
    shown = [reading.campaign(epic) for epic in found[: home.PAGE]]
    waiting = attention.among(local, shown, whole=False)
    rows = tuple(row for row in _rows(shown, waiting) if asked.site in {"", *row.sites})
    more = shown[-1].issue.key if len(found) > home.PAGE else ""
    return home.OlderPage(reading.fresh, asked, rows, more)


def _rows(campaigns: Sequence[CampaignView], waiting: Sequence[Waits]) -> Iterator[home.CampaignRow]:
    for view in campaigns:
        keys = set(views.members(view))
        yield home.row(view, [each for each in waiting if each.key in keys])


_PAGES: Mapping[str, tuple[frozenset[int], Callable[..., Any]]] = {
    "": (frozenset({0}), _home),
    "older": (frozenset({0}), _older),
}
"""By first word of the address: how many more there may be, and what makes the model."""
