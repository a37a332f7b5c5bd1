from __future__ import annotations

import ast
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import cmbot.sandbox.butler
from cmbot.butler.arrangement import ARRANGE_SCRIPT
from cmbot.butler.contents import ContentsRequest, parse_contents
from cmbot.butler.questions import (
    QUERY_SCRIPT,
    CountRequest,
    SelectRequest,
    parse_counts,
    parse_selection,
)
from cmbot.dataids import DataIdSet
from cmbot.exceptions import DefinitionError, RemoteError
from cmbot.models.campaign import SplitRule
from cmbot.splitting.chosen import Chosen
from cmbot.splitting.groups import split
from cmbot.splitting.predicates import predicates

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PIPELINE = str(cmbot.sandbox.butler.pipeline_path())


@pytest.fixture
def ask(world: Any, script: Callable[[Path, str], str]) -> Callable[..., Any]:
    """Ask for visits of step1, with changes."""

    def select(**changes: Any) -> Any:
        request = SelectRequest(
            world.repo, ("DemoCam/defaults",), "visit > 3", ("visit",), f"{PIPELINE}#step1"
        )
        return parse_selection(script(QUERY_SCRIPT, replace(request, **changes).to_json()), "DEMO-2")

    return select


def test_visits_that_a_query_selects_come_with_their_counts_and_beside_all_that_exist(
    ask: Callable[..., Any],
) -> None:
    found = ask()
    assert found.selected == {"visit": tuple(range(4, 13))}
    assert found.existing == {"visit": tuple(range(1, 13))}
    assert found.counts[4] == 2
    assert (found.dataset_type, found.governors) == ("raw", {"instrument": "DemoCam", "skymap": "demo"})


def test_tracts_are_those_that_the_data_overlap(ask: Callable[..., Any]) -> None:
    found = ask(dimensions=("tract",), where="visit=1")
    assert found.selected == {"tract": (0,)}
    assert found.existing == {"tract": (0, 1)}


def test_a_tract_constraint_selects_the_visits_that_touch_it(ask: Callable[..., Any]) -> None:
    found = ask(where="tract=0")
    assert 1 in found.selected["visit"]
    assert 4 not in found.selected["visit"]


def test_a_later_step_is_asked_of_the_outputs_of_the_earlier(ask: Callable[..., Any], world: Any) -> None:
    found = ask(pipeline=f"{PIPELINE}#step2", collections=(world.processed, "DemoCam/defaults"), where="")
    assert found.dataset_type == "calexp"
    assert found.selected == found.existing == {"visit": world.visits}


def test_a_dataset_type_can_be_named_without_a_pipeline(ask: Callable[..., Any]) -> None:
    found = ask(pipeline=None, dataset_type="raw", dimensions=("exposure",), where="exposure IN (2..3)")
    assert found.selected == {"exposure": (2, 3)}


def test_a_group_selects_its_own_values_when_its_predicate_is_asked_of_the_butler(
    ask: Callable[..., Any],
) -> None:
    everything = ask(where="visit > 3")
    groups = split(everything.selected, SplitRule("visit", 4))
    for group, made in zip(
        groups, predicates(groups, everything.existing, everything.governors), strict=True
    ):
        assert ask(where=made.applied_to("visit > 3")).selected == {"visit": group.parts[0].values}


@pytest.mark.covers("B17")
def test_a_group_of_two_dimensions_selects_its_own_pairs(ask: Callable[..., Any]) -> None:
    both = ("visit", "detector")
    everything = ask(dimensions=both)
    assert everything.tasks == 2
    groups = split(everything.selected, SplitRule("visit", 4, by=SplitRule("detector", count=2)))
    for group, made in zip(
        groups, predicates(groups, everything.existing, everything.governors), strict=True
    ):
        found = ask(dimensions=both, where=made.applied_to("visit > 3"))
        assert found.selected == {part.dimension: part.values for part in group.parts}
        assert sum(found.counts.values()) == group.size


@pytest.mark.covers("C1", "C7")
def test_what_is_excluded_is_not_selected(ask: Callable[..., Any]) -> None:
    both = ("visit", "detector")
    gone = [{"instrument": "DemoCam", "visit": visit, "detector": 0} for visit in (4, 6)]
    picked = Chosen(excluded=DataIdSet.of(gone))
    everything = ask(dimensions=both)
    [group] = split(picked.restricted({"visit": everything.selected["visit"]}), SplitRule("visit", 99))
    [said] = predicates([group], everything.existing, everything.governors)
    made = picked.applied(group, said, everything.existing, everything.governors)
    found = ask(dimensions=both, where=made.applied_to("visit > 3"))
    assert found.counts == {visit: 1 if visit in {4, 6} else 2 for visit in range(4, 13)}


def test_names_are_selected_as_the_predicate_quotes_them(ask: Callable[..., Any]) -> None:
    everything = ask(dimensions=("band",), where="")
    assert everything.selected == {"band": ("g", "r")}
    first, _ = split(everything.selected, SplitRule("band", 1))
    where = predicates([first], everything.existing, everything.governors)[0].where
    assert ask(dimensions=("band",), where=where).selected == {"band": ("g",)}


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"repo": "nowhere/repo"}, "Butler repository", "there is no Butler repository at nowhere/repo"),
        ({"collections": ("a", "DemoCam/defaults", "b")}, "Input collections", "there is no collection a, b"),
        ({"collections": ()}, "Input collections", "it names no collection"),
        ({"pipeline": f"{PIPELINE}#step9"}, "Pipeline YAML", "step9"),
        ({"pipeline": "nowhere.yaml#step1"}, "Pipeline YAML", "nowhere.yaml"),
        ({"where": "visit === 3"}, "Data query", "Syntax error at or near '='"),
        ({"where": "seeing < 1"}, "Data query", "Unrecognized identifier 'seeing'"),
        ({"where": "visit = 99"}, "Data query", "it selects no raw"),
        ({"dimensions": ("seq_num",)}, "Split rule", "'seq_num' is not a dimension"),
        ({"pipeline": f"{PIPELINE}#step3"}, "Input collections", "no calexp"),
        ({"instrument": "LSSTCam"}, "Input collections", "for instrument LSSTCam"),
        ({"pipeline": None, "dataset_type": "nothing"}, "Input collections", "no nothing in it"),
    ],
)
def test_what_cannot_be_selected_names_the_field_to_change(
    ask: Callable[..., Any], changes: dict[str, Any], field: str, told: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        ask(**changes)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert told in problem.problem
    assert problem.remedy


def test_a_child_in_the_environment_answers(world: Any, child: Callable[[Path, str], str]) -> None:
    request = CountRequest(world.repo, (world.processed,), ("calexp",))
    assert parse_counts(child(QUERY_SCRIPT, request.to_json()), "demo") == {"calexp": 4}


def test_datasets_are_counted_in_what_is_found_first(world: Any, script: Callable[[Path, str], str]) -> None:
    request = CountRequest(
        world.repo, (world.processed, "DemoCam/defaults"), ("raw", "calexp", "objectTable_tract")
    )
    counts = parse_counts(script(QUERY_SCRIPT, request.to_json()), "demo")
    assert counts == {"raw": 24, "calexp": 4, "objectTable_tract": 0}


@pytest.mark.covers("E13", "A12")
def test_what_a_step_made_is_told_by_type_and_group_with_what_it_took(
    world: Any, script: Callable[[Path, str], str]
) -> None:
    request = ContentsRequest(
        world.repo, world.processed, {"g001": world.processed}, f"{PIPELINE}#isr,calibrate", sample=3
    )
    found = parse_contents(script(QUERY_SCRIPT, request.to_json()), "demo")
    assert {(each.dataset_type, each.label, each.count, each.groups["g001"]) for each in found.types} == {
        ("postISRCCD", "isr", 4, 4),
        ("calexp", "calibrate", 4, 4),
        ("sourceTable", "calibrate", 4, 4),
    }
    # Every second of four was read.
    isr = found.usage["isr"]
    assert (isr.quanta, isr.sampled) == (4, 2)
    assert isr.cpu > 0
    assert 0 < isr.wall < 60
    assert 10 < isr.memory < 10_000


def test_what_no_task_has_made_is_none_and_took_nothing(
    world: Any, script: Callable[[Path, str], str]
) -> None:
    request = ContentsRequest(world.repo, world.processed, {}, f"{PIPELINE}#step3")
    found = parse_contents(script(QUERY_SCRIPT, request.to_json()), "demo")
    assert {each.count for each in found.types} == {0}
    assert found.usage == {}


def test_contents_of_a_collection_that_is_not_there_are_an_error_that_names_it(
    world: Any, script: Callable[[Path, str], str]
) -> None:
    request = ContentsRequest(world.repo, "u/nobody", {}, f"{PIPELINE}#step3")
    with pytest.raises(DefinitionError, match="there is no collection u/nobody"):
        parse_contents(script(QUERY_SCRIPT, request.to_json()), "demo")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"error": {"field": "nothing", "problem": "", "remedy": ""}}', '{"error": 3}']
)
def test_a_strange_response_is_not_the_users_fault(text: str) -> None:
    for parse in (parse_selection, parse_counts, parse_contents):
        with pytest.raises(RemoteError, match="DEMO-2: the Butler script answered something strange"):
            parse(text, "DEMO-2")


@pytest.mark.parametrize("path", [QUERY_SCRIPT, ARRANGE_SCRIPT])
def test_scripts_import_only_lsst_and_the_standard_library(path: Path) -> None:
    tree = ast.parse(path.read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names | {"lsst"}


def test_requests_are_plain_json() -> None:
    request = json.loads(CountRequest("repo", ("a",), ("raw",)).to_json())
    assert request == {"verb": "count", "repo": "repo", "collections": ["a"], "dataset_types": ["raw"]}
