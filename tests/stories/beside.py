"""Somebody else, who does something the moment arcctl says that it is at a certain step."""

from __future__ import annotations

import io
import json
import shlex
import threading
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from arcctl.app import run
from arcctl.model.surroundings import Streams
from tests import arm, inside
from tests.stage import Ended
from tests.stories.moving import ROLE, extension, git

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stage import Stage

AUTHORIZATION = "providers/Microsoft.Authorization"


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


def in_a_thread(act: Callable[[], None]) -> None:
    """Do it while the command that is typed waits."""
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def converse(stage: Stage, line: str, meanwhile: Callable[[int], str]) -> tuple[Ended, int]:
    """Type a line at a terminal; `meanwhile` gets the question's number and returns the answer.

    Return how it ended, and how many questions there were.
    """
    person = Person(meanwhile)
    return _typed(stage, line, person, Screen()), person.asked


def _typed(stage: Stage, line: str, stdin: io.StringIO, err: io.StringIO) -> Ended:
    out = io.StringIO()
    environ = stage.environment
    with inside.FREE, inside.dressed(environ, stage.folder):
        code = int(run(shlex.split(line), environ, Streams(stdin, out, err)))
    return Ended(code, out.getvalue(), err.getvalue())


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


Write = tuple[str, str, str, Any]


def _tag(mark: str) -> Write:
    body = {"operation": "Merge", "properties": {"tags": {mark: "mine"}}}
    return "PATCH", "/providers/Microsoft.Resources/tags/default", "2021-04-01", body


def _field(mark: str) -> Write:
    body = {"properties": {"distribution": "k3s", "infrastructure": "aws"}, "tags": {mark: "x"}}
    return "PATCH", "", "2024-01-01", body


def _extension(mark: str) -> Write:
    body = extension("contoso.part", configurationSettings={"size": mark})
    return "PUT", f"/{arm.CHILDREN}/extensions/{mark}", "2025-03-01", body


def _configuration(mark: str) -> Write:
    body = git("https://git.example.com/edge/more", namespace=mark)
    return "PUT", f"/{arm.CHILDREN}/fluxConfigurations/{mark}", "2025-04-01", body


def _source_control(mark: str) -> Write:
    body = {"properties": {"repositoryUrl": f"https://git.example.com/edge/{mark}"}}
    return "PUT", f"/{arm.CHILDREN}/sourceControlConfigurations/{mark}", "2023-05-01", body


def _lock(mark: str) -> Write:
    body = {"properties": {"level": "CanNotDelete"}}
    return "PUT", f"/{AUTHORIZATION}/locks/{mark}", "2020-05-01", body


def _role(mark: str) -> Write:
    who = {"principalId": mark, "principalType": "User", "roleDefinitionId": ROLE}
    place = f"/{AUTHORIZATION}/roleAssignments/{uuid5(NAMESPACE_URL, mark)}"
    return "PUT", place, "2022-04-01", {"properties": who}


def _policy(mark: str) -> Write:
    definition = "/providers/Microsoft.Authorization/policyDefinitions/e56962a6"
    body = {"properties": {"policyDefinitionId": definition, "displayName": mark}}
    return "PUT", f"/{AUTHORIZATION}/policyAssignments/{mark}", "2022-06-01", body


def _diagnostics(mark: str) -> Write:
    body = {"properties": {"workspaceId": "/w", "logs": []}}
    place = f"/providers/Microsoft.Insights/diagnosticSettings/{mark}"
    return "PUT", place, "2021-05-01-preview", body


WRITES: dict[str, Callable[[str], Write]] = {
    "tag": _tag,
    "field": _field,
    "extension": _extension,
    "configuration": _configuration,
    "source control": _source_control,
    "lock": _lock,
    "role": _role,
    "policy": _policy,
    "diagnostics": _diagnostics,
}
