"""The first steps of any change: who asks, which cluster, whether it can work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks import tools
from arcctl.checks.check import Answer, ask_all, check, passed
from arcctl.errors import AccessError
from arcctl.flow.step import Step
from arcctl.model.distribution import distribution
from arcctl.model.finding import Verdict
from arcctl.operations.standing import Standing, judge
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arcctl.checks.check import Check
    from arcctl.checks.sight import Sight
    from arcctl.model.finding import Finding

_WORDS = {
    Standing.FRESH: "nothing is there yet",
    Standing.OURS: "it is connected, or half connected, as this resource",
    Standing.ADOPTABLE: "the resource waits for agents",
    Standing.STALE: "agents of a resource that is gone",
}


class SignedIn(Step[World]):
    """Somebody is signed in."""

    name = "sign-in"
    title = "signed in"

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        identity = await world.clients.identity()
        await identity.token()
        claims = await identity.whoami()
        who = claims.get("upn") or claims.get("preferred_username") or claims.get("appid")
        cloud = await world.clients.cloud()
        world.environment, world.domain = cloud.environment, cloud.domain
        kind = "app " if claims.get("appid") == who else ""
        return f"{kind}{who or 'with a token'}, subscription {await _subscription(world)}"


async def _subscription(world: World) -> str:
    """Name the subscription, so that a person sees a wrong one; an unknown one is refused here."""
    from arcctl.clients.subscriptions import look_up

    found = await look_up(await world.clients.arm(), world.cluster.subscription)
    return f"{found.name} ({found.id[:8]}…)" if found.name else found.id


class Cluster(Step[World]):
    """The cluster answers, and is the one a person thinks it is."""

    name = "cluster"
    title = "cluster"

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        kubernetes = await world.clients.kubernetes()
        version = await world.sight.server_version()
        nodes = await world.sight.nodes()
        count = f"{len(nodes)} node{'' if len(nodes) == 1 else 's'}"
        number = str(version.get("gitVersion", "?")).removeprefix("v")
        return f"{kubernetes.context}, Kubernetes {number}, {count} ({distribution(nodes)})"


class MakeHelmReady(Step[World]):
    """Helm is found or fetched, while the others look."""

    name = "helm"

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        helm = await world.clients.helm()
        return ".".join(map(str, helm.version))


class NoRunUnderWay(Step[World]):
    """No move has stopped part-way in this cluster, which would leave its agents asleep."""

    name = "no-run"

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        from arcctl.operations.keeping.free import require_free

        try:
            await require_free(world.clients)
        except AccessError as error:
            return f"cannot be told: {error.message}"
        return "none"


@check("belongs to nobody else", code="AZK8S0403")
async def belongs_to_nobody_else(sight: Sight) -> Answer:
    """The branch table; a foreign onboarding fails here, before anything is changed."""
    return passed(_WORDS[await judge(sight)])


class Require(Step[World]):
    """No check fails; notes are passed on, and the first failure stops the run."""

    name = "checks"
    title = "checks"

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = checks

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        report = await ask_all(self._checks, world.sight)
        for finding in report.having(Verdict.WARN):
            world.note(finding.detail)
        if failures := report.having(Verdict.FAIL):
            raise first_of(failures)
        return report.summary


class Room(Step[World]):
    """Enough files may be opened for all that follows; asked before the first connection."""

    name = "room"

    def __init__(self, count: int = tools.FILES) -> None:
        self._count = count

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        report = await ask_all((tools.files(self._count),), world.sight)
        if failures := report.having(Verdict.FAIL):
            raise first_of(failures)
        return report.summary


class Prove(Require):
    """What is used after the first change works, which is found out before it."""

    name = "tools"
    title = "tools"


def first_of(failures: Sequence[Finding]) -> Exception:
    """Return the first failure as the error to be raised: it is the error; what else failed, for another reason, is told with it."""
    error = failures[0].error
    assert error
    others = dict.fromkeys(
        f"also: {each.error.message}"
        for each in failures[1:]
        if each.error and each.error.message != error.message
    )
    error.why = (*error.why, *others)
    return error
