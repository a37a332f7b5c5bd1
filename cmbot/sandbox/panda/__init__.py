"""A laptop-sized PanDA for learning and testing; an emulator, not PanDA.

It speaks what the real PanDA plugin of BPS speaks, and runs the jobs that are posted to it as processes of
this machine. It imports nothing else of cmbot.
"""

from __future__ import annotations

from cmbot.sandbox.panda.server import Address, serve

__all__ = ["Address", "serve"]
