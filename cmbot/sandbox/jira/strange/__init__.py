"""Strange mode: everything that can go wrong on purpose, steered over the sandbox's own paths.

``/sandbox/disturb`` arms one fault for the requests that come next; ``/sandbox/strange`` says how the whole
site misbehaves until it is told otherwise, and towards whom. One seed decides, so that a run repeats.
"""

from __future__ import annotations

from .strangeness import Strange

__all__ = ["Strange"]
