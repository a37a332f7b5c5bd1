"""How things were run: collections, submissions and failures, for the pages of steps and groups."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from cmbot.butler import plan
from cmbot.exceptions import UserError
from cmbot.mirror import reports
from cmbot.models.failures import share
from cmbot.models.systems import System
from cmbot.pages.group import Card, Chosen, TryRow
from cmbot.panda.links import MonitorLinks, payload_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cmbot.models.attempts import Attempt, Changes, Try
    from cmbot.models.failures import Explained
    from cmbot.models.views import CampaignView, StepView
    from cmbot.web.desk import Reading


def chosen(view: CampaignView, step: StepView) -> tuple[Chosen, ...]:
    """Say which DataIds are included in and excluded from a step.

    Parameters
    ----------
    view, step
        The campaign, and one of its steps.

    Returns
    -------
    chosen : `tuple` [`~cmbot.pages.group.Chosen`, ...]
        With the reasons.
    """
    if view.definition is None or step.definition is None:
        return ()
    return tuple(Chosen(kind, file) for kind, file in view.definition.chosen(step.definition).items())


def inputs(view: CampaignView, step: StepView) -> tuple[str, ...]:
    """Name the input collections of a step.

    Parameters
    ----------
    view, step
        The campaign, and one of its steps.

    Returns
    -------
    collections : `tuple` [`str`, ...]
        In search order; empty if the definition cannot be read.
    """
    if view.definition is not None:
        with suppress(UserError, KeyError):
            return plan.step_inputs(view.definition, step.name)
    return ()


def collection(view: CampaignView, step: StepView, group: str) -> str:
    """Name the collection of all attempts of a group.

    Parameters
    ----------
    view, step
        The campaign, and one of its steps.
    group : `str`
        Name of the group.

    Returns
    -------
    collection : `str`
        Empty if the definition cannot be read.
    """
    if view.definition is not None:
        with suppress(UserError):
            return plan.layout(view.definition).group(step.name, group)
    return ""


def _run(view: CampaignView, step: StepView, attempt: Attempt, item: Try) -> str:
    if item.recorded is not None:
        return item.recorded.run
    if view.definition is not None:
        with suppress(UserError):
            return plan.layout(view.definition).run(step.name, attempt.group, attempt.number, item.nonce)
    return ""


def submitted(reading: Reading, view: CampaignView, step: StepView, attempt: Attempt, item: Try) -> TryRow:
    """Show a submission as it was run.

    Parameters
    ----------
    reading : `~cmbot.web.desk.Reading`
        One state of the mirror.
    view, step
        The campaign, and one of its steps.
    attempt, item
        The attempt, and the submission.

    Returns
    -------
    row : `~cmbot.pages.group.TryRow`
        With links to where it can be looked at.
    """
    local = reading.local
    links = MonitorLinks(local.settings.panda.monitor, local.settings.links)
    number = item.request_id if item.wms is System.PANDA else None
    made = (
        {"workflow": links.workflow(number), "tasks": links.tasks(number), "errors": links.errors(number)}
        if number is not None
        else {}
    )
    archived = reports.read(local.mirror, item.id, reports.ARCHIVED) or {}
    return TryRow(
        attempt=attempt.label,
        state=str(attempt.state),
        cause=attempt.cause.what,
        by="cmbot, by its retry policy" if attempt.cause.automatic else str(attempt.cause.by),
        reserved=item.reserved_at,
        ended=attempt.ended_at,
        request=item.request_id,
        wms=str(item.wms),
        site=item.site,
        name=item.name,
        run=_run(view, step, attempt, item),
        directory=str(local.submit_path(item.name)),
        spec=attempt.hash,
        changes=tuple(_changes(attempt.changes)),
        archived=str(archived.get("manifest", "")),
        summary="; ".join(filter(None, (attempt.summary, attempt.attention, item.note))),
        links=tuple((text, address) for text, address in made.items() if address),
    )


def _changes(changes: Changes) -> Iterator[str]:
    """What differs from the definition, by the names of the fields of `Changes`."""
    values = asdict(changes)
    for field in fields(changes):
        if values[field.name]:
            value = values[field.name]
            yield field.name if value is True else f"{field.name}: {value}"


def cards(reading: Reading, found: Iterable[Explained], kept: Mapping[str, str]) -> Iterator[Card]:
    """Show why jobs failed.

    Parameters
    ----------
    reading : `~cmbot.web.desk.Reading`
        One state of the mirror.
    found : `~collections.abc.Iterable` [`~cmbot.models.failures.Explained`]
        The reasons.
    kept : `~collections.abc.Mapping` [`str`, `str`]
        What was kept of logs, by address.

    Yields
    ------
    card : `~cmbot.pages.group.Card`
        One for each reason.
    """
    settings = reading.local.settings
    links = MonitorLinks(settings.panda.monitor, settings.links)
    for failure in found:
        log = kept.get(payload_log(failure.example.log), "") if failure.example.log else ""
        yield Card(
            failure,
            share(failure.count, failure.expected),
            tuple((text, address) for text, address in links.of_failure(failure.example) if address),
            log,
        )
