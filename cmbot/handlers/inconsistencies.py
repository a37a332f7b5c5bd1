"""The rules for Jira, journal and WMS that do not agree (reference/predecessors.md section 8.4): one table.

The running bot does what the table says, and `cmbot reconcile --dry-run` shows it. A row says nothing where
its condition does not hold. Of the rows that act the first counts; of those that ask or say something, all.
"""

from __future__ import annotations

from cmbot.exceptions import CmbotError, NotFound
from cmbot.handlers import overdue
from cmbot.handlers.facts import Does, Facts, Row, Standing, findings
from cmbot.handlers.recovery import Verb
from cmbot.jira_schema.statuses import BY_CMBOT
from cmbot.models.attempts import AttemptState
from cmbot.models.attempts import Verb as Order
from cmbot.models.issues import Status
from cmbot.wms.port import WmsReport
from cmbot.wms.states import WorkflowState


def attention(facts: Facts) -> str:
    """Say why a person should look at an attempt.

    Parameters
    ----------
    facts : `Facts`
        What is known of it.

    Returns
    -------
    reason : `str`
        The same as long as nothing changes; empty if nobody need look.
    """
    return "; ".join(found.says for found in findings(ATTEMPTS, facts) if found.does is Does.ASK)


# ------------------------------------------------------------------------------------------ attempts

_RECOVERY = {
    Verb.WAIT: "cmbot waits",
    Verb.ADOPT: "cmbot takes it over",
    Verb.LOOK_UP: "cmbot looks for its name",
    Verb.DUPLICATE: "a person decides",
    Verb.START: "cmbot submits it",
    Verb.COUNT: "cmbot makes the data report",
    Verb.TRY_AGAIN: "cmbot submits it again under another name",
    Verb.GIVE_UP: "it counts as failed",
}


def _unfinished(facts: Facts) -> str:
    if facts.submitted or not facts.attempt.state.live or facts.attempt.state is AttemptState.MERGE_PENDING:
        return ""
    if facts.outcome is None:
        return "it has no request id yet; cmbot finds out what became of its submission"
    return f"it has no request id yet ({facts.outcome.note}); {_RECOVERY[facts.outcome.verb]}"


def _ended_here(facts: Facts) -> str:
    if facts.attempt.state is not AttemptState.MERGE_PENDING:
        return ""
    return "its workflow has ended; the data report decides what came of it"


def _called_otherwise(facts: Facts) -> str:
    if not facts.submitted or not isinstance(facts.report, WmsReport) or facts.reported or not facts.item:
        return ""
    return f"request {facts.item.request_id} is called {facts.report.name}, not {facts.item.name}"


def _lost(facts: Facts) -> str:
    missing = facts.attempt.state.live and isinstance(facts.report, NotFound)
    patience = facts.deadline(AttemptState.UNKNOWN)
    return overdue.lost(facts.attempt, patience, facts.now) if missing else ""


def _unheard(facts: Facts) -> str:
    if not isinstance(facts.report, CmbotError) or not facts.attempt.state.live:
        return ""
    return f"{facts.report}: nothing is known to have changed, and cmbot asks again"


def _goes_on(facts: Facts) -> str:
    """Whether a request does, or did, more after its end: someone restarted it in the WMS."""
    report, known = facts.reported, facts.known
    if report is None or facts.attempt.state.live or report.state is WorkflowState.UNKNOWN:
        return ""
    changed = "status" in known and any(known[key] != facts.said[key] for key in ("status", "counts"))
    if report.state.ended and not changed:
        return ""
    said = f"{facts.attempt.wms} says {report.raw_status} after its end"
    return f"{said}; it is followed and its data are counted again"


def _ended_there(facts: Facts) -> str:
    if facts.reported is None or not facts.attempt.state.live or not facts.reported.state.ended:
        return ""
    said = f"{facts.attempt.wms} ended it as {facts.reported.raw_status}"
    return f"{said}, the journal has it as {facts.attempt.state}; the data report decides what came of it"


def _moved(facts: Facts) -> str:
    if facts.reported is None or not facts.attempt.state.live:
        return ""
    if facts.known == facts.said and facts.state is facts.attempt.state:
        return ""
    said = f"{facts.attempt.wms} says {facts.reported.raw_status}"
    return f"{said}, the journal {facts.attempt.state}; cmbot takes it over"


def _to_cancel(facts: Facts) -> str:
    order = facts.attempt.asked(Order.CANCEL)
    if order is None or not facts.attempt.state.live:
        return ""
    told = f"{facts.attempt.wms} was told {order.sent} times and is told until it ends"
    return f"{order.cause.by} {order.cause.what}; {told}"


def _twice(facts: Facts) -> str:
    # Without a request id one of them is its own: bps has made it and has not yet said so.
    if not facts.others or not facts.attempt.state.live or not facts.submitted:
        return ""
    listed = ", ".join(map(str, facts.others))
    return f"{facts.attempt.wms} also has {listed} of that name; cancel what is too much (bps cancel --id N)"


def _overdue(facts: Facts) -> str:
    if (facts.reported is not None and facts.said != facts.known) or _lost(facts):
        # It has just made progress; or that it makes none is no news.
        return ""
    tasks = facts.known.get("tasks", ())
    return overdue.overdue(
        facts.attempt,
        facts.deadline,
        facts.changed_at,
        facts.now,
        without_jobs=not any(task["expected"] for task in tasks),
        unsettled=facts.known["status"] if facts.known.get("unsettled") else "",
        dialog=next((task["dialog"] for task in tasks if task.get("dialog")), ""),
    )


def _closed(facts: Facts) -> str:
    over = {Status.COMPLETED, Status.FAILED, Status.ABANDONED}
    closed = next((issue for issue in facts.path if issue.status in over), None)
    if closed is None or not facts.attempt.state.live:
        return ""
    running = facts.known.get("counts", {}).get("running", 0)
    return (
        f"{closed.key} was moved to {closed.status} while it is {facts.attempt.state} with {running} jobs "
        "running; the person's word counts, and what runs is left alone"
    )


def _frozen(facts: Facts) -> str:
    issue = next((issue for issue in facts.path if issue.frozen), None)
    if issue is None or not facts.attempt.state.live:
        return ""
    return f"{issue.key} {issue.frozen}; it is followed to its end, and nothing new is started"


def _edited(facts: Facts) -> str:
    if not facts.edited or not facts.attempt.state.live:
        return ""
    return f"{', '.join(facts.edited)} edited since it was submitted; the next attempt uses that"


def _distrusted(facts: Facts) -> str:
    if not facts.distrusted:
        return ""
    return f"what Jira kept of its group {facts.distrusted}; nothing more of it is submitted"


def _moved_back(facts: Facts) -> str:
    if facts.path[-1].status is not Status.DRAFT or facts.attempt.state is not AttemptState.SUCCEEDED:
        return ""
    return f"{facts.path[-1].key} is in Draft and its data exist; only a new launch makes another attempt"


ATTEMPTS: tuple[Row[Facts], ...] = (
    Row("unfinished", Does.RECOVER, _unfinished),
    Row("ended", Does.COUNT, _ended_here),
    Row("called otherwise", Does.REFUSE, _called_otherwise),
    Row("lost", Does.ASK, _lost),
    Row("not heard of", Does.WAIT, _unheard),
    Row("goes on", Does.TAKE, _goes_on),
    Row("ended there", Does.TAKE, _ended_there),
    Row("moved there", Does.TAKE, _moved),
    Row("to be cancelled", Does.CANCEL, _to_cancel),
    Row("twice", Does.ASK, _twice),
    Row("overdue", Does.ASK, _overdue),
    Row("closed", Does.SAY, _closed),
    Row("frozen", Does.SAY, _frozen),
    Row("edited", Does.SAY, _edited),
    Row("distrusted", Does.SAY, _distrusted),
    Row("moved back", Does.SAY, _moved_back),
)
"""Rules about an attempt."""


# ------------------------------------------------------------------------------------------ issues

# What may be set although a person spoke last: it is what the person waits for.
_ASKED_FOR = {
    Status.LAUNCH: frozenset({Status.RUNNING, Status.COMPLETED}),
    Status.PAUSED: frozenset({Status.COMPLETED}),
}


def _person_spoke(standing: Standing) -> str:
    """A person's word stands until a person asks for more, which an act shows that started something."""
    issue, last = standing.issue, standing.issue.last_move
    if standing.target is issue.status or last is None or last.by == standing.me:
        return ""
    asked_since = any(act >= last.at for act in standing.acts)
    if last.target is not issue.status or asked_since or standing.target in _ASKED_FOR.get(issue.status, ()):
        return ""
    return f"{last.by} moved {issue.key} to {issue.status}, which stands; what is below is {standing.target}"


def _rolled_up(standing: Standing) -> str:
    issue, target = standing.issue, standing.target
    if target is issue.status or target is Status.DRAFT or target not in BY_CMBOT[issue.status]:
        return ""
    return f"{issue.key} is {issue.status}, and what is below amounts to {target}; cmbot moves it to {target}"


ISSUES: tuple[Row[Standing], ...] = (
    Row("a person's word", Does.WAIT, _person_spoke),
    Row("rolled up", Does.MOVE, _rolled_up),
)
"""Rules about an issue and what is below it."""
