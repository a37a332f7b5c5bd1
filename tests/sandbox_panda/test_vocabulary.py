from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cmbot.sandbox.panda import vocabulary

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("RequestStatus", vocabulary.REQUEST_STATUS),
        ("TransformStatus", vocabulary.TRANSFORM_STATUS),
        ("ProcessingStatus", vocabulary.PROCESSING_STATUS),
        ("CollectionStatus", vocabulary.COLLECTION_STATUS),
        ("ContentStatus", vocabulary.CONTENT_STATUS),
        ("CommandType", ["NoneCommand"]),
        ("RequestLocking", ["Idle"]),
        ("RequestType", ["Workflow"]),
        ("TransformType", ["Workflow"]),
    ],
)
def test_numbers_are_those_of_idds(kind: str, names: list[str]) -> None:
    constants = pytest.importorskip("idds.common.constants", reason="the sandbox extra is not installed")
    members = {name: getattr(constants, kind)[name].value for name in names}
    assert members == {name: vocabulary.wire(kind, name)["attributes"]["_value_"] for name in names}  # type: ignore[index] # a JSON object


def test_a_member_looks_as_recorded(samples: Path) -> None:
    recorded = json.loads((samples / "panda" / "idds" / "get_requests_subfinished.json").read_text())
    assert recorded[1][1][0]["status"] == vocabulary.wire("RequestStatus", "SubFinished")


def test_an_unknown_name_is_an_error_that_names_itself() -> None:
    with pytest.raises(KeyError, match="Done"):
        vocabulary.wire("RequestStatus", "Done")
