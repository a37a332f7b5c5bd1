"""A submission of the real bps in the real iDDS: looked up, followed, cancelled and restarted by cmbot."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import CredentialsError, NotFound, OutcomeUnknown, Refused, RemoteError
from cmbot.mirror import Mirror
from cmbot.mirror.budget import Budget
from cmbot.panda.service import PandaWms
from cmbot.wms.states import TaskState, WorkflowState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cmbot.settings import PandaSettings

pytestmark = pytest.mark.long
NAME = "CM-7_step1_g001_a1_0a1b2c3d"


def follower(settings: PandaSettings, token: str) -> PandaWms:
    return PandaWms(settings, lambda: token, Budget(Mirror(Path(":memory:")), {}, 0))


@pytest.fixture(scope="module")
def bps(panda: Any, bps_for: Callable[..., Any]) -> Any:
    return bps_for(panda.relay, panda.issuer.token("sandbox"))


@pytest.fixture(scope="module")
def wms(panda: Any, bps: Any) -> PandaWms:
    return follower(bps.settings, panda.issuer.token("sandbox"))


@pytest.fixture(scope="module")
def request_id(bps: Any) -> int:
    """A request that nothing moves on."""
    number: int = bps.submit(NAME)
    return number


def commands(panda: Any, request_id: int) -> list[str]:
    """What was registered for a request, as iDDS stores it: oldest first."""
    rows = panda.idds_sql(f"select cmd_type from commands where request_id = {request_id} order by cmd_id")
    return rows.split()


@pytest.mark.covers("W1", "W18", "A6")
def test_what_bps_submits_is_in_idds_once_under_its_name_and_is_found_by_it(
    panda: Any, wms: PandaWms, request_id: int
) -> None:
    stored = panda.idds_sql(f"select request_id, username from requests where name = '{NAME}'")
    assert stored == f"{request_id}|Sandbox"
    assert wms.find(NAME[:-8]) == {NAME: request_id}
    seen = wms.status(request_id)
    assert (seen.name, seen.raw_status, seen.state) == (NAME, "New", WorkflowState.SUBMITTED)
    assert (seen.tasks, seen.cancel_registered) == ((), False)


@pytest.mark.covers("W1")
def test_a_name_that_only_looks_alike_is_not_taken_for_another(
    panda: Any, wms: PandaWms, request_id: int
) -> None:
    # In iDDS's look-up every underscore is any character; case counts.
    panda.copy_request(request_id, NAME.replace("_", "x"))
    panda.copy_request(request_id, NAME.lower())
    assert wms.find(NAME[:-8]) == {NAME: request_id}
    assert wms.find("CM-8_") == {}


def test_unknown_requests_are_told_as_such(wms: PandaWms) -> None:
    for ask in (wms.status, wms.cancel, wms.restart):
        with pytest.raises(NotFound):
            ask(424242)


def test_cancel_and_restart_are_registered_for_the_owner_alone(
    panda: Any, bps: Any, wms: PandaWms, request_id: int
) -> None:
    stranger = follower(bps.settings, panda.issuer.token("stranger"))
    for refused in (stranger.cancel, stranger.restart):
        with pytest.raises(Refused, match="no permission"):
            refused(request_id)
    assert commands(panda, request_id) == []
    assert stranger.status(request_id).name == NAME
    wms.cancel(request_id)
    wms.restart(request_id)
    assert len(set(commands(panda, request_id))) == 2
    # Registered is not done: nothing shows before iDDS's agents have taken them up.
    seen = wms.status(request_id)
    assert (seen.raw_status, seen.cancel_registered) == ("New", False)


def test_wrong_credentials_are_told_from_outages(panda: Any, bps: Any) -> None:
    known = panda.issuer.token("sandbox")
    wrong = [
        follower(bps.settings, "not.a.token"),
        follower(bps.settings, panda.issuer.token("sandbox", seconds=-3600)),
        follower(bps.settings, panda.issuer.token("sandbox", groups=("/Other",))),
        follower(replace_vo(bps.settings, "Nowhere"), known),
        follower(replace_vo(bps.settings, "Rubin.production"), known),
    ]
    for wms in wrong:
        with pytest.raises(CredentialsError):
            wms.status(1)
    producer = panda.issuer.token("sandbox", groups=("/Rubin", "/Rubin/production"))
    assert follower(replace_vo(bps.settings, "Rubin.production"), producer).find("CM-8_") == {}


def replace_vo(settings: PandaSettings, vo: str) -> PandaSettings:
    return settings.model_copy(update={"vo": vo})


@pytest.fixture(params=["database", "idds", "server"])
def outage(panda: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    """One of the parts is gone, and comes back."""
    part = getattr(panda, request.param)
    part.stop()
    yield request.param
    part.start()


def test_no_outage_looks_like_absence(wms: PandaWms, request_id: int, outage: str) -> None:
    for ask in (lambda: wms.status(request_id), lambda: wms.find(NAME)):
        with pytest.raises(RemoteError) as caught:
            ask()
        assert not isinstance(caught.value, NotFound)
    with pytest.raises(OutcomeUnknown):
        wms.cancel(request_id)


def test_after_outages_all_is_as_before(wms: PandaWms, request_id: int, until: Callable[..., Any]) -> None:
    def found() -> bool:
        try:
            return wms.find(NAME) == {NAME: request_id}
        except RemoteError:
            return False  # connections to the former database are noticed one by one

    until(found)
    assert wms.status(request_id).raw_status == "New"


@pytest.fixture
def insist(until: Callable[..., Any]) -> Callable[..., None]:
    """Register a command until it shows: iDDS loses one that finds its request being worked on (2.6.21).

    The clerk locks a command before the request, and where it does not get the request, leaves it locked.
    """

    def insist(register: Callable[[], None], shows: Callable[[], bool]) -> None:
        for _ in range(8):
            register()
            with contextlib.suppress(AssertionError):
                until(shows, seconds=25)  # the clerk looks every 10 s
                return
        until(shows, seconds=1)

    return insist


def test_tasks_are_followed_in_the_order_of_the_pipeline_until_the_end_and_after_it(
    panda: Any, bps: Any, wms: PandaWms, until: Callable[..., Any], insist: Callable[..., None]
) -> None:
    followed, cancelled = (bps.submit(f"CM-7_step1_g001_a{number}_0a1b2c3d") for number in (2, 3))
    panda.agents.start()
    until(lambda: len(wms.status(followed).tasks) == 3)
    seen = wms.status(followed)
    assert seen.state is WorkflowState.RUNNING
    assert [task.label for task in seen.tasks] == ["pipetaskInit", "isr", "calibrate"]
    assert {task.expected for task in seen.tasks} == {None}, "nothing is counted yet"
    insist(lambda: wms.cancel(cancelled), lambda: wms.status(cancelled).cancel_registered)
    assert wms.status(cancelled).state is WorkflowState.CANCELLING
    panda.agents.stop()

    # PanDA itself is not there, so what it would count is written into iDDS's tables.
    panda.end(followed, {"pipetaskInit": (1, 0, 0), "isr": (1, 1, 0), "calibrate": (1, 0, 1)})
    seen = wms.status(followed)
    assert (seen.raw_status, seen.state) == ("SubFinished", WorkflowState.ENDED_PARTLY)
    counts = {task.label: (task.expected, task.done, task.failed, task.pruned) for task in seen.tasks}
    assert counts == {"pipetaskInit": (1, 1, 0, 0), "isr": (2, 1, 1, 0), "calibrate": (2, 1, 0, 1)}
    assert {task.state for task in seen.tasks} == {TaskState.DONE, TaskState.PARTLY}
    table = bps("report", "--id", str(followed)).stdout
    assert [int(count) for count in table.split("\nisr ")[1].split("\n")[0].split()[-4:]] == [1, 1, 0, 2]
    assert bps("status", "--id", str(followed)).returncode == 19

    wms.restart(followed)
    assert wms.status(followed).state is WorkflowState.ENDED_PARTLY, "it has only been registered"
    panda.agents.start()
    insist(lambda: wms.restart(followed), lambda: wms.status(followed).state is WorkflowState.RUNNING)
    panda.agents.stop()
