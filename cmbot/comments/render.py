"""The comments that people read: milestones, and one status per step and campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from cmbot.comments import summaries, wiki
from cmbot.comments.rows import chosen
from cmbot.models.failures import share
from cmbot.models.systems import System

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from jinja2 import Environment

    from cmbot.exceptions import CmbotError
    from cmbot.models.attempts import Attempt, Try
    from cmbot.models.commands import Answer, Heard
    from cmbot.models.failures import Failure
    from cmbot.models.issues import Person
    from cmbot.models.notices import Notice
    from cmbot.models.roster import Handover
    from cmbot.models.summary import CampaignSummary, StepSummary
    from cmbot.models.views import CampaignView, StepView

ROWS = 20
LIMIT = 32_767
"""What a comment can hold, in UTF-16 units (reference/predecessors.md 7.6)."""


class Comments:
    """Turns facts into comments.

    Parameters
    ----------
    environment : `jinja2.Environment`
        With the templates of ``templates/comments``.
    browse : `~collections.abc.Callable`
        Issue key -> its address.
    request, logs : `~collections.abc.Callable`
        Request id -> address of its page, and of its logs; empty for none.
    version : `str`
        Of cmbot, for the footer.
    mention_prefix : `str`, optional
        What stands before an account in a mention.
    failure : `~collections.abc.Callable`, optional
        Failure -> texts and addresses of what shows it; an address may be empty.
    """

    def __init__(
        self,
        environment: Environment,
        browse: Callable[[str], str],
        request: Callable[[int], str],
        logs: Callable[[int], str],
        version: str,
        mention_prefix: str = "",
        failure: Callable[[Failure], Iterable[tuple[str, str]]] = lambda _: (),
    ) -> None:
        self._environment = environment.overlay(
            autoescape=False, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False
        )
        self._environment.filters |= {
            "wiki": wiki.escape,
            "instant": wiki.instant,
            "difference": wiki.difference,
            "mention": lambda person: wiki.mention(person, mention_prefix),
            "issue": lambda key: wiki.link(key, browse(key)) if key else "",
            "request": self._linked_request,
            "share": share,
            "shown": lambda each: " ".join(wiki.link(text, url) for text, url in failure(each)),
            "logs": lambda item: wiki.link("logs", self.logs(item)) if self.logs(item) else "",
        }
        self._version = version
        self._request = request
        self._logs = logs

    def request(self, item: Try | None) -> str:
        """Give the address of a workflow's page: PanDA has some, the others have none."""
        return self._request(item.request_id) if _in_panda(item) and item.request_id else ""

    def logs(self, item: Try | None) -> str:
        """Give the address of a workflow's logs."""
        return self._logs(item.request_id) if _in_panda(item) and item.request_id else ""

    def _linked_request(self, item: Try | None) -> str:
        if item is None or item.request_id is None:
            return ""
        if not _in_panda(item):
            return wiki.escape(f"{item.wms} {item.request_id}")
        return wiki.link(item.request_id, self.request(item))

    def notice(
        self, notice: Notice, people: Sequence[Person] = (), mentioned: Collection[Person] = ()
    ) -> str:
        """Write a milestone.

        Parameters
        ----------
        notice : `~cmbot.models.notices.Notice`
            What is told.
        people : `~collections.abc.Sequence` [`~cmbot.models.issues.Person`], optional
            Who should act on it.
        mentioned : `~collections.abc.Collection` [`~cmbot.models.issues.Person`], optional
            Those of them whom Jira is to send it; the others are only named.

        Returns
        -------
        text : `str`
            Wiki markup that ends with the marker.
        """
        facts = {"notice": notice, "people": people, "mentioned": mentioned}
        return self._text(f"{notice.kind}.j2", notice.marker, **facts)

    def handover(self, marker: str, handover: Handover, mentioned: Collection[Person]) -> str:
        """Write what the people of a new shift should know.

        Parameters
        ----------
        marker : `str`
            What the comment is found by.
        handover : `~cmbot.models.roster.Handover`
            One campaign.
        mentioned : `~collections.abc.Collection` [`~cmbot.models.issues.Person`]
            Those on shift whom Jira is to send it.

        Returns
        -------
        text : `str`
            Wiki markup that ends with the marker.
        """
        facts = {"handover": handover, "people": handover.to, "mentioned": mentioned}
        return self._text("handover.j2", marker, **facts)

    def problem(self, marker: str, error: CmbotError) -> str:
        """Write that an issue cannot be followed as it is.

        Parameters
        ----------
        marker : `str`
            What the comment is found by.
        error : `~cmbot.exceptions.CmbotError`
            What is wrong and what to do.

        Returns
        -------
        text : `str`
            Wiki markup that ends with the marker.
        """
        return self._text("problem.j2", marker, error=error)

    def answer(self, marker: str, heard: Heard, answers: Sequence[Answer]) -> str:
        """Answer what a person commanded in a comment.

        Parameters
        ----------
        marker : `str`
            What the comment is found by.
        heard : `~cmbot.models.commands.Heard`
            The person's comment.
        answers : `~collections.abc.Sequence` [`~cmbot.models.commands.Answer`]
            What became of each of its commands.

        Returns
        -------
        text : `str`
            Wiki markup that ends with the marker.
        """
        return self._text("answer.j2", marker, heard=heard, answers=answers)

    def readable(self, marker: str) -> str:
        """Write that an issue can be followed after all.

        Parameters
        ----------
        marker : `str`
            What the comment is found by.

        Returns
        -------
        text : `str`
            Wiki markup that ends with the marker.
        """
        return self._text("readable.j2", marker)

    def step(self, view: CampaignView, step: StepView, summary: StepSummary | None = None) -> str:
        """Write the status of a step.

        Parameters
        ----------
        view : `~cmbot.models.views.CampaignView`
            The campaign.
        step : `~cmbot.models.views.StepView`
            The step.
        summary : `~cmbot.models.summary.StepSummary`, optional
            What came of it, once it has ended.

        Returns
        -------
        text : `str`
            The same for the same state: instants, no ages (design.md rule 6).
        """
        attempts = [attempt for group in step.groups for attempt in group.attempts]
        rows, others = chosen(step.groups, ROWS)
        return self._text(
            "step.j2",
            status_marker(step.issue.id),
            view=view,
            step=step,
            summary=summary,
            frozen=(*((view.issue,) if view.issue.frozen else ()), *step.frozen),
            rows=rows,
            others=others,
            causes=_causes(attempts),
        )

    def campaign(self, view: CampaignView, summary: CampaignSummary | None = None) -> str:
        """Write the status of a campaign: the roll-up only (requirement V11).

        Parameters
        ----------
        view : `~cmbot.models.views.CampaignView`
            The campaign.
        summary : `~cmbot.models.summary.CampaignSummary`, optional
            What came of it, once it has ended.

        Returns
        -------
        text : `str`
            The same for the same state.
        """
        return self._text(
            "campaign.j2",
            status_marker(view.issue.id),
            view=view,
            summary=summary,
            frozen=view.frozen[:ROWS],
            causes=_causes(view.attempts),
        )

    def summary(self, summary: CampaignSummary | StepSummary) -> str:
        """Write what came of a campaign or step, to be attached; see `cmbot.comments.summaries`."""
        return summaries.readable(self._environment, summary)

    def _text(self, template: str, marker: str, **facts: Any) -> str:
        facts |= {"marker": marker, "version": self._version, "most": ROWS}
        return _fitting(self._environment.get_template(template).render(facts).strip()) + "\n"


def status_marker(issue_id: str) -> str:
    """Name the status comment of an issue.

    Parameters
    ----------
    issue_id : `str`
        Jira's id.

    Returns
    -------
    marker : `str`
        What it is found by.
    """
    return f"status:{issue_id}"


def _fitting(text: str) -> str:
    """Leave out lines before the last, which holds the marker, until Jira takes the text."""
    *lines, footer = text.split("\n")
    room = LIMIT - _units(footer) - 100
    for number, line in enumerate(lines):
        room -= _units(line) + 1
        if room < 0:
            return "\n".join([*lines[:number], "", f"{len(lines) - number} more lines", "", footer])
    return text


def _in_panda(item: Try | None) -> TypeGuard[Try]:
    return item is not None and item.wms is System.PANDA


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _causes(attempts: Sequence[Attempt]) -> list[Any]:
    unique = {attempt.cause.id: attempt.cause for attempt in attempts}
    return sorted(unique.values(), key=lambda cause: cause.at)
