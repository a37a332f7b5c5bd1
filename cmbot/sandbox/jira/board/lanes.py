"""What a board shows, gathered from the store: columns by status, swimlanes by epic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmbot.sandbox.jira import issues, statusscheme
from cmbot.sandbox.jira.search import cleared

if TYPE_CHECKING:
    from cmbot.sandbox.jira.configuration import Project, User
    from cmbot.sandbox.jira.issues import Issue
    from cmbot.sandbox.jira.site import Site
    from cmbot.sandbox.jira.statusparts import Status, Transition

CARD_LIMIT = 500
"""Most issues on a board; the latest changed win."""
SEGMENT_LIMIT = 40
"""Most sub-tasks drawn on a card."""


@dataclass(frozen=True)
class Card:
    """An issue on the board."""

    issue: Issue
    """The issue."""
    assignee: User | None
    """Who it is assigned to."""
    moves: list[Transition]
    """Transitions to other statuses."""
    below: list[Issue]
    """Its sub-tasks."""

    @property
    def segments(self) -> list[Issue]:
        """The sub-tasks that are drawn."""
        return self.below[:SEGMENT_LIMIT]

    @property
    def done(self) -> int:
        """How many sub-tasks are done."""
        return sum(child.status.category.key == "done" for child in self.below)


@dataclass(frozen=True)
class Lane:
    """An epic and its issues; or the issues without an epic."""

    epic: Card | None
    """The epic."""
    cards: list[Card]
    """Its issues."""

    def in_status(self, status: Status) -> list[Card]:
        """The cards of a column, the epic first."""
        return [
            card for card in ([self.epic] if self.epic else []) + self.cards if card.issue.status == status
        ]

    @property
    def done(self) -> int:
        """How many of its issues are done."""
        return sum(card.issue.status.category.key == "done" for card in self.cards)


@dataclass(frozen=True)
class Board:
    """A project's board."""

    project: Project
    """The project."""
    statuses: list[Status]
    """Columns."""
    lanes: list[Lane]
    """Swimlanes."""
    hidden: int
    """Issues that are not shown because there are too many."""

    def count(self, status: Status) -> int:
        """How many cards a column has."""
        return sum(len(lane.in_status(status)) for lane in self.lanes)


def board(site: Site, user: User, project: Project) -> Board:
    """Gather a project's board."""
    shown, below, total = _latest(site, user, project)
    cards = [card(site, user, issue, below.get(issue.id, [])) for issue in shown]
    link = site.config.field_of_type("epic-link")
    by_epic: dict[str | None, list[Card]] = {}
    for one in cards:
        if one.issue.type.level == 0:
            by_epic.setdefault(one.issue.values.get(link.id) if link else None, []).append(one)
    lanes = [Lane(one, by_epic.pop(one.issue.key, [])) for one in cards if one.issue.type.level == 1]
    lanes.reverse()  # the newest epic on top
    rest = [one for several in by_epic.values() for one in several]
    return Board(
        project,
        project.status_scheme.statuses(),
        lanes + ([Lane(None, rest)] if rest else []),
        total - len(shown),
    )


def _latest(site: Site, user: User, project: Project) -> tuple[list[Issue], dict[int, list[Issue]], int]:
    """The issues for cards, their sub-tasks by id, and how many issues there are for cards in all."""
    seen, values = cleared(site.config, user)
    top = f"FROM issues i WHERE project_id = ? AND parent_id IS NULL AND archived IS NULL AND ({seen})"
    latest = f"{top} ORDER BY updated DESC, id DESC LIMIT {CARD_LIMIT:d}"
    shown = [issues.from_row(site, row) for row in site.store.rows(f"SELECT * {latest}", project.id, *values)]
    sql = f"SELECT * FROM issues WHERE parent_id IN (SELECT id {latest}) ORDER BY id"  # noqa: S608 - fixed text
    below: dict[int, list[Issue]] = {}
    for row in site.store.rows(sql, project.id, *values):
        below.setdefault(row["parent_id"], []).append(issues.from_row(site, row))
    (total,) = site.store.rows(f"SELECT COUNT(*) {top}", project.id, *values)
    return sorted(shown, key=lambda issue: issue.id), below, total[0]


def card(site: Site, user: User, issue: Issue, below: list[Issue]) -> Card:
    """An issue as a card."""
    assignee = issue.values.get("assignee")
    return Card(
        issue=issue,
        assignee=site.config.users[assignee] if assignee else None,
        moves=moves(site, user, issue),
        below=below,
    )


def moves(site: Site, user: User, issue: Issue) -> list[Transition]:
    """The transitions that lead elsewhere."""
    return [one for one in statusscheme.available(site, user, issue) if one.to != issue.status]
