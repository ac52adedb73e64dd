"""Whether the clocks agree: certificates and tokens are refused where they do not (`arc.md` B2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.check import Answer, check, noted, passed, skipped, wrong
from arcctl.model.duration import spoken

if TYPE_CHECKING:
    from arcctl.checks.health.sight import HealthSight

# A Date has whole seconds, and an answer is some time on its way.
_WORTH_KNOWING = 60
_TOO_MUCH = 300  # what sign-in services forgive


@check("this machine's clock is right", code="clock-here")
async def here(sight: HealthSight) -> Answer:
    """Tokens are refused by clocks that differ by more than five minutes."""
    azure = await sight.azure_ahead()
    if azure is None:
        return skipped("Azure's answer has no time")
    return _judged("this machine's clock", -azure)


@check("the cluster's clock is right", code="clock-cluster")
async def cluster(sight: HealthSight) -> Answer:
    """Agents on such nodes cannot get or use their identity certificate."""
    import asyncio

    azure, there = await asyncio.gather(sight.azure_ahead(), sight.cluster_ahead())
    if azure is None or there is None:
        return skipped("an answer has no time")
    return _judged("the API server's clock", there - azure)


def _judged(whose: str, ahead: float) -> Answer:
    if abs(ahead) < _WORTH_KNOWING:
        return passed()
    said = f"{whose} is {spoken(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} Azure's"
    remedy = "set it by NTP: timedatectl set-ntp true"
    if abs(ahead) < _TOO_MUCH:
        return noted(said, remedy)
    return wrong(said, remedy, why="certificates and tokens are refused by clocks so far apart")


ASKED = (here, cluster)
