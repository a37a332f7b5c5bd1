"""Failures of campaigns added up: by code and step, site and day, and what the rules made of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cmbot.operations.status import epic_of
from cmbot.reconcile import failures, views
from cmbot.wms.explaining import Explaining

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Local

BY = ("step", "site", "day")
"""What failures are added up by."""


@dataclass(frozen=True)
class Cell:
    """Inputs that failed for one reason, of one step, at one site and day."""

    error: str
    """Component and code: ``pilot:1305``."""
    step: str
    """``CM-2 step1``."""
    site: str
    """Where; empty where nobody knows."""
    day: str
    """When the attempt ended, in UTC: ``2026-11-20``."""
    rule: str
    """Rule that decided; empty for none."""
    would: str
    """Passive rule that would have decided; empty for none."""
    count: int
    """Inputs."""


@dataclass(frozen=True)
class RuleTotal:
    """What came of one rule (requirement V5)."""

    name: str
    """Its name."""
    active: bool
    """Whether it decides; otherwise it only counts."""
    flavour: str
    """Where such failures come from."""
    action: str
    """What it does."""
    decided: int
    """Inputs for which it decided."""
    would: int
    """Inputs for which it would have decided, were it active."""


@dataclass(frozen=True)
class Totals:
    """Failures added up."""

    cells: tuple[Cell, ...]
    """Failures of all attempts that have ended, also of those that were mended by a later one."""
    rules: tuple[RuleTotal, ...]
    """All rules of the catalogue, in its order."""

    def by(self, what: str) -> Mapping[str, Mapping[str, int]]:
        """Add up by error and step, site or day.

        Parameters
        ----------
        what : `str`
            One of `BY`.

        Returns
        -------
        matrix : `dict` [`str`, `dict` [`str`, `int`]]
            Errors, the most frequent first, by what was asked for.
        """
        total: Counter[str] = Counter()
        matrix: dict[str, Counter[str]] = {}
        for cell in self.cells:
            total[cell.error] += cell.count
            matrix.setdefault(cell.error, Counter())[getattr(cell, what)] += cell.count
        return {error: dict(sorted(matrix[error].items())) for error, _ in total.most_common()}

    def to_json(self) -> dict[str, Any]:
        """Give it to a script."""
        return asdict(self) | {f"by_{what}": self.by(what) for what in BY}


def totals(local: Local, key: str = "") -> Totals:
    """Add failures up.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`, optional
        Key of a campaign, step or group, of whose campaign; empty for all.

    Returns
    -------
    totals : `Totals`
        What failed, and what the rules made of it.

    Raises
    ------
    UserError
        If the key is not known here.
    """
    epics = [epic_of(local, key)] if key else views.epics(local)
    return among(local, (views.campaign(local, epic) for epic in epics))


def among(local: Local, campaigns: Iterable[CampaignView]) -> Totals:
    """Add failures up of campaigns that were put together already.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    campaigns : `~collections.abc.Iterable` [`~cmbot.models.views.CampaignView`]
        The campaigns.

    Returns
    -------
    totals : `Totals`
        As `totals`.
    """
    cells = tuple(cell for view in campaigns for step in view.steps for cell in _cells(local, step))
    decided, would = Counter[str](), Counter[str]()
    for cell in cells:
        decided[cell.rule] += cell.count
        would[cell.would] += cell.count
    rules = tuple(
        RuleTotal(rule.name, rule.active, rule.flavour, rule.action, decided[rule.name], would[rule.name])
        for rule in local.catalogue.rules
    )
    return Totals(cells, rules)


def _cells(local: Local, step: StepView) -> Iterator[Cell]:
    for group in step.groups:
        for attempt in group.attempts:
            if attempt.ended_at is None:
                continue
            day = f"{attempt.ended_at:%Y-%m-%d}"
            # One by one: reasons that are shown as one may come from several sites.
            for kind in failures.kinds(local, attempt):
                (each,) = Explaining(local.catalogue, [kind], {}).explain([kind])
                name = f"{step.issue.key} {step.name}"
                yield Cell(each.error.name, name, kind.example.site, day, each.rule, each.would, each.count)
