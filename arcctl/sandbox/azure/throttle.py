"""ARM's limits (`arm.md` 10): a bucket of requests per subscription, principal and sort.

Off unless a scenario turns them on. A bucket fills again with the sandbox's time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arcctl.sandbox.azure.answers import ArmError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arcctl.sandbox.azure.call import Call

# Sort: how many requests at once, and how many more a second.
REAL = {"reads": (250.0, 25.0), "writes": (200.0, 10.0), "deletes": (200.0, 10.0)}
_SORTS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}


@dataclass(slots=True)
class _Bucket:
    left: float
    since: datetime


@dataclass(slots=True)
class Limits:
    """`rates` maps a sort to the size of its bucket and what flows into it in a second."""

    rates: dict[str, tuple[float, float]] = field(default_factory=lambda: dict(REAL))
    _buckets: dict[tuple[str, str, str], _Bucket] = field(default_factory=dict)

    @classmethod
    def read(cls, wanted: bool | Mapping[str, tuple[float, float]]) -> Limits | None:
        """Read a scenario's `throttle`: true, false, or rates that differ from the real ones."""
        if isinstance(wanted, bool):
            return cls() if wanted else None
        if strange := wanted.keys() - REAL.keys():
            raise ValueError(f"there is no limit of {', '.join(sorted(strange))}")
        own = {sort: (float(size), float(flow)) for sort, (size, flow) in wanted.items()}
        return cls(REAL | own)

    def take(self, call: Call) -> int:
        """Take one request out of its bucket and return how many are left, or refuse it (429)."""
        sort = sort_of(call.method)
        size, flow = self.rates[sort]
        now = call.world.clock.now()
        key = (call.target.subscription.lower(), call.caller.object_id, sort)
        bucket = self._buckets.setdefault(key, _Bucket(size, now))
        bucket.left = min(size, bucket.left + (now - bucket.since).total_seconds() * flow)
        bucket.since = now
        if bucket.left < 1:
            raise _refusal(call, sort, math.ceil((1 - bucket.left) / flow))
        bucket.left -= 1
        return int(bucket.left)


def sort_of(method: str) -> str:
    return _SORTS.get(method, "writes")


def _refusal(call: Call, sort: str, seconds: int) -> ArmError:
    scope = "subscription" if call.target.subscription else "tenant"
    where = f"'{call.target.subscription}' " if call.target.subscription else ""
    return ArmError(
        429,
        f"{scope.capitalize()}RequestsThrottled",
        f"Number of {sort} for {scope} {where}exceeded the limit. Please try again after "
        f"'{seconds}' seconds.",
        headers={"Retry-After": str(seconds)},
    )
