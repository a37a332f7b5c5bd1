"""A tag must mean what was written down; asked of real repositories on this disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmbot import git
from cmbot.exceptions import RemoteError
from cmbot.models.campaign import CampaignDefinition, Specification
from cmbot.settings import GitSettings

if TYPE_CHECKING:
    from pathlib import Path


def said(place: Path, tag: str, sha: str, *allowed: str) -> list[str]:
    link = f"file://{place}"
    settings = GitSettings(repositories=allowed or (f"file://{place.parent}/",))
    return list(map(str, git.problems("Data specification", Specification(link, tag, sha), settings)))


@pytest.mark.covers("B9")
@pytest.mark.parametrize("tag", ["v1", "v2"])
def test_a_tag_that_means_the_commit_is_sound(repository: Any, tag: str) -> None:
    assert said(repository.place, tag, repository.sha(tag)) == []


@pytest.mark.covers("B9")
def test_a_tag_that_was_moved_is_named_with_what_it_means_now(repository: Any) -> None:
    old, new = repository.sha("v1"), repository.sha("later")
    repository.move("v1", "later")
    assert said(repository.place, "v1", old) == [
        f"Data specification version: v1 is {new} there, not {old}; find out why, and correct it"
    ]


@pytest.mark.covers("B9")
def test_a_branch_is_refused(repository: Any) -> None:
    [line] = said(repository.place, "later", repository.sha("later"))
    assert line == "Data specification version: later is a branch, which moves; name a tag"


def test_a_tag_that_is_not_there_is_named(repository: Any) -> None:
    [line] = said(repository.place, "v9", "0" * 40)
    assert "has no tag v9; push it, or correct it" in line


@pytest.mark.parametrize("allowed", ["https://github.com/lsst/", "file:///elsewhere/"])
def test_a_repository_that_is_not_listed_is_not_asked(repository: Any, allowed: str) -> None:
    [line] = said(repository.place, "v1", "0" * 40, allowed)
    assert f"is no repository that may be asked; git.repositories has {allowed}" in line


def test_a_repository_that_does_not_answer_is_told(repository: Any) -> None:
    with pytest.raises(RemoteError, match="git: "):
        said(repository.place.parent / "none", "v1", "0" * 40, "file://")


def test_a_link_without_a_tag_is_no_reference() -> None:
    tagged = Specification("https://example.org/lists", "v1", "0" * 40)
    made = CampaignDefinition(
        name="mini", butler="/r", inputs=("raw",), output="o", environment="e", site="s",
        data=tagged, processing=Specification("https://example.org/why.html"),
    )  # fmt: skip
    assert git.references(made) == {"Data specification": tagged}
