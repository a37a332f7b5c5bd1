"""What pages cost: a campaign of 20 steps x 90 groups over HTTP, beside a plain template of as many cells."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import jinja2
from web.pages.conftest import World

from cmbot.models.attempts import AttemptState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STEPS, GROUPS = 20, 90
_PLAIN = (
    "<table>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}"
)
_AGAIN = 5


def figures() -> Iterator[tuple[str, float]]:
    """Seconds by what was measured; the first is the floor."""
    template = jinja2.Environment(autoescape=True).from_string(_PLAIN)
    rows = [[f"g{group:03} {step}" for step in range(STEPS)] for group in range(GROUPS)]
    yield "plain template", _least(lambda: template.render(rows=rows))
    with tempfile.TemporaryDirectory() as place:
        world = World(Path(place))
        with closing(world.mirror), world.served() as reader:
            _fill(world)
            grid = "campaign/CM-1?all=1"
            yield "grid of 20 x 90 after a change, s", _once(lambda: reader.text(grid))
            yield "grid of 20 x 90 again, s", _least(lambda: reader.text(grid))
            yield "first page after a change, s", _once(lambda: (world.pass_made(), reader.text()))
            yield "first page again, s", _least(reader.text)


def _fill(world: World) -> None:
    world.campaign("grid", steps=tuple(f"s{number}" for number in range(STEPS)))
    for number in range(2, STEPS + 2):
        world.split(f"CM-{number}", GROUPS)
        with world.mirror.writing():
            for group in range(1, GROUPS + 1):
                ended = AttemptState.FAILED if group % 9 == 0 else AttemptState.SUCCEEDED
                world.attempt(f"CM-{number}", f"g{group:03}", ended, (100, 100 - group, group, 0))


def _once(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _least(work: Callable[[], object]) -> float:
    return min(_once(work) for _ in range(_AGAIN))
