"""A command that is cut everywhere, and how it is taken up again."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.matrix.cutting import Cut, Place, When, cut, places_of
from tests.matrix.worlds import differences, running, world
from tests.stories.symptoms import merge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.matrix.beginnings import Theatre
    from tests.stage import Ended, Stage

    Record = Callable[[str, object], None]
    TakeUp = Callable[[Stage], Iterator[Ended]]

ALWAYS = 1
LONG_AGO = "2026-01-01T00:00:00.000000Z"
"""Every n-th case is a SIGKILL, the others a SIGINT."""


class Part(NamedTuple):
    """Which cases: every `step`-th, from `start` on."""

    start: int
    step: int


class Case(NamedTuple):
    """One cut."""

    at: Place
    when: When
    signal: signal.Signals


@dataclass(frozen=True)
class Play:
    """A command, the world it begins with, and how it is taken up.

    `vows` are what must hold whenever it was cut, given what the cut command said; `proof` what
    must hold at the end beside the world itself. Both raise AssertionError. `taken_back` says that
    it must end in the world it began with.
    """

    line: str
    beginning: Callable[[Stage], None]
    take_up: TakeUp
    kill_every: int = ALWAYS
    vows: Callable[[Stage, Ended], None] | None = None
    proof: Callable[[Stage, list[Ended]], None] | None = None
    taken_back: bool = False

    def cases(self, places: list[Place], part: Part) -> list[Case]:
        """Return the cuts of one part."""
        cuts = [(place, when) for turn, place in enumerate(places) for when in _whens(place, turn)]
        return [
            Case(*each, signal.SIGINT if number % self.kill_every else signal.SIGKILL)
            for number, each in enumerate(cuts)
        ][part.start :: part.step]

    def uncut(self, theatre: Theatre) -> tuple[list[Place], Any]:
        """Return the places of an uncut run, and the world that every cut one must end in."""
        theatre.begin(self.beginning)
        before = world(theatre.stage)
        places = places_of(theatre.stage, self.line)
        return places, before if self.taken_back else world(theatre.stage)

    def act(self, theatre: Theatre, case: Case) -> bool:
        """Cut, look, forget everything on this machine, take up; tell whether the cut hit."""
        theatre.begin(self.beginning)
        before = running(theatre.stage)
        cutting = Cut(at=case.at, when=case.when, signal=case.signal)
        said = [cut(theatre.stage, self.line, cutting)]
        if self.vows:
            self.vows(theatre.stage, said[0])
        theatre.forget()
        said += self.take_up(theatre.stage)
        gone = before.items() - running(theatre.stage).items()
        assert not gone, f"restarted or removed: {gone}"
        if self.proof:
            self.proof(theatre.stage, said)
        return cutting.happened


def _whens(place: Place, turn: int) -> tuple[When, ...]:
    """Return when to cut: before the server acts, and after it.

    Where it only reads, one of both in turn: the world is the same, and no answer is given.
    """
    both: tuple[When, ...] = ("before", "after")
    return both[turn % 2 :][:1] if place.reads else both


def perform(theatre: Theatre, play: Play, part: Part, record: Record) -> None:
    """Make one part of all cuts of a command; every one must end as the uncut run did."""
    places, goal = theatre.once(play, lambda: play.uncut(theatre))
    chosen, hits, failures = play.cases(places, part), 0, []
    for case in chosen:
        try:
            hits += play.act(theatre, case)
            found = differences(goal, world(theatre.stage))
            assert not found, "\n  ".join(found)
        except AssertionError as error:
            failures.append(f"{case.signal.name} {case.when} {case.at}: {error}")
    record("cuts", len(chosen))
    record("hits", hits)
    assert not failures, "\n".join(failures)
    # A cut that no request reaches proves nothing; runs differ a little in what they ask twice.
    assert hits >= 0.8 * len(chosen)


def again(line: str) -> TakeUp:
    """Take up a command by typing it again, on another machine once the Lease has expired."""

    def take_up(stage: Stage) -> Iterator[Ended]:
        ended = stage.type(line)
        if "[run-in-progress]" in ended.err:
            # The machine that could tell that its process has died is not this one.
            old = {"renewTime": LONG_AGO}
            stage.within(lambda: merge(stage, "leases", "arcctl", "arcctl", spec=old))
            ended = stage.well(line)
        assert ended.code == 0, f"arcctl {line} ended with {ended.code}:\n{ended.err}"
        yield ended

    return take_up


def well_or_nothing_open(stage: Stage, line: str) -> Ended:
    """Take up the run, if the cut has left one: there may be none yet, or none any more."""
    ended = stage.type(line)
    nothing = (ended.code, "[nothing-open]" in ended.err) == (3, True)
    assert ended.code == 0 or nothing, f"arcctl {line} ended with {ended.code}:\n{ended.err}"
    assert not stage.world.crashes, stage.world.crashes
    return ended
