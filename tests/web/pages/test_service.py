"""The service serves pages beside its passes, if the settings say so."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import requests

from cmbot.service import _Loop, _serving
from cmbot.web.health import Health

if TYPE_CHECKING:
    from tests.web.pages.conftest import World


@pytest.mark.parametrize(("pages", "status"), [(True, 200), (False, 404)])
def test_pages_are_served_if_they_are_asked_for(
    world: World, caplog: pytest.LogCaptureFixture, pages: bool, status: int
) -> None:
    world.campaign("one")
    web = world.settings.web
    assert web is not None
    settings = world.settings.model_copy(update={"web": web.model_copy(update={"pages": pages, "port": 0})})
    caplog.set_level(logging.INFO)
    health = Health(timedelta(minutes=1), lambda: datetime.now(UTC))
    with _serving(settings, _Loop(settings, health)):
        (url,) = re.findall(r"serving (http\S+)", caplog.text)
        for path in ("", "campaign/CM-1", "metrics", "style.css"):
            assert requests.get(f"{url}/{path}", timeout=30).status_code == status
        assert requests.get(f"{url}/healthz", timeout=30).status_code == 200
