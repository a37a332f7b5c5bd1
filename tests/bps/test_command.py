"""How children are called, and where their token is."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from cmbot.bps import command
from cmbot.bps.tokens import place_token, remove_token
from cmbot.exceptions import CredentialsError
from cmbot.settings import PandaSettings

if TYPE_CHECKING:
    from pathlib import Path


def test_the_data_report_counts_all_attempts_in_the_newer_form() -> None:
    assert command.data_report("/repo", ["a.qg", "b.qg"], "out.json") == (
        "pipetask",
        "report",
        "/repo",
        "a.qg",
        "b.qg",
        "--force-v2",
        "--full-output-filename",
        "out.json",
    )


def test_bps_is_told_where_panda_is_and_never_looks_elsewhere() -> None:
    settings = PandaSettings(relay="https://panda.example.org/server/panda/", vo="Rubin.production")
    variables = command.panda_variables(settings, user="cmbot", token_file="/run/token")
    for name in ("PANDA_URL", "PANDA_URL_SSL", "PANDACACHE_URL"):
        assert variables[name] == "https://panda.example.org/server/panda"
    assert variables["PANDA_BEHIND_REAL_LB"]
    assert variables["PANDA_AUTH_VO"] == "Rubin.production"
    assert "SSL_CERT_FILE" not in variables
    assert "PANDA_AUTH_ID_TOKEN" not in variables


def test_a_token_is_readable_by_its_owner_only_and_ends_without_a_newline(tmp_path: Path) -> None:
    file = place_token(tmp_path / "run", "  0123456789abcdef\n")
    assert file.read_bytes() == b"0123456789abcdef"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_token_can_be_renewed_while_the_child_runs(tmp_path: Path) -> None:
    place_token(tmp_path, "old")
    assert place_token(tmp_path, "new").read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["token"]


def test_nothing_is_left_of_a_token_that_was_removed(tmp_path: Path) -> None:
    place_token(tmp_path, "old")
    remove_token(tmp_path)
    remove_token(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("token", ["", " \n", "a b", "a\nb"])
def test_what_is_no_token_is_refused(tmp_path: Path, token: str) -> None:
    with pytest.raises(CredentialsError):
        place_token(tmp_path, token)
