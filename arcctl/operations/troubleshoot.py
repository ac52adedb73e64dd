"""Collect all that helps to find out what is wrong with a cluster, side by side, into one archive."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from arcctl.clients.finishing import stopped
from arcctl.flow.events import Noted
from arcctl.model.evidence import Collected, Evidence
from arcctl.operations.check import require_well
from arcctl.operations.evidence import health, index, knowing, peer_checks
from arcctl.operations.evidence.dossier import Dossier
from arcctl.operations.evidence.piece import Case, Tray, gathered
from arcctl.operations.evidence.pieces import PIECES
from arcctl.settings import az_home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.checks.health.sight import HealthSight
    from arcctl.flow.events import Observer
    from arcctl.model.examination import Examination
    from arcctl.operations.world import World
    from arcctl.settings import Settings

_LOGS = "arc_diagnostic_logs"
_UNLEARNED = "The values of the agents' Secrets could not be learned, and were not looked for"


@dataclass(frozen=True, slots=True)
class TroubleshootRequest:
    """`folder` is where the collection's own folder is made, "" for the peer's place.

    `patience` is how many seconds one piece may take; `tags` are for nothing, here as in az.
    """

    folder: str = ""
    redact: bool = True
    diagnoser: bool = True
    patience: float = 20
    tags: tuple[str, ...] = ()


def warned(request: TroubleshootRequest, observer: Observer) -> None:
    """Say what a person should know before anything is collected."""
    if not request.redact:
        observer(Noted("logs, events and helm's values are NOT redacted", warning=True))
    if request.tags:
        observer(Noted("--tags is accepted, as in az, and used for nothing"))


async def troubleshoot(request: TroubleshootRequest, sight: HealthSight, world: World) -> Evidence:
    """Return what was found; raise Unwritable, and leave nothing, where the disk does not take it."""
    dossier = Dossier(_base(request, sight.clients.settings), _name(sight.cluster.name))
    try:
        return await _collected(request, sight, world, dossier)
    except BaseException:
        dossier.discard()
        raise
    finally:
        await sight.end()


def _base(request: TroubleshootRequest, settings: Settings) -> Path:
    chosen = (
        Path(request.folder).expanduser() if request.folder else az_home(settings.environ) / _LOGS
    )
    return chosen.absolute()


def _name(cluster: str) -> str:
    """Name the folder as the peer does, by the cluster and the time."""
    return f"{cluster}-{time.ctime().replace(' ', '-').replace(':', '.')}"


async def _collected(
    request: TroubleshootRequest, sight: HealthSight, world: World, dossier: Dossier
) -> Evidence:
    redactor, trouble = await knowing.redactor(sight, request.patience, on=request.redact)
    case = Case(sight, world, dossier, request.patience, request.diagnoser, redactor)
    found = await _all(case)
    examination = health.whole(case)
    pieces = [_with_document(each, examination, case) for each in found]
    evidence = Evidence(
        examination,
        peer_checks.judged(examination, pieces),
        tuple(pieces),
        folder=str(dossier.folder),
        archive=str(dossier.archive),
        index=str(dossier.folder / index.NAME),
        taken=datetime.now(UTC).isoformat(timespec="seconds"),
        redacted=request.redact,
    )
    notes = [f"{_UNLEARNED}: {redactor.text(trouble)}"] if trouble else []
    dossier.write(index.NAME, index.page(evidence, notes))
    dossier.seal()
    return evidence


async def _all(case: Case) -> list[Collected]:
    """Collect every piece side by side; stopped, each cleans up after itself before this ends."""
    tasks = [asyncio.ensure_future(gathered(each, case)) for each in PIECES]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        await stopped(*tasks)
        raise


def _with_document(each: Collected, examination: Examination, case: Case) -> Collected:
    """Lay the document of `check` beside what its piece said, now that it is whole."""
    if each.name != health.questions.name:
        return each
    tray = Tray(case)
    tray.json("check.json", examination.to_document())
    return replace(each, files=tuple(tray.files))


def require_health(found: Sequence[Evidence], *, told: bool) -> None:
    """Raise FindingsError where a question has failed, as `check` does; `told` as there."""
    for each in found:
        require_well(each.examination, warnings=False, told=told)
