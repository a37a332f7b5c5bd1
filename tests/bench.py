"""Figures for ``make bench``: ratios to a floor measured in the same run, and counts. They fail nothing."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import bench_bps
import bench_butler
import bench_jira
import bench_mirror
import bench_pages
import bench_plan
from rich.console import Console
from rich.table import Table

from cmbot.dataids import DataIdSet
from cmbot.handlers.campaign import decide
from cmbot.mirror import Mirror, outbox
from cmbot.models.attempts import Attempt, AttemptState, Cause
from cmbot.models.campaign import CampaignDefinition, PausePolicy, SplitRule, StepDefinition
from cmbot.models.issues import Issue, Level, Move, Person, Status
from cmbot.models.views import CampaignView, GroupView, PlanState, StepView
from cmbot.splitting.groups import split
from cmbot.splitting.predicates import predicates

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DEPLOYMENTS = (("data-center", ""), ("cloud", "/cloud"))
ALICE, BOT = Person("alice"), Person("cmbot")


def seconds(work: Callable[[], object], runs: int = 5) -> float:
    """Median time of some runs, after one that does not count."""
    times = []
    for _ in range(runs + 1):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return median(times[1:])


def command(*arguments: str) -> Callable[[], object]:
    return lambda: subprocess.run(arguments, check=True, capture_output=True)


def campaign(steps: int, groups: int) -> CampaignView:
    """A running campaign in which every group of the first half of the steps is done."""
    launch = Move("1", "CM-1", 1, NOW, ALICE, Status.DRAFT, Status.LAUNCH)
    cause = Cause("move:1:1", ALICE, NOW, "moved CM-1 to Launch")
    views, definitions = [], []
    for number in range(steps):
        name, before = f"s{number}", (f"s{number - 1}",) if number else ()
        definitions.append(StepDefinition(name, "p.yaml#x", "visit > 0", before))
        issue = Issue(str(number + 2), f"CM-{number + 2}", Level.STEP, Status.DRAFT, name, NOW)
        state = AttemptState.SUCCEEDED
        done = number < steps // 2
        members = tuple(
            GroupView(
                f"g{g:03}",
                1,
                "all",
                attempts=(Attempt(g, issue.id, f"g{g:03}", 1, state, cause, NOW),) if done else (),
            )
            for g in range(groups)
        )
        views.append(StepView(issue, name, definitions[-1], members, PlanState.READY))
    epic = Issue("1", "CM-1", Level.CAMPAIGN, Status.RUNNING, "bench", NOW, moves=(launch,))
    definition = CampaignDefinition(
        name="bench", butler="/r", inputs=("a",), output="o", environment="e", site="s",
        pause=PausePolicy.ON_ERRORS, steps=tuple(definitions),
    )  # fmt: skip
    return CampaignView(epic, BOT, definition, (), tuple(views))


def outbox_rows(count: int) -> float:
    """Seconds for writing so many unchanged status comments."""
    with tempfile.TemporaryDirectory() as directory:
        mirror = Mirror(Path(directory) / "bench.sqlite")

        def write() -> None:
            with mirror.writing() as connection:
                for number in range(count):
                    issue = (str(number), f"CM-{number}")
                    body = {"text": "x" * 500}
                    outbox.keep_said(connection, issue, "fields", f"f{number}", body, NOW, timedelta(0))

        figure = seconds(write)
        mirror.close()
        return figure


def groups_of_a_million(table: Table) -> None:
    """A million visits into a thousand groups, each said exactly; the floor sorts and cuts them."""
    visits = [2026111900000 + number * 3 // 2 for number in range(1_000_000)]

    def work() -> None:
        groups = split({"visit": visits}, SplitRule("visit", 1000))
        predicates(groups, {"visit": visits}, {"instrument": "LSSTCam"})

    floor = seconds(lambda: dict.fromkeys(sorted(visits)), 3)
    value = seconds(work, 3)
    table.add_row(
        "1,000,000 visits into 1,000 groups, s",
        f"{value:.2f}",
        f"{floor:.2f} sort, dict",
        f"{value / floor:.1f}",
    )


def a_hundred_thousand_dataids(table: Table) -> None:
    """A list of 100,000 DataIds read and checked; the floor reads its JSON."""
    rows = [{"instrument": "LSSTCam", "visit": n // 189, "detector": n % 189} for n in range(100_000)]
    text = DataIdSet.of(rows).to_json()
    floor, value = seconds(lambda: json.loads(text), 3), seconds(lambda: DataIdSet.from_json(text), 3)
    table.add_row("100,000 DataIds checked, s", f"{value:.2f}", f"{floor:.2f} json", f"{value / floor:.1f}")


def dataids_tagged(table: Table) -> None:
    """Datasets of a list put into a TAGGED collection and read back; the floor finds and associates them."""
    count, floor, value = bench_butler.tagging()
    plain = f"{floor:.1f} query, associate"
    table.add_row(f"{count:,} DataIds tagged, s", f"{value:.1f}", plain, f"{value / floor:.1f}")


def mirror_of_jira(table: Table, passes: int) -> None:
    """A cold start on 10,000 issues, passes without news, and what a thousand changes make cmbot write."""
    with bench_mirror.replayed() as url:
        # The least of three each, in turn: other work on the machine only ever adds.
        floors, starts = zip(
            *((bench_mirror.figures("floor", url), bench_mirror.figures("cold", url)) for _ in range(3)),
            strict=True,
        )
        lasting = {kind: bench_mirror.figures("cold", url + path, passes) for kind, path in DEPLOYMENTS}
    floor, value = (min(found["cpu"] for found in kind) for kind in (floors, starts))
    plain = f"{floor:.2f} requests, json, bulk insert"
    table.add_row("cold mirror, 10,000 issues of 6 KB, CPU s", f"{value:.2f}", plain, f"{value / floor:.1f}")
    table.add_row("its memory at most, MB", f"{max(found['memory'] for found in starts):.0f}", "", "")
    for kind, found in lasting.items():
        table.add_row(f"{kind}: requests of a pass without news", str(found["requests"]), "", "")
        grown = f"{kind}: memory grown in {passes:,} such passes, MB"
        table.add_row(grown, f"{found['grown']:.1f}", "", "")
    most, writes = bench_mirror.writes_of_a_thousand()
    table.add_row("1,000 issues changed: writes to one in a pass, at most", str(most), "", "")
    table.add_row("1,000 issues changed: writes in the pass", str(writes), "", "")


def pages(table: Table) -> None:
    """Pages of 1,800 groups; the floor is a template of as many cells."""
    (_, floor), *found = bench_pages.figures()
    for name, value in found:
        table.add_row(name, f"{value:.3f}", f"{floor:.4f} 1,800 plain cells", f"{value / floor:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=2_000, help="passes without news in a row")
    passes = parser.parse_args().passes
    table = Table("figure", "value", "floor", "ratio", box=None)
    python = str(Path(sys.executable))
    cmbot = str(Path(sys.executable).with_name("cmbot"))
    floor = seconds(command(python, "-c", "import click"))
    value = seconds(command(cmbot, "--help"))
    table.add_row(
        "cmbot --help, s", f"{value:.3f}", f"{floor:.3f} interpreter and click", f"{value / floor:.1f}"
    )
    small, large = (campaign(20, groups) for groups in (9, 90))
    few, many = seconds(lambda: decide(small)), seconds(lambda: decide(large))
    table.add_row("decide, 20 steps x 90 groups, s", f"{many:.3f}", f"{few:.3f} 20 x 9", f"{many / few:.1f}")
    least, taken = bench_plan.planned()
    table.add_row(
        "20 steps x 90 groups planned, without the Butler, s",
        f"{taken:.2f}",
        f"{least:.2f} its answers as JSON",
        f"{taken / least:.1f}",
    )
    few, many = bench_plan.walked((20, 200))
    table.add_row("graph of 200 steps walked, s", f"{many:.4f}", f"{few:.4f} 20 steps", f"{many / few:.1f}")
    table.add_row("1,000 unchanged outbox rows, s", f"{outbox_rows(1000):.3f}", "", "")
    for name, seconds_taken, what, least in bench_jira.figures():
        table.add_row(
            f"{name}, s", f"{seconds_taken:.3f}", f"{least:.4f} {what}", f"{seconds_taken / least:.1f}"
        )
    least, taken = bench_bps.figures()
    table.add_row(
        "1,000 BPS files rendered, loaded, linted, written, s",
        f"{taken:.2f}",
        f"{least:.2f} template, load, look, write",
        f"{taken / least:.1f}",
    )
    pages(table)
    groups_of_a_million(table)
    a_hundred_thousand_dataids(table)
    dataids_tagged(table)
    mirror_of_jira(table, passes)
    Console().print(table)


if __name__ == "__main__":
    main()
