"""Turns the flags of the verbs that change a connected cluster into requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from arcctl.errors import UsageError
from arcctl.model.agent_features import FEATURES
from arcctl.model.duration import seconds
from arcctl.operations.request import Charts, FeaturesRequest, UpgradeRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arcctl.model.resource_id import ClusterId

Given = dict[str, Any]
_VERSION = re.compile(r"\d+\.\d+\.\d+(-[\w.-]+)?")


def features_request(
    cluster: ClusterId, given: Given, environ: Mapping[str, str]
) -> FeaturesRequest:
    """Read the flags of `enable-features` and `disable-features` (`connectedk8s.md` A.6)."""
    return FeaturesRequest(
        name=cluster.name,
        group=cluster.group,
        features=_features(given["features"]),
        custom_locations_oid=given.get("custom_locations_oid"),
        skip_azure_rbac_list=given.get("skip_azure_rbac_list"),
        timeout=seconds(given["agents_timeout"]),
        charts=charts(environ),
    )


def upgrade_request(cluster: ClusterId, given: Given, environ: Mapping[str, str]) -> UpgradeRequest:
    """Read the flags of `upgrade` (`connectedk8s.md` A.4, trap 18)."""
    version = given["agent_version"]
    if version and not _VERSION.fullmatch(version):
        raise UsageError(
            f"--agent-version is not a version of the agents: {version!r}",
            code="AZK8S0100",
            why="it reads like 1.36.1, without a v",
        )
    return UpgradeRequest(
        name=cluster.name,
        group=cluster.group,
        version=version,
        timeout=seconds(given["upgrade_timeout"]),
        charts=charts(environ),
    )


def charts(environ: Mapping[str, str]) -> Charts:
    """Read where charts come from (`connectedk8s.md` D.1)."""
    return Charts(
        train=environ.get("RELEASETRAIN") or "stable",
        registry=environ.get("HELMREGISTRY"),
        path=environ.get("HELMCHART"),
    )


def _features(texts: Sequence[str]) -> tuple[str, ...]:
    """Take names in any case, each once."""
    wanted = dict.fromkeys(text.strip().lower() for text in texts)
    if unknown := [name for name in wanted if name not in FEATURES]:
        raise UsageError(
            f"--features does not know {unknown[0]!r}",
            code="AZK8S0100",
            why="one or more of " + ", ".join(FEATURES),
        )
    return tuple(wanted)
