"""`cmbot reconcile` and the list of what waits, on a real campaign."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from cmbot.cli import main
from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Status

if TYPE_CHECKING:
    from conftest import Bot, Human, Panda

    from cmbot.demo.world import World

pytestmark = [pytest.mark.long, pytest.mark.calm("commands that people call, not the bot's passes")]


def call(world: World, *argv: str) -> Any:
    """Call a command as a person would, for its JSON."""
    done = CliRunner().invoke(main, [*argv, "--json"], env={"CMBOT_SETTINGS": str(world.settings)})
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.covers("W5", "W8")
def test_what_does_not_agree_is_shown_and_one_pass_mends_it(
    world: World, bot: Bot, alice: Human, panda: Panda
) -> None:
    epic, step = bot.create()
    panda.control("executor", paused=True)
    alice.launch(epic)
    bot.until(panda.requests)
    bot.until(lambda: bot.attempts(step)[0].state is not AttemptState.RESERVED)
    bot.settle()
    (attempt,) = bot.attempts(step)
    assert attempt.last_try is not None
    (line,) = call(world, "reconcile", epic, "--dry-run")
    assert (line["rule"], line["request"]) == ("agrees", attempt.last_try.request_id)
    assert call(world, "status", "--attention") == []
    # Somebody cancels it in PanDA.
    bot.edges.wms.cancel(line["request"])
    (line, *_) = call(world, "reconcile", "--dry-run")
    assert line["rule"] in {"moved there", "ended there"}
    done = call(world, "reconcile", epic)
    assert done["errors"] == []
    assert bot.attempts(step)[0].state is not attempt.state
    panda.control("executor", paused=False)
    bot.until(lambda: alice.status(epic) == Status.PAUSED)
    bot.settle()
    kinds = {each["kind"] for each in call(world, "status", "--attention")}
    assert kinds == {"failed", "paused"}
