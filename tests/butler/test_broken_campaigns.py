"""Each kind of broken configuration that was tried with the real BPS (reference/bps.md section 6) is named.

There BPS found half of them, most after the quantum graph was built, and accepted the others in silence.
Here a campaign is broken in the same way where its definition or the settings can be, before anything of it
is created; what only cmbot itself writes into BPS YAML is broken in tests/bps/test_lint.py.
"""

from __future__ import annotations

from contextlib import chdir, closing
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

import cmbot.sandbox.butler
from cmbot.children import Run
from cmbot.models.campaign import CampaignDefinition, SplitRule, StepDefinition
from cmbot.operations.check import Checked, check_file
from cmbot.reconcile import opening
from cmbot.settings import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PIPELINE = str(cmbot.sandbox.butler.pipeline_path())
PANDA = {
    "computeCloud": "US",
    "fileDistributionEndPoint": "/box/{uniqProcName}/",
    "runnerCommand": "python3 -m lsst.ctrl.bps.panda.edgenode.cmd_line_decoder _cmd_line_",
}


class InThisProcess:
    """Runs the Butler's scripts here: a child each would take seconds."""

    def start(self, directory: Path, argv: Sequence[str], *_: Any) -> None:
        _, script, request, response = argv
        main = import_module(f"cmbot.butler.scripts.{Path(script).stem}").main
        with chdir(directory):
            main(Path(request), Path(response))

    def look(self, _: Path) -> Run:
        return Run(alive=False, code=0, started=True)


@pytest.fixture
def sound(world: Any) -> CampaignDefinition:
    """Three steps of the sandbox's pipeline, each after the one before."""
    where = "instrument = 'DemoCam' AND skymap = 'demo' AND visit < 5"
    steps = (
        StepDefinition("step1", f"{PIPELINE}#step1", where, split=SplitRule("visit", size=2)),
        StepDefinition("step2", f"{PIPELINE}#step2", where, ("step1",)),
        StepDefinition("step3", f"{PIPELINE}#step3", f"{where} AND tract = 0", ("step1", "step2")),
    )
    return CampaignDefinition(
        name="broken", reason="a test", butler=world.repo, inputs=("DemoCam/defaults",), output="u/broken",
        environment="here", site="SLAC", steps=steps,
    )  # fmt: skip


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., Checked]:
    """Check a campaign with the Butler; settings of its site may be changed or left out."""

    def said(definition: CampaignDefinition, **site: Any) -> Checked:
        options = {name: value for name, value in (PANDA | site).items() if value is not None}
        data = {
            "jira": {"url": "http://127.0.0.1:1", "token": {"variable": "NO_TOKEN"}},
            "panda": {"relay": "http://127.0.0.1:1/server/panda"},
            "work": {"state": str(tmp_path / "state"), "submit": str(tmp_path / "submit")},
            "environments": {"here": {}},
            "sites": {"SLAC": {"wms_options": options}},
        }
        settings = parse(data, "settings")
        workshop = replace(opening.open_workshop(settings), runner=cast("Any", InThisProcess()))
        with closing(workshop.mirror):
            return check_file(definition, tmp_path, settings, workshop)

    return said


def changed(definition: CampaignDefinition, number: int, **fields: Any) -> CampaignDefinition:
    """The campaign with one step changed."""
    steps = list(definition.steps)
    steps[number] = replace(steps[number], **fields)
    return replace(definition, steps=tuple(steps))


@pytest.mark.covers("B33", "B36", "V19")
def test_a_sound_campaign_says_what_it_selects(check: Any, sound: CampaignDefinition) -> None:
    found = check(sound)
    assert found.problems == ()
    assert "step1: 2 groups, selected: datasets 8; visit 4" in found.notes
    assert "step3: not checked against the Butler before step1, step2" in found.notes


CAMPAIGN: list[tuple[str, dict[str, Any], str]] = [
    ("missing inCollection", {"inputs": ()}, "Input collections: is empty"),
    ("bad collection", {"inputs": ("DemoCam/nowhere",)}, "no collection DemoCam/nowhere"),
    ("bad butler", {"butler": "/no/such/repo"}, "Butler repository: there is no Butler repository at /no"),
    ("outCollection", {"output": ""}, "Output root: '' cannot be a collection"),
    ("bad wmsServiceClass", {"wms": "Condor"}, "WMS: 'Condor' is not known; use HTCondor, PanDA, Parsl"),
    ("missing computeSite", {"site": ""}, "Compute site: is empty; use SLAC"),
]
STEP: list[tuple[str, dict[str, Any], str]] = [
    ("missing pipelineYaml", {"pipeline": ""}, "Pipeline YAML: '' cannot be used; write PATH.yaml#SUBSET"),
    ("bad pipeline path", {"pipeline": "/no/DRP.yaml#step1"}, "Pipeline YAML: /no/DRP.yaml#step1: "),
    ("bad subset", {"pipeline": f"{PIPELINE}#step9"}, "step9"),
    ("bad where", {"query": "instrument = 'DemoCam' AND vist < 3"}, "Data query: "),
    ("empty QG", {"query": "instrument = 'DemoCam' AND visit > 900"}, "Data query: "),
    ("missing dataQuery", {"query": ""}, "Data query: is empty, and BPS would process everything"),
    ("missing payloadName", {"name": ""}, "Step name: '' cannot be used"),
    ("requestMemory: lots", {"options": {"requestMemory": "lots"}}, "requestMemory cannot be 'lots'"),
    ("typo key", {"options": {"requestMemry": 1}}, "requestMemry is not an option that a step may set"),
    ("unresolved {var}", {"query": "visit < {last}"}, "Data query: cannot be read at"),
    ("unresolved in options", {"options": {"queue": "{queue}"}}, "queue holds characters"),
    ("label", {"options": {"pipetask": {"isrr": {"requestMemory": 1}}}}, "the pipeline has no task isrr"),
]
SITE: list[tuple[str, dict[str, Any], str]] = [
    ("missing fileDistributionEndPoint", {"fileDistributionEndPoint": None}, "fileDistributionEndPoint"),
    ("missing runnerCommand", {"runnerCommand": "none"}, "runnerCommand"),
    ("unknown key", {"requestMemry": 1}, "requestMemry"),
    ("unresolved {var} of a site", {"computeCloud": "{nobody}"}, "{nobody}"),
]


def _ids(kinds: list[tuple[str, dict[str, Any], str]]) -> list[str]:
    return [kind for kind, _, _ in kinds]


@pytest.mark.covers("B11", "B36", "W17")
@pytest.mark.parametrize(("_", "change", "words"), CAMPAIGN, ids=_ids(CAMPAIGN))
def test_a_broken_campaign_is_named(
    check: Any, sound: CampaignDefinition, _: str, change: dict[str, Any], words: str
) -> None:
    told(check(replace(sound, **change)), words)


@pytest.mark.covers("B11", "B36", "W17")
@pytest.mark.parametrize(("_", "change", "words"), STEP, ids=_ids(STEP))
def test_a_broken_step_is_named(
    check: Any, sound: CampaignDefinition, _: str, change: dict[str, Any], words: str
) -> None:
    alone = replace(sound, steps=sound.steps[:1])
    told(check(changed(alone, 0, **change)), words)


@pytest.mark.covers("B11", "W17")
@pytest.mark.parametrize(("_", "change", "words"), SITE, ids=_ids(SITE))
def test_a_broken_site_is_named(
    check: Any, sound: CampaignDefinition, _: str, change: dict[str, Any], words: str
) -> None:
    told(check(replace(sound, steps=sound.steps[:1]), **change), words)


def told(found: Checked, words: str) -> None:
    lines = list(map(str, found.problems))
    assert any(words in line for line in lines), lines
    assert all(problem.remedy for problem in found.problems)


@pytest.mark.covers("V13")
def test_all_problems_are_told_at_once(check: Any, sound: CampaignDefinition) -> None:
    broken = changed(sound, 0, query="instrument = 'DemoCam' AND visit > 900")
    lines = list(map(str, check(changed(broken, 2, pipeline=f"{PIPELINE}#step9")).problems))
    assert [line.split(":")[0] for line in lines] == ["step1 Data query", "step3 Pipeline YAML"]


@pytest.mark.covers("B33", "B34", "B35")
def test_a_step_that_does_not_wait_for_what_it_needs_is_named(check: Any, sound: CampaignDefinition) -> None:
    (line,) = map(str, check(changed(sound, 2, after=("step1",))).problems)
    assert line.startswith("step3 is blocked by: it needs visitSummary of step2, and does not wait for it;")
    assert "link it: is blocked by step2" in line


@pytest.mark.covers("B33", "B34")
def test_a_step_whose_inputs_nobody_makes_is_named(check: Any, sound: CampaignDefinition) -> None:
    steps = (sound.steps[0], replace(sound.steps[2], after=("step1",)))
    (line,) = map(str, check(replace(sound, steps=steps)).problems)
    assert line.startswith("step3 Input collections: nothing makes visitSummary, which it needs")
    assert check(replace(sound, steps=(steps[0], replace(steps[1], exception="a test")))).problems == ()


@pytest.mark.covers("B15")
def test_the_pipeline_itself_says_how_a_step_may_be_cut(check: Any, sound: CampaignDefinition) -> None:
    (line,) = map(str, check(changed(sound, 1, split=SplitRule("detector", size=1))).problems)
    assert line.startswith("step2 Split rule: splits by detector, and its pipeline declares")
    renamed = replace(sound, steps=sound.steps[:2])
    assert check(changed(renamed, 0, split=SplitRule("detector", size=1))).problems == ()
