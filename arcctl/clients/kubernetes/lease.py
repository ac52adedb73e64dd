"""A Lease that keeps a second run off a cluster (`coordination.k8s.io/v1`, as client-go uses it).

The Lease being there means that it is held: whoever lets go deletes it. Times are written and judged
by the API server's clock, since those of two machines may differ by more than the Lease lasts.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from arcctl.clients import clocks, fence
from arcctl.clients.finishing import stopped, to_its_end
from arcctl.errors import ArcctlError, ClusterError, Refusal, StoppedPartWay
from arcctl.model.duration import spoken
from arcctl.model.times import read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from arcctl.clients.kubernetes.client import Kubernetes

SECONDS = 60
_A_DAY = 24 * 3600
_PRECISION = timedelta(seconds=5)
_GLANCE = 1.0
_SLEPT = 2.5
_CORE = ("/apis/coordination.k8s.io/v1", "/api/v1")
_ABOUT, _HOST = "arcctl/about", "arcctl/host"
_TRIES = 5
_PARTING_SECONDS = 5.0
_BEFORE_ONCE_MORE = 0.3
_WAIT = "wait for it; a process that was killed holds nobody up for more than a minute"
_HOW_FAR = "how far it is: arcctl history"

Body = dict[str, Any]


class Lease:
    """One Lease, as one process wants it.

    `holder` names the process, an annotation its machine; `about` tells people what it is doing.
    `seconds` is how long the Lease lasts without a sign of life; one is given three times as often.
    `left` says whether the Lease may be there still under this holder's name.
    """

    def __init__(
        self, kubernetes: Kubernetes, path: str, holder: str, *, about: str, seconds: int = SECONDS
    ) -> None:
        self._kubernetes = kubernetes
        self._collection, _, self._name = path.rpartition("/")
        self._path = path
        self._about = about
        self._seconds = seconds
        self._seen: Body = {}
        self._home = ""
        self._lost: StoppedPartWay | None = None
        self._beside = ""
        self._awake = clocks.now()
        self._ahead = timedelta()
        self._asking = asyncio.Lock()
        self._unanswered = False
        self.holder = holder
        self.left = False

    async def take(self, *, dead: Callable[[str], bool] = lambda holder: not holder) -> str:
        """Hold the Lease; return who held it before and was pushed aside, or "".

        `dead` tells of a holder whether it is known to be gone. Raise Refusal `run-in-progress`
        where somebody else holds it and has given a sign of life. A caller who is stopped holds
        nothing.
        """
        try:
            return await to_its_end(self._take(dead), seconds=_PARTING_SECONDS)
        except (ArcctlError, asyncio.CancelledError):
            if self.left:
                await to_its_end(self.release(), seconds=_PARTING_SECONDS)
            raise

    async def _take(self, dead: Callable[[str], bool]) -> str:
        self._ahead = await _server_ahead(self._kubernetes)
        for _ in range(_TRIES):
            found = await self._kubernetes.find(self._path)
            before, now = _holder(found), self._time()
            if found and before != self.holder and not (_stale(found, now) or dead(before)):
                raise _held(found, now)
            if await self._written(found):
                self._home, self._awake = await self._space(), clocks.now()
                return before if before != self.holder else ""
        raise ClusterError("the cluster's Lease changes faster than it can be taken")

    async def renew(self, *, surely: bool = False) -> None:
        """Give a sign of life; raise StoppedPartWay `lease-lost` where another holds it now.

        So too where it is gone and this process has slept for longer than it lasts, as a closed
        laptop does: another may have gone on meanwhile, to the end. With `surely` it is lost
        wherever it is gone: another may have taken it over in a shorter time.
        """
        for _ in range(_TRIES):
            if await self._written(self._seen):
                return
            found = await self._kubernetes.find(self._path)
            if found and _holder(found) != self.holder:
                raise _lost(found, self._time())
            if found is None and self._seen and (surely or _stale(self._seen, self._time())):
                raise _slept(self._seen)
            self._seen = found or {}

    async def may_act(self, *, surely: bool = False) -> None:
        """Return at once while this process is awake; after a sleep, once the Lease is renewed.

        `surely` asks without a sleep too, as where the run's journal has vanished. Raise
        StoppedPartWay `lease-lost` as `renew` does, from then on each time.
        """
        async with self._asking:
            if self._lost:
                raise self._lost
            slept = clocks.since(self._awake) > _SLEPT
            if not slept and (not surely or await self._space() != self._home):
                # Somebody has deleted the namespace with all that is in it: that ends no run.
                return
            try:
                await self.renew(surely=True)
            except StoppedPartWay as error:
                self._lose(error)
                raise
            self._awake = clocks.now()

    def woke_with(self, program: str) -> None:
        """Let the loss name a program that was at work; nothing where the Lease is not lost."""
        self._beside = (
            f"{program} was at work, and may have changed what others have installed since"
        )
        if self._lost:
            self._lose(self._lost)

    def _lose(self, error: StoppedPartWay) -> None:
        self._lost = error
        if self._beside and self._beside not in error.why:
            error.why = (*error.why, self._beside)

    async def release(self) -> None:
        """Let go, unless another holds it by now; a cluster that is away costs five seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PARTING_SECONDS):
                await self._let_go()
                if self.left:
                    await asyncio.sleep(_BEFORE_ONCE_MORE)
                    await self._let_go()

    async def _let_go(self) -> None:
        with suppress(ArcctlError):
            found = await self._kubernetes.find(self._path)
            if found and _holder(found) == self.holder:
                version = found["metadata"]["resourceVersion"]
                only = {"preconditions": {"resourceVersion": version}}
                await self._kubernetes.delete(self._path, body=only)
                self._unanswered = False
            # What was written last, and not answered, may still arrive.
            self.left = self._unanswered

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Give signs of life while the block runs, and let go after it.

        Where the Lease is lost the block is cancelled, and StoppedPartWay `lease-lost` comes out.
        A cluster that does not answer is no loss: nobody else can take what it does not give.
        """
        task, cancelled = asyncio.current_task(), False
        assert task

        async def stay() -> None:
            nonlocal cancelled
            try:
                await self._stay()
            except StoppedPartWay as error:
                self._lose(error)
                cancelled = task.cancel()

        with fence.standing(None):
            staying = [asyncio.create_task(each) for each in (stay(), self._glance())]
        try:
            with fence.standing(self):
                yield
        except BaseException as error:
            if not cancelled or self._lost is None:
                raise
            task.uncancel()
            raise self._lost from error
        finally:
            # What the block has come to is told all the same; the next step hears of the stop.
            with suppress(asyncio.CancelledError):
                await to_its_end(self._part(staying), seconds=_PARTING_SECONDS)

    async def _part(self, staying: Iterable[asyncio.Task[None]]) -> None:
        await stopped(*staying)
        await self.release()

    async def _space(self) -> str:
        """Return the uid of the namespace, "" where there is none."""
        found = await self._kubernetes.find(
            self._collection.partition("/leases")[0].replace(*_CORE)
        )
        return str(((found or {}).get("metadata") or {}).get("uid") or "")

    async def _stay(self) -> None:
        until = time.time() + self._seconds / 3
        while True:
            await asyncio.sleep(min(_GLANCE, self._seconds / 3))
            slept = clocks.since(self._awake) > _SLEPT
            if not slept and time.time() < until:
                continue
            try:
                await (self.may_act() if slept else self.renew())
            except StoppedPartWay:
                raise
            except ArcctlError:
                pass  # it will be back, or the steps themselves will say so
            until = time.time() + self._seconds / 3

    async def _glance(self) -> None:
        """Look at the clock each second: where it has jumped, this process has slept."""
        while True:
            await asyncio.sleep(_GLANCE)
            if clocks.since(self._awake) <= _SLEPT:
                self._awake = clocks.now()

    async def _written(self, found: Body | None) -> bool:
        """Create it, or replace what was found; False where another was faster."""
        before, self.left, self._unanswered = self.left, True, True
        try:
            if found:
                self._seen = await self._kubernetes.replace(self._path, self._body(found))
            else:
                self._seen = await self._kubernetes.create(self._collection, self._body({}))
        except ArcctlError as error:
            status = error.status if isinstance(error, ClusterError) else 403
            self._unanswered = not status
            self.left = before or self._unanswered
            if status == 409 or (found and status == 404):
                return False
            raise
        self._unanswered = False
        return True

    def _time(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def _body(self, found: Body) -> Body:
        now = self._time().isoformat(timespec="microseconds").replace("+00:00", "Z")
        before = found.get("spec") or {}
        mine = before.get("holderIdentity") == self.holder
        spec = {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": self._seconds,
            "acquireTime": (mine and before.get("acquireTime")) or now,
            "renewTime": now,
            "leaseTransitions": int(before.get("leaseTransitions") or 0) + (0 if mine else 1),
        }
        metadata: Body = {
            "name": self._name,
            "labels": {"app.kubernetes.io/managed-by": "arcctl"},
            "annotations": {_ABOUT: self._about, _HOST: socket.gethostname()},
        }
        if found:
            metadata["resourceVersion"] = found["metadata"]["resourceVersion"]
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": metadata,
            "spec": spec,
        }


async def living(
    kubernetes: Kubernetes, path: str, dead: Callable[[str], bool] = lambda holder: not holder
) -> Refusal | None:
    """Return what to tell others while somebody holds this Lease and gives signs of life, or None.

    `dead` is as for `Lease.take`.
    """
    found = await kubernetes.find(path)
    if found is None or dead(_holder(found)):
        return None
    now = datetime.now(UTC) + await _server_ahead(kubernetes)
    return None if _stale(found, now) else _held(found, now)


async def _server_ahead(kubernetes: Kubernetes) -> timedelta:
    """Return by how much the API server's clock is ahead of this machine's; nothing where it is not told."""
    told = await kubernetes.time()
    ahead = told - datetime.now(UTC) if told else timedelta()
    return ahead if abs(ahead) > _PRECISION else timedelta()


def _holder(lease: Body | None) -> str:
    return str(((lease or {}).get("spec") or {}).get("holderIdentity") or "")


def _stale(lease: Body, now: datetime) -> bool:
    """Whether the holder has given no sign of life for longer than it promised."""
    spec = lease.get("spec") or {}
    said = spec.get("leaseDurationSeconds")
    lasts = min(said, _A_DAY) if isinstance(said, int) and said > 0 else SECONDS
    return now - _moment(spec) > timedelta(seconds=lasts)


def _moment(spec: Body) -> datetime:
    """When the holder last gave a sign of life; long ago where nobody can tell."""
    told = read(str(spec.get("renewTime") or spec.get("acquireTime") or ""))
    return told or datetime.fromtimestamp(0, UTC)


def _is_ahead(lease: Body, now: datetime) -> bool:
    """Whether a clock that is wrong has dated it: waiting for it to grow old would take that long."""
    return _moment(lease.get("spec") or {}) - now > timedelta(seconds=SECONDS)


def _said(lease: Body, now: datetime) -> tuple[str, str, str]:
    """Return what is under way and on which machine, since when, and the age of the last sign of life."""
    spec, notes = lease.get("spec") or {}, lease["metadata"].get("annotations") or {}
    what = f"{notes.get(_ABOUT) or 'run'} is under way on {notes.get(_HOST) or 'another machine'}"
    last = (now - _moment(spec)).total_seconds()
    ago = f"last sign of life {spoken(max(last, 0))} ago"
    if _is_ahead(lease, now):
        ago = f"its last sign of life is dated {spoken(-last)} ahead of the API server's clock"
    return what, f"since {str(spec.get('acquireTime'))[:19]}Z", ago


def _one(what: str) -> str:
    return f"{'an' if what[:1] in 'aeiou' else 'a'} {what}"


def _held(lease: Body, now: datetime) -> Refusal:
    what, since, ago = _said(lease, now)
    run = _holder(lease).partition("/")[0]
    if not run:
        return Refusal(
            f"{_one(what)} {since}",
            code="run-in-progress",
            why=(ago,),
            hints=_delete(lease) if _is_ahead(lease, now) else _WAIT,
        )
    return Refusal(
        f"{_one(what)} {since}",
        code="run-in-progress",
        why=(f"run {run}, {ago}",),
        hints=(
            f"wait for it; how far it is: arcctl history {run}".rstrip(),
            f"if you know that it has been killed: arcctl resume {run} --take-over",
        ),
    )


def _delete(lease: Body) -> str:
    place = "-n {namespace} {name}".format_map(lease["metadata"])
    return f"if you know that the process is dead: kubectl delete lease {place}"


def _slept(lease: Body) -> StoppedPartWay:
    return StoppedPartWay(
        "this process has slept too long to go on",
        code="lease-lost",
        why=(
            f"its last sign of life was at {lease['spec'].get('renewTime')}, and its Lease is gone",
            "another may have finished the run meanwhile",
        ),
        hints=_HOW_FAR,
    )


def _lost(lease: Body, now: datetime) -> StoppedPartWay:
    what, since, ago = _said(lease, now)
    return StoppedPartWay(
        f"another arcctl has taken this cluster over: {_one(what)}",
        code="lease-lost",
        why=f"held by {_holder(lease)} {since}, {ago}; this one has stopped",
        hints=_HOW_FAR,
    )
