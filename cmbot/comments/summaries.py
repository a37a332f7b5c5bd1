"""Summaries as text that people read: attached to issues and printed, in Markdown (requirement E13)."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

from cmbot.models.summary import CampaignSummary, ProductionSummary, StepSummary
from cmbot.models.views import Counts

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment

    from cmbot.models.summary import Totals

MOST = 200
"""Rows of a table; all of them are in the JSON."""
_MARKUP = re.compile(r"[\\`*\[\]<>|#]")
_LINES = re.compile(r"\n{3,}")


def readable(environment: Environment, summary: CampaignSummary | StepSummary | ProductionSummary) -> str:
    """Write a summary.

    Parameters
    ----------
    environment : `jinja2.Environment`
        With the templates of ``templates/comments``.
    summary : `~cmbot.models.summary.CampaignSummary` or `StepSummary` or `ProductionSummary`
        What came of something.

    Returns
    -------
    text : `str`
        Markdown; the same for the same summary.
    """
    own = environment.overlay(trim_blocks=True, lstrip_blocks=True)
    own.filters = {
        # The overlay shares its filters with the comments, whose instants are wiki markup.
        **environment.filters,
        "plain": plain,
        "instant": _instant,
        "hours": lambda hours: "not known" if hours is None else f"{hours:.3g}",
        "known": lambda number: "not known" if number is None else number,
        "percent": _percent,
    }
    campaign = summary if isinstance(summary, CampaignSummary) else None
    steps = (summary,) if isinstance(summary, StepSummary) else campaign.steps if campaign else ()
    text = own.get_template("summary.md.j2").render(
        production=summary if isinstance(summary, ProductionSummary) else None,
        campaign=campaign,
        steps=steps,
        most=MOST,
    )
    return _LINES.sub("\n\n", text).strip() + "\n"


def plain(text: object) -> str:
    """Show text from outside as it is, in one line.

    Parameters
    ----------
    text : `object`
        From anywhere.

    Returns
    -------
    markup : `str`
        Without any meaning as Markdown, and without what cannot be seen.
    """
    line = "".join(filter(str.isprintable, " ".join(str(text).split())))
    return _MARKUP.sub(r"\\\g<0>", line)


def _instant(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else ""


def _percent(totals: Totals) -> float:
    """Never 100 unless exactly all were made (requirement V9)."""
    return Counts(totals.expected, totals.produced).percent
