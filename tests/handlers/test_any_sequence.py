"""Whatever people, servers and cmbot do in whatever order: a cause acts once, and only people start work."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cmbot.handlers.campaign import decide
from cmbot.models.attempts import Attempt, AttemptState, Cause, Order, OrderState, Verb
from cmbot.models.campaign import CampaignDefinition, PausePolicy, StepDefinition
from cmbot.models.issues import Issue, Level, Move, Person, Status
from cmbot.models.views import CampaignView, GroupView, PlanState, StepView

if TYPE_CHECKING:
    from cmbot.handlers.actions import MoveTo, Submit

BOT, ANNA = Person("cmbot"), Person("anna")
START = datetime(2026, 11, 20, tzinfo=UTC)
#: Campaign 1 has the steps 2 and 3, the second after the first; each has two groups with sub-tasks.
STEPS = {2: ("step1", (4, 5)), 3: ("step2", (6, 7))}
PATHS = {4: (1, 2, 4), 5: (1, 2, 5), 6: (1, 3, 6), 7: (1, 3, 7)}
LEVELS = {1: Level.CAMPAIGN, 2: Level.STEP, 3: Level.STEP}
#: Which moves of people the design refuses, said here once more and independently of the table.
REFUSED = {
    *((source, Status.RUNNING) for source in Status),
    (Status.RUNNING, Status.LAUNCH),
    (Status.RUNNING, Status.DRAFT),
    (Status.COMPLETED, Status.DRAFT),
    *((Status.ABANDONED, target) for target in (Status.FAILED, Status.COMPLETED)),
}
OVER = (Status.DRAFT, Status.PAUSED, Status.FAILED, Status.COMPLETED, Status.ABANDONED)


@dataclass
class Thing:
    """One issue, and the attempts of a group."""

    number: int
    moves: list[Move] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    verdict: str = ""

    @property
    def status(self) -> Status:
        return (self.moves[-1].target if self.moves else None) or Status.DRAFT

    def issue(self) -> Issue:
        return Issue(
            id=str(self.number),
            key=f"CM-{self.number}",
            level=LEVELS.get(self.number, Level.GROUP),
            status=self.status,
            summary="",
            updated=START,
            fields={"Verdict": self.verdict} if self.verdict else {},
            moves=tuple(self.moves),
        )


class Campaign(RuleBasedStateMachine):
    """A small campaign under arbitrary hands."""

    def __init__(self) -> None:
        super().__init__()
        self.minute = 0
        self.things = {number: Thing(number) for number in range(1, 8)}
        self.told: dict[str, tuple[str, str]] = {}

    @initialize(pause=st.sampled_from(list(PausePolicy)))
    def begin(self, pause: PausePolicy) -> None:
        self.pause = pause

    # ------------------------------------------------------------------------------ what happens

    @rule(number=st.integers(1, 7), to=st.sampled_from(list(Status)))
    def person_moves(self, number: int, to: Status) -> None:
        if self.things[number].status is not to:
            self.move(number, to, ANNA)

    @rule(number=st.sampled_from([1, 1, 2, 3]))
    def person_launches(self, number: int) -> None:
        self.person_moves(number, Status.LAUNCH)

    @rule(number=st.sampled_from([2, 3]), verdict=st.sampled_from(["", "good", "bad"]))
    def person_judges(self, number: int, verdict: str) -> None:
        self.things[number].verdict = verdict

    @precondition(lambda self: any(thing.attempts for thing in self.things.values()))
    @rule(data=st.data(), verb=st.sampled_from(Verb))
    def person_commands(self, data: st.DataObject, verb: Verb) -> None:
        thing = data.draw(st.sampled_from([thing for thing in self.things.values() if thing.attempts]))
        last, when = thing.attempts[-1], self.now()
        cause = Cause(f"request:{self.minute}", ANNA, when, f"ran cmbot {verb}")
        order = Order(self.minute, cause, verb, last.step_id, last.group, last.number)
        thing.attempts[-1] = replace(last, orders=(*last.orders, order))

    @precondition(lambda self: any(self.live()))
    @rule(data=st.data(), state=st.sampled_from(list(AttemptState)))
    def attempt_goes_on(self, data: st.DataObject, state: AttemptState) -> None:
        thing = data.draw(st.sampled_from(self.live()))
        thing.attempts[-1] = replace(thing.attempts[-1], state=state)

    @precondition(lambda self: any(self.live()))
    @rule(data=st.data())
    def attempt_succeeds(self, data: st.DataObject) -> None:
        self.attempt_goes_on(data, AttemptState.SUCCEEDED)

    @precondition(lambda self: any(self.live()))
    @rule(data=st.data())
    def attempt_fails(self, data: st.DataObject) -> None:
        self.attempt_goes_on(data, AttemptState.FAILED)

    @rule(through=st.integers(0, 4))
    def one_pass(self, through: int) -> None:
        self.decided(through)

    @rule()
    def passes_until_nothing_is_left_to_do(self) -> None:
        for _ in range(12):
            if not self.decided(4):
                return
        raise AssertionError("cmbot does not come to rest")

    # ---------------------------------------------------------------------------- what must hold

    @invariant()
    def every_cause_acts_once_in_a_group(self) -> None:
        for thing in self.things.values():
            causes = [attempt.cause.id for attempt in thing.attempts]
            assert len(causes) == len(set(causes))
            assert [attempt.number for attempt in thing.attempts] == list(range(1, len(causes) + 1))
            assert not any(attempt.state.live for attempt in thing.attempts[:-1])

    def must_be_asked_for(self, submit: Submit, number: int) -> None:
        """A person launched one of the path, and nobody has taken it back; or asked for it by name."""
        if submit.cause.id.startswith("request:"):
            last = self.things[number].attempts[-1]
            assert submit.order in last.orders
            assert last.number == submit.number - 1
            assert last.state.ended_badly
            return
        _, issue, history = submit.cause.id.split(":")
        path = PATHS[number]
        assert int(issue) in path
        launched = self.things[int(issue)]
        [place] = [n for n, move in enumerate(launched.moves) if move.history_id == int(history)]
        launch = launched.moves[place]
        assert (launch.by, launch.target) == (ANNA, Status.LAUNCH)
        assert (launch.source, Status.LAUNCH) not in REFUSED
        assert not any(by_cmbot(move) and move.target in OVER for move in self.standing(launched, place))
        for other in path:
            for move in self.things[other].moves:
                taken_back = move.by == ANNA and move.target in OVER and move.history_id > int(history)
                assert not taken_back or (move.source, move.target) in REFUSED
        assert not any(
            self.things[other].status in {Status.COMPLETED, Status.ABANDONED} for other in path[:2]
        )
        if path[1] == 3:
            assert self.things[2].verdict != "bad"

    def standing(self, thing: Thing, place: int) -> list[Move]:
        """Moves after a launch, without those that turned a refused move back."""
        moves = thing.moves
        return [
            move
            for n, move in enumerate(moves[place + 1 :], start=place + 1)
            if (moves[n - 1].source, moves[n - 1].target) not in REFUSED or moves[n - 1].by == BOT
        ]

    # --------------------------------------------------------------------------------- machinery

    def live(self) -> list[Thing]:
        return [thing for thing in self.things.values() if thing.attempts and thing.attempts[-1].state.live]

    def now(self) -> datetime:
        self.minute += 1
        return START + timedelta(minutes=self.minute)

    def move(self, number: int, target: Status, by: Person) -> None:
        thing, when = self.things[number], self.now()
        thing.moves.append(Move(str(number), f"CM-{number}", self.minute, when, by, thing.status, target))

    def view(self) -> CampaignView:
        steps = []
        definitions = tuple(
            StepDefinition(name, "DRP.yaml#x", "visit > 0", () if name == "step1" else ("step1",))
            for name, _ in STEPS.values()
        )
        for (number, (name, groups)), definition in zip(STEPS.items(), definitions, strict=True):
            views = tuple(
                GroupView(f"g{n:03}", 1, "all", self.things[n].issue(), tuple(self.things[n].attempts))
                for n in groups
            )
            issue = self.things[number].issue()
            steps.append(StepView(issue, name, definition, views, PlanState.READY))
        definition = CampaignDefinition(
            name="c", butler="repo", inputs=("raw",), output="u/x", environment="e", site="s",
            pause=self.pause, steps=definitions,
        )  # fmt: skip
        return CampaignView(self.things[1].issue(), BOT, definition, steps=tuple(steps))

    def decided(self, through: int) -> bool:
        """Do what is decided, as far as caps let submissions through; whether there was anything to do."""
        view = self.view()
        decision = decide(view)
        assert decision == decide(view)
        for notice in decision.notices:
            said = (notice.kind, notice.issue.id)
            assert self.told.setdefault(notice.marker, said) == said
        for submit in decision.submits[:through]:
            number = int(submit.group.name[1:])
            self.must_be_asked_for(submit, number)
            self.submitted(submit, number)
        for settle in decision.settles:
            self.settled(settle.order, settle.state)
        moves: list[MoveTo] = list(decision.moves)
        assert len({move.issue.id for move in moves}) == len(moves)
        for move in moves:
            assert move.target is not Status.LAUNCH or move.why.endswith("refused")
            self.move(int(move.issue.id), move.target, BOT)
        return bool(moves or decision.submits or decision.settles)

    def settled(self, order: Order, state: OrderState) -> None:
        for thing in self.things.values():
            for place, attempt in enumerate(thing.attempts):
                kept = tuple(replace(each, state=state) if each == order else each for each in attempt.orders)
                thing.attempts[place] = replace(attempt, orders=kept)

    def submitted(self, submit: Submit, number: int) -> None:
        if submit.order:
            self.settled(submit.order, OrderState.DONE)
        attempts = self.things[number].attempts
        cause: Cause = submit.cause
        attempts.append(
            Attempt(
                number * 100 + submit.number,
                submit.step.issue.id,
                submit.group.name,
                submit.number,
                AttemptState.RESERVED,
                cause,
                self.now(),
            )
        )


def by_cmbot(move: Move) -> bool:
    return move.by == BOT


Campaign.TestCase.settings = settings(max_examples=80, stateful_step_count=30)
TestAnySequence = Campaign.TestCase
