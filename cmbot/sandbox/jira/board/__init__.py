"""The pages: a board, an issue, signing in."""

from __future__ import annotations
