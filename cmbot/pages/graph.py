"""The picture of a campaign: which step waits for which, drawn from left to right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmbot.models.views import CampaignView

BOX, HEIGHT = 150, 34
"""Width and height of a step, in units of the picture."""
_ACROSS, _DOWN, _EDGE = 200, 54, 4
_LONGEST = 18


@dataclass(frozen=True)
class Node:
    """A step in the picture."""

    key: str
    """Its key."""
    name: str
    """Its name."""
    label: str
    """Its name, shortened to fit."""
    state: str
    """Its state."""
    x: int
    """Its left edge."""
    y: int
    """Its upper edge."""


@dataclass(frozen=True)
class Arrow:
    """From a step to one that waits for it."""

    path: str
    """As SVG writes it."""


@dataclass(frozen=True)
class Graph:
    """The picture."""

    width: int
    """Of all of it."""
    height: int
    """Of all of it."""
    nodes: tuple[Node, ...]
    """Steps."""
    arrows: tuple[Arrow, ...]
    """What waits for what."""

    @property
    def text(self) -> str:
        """In words, for whoever does not see it."""
        return f"{len(self.nodes)} steps with {len(self.arrows)} dependencies"


def graph(view: CampaignView) -> Graph:
    """Draw the steps of a campaign.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    graph : `Graph`
        Each step right of all that it waits for; a circle, which no valid campaign has, is drawn as it comes.
    """
    before = {step.issue.key: step.issue.blocked_by for step in view.steps}
    column = dict.fromkeys(before, 0)
    # Longest paths: as many rounds as there are steps are enough for any campaign without a circle.
    for _ in before:
        column |= {
            key: max((column[one] + 1 for one in found if one in column), default=0)
            for key, found in before.items()
        }
        column = {key: min(place, len(before)) for key, place in column.items()}
    used = {place: number for number, place in enumerate(sorted(set(column.values())))}
    rows: dict[int, int] = {}
    nodes = {}
    for step in view.steps:
        place = used[column[step.issue.key]]
        row = rows[place] = rows.get(place, -1) + 1
        short = step.name if len(step.name) <= _LONGEST else f"{step.name[: _LONGEST - 1]}…"
        nodes[step.issue.key] = Node(
            step.issue.key,
            step.name,
            short,
            "failing" if step.failing else str(step.issue.status),
            _EDGE + place * _ACROSS,
            _EDGE + row * _DOWN,
        )
    arrows = tuple(
        _arrow(nodes[one], nodes[key]) for key, found in before.items() for one in found if one in nodes
    )
    return Graph(
        max((node.x for node in nodes.values()), default=0) + BOX + _EDGE,
        max((node.y for node in nodes.values()), default=0) + HEIGHT + _EDGE,
        tuple(nodes.values()),
        arrows,
    )


def _arrow(start: Node, end: Node) -> Arrow:
    x1, y1, x2, y2 = start.x + BOX, start.y + HEIGHT // 2, end.x, end.y + HEIGHT // 2
    middle = (x1 + x2) // 2
    return Arrow(f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}")
