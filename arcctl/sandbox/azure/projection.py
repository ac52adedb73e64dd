"""What an api-version shows of a document in its newest shape (`arm.md` 2.4, 4.2, 5.1, 14.2).

A rule says which versions know a property; `*` stands for every entry of a map or a list. A
property that a version does not know is neither shown on GET nor read from a PUT.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Since:
    """A property, the first version that knows it, and the last if it was taken back."""

    path: str
    first: str
    last: str = "9999"

    def known_to(self, version: str) -> bool:
        return self.first <= version and version <= self.last


CLUSTER = (
    Since("kind", "2022-10-01-preview"),
    Since("properties.distributionVersion", "2022-05-01-preview"),
    Since("properties.privateLinkState", "2022-05-01-preview"),
    Since("properties.privateLinkScopeResourceId", "2022-05-01-preview"),
    Since("properties.azureHybridBenefit", "2022-10-01-preview"),
    Since("properties.aadProfile", "2022-10-01-preview"),
    Since("properties.arcAgentProfile", "2022-10-01-preview"),
    Since("properties.miscellaneousProperties", "2022-05-01-preview"),
    Since("properties.arcAgentProfile.systemComponents", "2024-02-01-preview"),
    Since("properties.arcAgentProfile.agentErrors", "2024-02-01-preview"),
    Since("properties.arcAgentProfile.agentState", "2024-02-01-preview"),
    Since("properties.securityProfile", "2024-02-01-preview"),
    Since("properties.oidcIssuerProfile", "2024-02-01-preview"),
    Since("properties.gateway", "2024-02-01-preview"),
    Since("properties.gateway.resourceId", "2024-07-01-preview", "2024-12-01-preview"),
    Since("properties.arcAgentryConfigurations", "2024-02-01-preview"),
    Since("properties.lastInboundConnectivityTime", "2026-02-01-preview", "2026-02-01-preview"),
    Since("properties.inboundConnectivityStatus", "2026-02-01-preview", "2026-02-01-preview"),
)
EXTENSION = (
    Since("plan", "2022-11-01"),
    Since("managedBy", "2025-03-01"),
    Since("properties.currentVersion", "2022-11-01"),
    Since("properties.isSystemExtension", "2022-11-01"),
    Since("properties.autoUpgradeMode", "2025-03-01"),
    Since("properties.managementDetails", "2025-03-01"),
    Since("properties.additionalDetails", "2025-03-01"),
    Since("properties.extensionState", "2025-03-01"),
)
FLUX = (
    Since("properties.azureBlob", "2022-07-01"),
    Since("properties.waitForReconciliation", "2023-05-01"),
    Since("properties.reconciliationWaitDuration", "2023-05-01"),
    Since("properties.kustomizations.*.wait", "2023-05-01"),
    Since("properties.kustomizations.*.postBuild", "2023-05-01"),
    Since("properties.gitRepository.provider", "2024-11-01"),
    Since("properties.ociRepository", "2025-04-01"),
)
Rules = tuple[Since, ...]


def projected(document: dict[str, Any], rules: Rules, version: str) -> dict[str, Any]:
    """Return a copy of a document without what `version` does not know."""
    shown = copied(document)
    for path in _hidden(rules, version):
        _drop(shown, path)
    return shown


def copied(document: dict[str, Any]) -> dict[str, Any]:
    # Twice as fast as deepcopy, which matters for lists of ten thousand.
    return {key: _copy(value) for key, value in document.items()}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_copy(inner) for inner in value]
    return value


def restored(new: dict[str, Any], old: dict[str, Any], rules: Rules, version: str) -> None:
    """Put back into `new` what `old` holds and `version` cannot say (the knob keep_hidden)."""
    for path in _hidden(rules, version):
        source, target = old, new
        for step in path[:-1]:
            source, target = source.get(step) or {}, target.setdefault(step, {})
        if path[-1] in source:
            target[path[-1]] = copy.deepcopy(source[path[-1]])


@lru_cache(maxsize=256)
def _hidden(rules: Rules, version: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(rule.path.split(".")) for rule in rules if not rule.known_to(version))


def _drop(document: Any, path: tuple[str, ...]) -> None:
    step, *rest = path
    if not isinstance(document, dict):
        return
    if not rest:
        document.pop(step, None)
    elif step == "*":
        for inner in document.values():
            _drop(inner, tuple(rest))
    elif step in document:
        _drop(document[step], tuple(rest))
