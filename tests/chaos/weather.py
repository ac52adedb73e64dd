"""When things go wrong: decided by a seed and the place of a request, not by its turn.

Requests of a run overlap, so which is the hundredth differs from run to run; which is the second
`GET …/extensions` does not. So a seed reproduces a run.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from tests.chaos import faults
from tests.chaos.faults import STALE, Exchange
from tests.chaos.proxy import Reset
from tests.matrix.cutting import asked_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.chaos.proxy import Pass
    from tests.chaos.wire import Answer, Request

    Watcher = Callable[["Place", Request, str], Awaitable[None]]


@dataclass(frozen=True)
class Forecast:
    """How likely each thing is at one request, and how often it may happen in one command."""

    loud: float = 0.0
    lies: float = 0.0
    kills: float = 0.0
    most_loud: int = 10
    most_lies: int = 4
    most_kills: int = 1


CALM = Forecast()


@dataclass(frozen=True)
class Place:
    """One request of a command: which wire, what was asked, for which time."""

    wire: str
    asked: str
    nth: int

    def __str__(self) -> str:
        return f"{self.wire} {self.asked} #{self.nth}"


@dataclass
class Seen:
    """One exchange as it went."""

    at: float
    place: Place
    passed: bool
    status: int
    fault: str = ""


@dataclass
class Weather:
    """The mind of all proxies of a stage.

    `strike` kills, and is told how likely it is that helm is meant; `watchers` are awaited before
    each request is looked at.
    """

    seed: str = ""
    forecast: Forecast = CALM
    strike: Callable[[Random], str] | None = None
    watchers: list[Watcher] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _nth: Counter[str] = field(default_factory=Counter)
    _left: dict[str, int] = field(default_factory=dict)
    _lied: set[str] = field(default_factory=set)
    _known: dict[str, tuple[float, Answer]] = field(default_factory=dict)

    def begin(self, seed: str, forecast: Forecast) -> None:
        """Let another command come."""
        self.seed, self.forecast = seed, forecast
        self._nth.clear()
        self._lied.clear()
        self._left = {
            "loud": forecast.most_loud,
            "lies": forecast.most_lies,
            "kills": forecast.most_kills,
        }

    def forget(self) -> None:
        """Begin a new world."""
        self.seen.clear()
        self.counts.clear()
        self._known.clear()
        self.watchers.clear()
        self.begin("", CALM)

    async def exchange(self, wire: str, request: Request, hand_on: Pass) -> Answer:
        place = self._place(wire, request)
        dice = Random(f"{self.seed} {place}")
        exchange = Exchange(wire, request, hand_on, self._before(wire, request))
        seen = Seen(time.monotonic(), place, passed=False, status=0)
        self.seen.append(seen)
        await self._watched(place, request, "before")
        try:
            found = await self._act(exchange, dice, seen)
        finally:
            seen.passed = exchange.passed
        seen.status = found.status
        self._remember(exchange, found, seen)
        await self._watched(place, request, "after")
        return found

    async def stream(self, wire: str, request: Request) -> int:
        place = self._place(wire, request)
        dice = Random(f"{self.seed} {place}")
        if self._happens(dice, "loud"):
            self._note("broken stream")
            return dice.choice((0, 1, 3))
        return -1

    async def _act(self, exchange: Exchange, dice: Random, seen: Seen) -> Answer:
        if self.strike and self._happens(dice, "kills"):
            when = dice.choice(("before", "after"))
            if when == "after":
                await exchange.ask()
            seen.fault = self.strike(dice)
            self._note(seen.fault)
            raise Reset
        fault = self._fault(exchange, dice, seen.place)
        if fault is None:
            return await exchange.ask()
        seen.fault = fault.__name__
        exchange.pause = dice.choice((0.05, 0.2, 0.6))
        self._note(seen.fault)
        return await fault(exchange)

    def _fault(self, exchange: Exchange, dice: Random, place: Place) -> faults.Fault | None:
        key = f"{place.wire} {place.asked}"
        fitting = faults.lies(exchange)
        if fitting and key not in self._lied and self._happens(dice, "lies"):
            self._lied.add(key)
            return dice.choice(fitting)
        return dice.choice(faults.LOUD) if self._happens(dice, "loud") else None

    def _happens(self, dice: Random, what: str) -> bool:
        # The throw is made whether or not it may count, so that what follows does not depend on it.
        hit = dice.random() < getattr(self.forecast, what)
        if not hit or not self._left.get(what):
            return False
        self._left[what] -= 1
        return True

    def _place(self, wire: str, request: Request) -> Place:
        asked = f"{request.method} {asked_path(request.path)}"
        key = f"{wire} {asked}"
        self._nth[key] += 1
        return Place(wire, asked, self._nth[key])

    def _before(self, wire: str, request: Request) -> Answer | None:
        """Return what was read here not longer ago than a read may be stale."""
        at, found = self._known.get(f"{wire} {request.target}", (0.0, None))
        return found if time.monotonic() - at < STALE else None

    def _remember(self, exchange: Exchange, found: Answer, seen: Seen) -> None:
        if exchange.request.method == "GET" and not seen.fault:
            self._known[f"{exchange.wire} {exchange.request.target}"] = (seen.at, found)

    async def _watched(self, place: Place, request: Request, when: str) -> None:
        for each in tuple(self.watchers):
            await each(place, request, when)

    def _note(self, what: str) -> None:
        self.counts[what] += 1
