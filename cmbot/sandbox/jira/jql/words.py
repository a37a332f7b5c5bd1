"""The ``~`` operator: words, phrases and wildcards, ignoring case.

Simpler than Jira's Lucene: all words must occur, there is no stemming and there are no operators inside.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache

_TERM = re.compile(r'"([^"]*)"|(\S+)')
_WORD = re.compile(r"\w+")


def matches(text: str | None, query: str) -> bool:
    """Whether the text holds every term of the query."""
    if text is None:
        return False
    words = _WORD.findall(text.casefold())
    spaced = f" {' '.join(words)} "
    phrases, patterns = _terms(query.casefold())
    return all(phrase in spaced for phrase in phrases) and all(
        any(fnmatchcase(word, pattern) for word in words) for pattern in patterns
    )


@lru_cache(maxsize=256)
def _terms(query: str) -> tuple[list[str], list[str]]:
    """Phrases (a word is a short one) and words with wildcards; a phrase has no wildcards."""
    phrases, patterns = [], []
    for phrase, term in _TERM.findall(query):
        pieces = re.findall(r"[\w*?]+", term)
        if len(pieces) == 1 and re.search(r"[*?]", pieces[0]):
            patterns += pieces
        elif words := _WORD.findall(phrase or term):
            phrases.append(f" {' '.join(words)} ")
    return phrases, patterns
