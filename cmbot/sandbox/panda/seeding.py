"""What a sandbox PanDA begins with: one JSON file, read for an empty store only.

For example::

    {"settings": {"rate_limit": 500, "block_after": 50, "lag": 60},
     "queues": [{"name": "LOCAL_TEST", "site": "LOCAL", "memory": 4000, "jobs": 4},
                {"name": "LOCAL_TEST_Himem", "site": "LOCAL", "memory": 16000, "status": "offline"}],
     "troubles": [{"task": "isr", "data_id": {"detector": 1}, "exit_code": 1},
                  {"task": "calibrate", "attempts": 1, "memory": 6000},
                  {"job": "*_r_*", "times": 3,
                   "errors": [{"component": "jobdispatcher", "code": 100, "diag": "lost heartbeat"}]},
                  {"task": "finalJob", "times": 1, "exit_code": 2}]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cmbot.sandbox.panda import queues, schema, settings, troubles
from cmbot.sandbox.panda.clock import ClockOrder
from cmbot.sandbox.panda.queues import Queue
from cmbot.sandbox.panda.settings import Settings
from cmbot.sandbox.panda.troubles import Trouble

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.sandbox.panda.store import Store

_SEEDED = "seeded"


class Seed(BaseModel):
    """Content of a seed file; every part has the form of the order of the same name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    settings: Settings = Settings()
    """How it behaves."""
    queues: tuple[Queue, ...] = Field(default=(), max_length=1000)
    """Its queues."""
    troubles: tuple[Trouble, ...] = Field(default=(), max_length=1000)
    """What goes wrong from the beginning."""
    clock: ClockOrder | None = None
    """Where the clock stands."""


def read(path: Path) -> Seed:
    """Read a seed file.

    Parameters
    ----------
    path : `pathlib.Path`
        JSON file.

    Returns
    -------
    seed : `Seed`
        Its content.

    Raises
    ------
    ValueError
        If there are mistakes in it; the message names them.
    """
    try:
        return Seed.model_validate_json(path.read_bytes())
    except ValidationError as error:
        places = [f"{'.'.join(map(str, mistake['loc']))}: {mistake['msg']}" for mistake in error.errors()]
        raise ValueError(f"{path}: {'; '.join(places)}") from error


def sow(store: Store, seed: Seed) -> None:
    """Apply a seed, once in the life of a store."""
    with store.transaction() as db:
        if schema.kept(db, _SEEDED):
            return
        settings.change(db, seed.settings)
        for queue in seed.queues:
            queues.put(db, queue)
        for trouble in seed.troubles:
            troubles.add(db, trouble)
        if seed.clock is not None:
            store.clock.steer(db, seed.clock)
        schema.keep(db, _SEEDED, value=True)
