"""JQL: parsed by a grammar, compiled to SQL; what is not known is refused as Jira refuses it."""

from __future__ import annotations

from .compilation import Compiled, compile_query

__all__ = ["Compiled", "compile_query"]
