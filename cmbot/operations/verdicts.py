"""Judge the data of a campaign, step or group: good, or bad (requirements G1, G2)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cmbot.exceptions import UserError
from cmbot.mirror import events, verdicts
from cmbot.models.attempts import Verb
from cmbot.models.issues import Level, Verdict
from cmbot.operations import judging, ordering, withdrawing
from cmbot.operations.moving import issue_of
from cmbot.operations.status import epic_of
from cmbot.operations.withdrawing import Extent
from cmbot.reconcile import views

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.models.attempts import Cause
    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView
    from cmbot.operations.withdrawing import Listing
    from cmbot.reconcile.edges import Local

_MOST = 10
"""Attempts, and changes of collections, that an answer lists."""


def judge(local: Local, key: str, verdict: Verdict, reason: str, cause: Cause) -> tuple[str, ...]:
    """Write down a verdict; it counts at once, and a pass shows it in Jira.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Key of the campaign, step or group.
    verdict : `~cmbot.models.issues.Verdict`
        Good or bad.
    reason : `str`
        Why; a bad one needs it.
    cause : `~cmbot.models.attempts.Cause`
        The human act.

    Returns
    -------
    lines : `tuple` [`str`, ...]
        What follows from it.

    Raises
    ------
    UserError
        If there is nothing to judge, or the person does not sign for it; nothing was changed.
    """
    with local.mirror.writing() as connection:
        view = views.campaign(local, epic_of(local, key))
        issue = issue_of(view, key)
        _require(view, issue, verdict, reason)
        missing = _sign(local, view, issue, verdict, cause)
        if not missing:
            verdicts.add(connection, issue, verdict, reason, cause)
        said = "signs for" if missing else f"judges {verdict} the data of"
        what, why = f"{said} {issue.key}", f"{reason or cause.what} ({cause.id})"
        events.add(connection, cause.at, issue.key, str(cause.by), what, why)
        if missing:
            return (f"signed by {cause.by}; it is good when these have signed too: {', '.join(missing)}",)
        follows = _stale(views.campaign(local, view.issue))
        removal = _removal(local, key) if verdict is Verdict.BAD else ()
        return (f"the data of {issue.key} are {verdict}", *follows, *removal)


def confirm(local: Local, key: str, seen: str, cause: Cause) -> tuple[str, ...]:
    """Have removed what was judged bad, as it was listed; a pass carries it out.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Key of the campaign, step or group.
    seen : `str`
        Hash of the listing that the person has seen.
    cause : `~cmbot.models.attempts.Cause`
        The human act.

    Returns
    -------
    lines : `tuple` [`str`, ...]
        What is removed.

    Raises
    ------
    UserError
        If nobody has judged it bad, or something else would be removed by now.
    """
    said = issue_of(views.campaign(local, epic_of(local, key)), key).judgement
    if said is None or said.verdict is not Verdict.BAD:
        raise UserError(key, "was not judged bad", "write /cmbot invalidate REASON first")
    found = withdrawing.listing(local, key, Extent.DELETE)
    if found.hash != seen:
        problem = f"{seen[:20]} is not what would be removed now"
        raise UserError(key, problem, "write /cmbot invalidate REASON to see it again")
    with local.mirror.writing():
        withdrawing.give(local, found, cause)
        # What is gone is no result any more: the next attempt may make it anew. It may be rejected already.
        with suppress(UserError):
            ordering.give(local, judging.targets(local, Verb.REJECT, key, reason=cause.what), cause)
    return ("this is rejected and removed, in the next passes:", *_removed(found))


def _removal(local: Local, key: str) -> Iterator[str]:
    """Show how to have removed what is bad: a person confirms exactly that (requirement G2)."""
    try:
        found = withdrawing.listing(local, key, Extent.DELETE)
    except UserError as error:
        yield f"nothing of it is removed now: {error.problem}"
        return
    yield f"to remove what it made write /cmbot invalidate confirm {found.hash}, or run `cmbot delete {key}`:"
    yield from _removed(found)


def _removed(found: Listing) -> Iterator[str]:
    yield ", ".join(f"{one.step} {one.group} {one.attempt}" for one in found.made[:_MOST])
    lines = (*found.notes, *found.lines)
    yield from lines[:_MOST]
    if len(lines) > _MOST:
        yield f"and {len(lines) - _MOST} more changes of collections"


def _require(view: CampaignView, issue: Issue, verdict: Verdict, reason: str) -> None:
    if issue.frozen:
        raise UserError(issue.key, f"is not followed: {issue.frozen}", "mend that first")
    if verdict is Verdict.BAD and not reason.strip():
        raise UserError(issue.key, "to judge data bad needs a reason", "say why")
    made = [(step, group) for step, group in view.groups if group.last and issue in view.path(step, group)]
    if not made:
        raise UserError(issue.key, "has made nothing that could be judged", "launch it first")
    for step, group in made if verdict is Verdict.GOOD else ():
        if group.last and group.last.state.live:
            problem = f"cannot be judged good yet: {step.name} {group.name} is {group.last.state}"
            raise UserError(issue.key, problem, "wait for its end")


def _sign(local: Local, view: CampaignView, issue: Issue, verdict: Verdict, cause: Cause) -> tuple[str, ...]:
    """Sign for a campaign that asks for signatures; say who has not signed yet."""
    asked = view.definition.sign_off if view.definition else {}
    if verdict is not Verdict.GOOD or issue.level is not Level.CAMPAIGN or not asked:
        return ()
    own = [role for role, account in asked.items() if account == cause.by.account]
    if not own:
        who = ", ".join(f"{account} ({role})" for role, account in asked.items())
        raise UserError(issue.key, f"{cause.by} does not sign for it", f"ask those who do: {who}")
    with local.mirror.writing() as connection:
        for role in own:
            verdicts.sign(connection, issue.id, role, cause)
    signed = verdicts.signed(local.mirror, issue.id)
    return tuple(f"{account} ({role})" for role, account in asked.items() if role not in signed)


def _stale(view: CampaignView) -> Iterator[str]:
    for step in view.steps:
        if step.stale:
            yield f"{step.name} ({step.issue.key}) is stale: {step.stale}"
