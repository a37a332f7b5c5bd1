"""A connection to a made-up address, for what only the wire shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import responses

from cmbot.jira.wire import Wire
from cmbot.settings import JiraSettings, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = "https://jira.test/jira"
REST = f"{URL}/rest/api/2"
TOKEN = "made-up-token"


@pytest.fixture
def settings() -> JiraSettings:
    return JiraSettings(url=URL, token=Secret(variable="CMBOT_JIRA_TOKEN"))


@pytest.fixture
def wire(settings: JiraSettings) -> Wire:
    return Wire(settings, TOKEN)


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock
