"""The pages about all campaigns together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.exceptions import UserError
from cmbot.operations import errors, sites, system
from cmbot.operations.status import epic_of
from cmbot.pages.overviews import ErrorsPage, SitesPage, SystemPage, matrix
from cmbot.web import lists

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.web.desk import Reading


def failures(reading: Reading, words: Mapping[str, str]) -> ErrorsPage:
    """Make the page of errors.

    Parameters
    ----------
    reading : `~cmbot.web.desk.Reading`
        One state of the mirror.
    words : `~collections.abc.Mapping` [`str`, `str`]
        ``key``: the only campaign to look at.

    Returns
    -------
    page : `~cmbot.pages.overviews.ErrorsPage`
        Of the campaigns that are on the first page, or of that one.

    Raises
    ------
    UserError
        If it is asked for something that is not known.
    """
    if strange := set(words) - {"key"}:
        raise UserError("the address", f"asks for {strange.pop()[:50]!r}", "use key")
    key = words.get("key", "")
    local = reading.local
    campaigns = [reading.campaign(epic_of(local, key))] if key else lists.recent(reading)[0]
    found = errors.among(local, campaigns)
    matrices = tuple(matrix(what, found.by(what)) for what in errors.BY)
    return ErrorsPage(reading.fresh, key, matrices, found.rules)


def places(reading: Reading, words: Mapping[str, str]) -> SitesPage:
    """Make the page of sites.

    Parameters
    ----------
    reading : `~cmbot.web.desk.Reading`
        One state of the mirror.
    words : `~collections.abc.Mapping` [`str`, `str`]
        ``site``: the only site to look at (requirement F5).

    Returns
    -------
    page : `~cmbot.pages.overviews.SitesPage`
        The page.

    Raises
    ------
    UserError
        If the site is not known.
    """
    named = [words["site"]] if words.get("site") else ()
    return SitesPage(reading.fresh, sites.listed(reading.local, named))


def itself(reading: Reading, words: Mapping[str, str]) -> SystemPage:
    """Make the page of cmbot itself.

    Parameters
    ----------
    reading : `~cmbot.web.desk.Reading`
        One state of the mirror.
    words : `~collections.abc.Mapping` [`str`, `str`]
        Nothing can be asked for.

    Returns
    -------
    page : `~cmbot.pages.overviews.SystemPage`
        The page.
    """
    del words
    return SystemPage(reading.fresh, system.system(reading.local, reading.now))
