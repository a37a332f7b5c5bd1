"""Every state has a mark."""

from __future__ import annotations

import pytest

from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Status
from cmbot.pages.marks import mark


@pytest.mark.covers("V9")
@pytest.mark.parametrize("state", [*AttemptState, *Status])
def test_every_state_has_a_word_a_shape_and_a_tone(state: str) -> None:
    shown = mark(state)
    assert shown.word == state
    assert shown.shape
    assert shown.tone
