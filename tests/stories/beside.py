"""Somebody else, who does something the moment arcctl says that it is at a certain step."""

from __future__ import annotations

import io
import json
import shlex
from typing import TYPE_CHECKING, Any

from arcctl.errors import ArcctlError
from arcctl.views.console import complain
from tests import arm, inside
from tests.stage import PATIENCE, Ended
from tests.writes import WRITES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stage import Stage


class Heard(io.StringIO):
    """A stderr that acts on what is written to it: once, when a line has what is waited for."""

    def __init__(self, wanted: Callable[[dict[str, Any]], bool], act: Callable[[], None]) -> None:
        super().__init__()
        self._wanted, self._act = wanted, act
        self.acted = False

    def write(self, text: str) -> int:
        """Take a part of a line, as a stream does."""
        length = super().write(text)
        for line in text.splitlines():
            if not self.acted and line.startswith("{") and self._wanted(json.loads(line)):
                self.acted = True
                self._act()
        return length


class Person(io.StringIO):
    """Whoever sits at a terminal, does something while a question stands, and says yes."""

    def __init__(self, meanwhile: Callable[[int], str]) -> None:
        super().__init__()
        self._meanwhile = meanwhile
        self.asked = 0

    def isatty(self) -> bool:
        """A terminal."""
        return True

    def readline(self, _size: int | None = -1) -> str:  # type: ignore[override] # as wide
        """Answer."""
        self.asked += 1
        return f"{self._meanwhile(self.asked)}\n"


class Screen(io.StringIO):
    """What that person sees."""

    def isatty(self) -> bool:
        """A terminal."""
        return True


def type_beside(
    stage: Stage,
    line: str,
    step: str,
    act: Callable[[], None],
    *,
    events: tuple[str, ...] = ("started", "done"),
) -> Ended:
    """Type a line; `act` at the first of these events of the step. It must have come to that."""
    err = Heard(lambda told: told.get("step") == step and told.get("event") in events, act)
    ended = _typed(stage, f"{line} --progress json", io.StringIO(), err)
    assert err.acted, f"it never came to {step}:\n{ended.err}"
    return ended


def converse(stage: Stage, line: str, meanwhile: Callable[[int], str]) -> tuple[Ended, int]:
    """Type a line at a terminal; `meanwhile` gets the question's number and returns the answer.

    Return how it ended, and how many questions there were.
    """
    person = Person(meanwhile)
    return _typed(stage, line, person, Screen()), person.asked


def _typed(stage: Stage, line: str, stdin: io.StringIO, err: io.StringIO) -> Ended:
    words, environ = shlex.split(line), stage.environment
    with inside.FREE:
        command = inside.Command(words, environ, stage.folder, err=err, stdin=stdin)
        code = command.run(PATIENCE)
        return Ended(code, command.out.getvalue(), err.getvalue() + for_people(err.getvalue()))


def for_people(text: str) -> str:
    """What a person would read of the events of an end: what is said, and the error."""
    told = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    page = io.StringIO()
    for each in told:
        if each["event"] == "said":
            page.write(f"{each['text']}\n")
        elif each["event"] == "error":
            why, hints = tuple(each["why"]), tuple(each["hints"])
            error = ArcctlError(each["message"], code=each["code"], why=why, hints=hints)
            complain(error, page, no_colour=True)
    return page.getvalue()


def write(stage: Stage, kind: str, mark: str = "late", at: str = arm.HARBOR) -> int:
    """Change one kind of thing at a cluster; `mark` stands in it. Return Azure's answer."""
    method, below, version, body = WRITES[kind](mark)
    status, _ = arm.ask(stage, method, f"{at}{below}", body, version=version)
    return status


def is_there(stage: Stage, mark: str = "late") -> bool:
    """Whether anything in Azure has the mark."""

    def look() -> bool:
        store = stage.world.azure.store
        return any(mark in json.dumps(each.body) for each in store.resources.values())

    return stage.within(look)
