"""Campaigns to write about, and the templates that ship."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jinja2
import pytest

from cmbot.comments import Comments
from cmbot.exceptions import Problem
from cmbot.models.attempts import Attempt, AttemptState, Cause, Try, TryState
from cmbot.models.commands import Answer, Heard
from cmbot.models.data_report import TaskCount
from cmbot.models.failures import Action, Explained, Failure, Flavour, JobError
from cmbot.models.issues import Edit, Issue, Level, Person, Status
from cmbot.models.notices import Notice, NoticeKind
from cmbot.models.summary import (
    CampaignSummary,
    Coverage,
    Missing,
    OutputType,
    Remark,
    StepSummary,
    Totals,
    Usage,
)
from cmbot.models.views import CampaignView, Counts, Difference, GroupView, PlanState, StepView
from cmbot.panda.links import MonitorLinks
from cmbot.resources import resource

AT = datetime(2026, 11, 20, 8, 15, tzinfo=UTC)
ANNA = Person("anna", "Anna Ångström")
CAUSE = Cause("move:10001:42", ANNA, AT, "moved CM-1 to Launch")
PROBLEMS = (
    Problem("Reason", "is empty", "write why the campaign is run"),
    Problem("step1 Data query", "calls bpsEval, which BPS would execute", "correct it"),
    Problem("Compute site", "'mars' is not known", ""),
)


@dataclass(frozen=True)
class Story:
    """A campaign CM-1 with its steps CM-2 and CM-3, in the states that comments tell of."""

    cause: Cause = CAUSE
    problems: tuple[Problem, ...] = PROBLEMS

    def issue(self, number: int, status: Status = Status.RUNNING, summary: str = "mini DRP") -> Issue:
        level = {1: Level.CAMPAIGN, 2: Level.STEP, 3: Level.STEP}.get(number, Level.GROUP)
        return Issue(str(10000 + number), f"CM-{number}", level, status, summary, AT)

    def attempt(
        self, state: AttemptState, number: int = 1, group: str = "g001", summary: str = ""
    ) -> Attempt:
        nonce = f"{number:08x}"
        one = Try(
            number, number, nonce, f"CM-2_step1_{group}_a{number}_{nonce}", TryState.SUBMITTED, "d", "h", AT,
            request_id=4700 + number,
        )  # fmt: skip
        return Attempt(number, "10002", group, number, state, CAUSE, AT, summary=summary, tries=(one,))

    def groups(self, count: int) -> tuple[GroupView, ...]:
        """As many groups as wanted: done, partial, running, waiting, and again."""
        made = []
        for n in range(1, count + 1):
            name, selection = f"g{n:03}", f"visit IN ({n}00..{n}99)"
            issue = self.issue(100 + n)
            match n % 4:
                case 1:
                    attempts: tuple[Attempt, ...] = (self.attempt(AttemptState.SUCCEEDED, 1, name),)
                    jobs, quanta = Counts(40, 40), Counts(400, 400)
                case 2:
                    attempts = (
                        self.attempt(AttemptState.FAILED, 1, name, "a node went away"),
                        self.attempt(AttemptState.PARTIAL, 2, name, "397 of 400 quanta: isr failed for 3"),
                    )
                    jobs, quanta = Counts(40, 38, 2), Counts(400, 397, 3)
                case 3:
                    attempts = (self.attempt(AttemptState.RUNNING, 1, name),)
                    jobs, quanta = Counts(40, 12, 0, 8), Counts(400)
                case _:
                    attempts, jobs, quanta = (), Counts(), Counts()
            made.append(GroupView(name, 100, selection, issue, attempts, jobs, quanta))
        return tuple(made)

    def failures(self) -> tuple[Explained, ...]:
        """Known to a passive rule only; beyond the tolerance; known."""
        said = "Failed to execute payload:ValueError: cannot convert float NaN to integer"
        nan, killed = JobError("pilot", 1305, said), JobError("transform", 137)
        memory = JobError("pilot", 1235, "over the limit: 4112384 kB")
        log = "https://logs.example.org/SLAC/PandaJob_233/pilotlog.txt"
        job = Failure("calibrate", (nan,), 1, "SLAC", 233, 15, 3, log, data_id='{"visit": 12}')
        other = Failure("isr", (killed,), 137, "SLAC", 240, 14, 3)
        beyond = "0.7 % of the step's calibrate, and only 0.1 % are tolerated"
        known = {"flavour": Flavour.PAYLOAD, "rule": "without-stars", "note": beyond, "tickets": ("DM-12",)}
        would = {"would": "out-of-memory", "would_do": Action.RESCUE_WITH_MORE_MEMORY}
        crash = {"flavour": Flavour.INFRASTRUCTURE, "rule": "killed", "note": "SIGKILL"}
        return (
            Explained(memory, "isr", 12, 12, replace(other, errors=(memory,)), Action.REVIEW, **would),
            Explained(nan, "calibrate", 3, 400, job, Action.REVIEW, **known),
            Explained(killed, "isr", 1, 0, other, Action.RESCUE, **crash),
        )

    def step(self, *groups: GroupView, **more: Any) -> StepView:
        return StepView(self.issue(2, summary="step1 of mini DRP"), "step1", None, groups, **more)

    def campaign(self, *steps: StepView, **more: Any) -> CampaignView:
        return CampaignView(self.issue(1, Status.DRAFT), Person("cmbot"), steps=steps, **more)

    def notice(self, kind: NoticeKind, **more: Any) -> Notice:
        return Notice(kind, self.issue(1), f"{kind}:10001:42", **more)

    def judged(self, step: StepView, reason: str = "the flats were wrong") -> StepView:
        fields = {"Verdict": "bad", "Verdict reason": reason, "Verdict by": ANNA, "Verdict at": AT}
        return replace(step, issue=replace(step.issue, fields=fields))

    def heard(self, by: Person = ANNA) -> Heard:
        return Heard("10001", "10082", by, AT, ("/cmbot status", "/cmbot stauts"))

    def answers(self, text: str = "/cmbot status", refused: str = "/cmbot stauts") -> tuple[Answer, ...]:
        return (
            Answer(text, lines=("CM-2 step1: Running; 3 of 10 jobs", text)),
            Answer(refused, refused=True, lines=("'stauts' is no command; write /cmbot status",)),
        )

    def edited(self) -> tuple[Difference, ...]:
        """A field that counts at the next attempt, and one that is not used."""
        options = "requestMemory: 4096\nrequestCpus: {}\n{{quote}}\n-- mine"
        edit = Edit(43, AT, ANNA, "BPS options", "", "")
        return (
            Difference("BPS options", options.format(1), options.format(2) + " [x|y]", used=True, edit=edit),
            Difference("Data query", "visit > 1", "visit > 2", used=False),
        )

    def later(self, minutes: float) -> Cause:
        return replace(CAUSE, id=f"move:10001:{minutes}", at=AT + timedelta(minutes=minutes))

    def summary(self) -> CampaignSummary:
        """What came of CM-1, one quantum of which failed."""
        count = TaskCount("isr", 200, 199, 1, 0, 0, 0, caveats=2)
        usage = Usage(199, 100, 398.0, 199.0, 612.4)
        missing = Missing("isr", '{"exposure": 3}', "ValueError: NaN in row | column")
        totals = Totals(200, 199, 1, 199, AT, AT + timedelta(hours=2), 0.1106, 0.0553)
        step = StepSummary(
            key="CM-2",
            name="step1",
            status=Status.COMPLETED,
            verdict="good",
            pipeline="$DRP_PIPE_DIR/DRP.yaml#step1",
            query="instrument = 'DemoCam' AND visit > 0",
            software=("Environment w_2026_47, LSST version w_2026_47",),
            collection="u/anna/mini/step1",
            totals=totals,
            coverage=(
                Coverage("g001", "CM-5", "visit IN (1..100)", 100, "succeeded", 1, 100, 100),
                Coverage("g002", "", "visit IN (101..200)", 100, "partial", 2, 100, 99, (missing,)),
            ),
            tasks=(count,),
            datasets=(OutputType("postISRCCD", "isr", 199), OutputType("isrStatistics", "isr", 0)),
            usage={"isr": usage},
            left_out=("without the 3 DataIds of bad.json: clouds",),
            suspicious=("isrStatistics: no datasets of 199 quanta of isr that succeeded",),
            remarks=(
                Remark(None, "", "CM-2", "exception to the rules: a test field"),
                Remark(AT, ANNA.name, "CM-2", "Verdict: good"),
            ),
        )
        return CampaignSummary(
            key="CM-1",
            name="mini DRP",
            production="DP9",
            kind="DataProc",
            stage="mini-DRP",
            status=Status.COMPLETED,
            verdict="none",
            reason="See whether *everything* works.",
            butler="/repo/main",
            inputs=("DemoCam/defaults",),
            collection="u/anna/mini",
            totals=totals,
            steps=(step,),
            people={"definer": "anna", "Data Release Board": "Zoë"},
            links={"QA link": "https://qa.example.org/mini?a=1&b=2"},
        )

    def waiting(self) -> StepView:
        return self.step(plan=PlanState.ASKED, waiting="PanDA does not answer since 2026-11-20 08:00 UTC")


@pytest.fixture(scope="session")
def story() -> Story:
    return Story()


@pytest.fixture(scope="session")
def comments() -> Comments:
    environment = jinja2.Environment(  # wiki markup, not HTML
        loader=jinja2.FileSystemLoader(resource("templates/comments")), undefined=jinja2.StrictUndefined
    )
    return Comments(
        environment,
        lambda key: f"https://jira.example.org/browse/{key}",
        lambda number: f"https://bigmon.example.org/idds/wfprogress/?requestid={number}",
        lambda number: f"https://bigmon.example.org/jobs/?reqid={number}",
        "1.0",
        failure=MonitorLinks("https://bigmon.example.org").of_failure,
    )
