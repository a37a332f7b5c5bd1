"""What of the campaigns is asked for: filters, order and place, as they stand in an address."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING

from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.models.issues import Issue

SORTS = ("changed", "key", "name", "production", "owner", "status", "done", "failed")
"""What campaigns can be sorted by."""
MOST = 10_000
"""Rows of the longest page."""
_LONGEST = 200


class NoSuchPage(UserError):
    """There is no page at an address."""


@dataclass(frozen=True)
class Query:
    """Filters, order and place; empty for anything."""

    production: str = ""
    """Its production, exactly."""
    type: str = ""
    """Its kind: ``DataProc`` …"""
    site: str = ""
    """A site at which one of its steps runs (requirement F5)."""
    owner: str = ""
    """Who defined it: account or name."""
    operator: str = ""
    """One of those who look after it or a step of it: account or name."""
    status: str = ""
    """Its status."""
    text: str = ""
    """Words of its key or name, without regard to case."""
    sort: str = "changed"
    """One of `SORTS`; with ``-`` in front the other way round."""
    after: str = ""
    """Key of the campaign after which the list goes on."""
    rows: str = "50"
    """How many campaigns are on a page."""

    @property
    def filters(self) -> Mapping[str, str]:
        """What is asked for, as words of an address."""
        return {
            name: value
            for name, value in asdict(self).items()
            if value and name not in {"sort", "after", "rows"}
        }

    @property
    def words(self) -> Mapping[str, str]:
        """The whole of it, as words of an address."""
        return {
            field.name: value
            for field in fields(self)
            if (value := getattr(self, field.name)) != field.default
        }

    def sorted_by(self, column: str) -> Query:
        """The same in another order; asked twice, the other way round."""
        return replace(self, sort=f"-{column}" if self.sort == column else column, after="")


def parse(words: Mapping[str, str]) -> Query:
    """Read a query from an address.

    Parameters
    ----------
    words : `~collections.abc.Mapping` [`str`, `str`]
        Its words; hostile.

    Returns
    -------
    query : `Query`
        What is asked for.

    Raises
    ------
    UserError
        If a word is not known, or means nothing.
    """
    known = {field.name for field in fields(Query)}
    for name, value in words.items():
        if name not in known:
            raise UserError("the address", f"asks for {name[:50]!r}", f"use {', '.join(sorted(known))}")
        if len(value) > _LONGEST:
            raise UserError("the address", f"{name} is longer than {_LONGEST} characters", "shorten it")
    query = Query(**{name: value.strip() for name, value in words.items() if value.strip()})
    if query.sort.removeprefix("-") not in SORTS:
        raise UserError("the address", f"sort={query.sort!r} is not known", f"use {', '.join(SORTS)}")
    count(query.rows)
    return query


def count(text: str) -> int:
    """Read how many rows a page is to have.

    Parameters
    ----------
    text : `str`
        From an address; hostile.

    Returns
    -------
    count : `int`
        From 1 to `MOST`.

    Raises
    ------
    UserError
        If it is no such number.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 1 <= int(text) <= MOST):
        raise UserError(
            "the address", f"rows={text[:50]!r} is not possible", f"use a number from 1 to {MOST}"
        )
    return int(text)


def matches(query: Query, epic: Issue) -> bool:
    """Tell whether a campaign is asked for, as far as its epic says; its sites are looked at later.

    Parameters
    ----------
    query : `Query`
        What is asked for.
    epic : `~cmbot.models.issues.Issue`
        The campaign.

    Returns
    -------
    matches : `bool`
        Whether.
    """
    people = {"owner": (epic.fields.get("Definer"),), "operator": epic.fields.get("Operators", ())}
    return (
        query.production in {"", epic.fields.get("Production", "")}
        and query.type in {"", epic.fields.get("Campaign kind", "")}
        and query.status.casefold() in {"", epic.status.casefold()}
        and all(
            not (wanted := getattr(query, name))
            or any(one is not None and wanted in {one.account, one.name} for one in found)
            for name, found in people.items()
        )
        and all(word in f"{epic.key} {epic.summary}".casefold() for word in query.text.casefold().split())
    )
