"""One seed, played: begin, let things go wrong, take up, and look whether all is still there."""

from __future__ import annotations

import re
import time
import traceback
from asyncio import get_running_loop
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from tests import arm
from tests.chaos import leaks, oracle, writers
from tests.chaos.acts import ACTS, GIVEN, HARBOR2, SETTINGS, Act
from tests.chaos.scenes import SCENES
from tests.chaos.typist import Endless, Typist
from tests.chaos.weather import CALM, Forecast
from tests.chaos.writers import Write

if TYPE_CHECKING:
    from tests.chaos.behind import House
    from tests.chaos.oracle import Goal, Picture
    from tests.chaos.weather import Place, Watcher
    from tests.chaos.wire import Request
    from tests.stage import Ended, Stage

_MOODS = (
    Forecast(loud=0.04),
    Forecast(lies=0.15),
    Forecast(kills=0.012),
    Forecast(loud=0.02, lies=0.08, kills=0.008),
    Forecast(loud=0.08, most_loud=20),
)
_UNCHANGED = re.compile(r"nothing (was|has been|is) changed(?! yet)", re.IGNORECASE)
_PART_WAY, _DIFFERS = 6, 5
_STILL_DIFFER = re.compile(r"^error .* still differ .*\[config-differs\]", re.MULTILINE)
_ASLEEP = ("agents ›", "flux-system/fluxconfig-")
_STORMY, _CALM_TRIES, _OTHER_WAY = 2, 3, 2
_AGAIN = 2
_PATH = re.compile(r"^DELETE .*/connectedClusters/harbor2?$", re.IGNORECASE)


@dataclass
class Typed:
    """A line, how it ended, and what the world was like then."""

    line: str
    ended: Ended
    seconds: float
    found: Picture


@dataclass
class Outcome:
    """What came of a seed. `losses` and `lies` are failures, `troubles` the campaign's own."""

    seed: int
    act: str
    scene: str
    end: str = ""
    faults: int = 0
    kills: int = 0
    tries: int = 0
    late: int = 0
    seconds: float = 0.0
    losses: list[str] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> bool:
        return bool(self.losses or self.lies or self.troubles)


@dataclass
class Play:
    """A seed under way."""

    house: House
    seed: int
    act: Act
    scene: str
    dice: Random
    outcome: Outcome
    typist: Typist
    typed: list[Typed] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    before: Picture = field(default_factory=dict)
    closed: bool = False

    def run(self) -> Outcome:
        """Play it, and say what came of it."""
        began = time.monotonic()
        try:
            self._through(self._begin())
        except Endless as error:
            self.outcome.losses.append(f"endless: arcctl {error}")
        except Exception:  # noqa: BLE001 - a seed that cannot be played fails, and the next is played
            self.outcome.troubles.append(traceback.format_exc())
        finally:
            self.house.weather.begin("", CALM)
            self.typist.sweep()
        self._conclude()
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    def _begin(self) -> str:
        """Let the scene stand, and return what is typed first."""
        house = self.house
        house.weather.forget()
        if self.act.name == "connect":
            house.make_examples()
        house.begin(SCENES[self.scene].make)
        SCENES[self.scene].write_secrets(house.stage, more=self.act.name == "apply")
        line = self.act.prepare(house)
        self.before = house.look()
        house.weather.forget()
        house.weather.strike = self.typist.strike
        return line

    def _through(self, line: str) -> None:
        self._first(line)
        self._judge()
        self._take_up(line)

    def _first(self, line: str) -> None:
        mood = CALM if self.act.refused or self.act.asks else self.dice.choice(_MOODS)
        self._type(line, mood, first=True)

    def _type(self, line: str, mood: Forecast, *, first: bool = False) -> None:
        weather, began = self.house.weather, time.monotonic()
        weather.begin(f"{self.seed} {len(self.typed)}", mood)
        if first and self.act.asks:
            ended = self.typist.converse(line, self._meanwhile)
        else:
            if first and self.act.writes:
                self._plan_writes()
            ended = self.typist.type(line)
        weather.watchers.clear()
        found = self.house.look()
        self.typed.append(Typed(line, ended, time.monotonic() - began, found))

    # ── others ──

    def _meanwhile(self) -> None:
        """While the question stands: one write, and then long enough for everybody to see it."""
        if not self.writes:
            write = self._write()
            write.do(self.house.stage)
            time.sleep(writers.SETTLED + 0.2)

    def _write(self) -> Write:
        number, kind = len(self.writes), self.dice.choice(self.act.writes)
        self.writes.append(Write(kind, writers.named(number, self.seed, kind)))
        return self.writes[-1]

    def _plan_writes(self) -> None:
        """Let one or two writes happen, each before some request."""
        for _ in range(self.dice.choice((1, 1, 2))):
            write, turn = self._write(), self.dice.randint(5, 110)
            self.house.weather.watchers.append(self._watcher(write, turn))

    def _watcher(self, write: Write, turn: int) -> Watcher:
        stage = self.house.stage

        async def watch(place: Place, request: Request, when: str) -> None:
            passed = sum(each.place.wire == "arm" for each in self.house.weather.seen)
            if when == "before" and passed >= turn and not write.begun:
                write.begun = True
                at = HARBOR2 if _is_there(stage, HARBOR2) else arm.HARBOR
                await get_running_loop().run_in_executor(None, write.do, stage, at)

        return watch

    def _withdraw_locks(self) -> None:
        for each in self.writes:
            if each.kind == "lock" and each.agreed:
                for at in (arm.HARBOR, HARBOR2):
                    each.withdraw(self.house.stage, at)

    # ── judging ──

    def _goals(self) -> tuple[Goal, Goal]:
        """Return the world that was asked for, and the old one."""
        marks = [each.mark for each in self.writes]
        marks += [each.mark.lower() for each in self.writes]
        # Where there is none, the first configuration brings the extension that carries it out.
        marks += ["extensions/flux:" for each in self.writes if each.kind == "configuration"]
        asked = self.act.goal(self.house, self.before).excusing(*marks)
        return asked, oracle.old(self.before).excusing(*marks)

    def _state(self, found: Picture) -> str:
        asked, old = self._goals()
        if not asked.misses(found):
            return "asked"
        if not old.misses(found):
            return "old"
        return "in part" if self.act.parts and self._is_in_part(found) else ""

    def _is_in_part(self, found: Picture) -> bool:
        """Whether a run has closed with exactly those parts applied that its report says.

        A rollback names what stays; an apply whose write was agreed to and not kept names what
        differs still, with exit 5.
        """
        last = self.typed[-1]
        said, parts = last.ended.err, set(self.act.parts)
        if last.ended.code == 0 and "applied" in said:
            kept = {part for part in parts if f"/{part}" in said}
        elif last.ended.code == _DIFFERS and (told := _STILL_DIFFER.search(said)):
            kept = {part for part in parts if f"/{part}" not in told[0]}
        else:
            return False
        if not 0 < len(kept) < len(parts):
            return False
        goal = oracle.applied(self.before, {part: SETTINGS[part] for part in sorted(kept)})
        return not goal.misses(found)

    def _judge(self) -> None:
        """Compare what the last command claims with what there is."""
        last = self.typed[-1]
        state, said = self._state(last.found), last.ended.out + last.ended.err
        asked, old = self._goals()
        name = " ".join(last.line.split()[:2])
        if (
            last.ended.code == 0
            and state not in ("asked", "in part")
            and not self._may_be_old(last, state)
        ):
            missed = "; ".join(asked.misses(last.found)[:4])
            self.outcome.lies.append(f"{name} ended with 0, and {missed}")
        elif last.ended.code and _UNCHANGED.search(said):
            # Agents that are asleep are what a run that has stopped part-way says of itself.
            excused = _ASLEEP if last.ended.code == _PART_WAY else ()
            if missed := old.excusing(*excused).misses(last.found)[:4]:
                told = "; ".join(missed)
                self.outcome.lies.append(f"{name} says that nothing was changed, and {told}")
        if last.ended.code == 0:
            self._judge_writes(last.found, name)
        if "Traceback (most recent call last)" in said:
            self.outcome.lies.append(f"{name} ended in a traceback: {said[-400:]}")
        self.outcome.lies += leaks.found(self.house.stage, last.ended, self.house.clusters)
        self.outcome.lies = list(dict.fromkeys(self.outcome.lies))

    def _may_be_old(self, last: Typed, state: str) -> bool:
        """Whether it is right to end well in the world as it was."""
        taken_up = last.line.startswith(("rollback", "resume"))
        return state == "old" and taken_up

    def _judge_writes(self, found: Picture, name: str) -> None:
        deletions = self._deletions()
        for each in self.writes:
            if not each.agreed or each.is_in(found) or self._is_named(each):
                continue
            if each.may_be_lost(deletions):
                self.outcome.late += 1
            else:
                told = f"a {each.kind} of somebody else is lost ({each.mark})"
                self.outcome.lies.append(f"{name} ended with 0, and {told}")

    def _deletions(self) -> list[float]:
        return [
            each.at
            for each in self.house.weather.seen
            if each.passed and each.place.wire == "arm" and _PATH.match(each.place.asked)
        ]

    def _is_named(self, write: Write) -> bool:
        """Whether a command that did not end well has said what is lost."""
        return any(
            write.mark in each.ended.out + each.ended.err
            for each in self.typed
            if each.ended.code not in (0, None)
        )

    # ── taking up ──

    def _take_up(self, line: str) -> None:
        asked, _ = self._goals()
        if self.act.refused:
            if missed := asked.misses(self.typed[-1].found):
                text = "; ".join(missed[:4])
                self.outcome.losses.append(f"it had to be refused untouched, and {text}")
            return
        for _ in range(_AGAIN):
            # Refused, or cut before anything was begun: whoever typed it types it again.
            if self._state(self.typed[-1].found) != "old" or not self._is_over():
                break
            self._withdraw_locks()
            self._type(line.replace(" -o json", " --yes -o json"), self.dice.choice(_MOODS))
            self.outcome.tries += 1
            self._judge()
        self._heal(line)

    def _heal(self, line: str) -> None:
        back = self.dice.random() < 0.3
        for number in range(_STORMY + _CALM_TRIES + _OTHER_WAY):
            if self._is_over():
                return
            if self.act.closes and (runs := self._open()):
                self._close(runs[0])
                return
            if self.dice.random() < 0.5:
                self.house.theatre.forget()
            stormy = number < _STORMY and self.dice.random() < 0.5
            self._withdraw_locks()
            turned = number >= _STORMY + _CALM_TRIES
            mood = self.dice.choice(_MOODS) if stormy else CALM
            self._type(self._next(line, back=back != turned), mood)
            self.outcome.tries += 1
            self._judge()
            if mood is CALM and self._is_lost():
                return

    def _open(self) -> list[str]:
        """Return the runs that are kept in a cluster and have not ended."""
        return [run for each in self.typed[-1].found["runs"].values() for run in each]

    def _close(self, run: str) -> None:
        """End a run by hand: 0 only where nothing is missing, and no run is left in any case."""
        self._type(f"history {run} --close --yes --export closed-{self.seed}", CALM)
        self.outcome.tries += 1
        last = self.typed[-1]
        self.closed = last.ended.code in (0, _DIFFERS) and not self._open()
        if not self.closed:
            self.outcome.losses.append(f"stuck: {run} cannot be closed; {self._last()}")
        elif last.ended.code == 0 and not self._state(last.found):
            self.outcome.lies.append(f"{run} was closed with 0, and {self._misses()}")
        self.outcome.lies += leaks.found(self.house.stage, last.ended, self.house.clusters)

    def _misses(self) -> str:
        found, (asked, old) = self.typed[-1].found, self._goals()
        return "; ".join(min((asked.misses(found), old.misses(found)), key=len)[:6])

    def _is_lost(self) -> bool:
        """Whether nothing is open any more that could bring back what is missing."""
        found = self.typed[-1].found
        return self.act.has_run and not any(found["runs"].values()) and not self._state(found)

    def _next(self, line: str, *, back: bool) -> str:
        if not self.act.has_run:
            return line
        verb = "rollback" if back else "resume"
        return f"{verb} --take-over --yes -o json {GIVEN}"

    def _is_over(self) -> bool:
        """Whether nothing is left to be taken up, and the world is one of the two."""
        last = self.typed[-1]
        state = self._state(last.found)
        if self.act.has_run:
            return bool(state) and not any(last.found["runs"].values())
        return state == "asked" or (state == "old" and last.ended.code in (1, 3, 4, 5))

    def _conclude(self) -> None:
        """Say which end it was."""
        outcome, weather = self.outcome, self.house.weather
        outcome.happened = weather.counts
        outcome.kills = sum(n for what, n in weather.counts.items() if what.startswith("SIG"))
        outcome.faults = sum(weather.counts.values()) - outcome.kills
        outcome.troubles += self.house.troubles
        if not self.typed:
            return
        found = self.typed[-1].found
        outcome.end = "refused" if self.act.refused else self._state(found)
        if self.closed:
            outcome.end = "closed"
        if outcome.end or outcome.losses:
            if self.act.has_run and any(found["runs"].values()):
                outcome.losses.append(f"stuck: {found['runs']} cannot be ended; {self._last()}")
            return
        kind = "stuck" if any(found["runs"].values()) else "lost"
        outcome.losses.append(f"{kind}: {self._misses()}; {self._last()}")

    def _last(self) -> str:
        ended = self.typed[-1].ended
        lines = [each for each in ended.err.splitlines() if each.strip()]
        return f"last words ({ended.code}): {' / '.join(lines[-3:])}"


def _is_there(stage: Stage, key: str) -> bool:
    return stage.world.azure.store.get(key) is not None


def drawn(house: House, seed: int) -> Play:
    """Throw the dice of a seed."""
    dice = Random(f"chaos {seed}")
    [act] = dice.choices(ACTS, [each.weight for each in ACTS])
    scene = dice.choice(act.scenes)
    outcome = Outcome(seed, act.name, scene)
    return Play(house, seed, act, scene, dice, outcome, Typist(house.stage))
