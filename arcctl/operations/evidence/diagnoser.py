"""The diagnoser's Job: the one piece that changes the cluster, for as long as it runs.

Whatever happens, all that was made for it is taken away again. A Job of the same name that is not
arcctl's is somebody else at work, and left alone.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from arcctl.clients.finishing import to_its_end
from arcctl.errors import ArcctlError
from arcctl.model import cluster as names
from arcctl.model.overall import Inside
from arcctl.model.times import read as read_time
from arcctl.operations.checking.inside import judged, not_run
from arcctl.operations.evidence.diagnoser_job import (
    CONTAINER,
    JOB,
    JOBS,
    LABEL,
    LONGEST,
    everything,
)
from arcctl.operations.evidence.diagnoser_results import lay_failure, lay_results
from arcctl.operations.evidence.logs import BYTES
from arcctl.operations.evidence.piece import Tray, piece
from arcctl.operations.steps.jobs import finished_pod, unfinished

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.operations.evidence.diagnoser_job import Made

_MARGIN = 30


@piece(
    "diagnoser",
    "diagnoser",
    "diagnoser_check",
    "storing_diagnoser_results_logs",
    slack=LONGEST + _MARGIN,
)
async def diagnoser(tray: Tray) -> str:
    """Run the Job in the agents' place, and keep what it wrote."""
    if not tray.case.diagnoser:
        return tray.absent("left out by --no-diagnoser")
    if reason := await _in_the_way(tray):
        return tray.absent(reason)
    try:
        log = await _log(tray)
    except ArcctlError as error:
        tray.case.from_inside = (not_run(error),)
        raise
    lay_results(tray, log)
    tray.case.from_inside = judged(log, without="CRD ownership")
    bad = [each.sentence for each in tray.case.from_inside if each.verdict == "fail"]
    return f"not so: {', '.join(bad)}" if bad else "names resolve, Azure is reachable"


async def _in_the_way(tray: Tray) -> str:
    """Say why the Job must not or cannot run, "" where it may."""
    sight = tray.sight
    # Seen before the Job's own pod is among them, so that nobody takes it for an agent.
    looks = (sight.pods(), sight.events(), sight.deployments(), sight.agents())
    await asyncio.gather(*looks, return_exceptions=True)
    if await sight.inside() is Inside.FOREIGN:
        return "the kubeconfig leads to another cluster"
    if await sight.namespace(names.AGENT_NAMESPACE) is None:
        return f"there is no namespace {names.AGENT_NAMESPACE}"
    found = await (await tray.kubernetes()).find(f"{JOBS}/{JOB.name}")
    if found is None:
        return ""
    metadata = found["metadata"]
    if not LABEL.items() <= (metadata.get("labels") or {}).items():
        return (
            f"somebody else's job {JOB.name} is there: kubectl delete job -n azure-arc {JOB.name}"
        )
    made = read_time(metadata.get("creationTimestamp"))
    age = (datetime.now(UTC) - made).total_seconds() if made else LONGEST
    return "another arcctl runs it at this moment" if age < LONGEST + _MARGIN else ""


async def _log(tray: Tray) -> str:
    kubernetes, release = await tray.kubernetes(), await tray.sight.release()
    space = release.namespace if release else names.RELEASE_NAMESPACE
    there = await tray.sight.namespace(space)
    objects = everything(await tray.sight.deployments(), space if there else None)
    # What a run left behind that was killed.
    await to_its_end(_swept(kubernetes, objects))
    made: list[Made] = []
    try:
        await to_its_end(_make(kubernetes, objects, made))
        return await _written(tray, kubernetes)
    finally:
        for left in await to_its_end(_swept(kubernetes, made)):
            tray.lacks(f"it could not be removed: {left}")


async def _make(kubernetes: Kubernetes, objects: Sequence[Made], made: list[Made]) -> None:
    for each in objects:
        made.append(each)
        try:
            await kubernetes.create(*each)
        except ArcctlError as error:
            # The peer's rights of the same name do as well.
            if getattr(error, "status", 0) != 409 or each[0] == JOBS:
                raise


async def _written(tray: Tray, kubernetes: Kubernetes) -> str:
    try:
        async with asyncio.timeout(LONGEST):
            pod = await finished_pod(kubernetes, JOB)
    except TimeoutError:
        await lay_failure(tray, kubernetes)
        raise await unfinished(kubernetes, JOB, LONGEST) from None
    except ArcctlError:
        await lay_failure(tray, kubernetes)
        raise
    return await kubernetes.log(names.AGENT_NAMESPACE, pod, CONTAINER, limit=BYTES)


async def _swept(kubernetes: Kubernetes, objects: Sequence[Made]) -> list[str]:
    """Take away what bears arcctl's label, the Job first, so that no pod is made anew.

    Return what could not be looked at or removed.
    """
    left = []
    for collection, body in reversed(objects):
        path = f"{collection}/{body['metadata']['name']}"
        try:
            found = await kubernetes.find(path)
            labels = ((found or {}).get("metadata") or {}).get("labels") or {}
            if LABEL.items() <= labels.items():
                await kubernetes.delete(path, propagationPolicy="Background")
        except ArcctlError as error:
            left.append(f"{path}: {error.message}")
    return left
