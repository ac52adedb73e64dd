"""Turns the flags of the verbs that change a connected cluster into requests."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from arcctl.errors import UsageError
from arcctl.model.agent_features import FEATURES
from arcctl.model.duration import seconds
from arcctl.operations.reading import connect_request, truth
from arcctl.operations.request import Charts, FeaturesRequest, UpdateRequest, UpgradeRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arcctl.model.resource_id import ClusterId

Given = dict[str, Any]
# What `connect` may be asked for and `update` may not.
_UNSAID: Given = {
    "location": None,
    "infrastructure": None,
    "disable_auto_upgrade": False,
    "custom_locations_oid": None,
    "enable_private_link": None,
    "private_link_scope_resource_id": None,
    "onboarding_timeout": "1200",
    "no_wait": False,
    "skip_prechecks": True,
    "adopt": False,
    "private_key": None,
    "new_key": False,
    "register_providers": False,
}
# Options of `update` that ask for nothing by themselves.
_HOW = frozenset({"agents_timeout", "name", "resource_group", "ids", "yes"})
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


def update_request(
    cluster: ClusterId, given: Given, environ: Mapping[str, str], domain: str
) -> UpdateRequest:
    """Read the flags of `update` (`connectedk8s.md` A.3); conflicts are found before any change."""
    _refuse_conflicts(given)
    named = {"name": cluster.name, "resource_group": cluster.group}
    asked = connect_request({**_UNSAID, **given, **named}, environ, domain)
    enabled, disabled = asked.workload_identity, _truth(given, "disable_workload_identity")
    request = UpdateRequest(
        asked=replace(
            asked,
            auto_upgrade=truth("--auto-upgrade", given["auto_upgrade"]),
            workload_identity=enabled if disabled is None else not disabled,
        ),
        disable_proxy=given["disable_proxy"],
        disable_gateway=bool(_truth(given, "disable_gateway")),
        timeout=seconds(given["agents_timeout"]),
    )
    if not (request.patches or request.reaches_agents):
        raise UsageError("nothing to update: no flag says what", code="AZK8S0101")
    return request


def _refuse_conflicts(given: Given) -> None:
    if given["disable_proxy"]:
        names = ("proxy_https", "proxy_http", "proxy_skip_range", "proxy_cert")
        _refuse_both("disable_proxy", [name for name in names if given[name]], code="AZK8S0102")
    if given["disable_workload_identity"] is not None:
        both = given["enable_workload_identity"] is not None
        _refuse_both("disable_workload_identity", ["enable_workload_identity"] * both)
    if _truth(given, "disable_gateway"):
        _refuse_both(
            "disable_gateway", ["gateway_resource_id"] * bool(given["gateway_resource_id"])
        )
    if _truth(given, "enable_oidc_issuer") is False:
        said = {name for name, value in given.items() if value} - _HOW
        raise UsageError(
            "the OIDC issuer cannot be turned off once it is on",
            code="AZK8S0100",
            # Without it there must still be something to update.
            hints="leave out --enable-oidc-issuer" if said - {"enable_oidc_issuer"} else (),
        )


def _refuse_both(one: str, others: Sequence[str], *, code: str = "AZK8S0100") -> None:
    if others:
        named = ", ".join(map(_flag, others))
        raise UsageError(
            f"{_flag(one)} contradicts {named}", code=code, hints=f"leave out {_flag(one)}"
        )


def _truth(given: Given, name: str) -> bool | None:
    return truth(_flag(name), given[name])


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


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
