"""Links of issues to pages elsewhere, by the templates in the settings (requirements F21 to F24)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.butler.plan import layout
from cmbot.exceptions import UserError
from cmbot.mirror import reports
from cmbot.panda.links import filled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView, GroupView
    from cmbot.reconcile.edges import Local


def of(local: Local, view: CampaignView) -> Iterator[tuple[Issue, str, str]]:
    """List the links of a campaign's issues.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Yields
    ------
    issue : `~cmbot.models.issues.Issue`
        Where the link belongs.
    text, url : `str`
        What people read, and where it leads. One that needs what is not known yet is left out.
    """
    links = local.settings.links
    if view.definition is None or not (links.campaign or links.step or links.group):
        return
    try:
        names = layout(view.definition)
    except UserError:
        # The definition's problems are told where it is checked.
        return
    known = {"campaign": view.issue.key, "collection": names.root if view.attempts else ""}
    yield from _filled(view.issue, links.campaign, known)
    for step in view.steps:
        begun = any(group.attempts for group in step.groups)
        own = known | {"step": step.issue.key, "collection": names.step(step.name) if begun else ""}
        yield from _filled(step.issue, links.step, own)
        for group in step.groups:
            if group.issue is not None and group.last is not None:
                of_group = own | {"collection": names.group(step.name, group.name)}
                yield from _filled(group.issue, links.group, of_group | _of_group(local, group))


def _of_group(local: Local, group: GroupView) -> dict[str, str]:
    last = group.last
    item = last.last_try if last else None
    if last is None or item is None:
        return {}
    archived = reports.read(local.mirror, item.id, reports.ARCHIVED) or {}
    return {
        "group": group.name,
        "attempt": str(last.number),
        "run": item.name,
        "request_id": str(item.request_id or ""),
        "archive": str(archived.get("manifest", "")),
    }


def _filled(
    issue: Issue, templates: Mapping[str, str], known: Mapping[str, str]
) -> Iterator[tuple[Issue, str, str]]:
    for text, address in templates.items():
        if url := filled(address, known):
            yield issue, text, url
