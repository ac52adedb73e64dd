"""A piece of evidence: how it is declared, bounded, and never in the way of another."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from arcctl.errors import ArcctlError
from arcctl.flow.events import Done, Failed, Started
from arcctl.model.duration import spoken
from arcctl.model.evidence import Amount, Collected
from arcctl.model.redaction import Redactor
from arcctl.operations.evidence.dossier import Unwritable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from arcctl.checks.health.sight import HealthSight
    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.evidence import File
    from arcctl.model.examination import Examination
    from arcctl.model.finding import Finding
    from arcctl.operations.evidence.dossier import Dossier
    from arcctl.operations.world import World

Found = TypeVar("Found")


@dataclass
class Case:
    """What all pieces of one collection share; `patience` is how many seconds one may take."""

    sight: HealthSight
    world: World
    dossier: Dossier
    patience: float
    diagnoser: bool = True
    redactor: Redactor = field(default_factory=Redactor)
    # ── found by pieces ──
    examination: Examination | None = None
    from_inside: tuple[Finding, ...] = ()


@dataclass
class Tray:
    """Where one piece lays its files, and says what it could not get."""

    case: Case
    files: list[File] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    is_absent: bool = False

    @property
    def sight(self) -> HealthSight:
        return self.case.sight

    async def kubernetes(self) -> Kubernetes:
        return await self.sight.clients.kubernetes()

    def text(self, path: str, text: str, *, cut: str = "") -> None:
        """Lay down other programs' words."""
        self._keep(path, self.case.redactor.text(text), cut)

    def lines(self, path: str, lines: list[str]) -> None:
        """Lay down a text of arcctl's own; of the world's it holds names and short messages."""
        self.text(path, "\n".join([*lines, ""]))

    def yaml(self, path: str, *documents: Any) -> None:
        """Lay down objects as YAML, one below the other."""
        import yaml

        hidden = [self.case.redactor.document(each) for each in documents]
        text: str = yaml.safe_dump_all(hidden, allow_unicode=True, sort_keys=False, width=10_000)
        self._keep(path, self.case.redactor.without_known(text), "")

    def json(self, path: str, document: Any) -> None:
        """Lay down a document as JSON."""
        hidden = self.case.redactor.document(document)
        text = json.dumps(hidden, indent=2, ensure_ascii=False, default=str) + "\n"
        self._keep(path, self.case.redactor.without_known(text), "")

    def _keep(self, path: str, text: str, cut: str) -> None:
        self.files.append(self.case.dossier.write(path, text, cut=cut))

    def lacks(self, what: str) -> None:
        """Say what could not be got, and why."""
        said = self.case.redactor.text(what)
        if said not in self.gaps:
            self.gaps.append(said)

    async def tried(self, what: str, look: Awaitable[Found], otherwise: Found) -> Found:
        """Return what a look found; where it fails, say so and go on without."""
        try:
            return await look
        except ArcctlError as error:
            self.lacks(f"{what}: {error.message}")
            return otherwise

    def absent(self, reason: str) -> str:
        """There is nothing of the kind; return the reason, which becomes the detail."""
        self.is_absent = True
        return reason


@dataclass(frozen=True, slots=True)
class Piece:
    """`name` is machine-read, `title` short; `keys` are the peer's checks that it answers.

    It may take `slack` seconds more than others. What few clusters have is not `shown` on its way.
    """

    name: str
    title: str
    collect: Callable[[Tray], Awaitable[str]]
    keys: tuple[str, ...] = ()
    slack: float = 0
    shown: bool = True


def piece(
    name: str, title: str, *keys: str, slack: float = 0, shown: bool = True
) -> Callable[[Callable[[Tray], Awaitable[str]]], Piece]:
    """Declare a piece; its function returns a line for people."""
    return lambda collect: Piece(name, title, collect, keys, slack, shown)


async def gathered(each: Piece, case: Case) -> Collected:
    """Collect one piece, in time; whatever goes wrong is said in it. Only Unwritable is raised."""
    began, tray, observer = time.monotonic(), Tray(case), case.world.observer
    title = each.title if each.shown else ""
    observer(Started(each.name, title))
    detail = case.redactor.text(await _tried(each, tray))
    seconds = time.monotonic() - began
    amount = _amount(tray)
    if amount is Amount.NONE:
        observer(Failed(each.name, title, tray.gaps[0], seconds))
    else:
        lacking = f"{len(tray.gaps)} missing" if tray.gaps else ""
        said = ", ".join(filter(None, (detail, lacking)))
        observer(Done(each.name, title, said, seconds, already=tray.is_absent))
    gaps, files = tuple(tray.gaps), tuple(tray.files)
    return Collected(each.name, each.title, each.keys, amount, detail, gaps, files, seconds)


async def _tried(each: Piece, tray: Tray) -> str:
    limit = tray.case.patience + each.slack
    try:
        async with asyncio.timeout(limit):
            return await each.collect(tray)
    except Unwritable:
        raise
    except ArcctlError as error:
        tray.lacks(": ".join((error.message, *error.why[:1])))
    except TimeoutError:
        tray.lacks(f"no answer within {spoken(limit)}")
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # Half an answer, or one of another shape, is the server's doing.
        tray.lacks(f"what came back cannot be read: {type(error).__name__} {error}")
    return ""


def _amount(tray: Tray) -> Amount:
    if tray.gaps:
        return Amount.PART if tray.files else Amount.NONE
    return Amount.ABSENT if tray.is_absent else Amount.WHOLE
