"""Sum up what came of a campaign, a step or a production, and find finished campaigns again (E13, A12)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from cmbot.comments import summaries as texts
from cmbot.exceptions import UserError
from cmbot.handlers import summarising
from cmbot.jira_schema import parse
from cmbot.mirror import seen
from cmbot.models.issues import Level
from cmbot.operations.status import epic_of
from cmbot.reconcile import summaries, views
from cmbot.reconcile.opening import comment_templates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmbot.models.summary import CampaignSummary, ProductionSummary, StepSummary
    from cmbot.reconcile.edges import Local


@dataclass(frozen=True)
class Product:
    """What a finished campaign offers."""

    campaign: str
    """Key of its epic."""
    name: str
    """Its short name."""
    production: str
    """The production that it belongs to; empty for none."""
    kind: str
    """What it did: DataProc, CalibProc … (requirement A1)."""
    status: str
    """Its status in Jira."""
    verdict: str
    """What a person said of the data: good, bad or none."""
    verdict_by: str
    """Who said so; empty where nobody did."""
    butler: str
    """Butler repository."""
    collection: str
    """Where its data are found."""
    expected: int
    """Quanta of its graphs."""
    produced: int
    """Quanta that made their outputs."""
    ended: str
    """When the last attempt ended, as ISO 8601; empty if something of it still runs."""
    software: tuple[str, ...]
    """What it ran with."""
    summary: str
    """Address of the issue that has the summary attached."""
    suspicious: tuple[str, ...] = ()
    """Counts that a person should look at."""
    datasets: Mapping[str, int] = field(default_factory=dict)
    """Datasets by type; empty where the Butler was not asked."""

    def to_json(self) -> dict[str, Any]:
        """Give it to a script."""
        return asdict(self)


def summary(local: Local, key: str) -> CampaignSummary | StepSummary:
    """Sum up a campaign or a step as it is now.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Key of a campaign, step or group; of a group its step is summed up.

    Returns
    -------
    summary : `~cmbot.models.summary.CampaignSummary` or `~cmbot.models.summary.StepSummary`
        What is known.

    Raises
    ------
    UserError
        If the key is not known here.
    """
    epic = epic_of(local, key)
    key = seen.renamed(local.mirror).get(key, key)
    found = summaries.campaign(local, views.campaign(local, epic))
    if key == epic.key:
        return found
    issue = parse.issue(next(iter(seen.bodies(local.mirror, key=key))), local.names)
    wanted = issue.parent if issue.level is Level.GROUP else key
    return next(step for step in found.steps if step.key == wanted)


def production(local: Local, name: str) -> ProductionSummary:
    """Sum up all campaigns of a production, ended or not (requirement A2).

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    name : `str`
        The production.

    Returns
    -------
    summary : `~cmbot.models.summary.ProductionSummary`
        What is known.

    Raises
    ------
    UserError
        If no campaign names it.
    """
    found = [summaries.campaign(local, views.campaign(local, epic)) for epic in views.epics(local)]
    whole = summarising.production(name, found)
    if not whole.campaigns:
        known = ", ".join(sorted({each.production for each in found if each.production})) or "none yet"
        raise UserError(name, "is no production of a campaign", f"use one of: {known}")
    return whole


def text(found: CampaignSummary | StepSummary | ProductionSummary) -> str:
    """Write a summary as the issue has it attached.

    Parameters
    ----------
    found : `~cmbot.models.summary.CampaignSummary` and the like
        What came of something.

    Returns
    -------
    text : `str`
        Markdown.
    """
    return texts.readable(comment_templates(), found)


def products(local: Local, query: str = "", *, production: str = "", kind: str = "") -> tuple[Product, ...]:
    """Find finished campaigns and their collections again.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    query : `str`, optional
        Words that must all occur in what is known of it: keys, names, collections, dataset types, software.
    production : `str`, optional
        Only of this production.
    kind : `str`, optional
        Only campaigns of this kind: DataProc, CalibProc …

    Returns
    -------
    products : `tuple` [`Product`, ...]
        What ended last comes first.
    """
    words = query.casefold().split()
    found = [
        product
        for product, known in _products(local)
        if production in {"", product.production}
        and kind in {"", product.kind}
        and all(word in known for word in words)
    ]
    return tuple(sorted(found, key=lambda each: each.ended, reverse=True))


def _products(local: Local) -> Iterator[tuple[Product, str]]:
    """Every product, with all words that it can be found by."""
    for epic in views.epics(local):
        found = summaries.kept(local, epic)
        if found is None or not found.collection:
            continue
        product = Product(
            campaign=found.key,
            name=found.name,
            production=found.production,
            kind=found.kind,
            status=found.status,
            verdict=found.verdict,
            verdict_by=found.verdict_by,
            butler=found.butler,
            collection=found.collection,
            expected=found.totals.expected,
            produced=found.totals.produced,
            ended=found.totals.ended.isoformat() if found.totals.ended else "",
            software=found.software,
            summary=f"{local.settings.jira.url.rstrip('/')}/browse/{found.key}",
            suspicious=found.suspicious,
            datasets={each.dataset_type: each.count for step in found.steps for each in step.datasets},
        )
        about = (
            *(product.campaign, product.name, product.production, product.kind, product.status),
            *(product.verdict, product.butler, product.collection, *product.software, *product.datasets),
            *(word for step in found.steps for word in (step.key, step.name, step.pipeline, step.collection)),
        )
        yield product, "\n".join(about).casefold()
