"""Notices and statuses to wiki markup, with the templates it is given. Pure."""

from cmbot.comments.render import Comments

__all__ = ["Comments"]
