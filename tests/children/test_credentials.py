"""Secrets are read when needed and never half."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot import credentials
from cmbot.exceptions import UserError
from cmbot.settings import Secret

if TYPE_CHECKING:
    from pathlib import Path


def test_a_secret_is_read_from_where_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text("  from a file\n")
    monkeypatch.setenv("CMBOT_TEST_TOKEN", " from a variable\n")
    assert credentials.read(Secret(variable="CMBOT_TEST_TOKEN"), "x") == "from a variable"
    assert credentials.read(Secret(file=str(file)), "x") == "from a file"
    assert credentials.read(Secret(variable="CMBOT_TEST_TOKEN", file=str(file)), "x") == "from a variable"
    monkeypatch.setenv("CMBOT_TEST_TOKEN", " ")
    assert credentials.read(Secret(variable="CMBOT_TEST_TOKEN", file=str(file)), "x") == "from a file"
    file.write_text("renewed")
    assert credentials.read(Secret(file=str(file)), "x") == "renewed"


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe\x00"])
def test_a_file_without_a_secret_is_an_error_that_shows_nothing_of_it(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(UserError) as caught:
        credentials.read(Secret(file=str(file)), "jira.token")
    assert caught.value.subject == "jira.token"
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (None, "does not say where"),
        (Secret(), "does not say where"),
        (Secret(variable="CMBOT_NO_SUCH_VARIABLE"), "CMBOT_NO_SUCH_VARIABLE is empty"),
        (Secret(file="/no/such/file"), "No such file"),
    ],
)
def test_a_missing_secret_names_the_setting(secret: Secret | None, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        credentials.read(secret, "panda.token")
    assert caught.value.subject == "panda.token"
