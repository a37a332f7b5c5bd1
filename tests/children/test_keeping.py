"""Secrets are read when needed and never half; what was used is kept as it was."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from cmbot import archive, credentials
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


@pytest.mark.covers("E4", "V20")
def test_what_was_used_is_kept_read_only_with_its_hash(tmp_path: Path) -> None:
    used, place = tmp_path / "bps.yaml", tmp_path / "archive" / "try"
    used.write_text("first")
    digest = archive.keep(used, place)
    assert digest == hashlib.sha256(b"first").hexdigest()
    [copy] = place.iterdir()
    assert copy.name == f"bps-{digest[:12]}.yaml"
    assert (copy.read_text(), copy.stat().st_mode & 0o777) == ("first", 0o444)

    # The same again changes nothing; another content stands beside it.
    assert archive.keep(used, place) == digest
    used.write_text("second")
    archive.keep(used, place)
    assert sorted(file.read_text() for file in place.iterdir()) == ["first", "second"]


def test_a_copy_that_a_crash_left_half_made_is_made_anew(tmp_path: Path) -> None:
    used, place = tmp_path / "bps.yaml", tmp_path / "archive"
    used.write_text("whole")
    place.mkdir()
    half = place / f"bps-{hashlib.sha256(b'whole').hexdigest()[:12]}.yaml.new"
    half.write_text("wh")
    half.chmod(0o444)
    archive.keep(used, place)
    assert [file.read_text() for file in place.iterdir()] == ["whole"]
