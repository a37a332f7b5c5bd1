"""The local SQLite state: mirror, journal, outbox, events and lease (design.md section 1)."""

from cmbot.mirror.database import Mirror

__all__ = ["Mirror"]
