"""What `cmbot doctor` says of Jira; pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cmbot.jira_schema.fields import BY_NAME, FIELDS
from cmbot.jira_schema.needs import What, lacking
from cmbot.operations.diagnosis import Health, Line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmbot.jira_schema.needs import Lack
    from cmbot.jira_schema.place import Place, Webhook
    from cmbot.settings import JiraSettings

SKEW = timedelta(minutes=1)
"""Difference of clocks from which people are confused by times."""
OLDEST = 9
"""Oldest major version of Data Center that is supported (reference/jira.md)."""
PERMISSIONS: Mapping[str, str] = {
    "BROWSE_PROJECTS": "see issues",
    "CREATE_ISSUES": "create campaigns and groups",
    "EDIT_ISSUES": "write fields",
    "TRANSITION_ISSUES": "move issues",
    "LINK_ISSUES": "link steps",
    "ADD_COMMENTS": "comment",
    "EDIT_OWN_COMMENTS": "keep status comments up to date",
    "CREATE_ATTACHMENTS": "attach as-run files",
    "DELETE_OWN_ATTACHMENTS": "retire old attachments",
}
"""What cmbot's account must be allowed to do in the project, and why."""
HOOK = "/webhooks/jira"
"""Path of the address that a webhook of ours is sent to."""
EVENTS = frozenset(
    {
        *("jira:issue_created", "jira:issue_updated", "jira:issue_deleted"),
        *("comment_created", "comment_updated"),
    }
)
"""What it must be sent for; the others do no harm."""
_SETUP = "run `cmbot jira setup`"


def server(check: str, info: Mapping[str, Any], url: str) -> Line:
    """Judge what a Jira says of itself.

    Parameters
    ----------
    check : `str`
        Name of the line.
    info : `~collections.abc.Mapping`
        Answer of ``serverInfo``.
    url : `str`
        Address in the settings.

    Returns
    -------
    line : `Line`
        With kind, version and title.
    """
    kind = str(info.get("deploymentType") or "Data Center")
    found = f"Jira {kind} {info.get('version')} at {url} ({info.get('serverTitle')})"
    numbers = info.get("versionNumbers")
    first = numbers[0] if isinstance(numbers, list) and numbers and isinstance(numbers[0], int) else 0
    if kind != "Cloud" and first < OLDEST:
        return Line(check, Health.DEGRADED, found, f"update Jira to {OLDEST} or later")
    if (base := str(info.get("baseUrl") or "").rstrip("/")) and base != url.rstrip("/"):
        return Line(check, Health.DEGRADED, f"{found}; calls itself {base}", "set jira.url to that address")
    return Line(check, Health.OK, found)


def clock(check: str, ahead: timedelta) -> Line:
    """Judge the difference between Jira's clock and this machine's.

    Parameters
    ----------
    check : `str`
        Name of the line.
    ahead : `datetime.timedelta`
        How far this machine is ahead of Jira.

    Returns
    -------
    line : `Line`
        Degraded only: changes are found by Jira's own clock.
    """
    seconds = ahead.total_seconds()
    found = f"this machine is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} Jira"
    if abs(ahead) > SKEW:
        return Line(check, Health.DEGRADED, found, "synchronise the clocks (NTP)")
    return Line(check, Health.OK, found)


def search(check: str, *, found_tomorrow: bool) -> Line:
    """Judge whether Jira understands the query of a pass (reference/jira.md section 8.3).

    Parameters
    ----------
    check : `str`
        Name of the line.
    found_tomorrow : `bool`
        Whether a search for what changes from tomorrow on found something.

    Returns
    -------
    line : `Line`
        Broken if the instant in the query means nothing to Jira: every pass would read everything.
    """
    if found_tomorrow:
        told = "finds issues that change tomorrow: it does not read instants as milliseconds"
        return Line(check, Health.BROKEN, told, "report this with Jira's version")
    return Line(check, Health.OK, "reads instants as milliseconds")


def permissions(check: str, held: Mapping[str, bool], project: str) -> Line:
    """Judge what the account may do.

    Parameters
    ----------
    check : `str`
        Name of the line.
    held : `~collections.abc.Mapping` [`str`, `bool`]
        By key of `PERMISSIONS`.
    project : `str`
        Key of the project.

    Returns
    -------
    line : `Line`
        With each that is lacking.
    """
    lacking = [f"{key} ({why})" for key, why in PERMISSIONS.items() if not held.get(key)]
    if lacking:
        return Line(
            check,
            Health.BROKEN,
            f"the account may not: {', '.join(lacking)}",
            f"grant it in the permission scheme of {project}",
        )
    return Line(check, Health.OK, f"all {len(PERMISSIONS)} that cmbot needs")


def webhook(check: str, registered: Sequence[Webhook] | None) -> Line:
    """Judge whether Jira sends webhooks to us; without them changes are seen at the next pass.

    Parameters
    ----------
    check : `str`
        Name of the line.
    registered : `~collections.abc.Sequence` [`~cmbot.jira_schema.place.Webhook`] or `None`
        All of the site; `None` if the account may not see them.

    Returns
    -------
    line : `Line`
        Degraded only.
    """
    register = (
        f"a Jira administrator registers it: System > WebHooks > Create, this service's address with {HOOK}, "
        "the secret of web.webhook_secret, all events of issues and comments"
    )
    if registered is None:
        return Line(check, Health.UNCHECKED, "only administrators may see what is registered", register)
    ours = [one for one in registered if one.url.partition("?")[0].endswith(HOOK)]
    if not ours:
        return Line(check, Health.DEGRADED, f"none is registered for {HOOK}", register)
    if not any(one.enabled for one in ours):
        return Line(check, Health.DEGRADED, f"{ours[0].url} is switched off", "System > WebHooks > Enable")
    missing = EVENTS - frozenset().union(*(one.events for one in ours if one.enabled))
    if missing:
        told = f"{ours[0].url} is not sent for {', '.join(sorted(missing))}"
        return Line(
            check, Health.DEGRADED, told, "System > WebHooks > Edit: all events of issues and comments"
        )
    return Line(check, Health.OK, f"registered: {ours[0].url}")


_CHECKS: tuple[tuple[str, Health, tuple[What, ...]], ...] = (
    ("issue types", Health.BROKEN, (What.ISSUE_TYPE, What.PROJECT_TYPE)),
    ("link type", Health.BROKEN, (What.LINK_TYPE,)),
    ("fields", Health.BROKEN, (What.FIELD, What.AMBIGUOUS, What.FIELD_TYPE, What.EPIC_FIELD)),
    ("screens", Health.BROKEN, (What.SCREEN, What.OTHER_SCREEN)),
    ("options", Health.DEGRADED, (What.OPTIONS,)),
    ("statuses", Health.BROKEN, (What.WORKFLOW, What.FOLLOW, What.STATUS, What.SCHEME)),
    ("transitions", Health.BROKEN, (What.TRANSITION,)),
)


def project(place: Place, settings: JiraSettings) -> tuple[Line, ...]:
    """Judge whether a project has what cmbot needs.

    Parameters
    ----------
    place : `~cmbot.jira_schema.place.Place`
        The project as it is.
    settings : `~cmbot.settings.JiraSettings`
        With the names that this site uses.

    Returns
    -------
    lines : `tuple` [`Line`, ...]
        One for each kind of thing.
    """
    lacks = lacking(place, settings)
    head = [lack for lack in lacks if lack.what in (What.PROJECT, What.TEAM_MANAGED)]
    if head:
        found = "team-managed" if place.team_managed else "is not there, or hidden from cmbot's account"
        return (Line("jira project", Health.BROKEN, f"{place.key}: {found}", _SETUP),)
    return (
        Line("jira project", Health.OK, f"{place.key} ({place.deployment})"),
        *(_kind(name, health, whats, lacks, place) for name, health, whats in _CHECKS),
    )


def _kind(name: str, health: Health, whats: Sequence[What], lacks: Sequence[Lack], place: Place) -> Line:
    check = f"jira {name}"
    found = [
        lack
        for lack in lacks
        if lack.what in whats
        # A field that nobody made stands on no screen either: said once.
        and not (What.SCREEN in whats and lack.field not in place.fields)
    ]
    if found:
        named: dict[str, list[str]] = {}
        for lack in found:
            named.setdefault(lack.what, []).append(_named(lack))
        said = "; ".join(f"{what}: {', '.join(dict.fromkeys(names))}" for what, names in named.items())
        if all(_by_bot(lack) for lack in found):
            health = Health.DEGRADED
        return Line(check, health, f"lacking {said}", _SETUP)
    if What.SCREEN in whats and any(lack.what is What.FIELD for lack in lacks):
        return Line(check, Health.UNCHECKED, "not all fields are there yet", "see jira fields first")
    unseen = [kind for kind, there in place.types.items() if there.targets is None]
    if unseen and name == "transitions":
        told = f"no issue yet to look at: {', '.join(unseen)}"
        return Line(check, Health.UNCHECKED, told, "ask again when there is a campaign (`cmbot create`)")
    return Line(check, Health.OK, f"{len(FIELDS)} fields" if name == "fields" else "all there")


def _named(lack: Lack) -> str:
    details = lack.details if lack.what in (What.OPTIONS, What.SCHEME, What.TRANSITION) else ()
    return f"{lack.name} ({', '.join(details)})" if details else lack.name


def _by_bot(lack: Lack) -> bool:
    """Tell whether cmbot goes on without it: a field of its own that was never made is left out."""
    return lack.what is What.FIELD and BY_NAME[lack.field].by_bot
