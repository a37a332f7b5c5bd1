"""The ``~`` operator: words, phrases and trailing wildcards, ignoring case.

Simpler than Jira's Lucene: all words must occur, there is no stemming and there are no operators inside.
"""

from __future__ import annotations

import re
from functools import lru_cache

_TERM = re.compile(r'"([^"]*)"|(\S+)')
_WORD = re.compile(r"\w+")


def matches(text: str | None, query: str) -> bool:
    """Whether the text holds every term of the query."""
    if text is None:
        return False
    spaced = " " + " ".join(_WORD.findall(text.casefold())) + " "
    return all(pattern.search(spaced) for pattern in _patterns(query))


@lru_cache(maxsize=256)
def _patterns(query: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(_pattern(phrase or term)) for phrase, term in _TERM.findall(query))


def _pattern(term: str) -> str:
    words = re.findall(r"[\w*?]+", term.casefold())
    wild = (re.escape(word).replace(r"\*", r"\w*").replace(r"\?", r"\w") for word in words)
    return " " + " ".join(wild) + " "
