"""The pages of one campaign, from the whole of it down to a log line (requirement F13)."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from cmbot.exceptions import UserError
from cmbot.mirror import events
from cmbot.operations import attention, logs
from cmbot.operations import report as reporting
from cmbot.operations.status import epic_of
from cmbot.pages import campaign as pages
from cmbot.pages import home
from cmbot.pages.graph import graph
from cmbot.pages.group import QUANTA, GroupPage, Place, StepPage, TaskPage
from cmbot.pages.query import NoSuchPage, count
from cmbot.pages.waiting import placed
from cmbot.reconcile import views
from cmbot.web import asrun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.pages.waiting import Waiting
    from cmbot.web.desk import Reading


def campaign(reading: Reading, words: Mapping[str, str], key: str) -> pages.CampaignPage:
    """Make the page of a campaign.

    Parameters
    ----------
    reading : `~cmbot.web.desk.Reading`
        One state of the mirror.
    words : `~collections.abc.Mapping` [`str`, `str`]
        ``all`` and ``after``, see `~cmbot.pages.campaign.shown`.
    key : `str`
        Key of the campaign.

    Returns
    -------
    page : `~cmbot.pages.campaign.CampaignPage`
        The page.

    Raises
    ------
    NoSuchPage
        If there is no such campaign.
    UserError
        If it is asked for something that is not known.
    """
    view = _view(reading, key)
    if view.issue.key != key:
        raise NoSuchPage(key, f"is no campaign but belongs to {view.issue.key}")
    waiting = attention.among(reading.local, [view], whole=False)
    keys = tuple(views.members(view))
    rows = pages.grid(view)
    shown, collapsed, more = pages.shown(rows, words)
    happened = events.newest(reading.local.mirror, keys, pages.EVENTS)
    return pages.CampaignPage(
        fresh=reading.fresh,
        row=home.row(view, waiting),
        reason=view.definition.reason if view.definition else view.issue.fields.get("Reason", ""),
        verdict=pages.whole_verdict(view.issue),
        problems=tuple(map(str, view.problems)),
        waiting=tuple(placed(waiting, [view])),
        graph=graph(view),
        columns=tuple(map(pages.column, view.steps)),
        rows=shown,
        total=len(rows),
        collapsed=collapsed,
        whole="all" in words,
        more=more,
        definition=pages.written(view.issue),
        events=happened[::-1],
    )


def step(reading: Reading, words: Mapping[str, str], key: str) -> StepPage:
    """Make the page of a step.

    Parameters
    ----------
    reading : `~cmbot.web.desk.Reading`
        One state of the mirror.
    words : `~collections.abc.Mapping` [`str`, `str`]
        ``after``: the group after which the list begins; ``rows``: how many.
    key : `str`
        Key of the step.

    Returns
    -------
    page : `~cmbot.pages.group.StepPage`
        The page.

    Raises
    ------
    NoSuchPage
        If there is no such step.
    """
    view, own = _step(reading, key)
    local = reading.local
    keys = {key, *(group.issue.key for group in own.groups if group.issue)}
    left = [group for group in own.groups if group.name > words.get("after", "")]
    shown = left[: count(words.get("rows", pages.ROWS))]
    happened = events.newest(local.mirror, tuple(keys), pages.EVENTS)
    return StepPage(
        fresh=reading.fresh,
        place=_place(view, own),
        column=pages.column(own),
        waiting=_waiting(reading, view, keys),
        verdict=pages.whole_verdict(own.issue),
        groups=tuple(pages.cell(own, group) for group in shown),
        total=len(own.groups),
        more=shown[-1].name if len(left) > len(shown) else "",
        report=reporting.of_groups(local, own, own.groups) if own.groups else None,
        cards=tuple(asrun.cards(reading, own.failures, {})),
        inputs=asrun.inputs(view, own),
        chosen=asrun.chosen(view, own),
        definition=pages.written(own.issue),
        links=home.led(own.issue),
        differences=own.differences,
        unlike=own.unlike,
        edits=own.edits,
        events=happened[::-1],
    )


def group(reading: Reading, words: Mapping[str, str], key: str, name: str) -> GroupPage:
    """Make the page of a group.

    Parameters
    ----------
    reading : `~cmbot.web.desk.Reading`
        One state of the mirror.
    words : `~collections.abc.Mapping` [`str`, `str`]
        Nothing can be asked for.
    key, name : `str`
        Key of the step, and name of the group.

    Returns
    -------
    page : `~cmbot.pages.group.GroupPage`
        The page.

    Raises
    ------
    NoSuchPage
        If there is no such group.
    """
    del words
    view, own, each = _group(reading, key, name)
    local = reading.local
    keys = (each.issue.key,) if each.issue else (key,)
    found = events.newest(local.mirror, keys, pages.EVENTS)
    return GroupPage(
        fresh=reading.fresh,
        place=_place(view, own, each),
        cell=pages.cell(own, each),
        size=each.size,
        selection=each.selection,
        collection=asrun.collection(view, own, name),
        waiting=tuple(
            one for one in _waiting(reading, view, {*keys}) if each.issue or one.page == ("group", key, name)
        ),
        verdict=pages.whole_verdict(each.issue) if each.issue else "",
        tries=tuple(
            asrun.submitted(reading, view, own, attempt, item)
            for attempt in each.attempts[::-1]
            for item in attempt.tries[::-1]
        ),
        report=reporting.of_groups(local, own, (each,)),
        cards=tuple(asrun.cards(reading, each.failures, logs.kept(local, each))),
        quanta=tuple(islice(logs.failed_quanta(local, each), QUANTA)),
        submission=tuple(logs.submission(own, each)),
        chosen=asrun.chosen(view, own),
        inputs=asrun.inputs(view, own),
        # What happened to a group without a sub-task is told of its step.
        events=tuple(one for one in found[::-1] if each.issue or name in one.what.split()),
    )


def task(reading: Reading, words: Mapping[str, str], key: str, name: str, label: str) -> TaskPage:
    """Make the page of a task of a group.

    Parameters
    ----------
    reading : `~cmbot.web.desk.Reading`
        One state of the mirror.
    words : `~collections.abc.Mapping` [`str`, `str`]
        Nothing can be asked for.
    key, name, label : `str`
        Key of the step, name of the group, and label of the task.

    Returns
    -------
    page : `~cmbot.pages.group.TaskPage`
        The page.

    Raises
    ------
    NoSuchPage
        If there is no such task.
    """
    del words
    view, own, each = _group(reading, key, name)
    local = reading.local
    report = reporting.of_groups(local, own, (each,))
    found = [row for row in report.tasks if row.label == label]
    if not found and label not in report.quanta:
        raise NoSuchPage(label, f"is no task of {key} {name}")
    failed = (quantum for quantum in logs.failed_quanta(local, each) if quantum.label == label)
    mine = [failure for failure in each.failures if failure.label == label]
    return TaskPage(
        fresh=reading.fresh,
        place=_place(view, own, each),
        label=label,
        attempt=each.last.label if each.last else "",
        task=found[0] if found else reporting.added(label, ()),
        quanta=report.quanta.get(label, {}),
        cards=tuple(asrun.cards(reading, mine, logs.kept(local, each))),
        failed=tuple(islice(failed, QUANTA)),
    )


def _view(reading: Reading, key: str) -> CampaignView:
    try:
        epic = epic_of(reading.local, key)
    except UserError as error:
        raise NoSuchPage(error.subject, error.problem) from error
    return reading.campaign(epic)


def _step(reading: Reading, key: str) -> tuple[CampaignView, StepView]:
    view = _view(reading, key)
    for step in view.steps:
        if step.issue.key == key:
            return view, step
    raise NoSuchPage(key, f"is no step of {view.issue.key}")


def _group(reading: Reading, key: str, name: str) -> tuple[CampaignView, StepView, GroupView]:
    view, step = _step(reading, key)
    for group in step.groups:
        if group.name == name:
            return view, step, group
    raise NoSuchPage(name, f"is no group of {key}")


def _place(view: CampaignView, step: StepView, group: GroupView | None = None) -> Place:
    place = Place(view.issue.key, view.issue.summary, step.issue.key, step.name)
    if group is None:
        return place
    return replace(place, group=group.name, key=group.issue.key if group.issue else "")


def _waiting(reading: Reading, view: CampaignView, keys: set[str]) -> tuple[Waiting, ...]:
    found = attention.among(reading.local, [view], whole=False)
    return tuple(placed((waits for waits in found if waits.key in keys), [view]))
