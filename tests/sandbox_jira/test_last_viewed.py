"""``lastViewed`` is when the asker looked at the issue's page, or said that a reading is a look."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Sandbox


def seen(sandbox: Sandbox, key: str, user: str = "alice") -> str | None:
    found: str | None = sandbox.get(f"issue/{key}?fields=lastViewed", user=user)["fields"]["lastViewed"]
    return found


def test_a_reading_is_a_look_only_if_it_says_so(sandbox: Sandbox) -> None:
    key = sandbox.create()
    sandbox.get(f"issue/{key}")
    assert seen(sandbox, key) is None
    sandbox.get(f"issue/{key}?updateHistory=true")
    first = seen(sandbox, key)
    assert first is not None
    assert first.startswith("2026-11-20T12:00:00.000")
    sandbox.clock.advance(hours=1)
    sandbox.get(f"issue/{key}?updateHistory=true")
    assert str(seen(sandbox, key)).startswith("2026-11-20T13:00:00.000")


def test_everybody_sees_their_own_looks(sandbox: Sandbox) -> None:
    key = sandbox.create()
    sandbox.get(f"issue/{key}?updateHistory=true", user="bob")
    assert seen(sandbox, key) is None
    assert str(seen(sandbox, key, "bob")).startswith("2026-11-20T07:00:00.000-0500")
    assert sandbox.get(f"issue/{key}?fields=updated")["fields"]["updated"].startswith("2026-11-20T12:00:00")
