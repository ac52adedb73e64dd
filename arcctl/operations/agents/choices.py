"""What people once chose for the agents, read from their helm values before they are removed.

Proxy, certificate, features: ARM has never known them, so a move that forgot them would lose them
(`arm.md` 0.8, 8.2 and `connectedk8s.md` B.13).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.model.region import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Whose resource it is, and where: a new connection says that anew.
_IDENTITY = frozenset({
    "global.subscriptionId",
    "global.resourceGroupName",
    "global.resourceName",
    "global.location",
    "global.tenantId",
    "global.azureEnvironment",
    "global.onboardingPrivateKey",
    "global.kubeAadEndpoint",
    "systemDefaultValues.spnOnboarding",
    "systemDefaultValues.image.repository",
})  # fmt: skip
# Addresses of the old region's services; the new region gives its own.
_ADDRESSES = ("_override", "Endpoint", "ArtifactRepository")
# Texts that are no secret; every other text might be one, and never leaves the cluster.
_HARMLESS = frozenset({
    "global.kubernetesDistro",
    "global.kubernetesInfra",
    "global.noProxy",
    "systemDefaultValues.customLocations.oid",
    "systemDefaultValues.fluent-bit.containerLogPath",
    "systemDefaultValues.guard.authnMode",
    "systemDefaultValues.releaseTrain",
})  # fmt: skip
# What people give by flags of their own: it is theirs in every region, whatever it names.
_GIVEN = frozenset({
    "global.httpProxy",
    "global.httpsProxy",
    "global.proxyCert",
    "systemDefaultValues.guard.skipAuthzCheck",
})  # fmt: skip

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choices:
    """`open` may be written down anywhere; `held` stays in the cluster; `bound` is not carried.

    All three are nested as helm wants them; `bound` names the region that is left behind, and may
    hold secrets as `held` does.
    """

    open: Values
    held: Values
    bound: Values

    @property
    def held_names(self) -> tuple[str, ...]:
        """The names of the values that stay in the cluster, which may be told."""
        return tuple(sorted(name for name, _ in leaves(self.held)))

    @property
    def dropped(self) -> tuple[str, ...]:
        """The names of the values that are not carried."""
        return tuple(sorted(name for name, _ in leaves(self.bound)))


def choices(values: Mapping[str, Any], left: str, to: str) -> Choices:
    """Divide the values that the release was given, for agents that go from one region to another.

    Both regions are canonical. Where they are the same, no value is bound.
    """
    from arcctl.operations.agents.values import put

    harmless: Values = {}
    held: Values = {}
    bound: Values = {}
    for name, value in leaves(values):
        if name in _IDENTITY or name.endswith(_ADDRESSES):
            continue
        own = name in _HARMLESS | _GIVEN or not isinstance(value, str) or left == to
        if not own and names(value, left):
            put(bound, name, value)
        elif name in _HARMLESS or not isinstance(value, str) or not value:
            put(harmless, name, value)
        else:
            put(held, name, value)
    return Choices(harmless, held, bound)


def leaves(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value with its dotted name; a dot inside a name is escaped as helm does."""
    for key, value in values.items():
        name = above + str(key).replace(".", "\\.")
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{name}.")
        else:
            yield name, value
