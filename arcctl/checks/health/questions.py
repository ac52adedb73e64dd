"""All questions of `check` by category: the one list, in the order in which answers are printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.checks.health import (
    agents,
    children,
    clock,
    cluster,
    features,
    heartbeat,
    identity,
    network,
    providers,
    rbac,
    release,
    sign_in,
    surroundings,
    versions,
)

if TYPE_CHECKING:
    from arcctl.checks.check import Check


@dataclass(frozen=True, slots=True)
class Category:
    """`word` is what `--only` takes, `title` what stands above the answers."""

    word: str
    title: str
    checks: tuple[Check, ...]


INSIDE = Category("inside", "network from inside the cluster", ())
"""Asked by a job that writes to the cluster, so only where somebody says so."""

CATEGORIES = (
    Category("sign-in", "sign-in and permission", sign_in.ASKED),
    Category("providers", "providers, region and resource", providers.ASKED),
    Category("cluster", "cluster and kubeconfig", cluster.ASKED),
    Category("network", "network from here", network.ASKED),
    INSIDE,
    Category(
        "agents",
        "agents",
        (*release.ASKED, *agents.ASKED, *surroundings.ASKED, *heartbeat.ASKED, *features.ASKED),
    ),
    Category("identity", "identity and certificates", (*identity.ASKED, *rbac.ASKED)),
    Category("extensions", "extensions and Flux", children.ASKED),
    Category("versions", "versions and support", versions.ASKED),
    Category("clock", "clocks", clock.ASKED),
)
