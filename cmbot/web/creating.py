"""``POST /api/campaigns``: other programs create campaigns, which people launch (requirement B27)."""

from __future__ import annotations

import hmac
import logging
import re
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response  # noqa: TC002 - FastAPI reads the annotations at run time
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from cmbot.definition import file as campaign_file
from cmbot.definition import yaml_text
from cmbot.exceptions import DefinitionError, Problem, RemoteError, UserError
from cmbot.mirror import Mirror
from cmbot.mirror.creations import Creation
from cmbot.operations import creations
from cmbot.operations.create import connect
from cmbot.reconcile.opening import mirror_file
from cmbot.web.bodies import TooLarge, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from cmbot.models.campaign import CampaignDefinition, StepDefinition
    from cmbot.settings import Settings

_LOG = logging.getLogger(__name__)
_KEY = re.compile(r"[A-Za-z0-9_.:\-]{8,100}", re.ASCII)
_AGAIN = {"Retry-After": "60"}
_TURN = 10.0
"""Seconds that a request waits for those before it."""


class Creating:
    """Creates what programs ask for, one after the other.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.
    token : `str`
        What programs have to show.
    now : `~collections.abc.Callable`
        Gives the time.
    made : `~collections.abc.Callable`
        Told when there is a new campaign; must return at once.
    """

    def __init__(
        self, settings: Settings, token: str, now: Callable[[], datetime], made: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._token = token.encode()
        self._now = now
        self._made = made
        self._one = Lock()

    async def receive(self, request: Request) -> Response:
        """Answer a request.

        Parameters
        ----------
        request : `fastapi.Request`
            A campaign as YAML or JSON, values of its variables as ``?set=NAME=VALUE``, and a key of its own
            in the head ``Idempotency-Key``. ``again=true`` lets it do what another campaign does already.

        Returns
        -------
        answer : `fastapi.Response`
            201 with the key of the new campaign; 200 if this key made it before. 400, 401, 408, 409 (the key
            made another), 413 and 422 (with all problems) for what is not done. 503 if Jira did not do it:
            the same request again goes on from there.
        """
        if not self._known(request.headers.get("Authorization", "")):
            return _refused(401, "say Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"})
        key = request.headers.get("Idempotency-Key", "")
        if not _KEY.fullmatch(key):
            return _refused(
                400, "say Idempotency-Key: 8 to 100 letters, digits and _ . : -, a new one for each campaign"
            )
        pairs = [item.partition("=") for item in request.query_params.getlist("set")]
        if any(not equals for _, equals, _ in pairs) or set(request.query_params) - {"set", "again"}:
            return _refused(400, "only set=NAME=VALUE and again=true may be asked")
        try:
            text = (await whole(request, yaml_text.MAX_BYTES)).decode()
        except TooLarge:
            return _refused(413, f"has more than {yaml_text.MAX_BYTES} bytes", {"Connection": "close"})
        except TimeoutError:
            return _refused(408, "took too long", {"Connection": "close"})
        except UnicodeDecodeError:
            return _refused(400, "is not text in UTF-8")
        values = {name: value for name, _, value in pairs}
        again = request.query_params.get("again") == "true"
        return await run_in_threadpool(self._answer, text, values, key, again=again)

    def _known(self, given: str) -> bool:
        scheme, _, token = given.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._token)

    def _answer(self, text: str, values: Mapping[str, str], key: str, *, again: bool) -> Response:
        # A Jira that is slow must not keep all threads, which also answer whether the service is well.
        if not self._one.acquire(timeout=_TURN):
            return _refused(503, "others are being created; ask again", _AGAIN)
        try:
            made = self._make(text, values, key, again=again)
        except DefinitionError as error:
            problems = [
                {"field": one.field, "problem": one.problem, "remedy": one.remedy} for one in error.problems
            ]
            return JSONResponse({"error": str(error.subject), "problems": problems}, 422)
        except creations.AnotherCampaign as error:
            return _refused(409, str(error))
        except UserError as error:
            return _refused(422, str(error))
        except RemoteError as error:
            _LOG.warning("a campaign that a program asked for is not made: %s", error)
            return _refused(503, str(error), _AGAIN)
        finally:
            self._one.release()
        if made.new:
            self._made()
        url = f"{self._settings.jira.url.rstrip('/')}/browse/{made.campaign}"
        coming = f"see `cmbot plan {made.campaign}`; a person moves it to Launch"
        return JSONResponse(
            {"campaign": made.campaign, "url": url, "next": coming},
            201 if made.new else 200,
            {"Location": url},
        )

    def _make(self, text: str, values: Mapping[str, str], key: str, *, again: bool) -> creations.Made:
        definition = campaign_file.read(text, "body", values)
        _require_no_files(definition)
        now, nowhere = self._now(), Path()
        wanted = Creation(f"program {key}", "a program", now, "", "", "")
        with closing(Mirror(mirror_file(self._settings))) as mirror:
            begun = creations.begin(mirror, self._settings, wanted, definition, nowhere, again=again)
            if begun.campaign:
                return creations.Made(begun.campaign, new=False)
            jira = connect(self._settings)
            return creations.finish(mirror, self._settings, jira, begun, nowhere, now)


def _require_no_files(definition: CampaignDefinition) -> None:
    """Files of this machine are nobody's business."""
    everything: tuple[CampaignDefinition | StepDefinition, ...] = (definition, *definition.steps)
    for part in everything:
        for field, file in (("DataIds included", part.include), ("DataIds excluded", part.exclude)):
            if file is not None:
                remedy = "say it in the data query, or use `cmbot create` with the file beside it"
                problem = Problem(field, "a set of DataIds cannot come with a request", remedy)
                raise DefinitionError(definition.name, (problem,))


def _refused(status: int, said: str, headers: Mapping[str, str] | None = None) -> Response:
    content: dict[str, Any] = {"error": said}
    return JSONResponse(content, status, headers)
