"""A tag must mean what was written down; asked of real repositories on this disk."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from cmbot import git
from cmbot.exceptions import RemoteError
from cmbot.models.campaign import Specification
from cmbot.settings import GitSettings

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = ("-c", "user.name=Anna", "-c", "user.email=anna@example.org")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """With a branch main, a tag v1, an annotated tag v2, and another commit."""
    made = tmp_path / "lists"
    run(tmp_path, "init", "--quiet", "--initial-branch", "main", str(made))
    for number, tag in enumerate((("tag", "v1"), ("tag", "-a", "-m", "second", "v2"), ("branch", "later"))):
        (made / "bad.json").write_text(str(number))
        run(made, "add", ".")
        run(made, *NOBODY, "commit", "--quiet", "-m", f"list {number}")
        run(made, *NOBODY, *tag)
    return made


def run(place: Path, *argv: str) -> str:
    return subprocess.run(
        ["git", "-C", place, *argv], check=True, capture_output=True, text=True
    ).stdout.strip()


def said(repository: Path, tag: str, sha: str, *allowed: str) -> list[str]:
    link = f"file://{repository}"
    settings = GitSettings(repositories=allowed or (f"file://{repository.parent}/",))
    return list(map(str, git.problems("Data specification", Specification(link, tag, sha), settings)))


@pytest.mark.covers("B9")
@pytest.mark.parametrize("tag", ["v1", "v2"])
def test_a_tag_that_means_the_commit_is_sound(repository: Path, tag: str) -> None:
    assert said(repository, tag, run(repository, "rev-parse", f"{tag}^{{commit}}")) == []


@pytest.mark.covers("B9")
def test_a_tag_that_was_moved_is_named_with_what_it_means_now(repository: Path) -> None:
    old, new = run(repository, "rev-parse", "v1"), run(repository, "rev-parse", "later")
    run(repository, "tag", "--force", "v1", new)
    assert said(repository, "v1", old) == [
        f"Data specification version: v1 is {new} there, not {old}; find out why, and correct it"
    ]


@pytest.mark.covers("B9")
def test_a_branch_is_refused(repository: Path) -> None:
    [line] = said(repository, "later", run(repository, "rev-parse", "later"))
    assert line == "Data specification version: later is a branch, which moves; name a tag"


def test_a_tag_that_is_not_there_is_named(repository: Path) -> None:
    [line] = said(repository, "v9", "0" * 40)
    assert "has no tag v9; push it, or correct it" in line


@pytest.mark.parametrize("allowed", ["https://github.com/lsst/", "file:///elsewhere/"])
def test_a_repository_that_is_not_listed_is_not_asked(repository: Path, allowed: str) -> None:
    [line] = said(repository, "v1", "0" * 40, allowed)
    assert f"is no repository that may be asked; git.repositories has {allowed}" in line


def test_a_repository_that_does_not_answer_is_told(repository: Path) -> None:
    with pytest.raises(RemoteError, match="git: "):
        said(repository.parent / "none", "v1", "0" * 40, "file://")


def test_a_link_without_a_tag_is_not_asked_about(repository: Path) -> None:
    assert said(repository.parent / "none", "", "") == []
