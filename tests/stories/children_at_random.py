"""Children as people make them, and as they should not: odd names, odd texts, every source.

A draw is decided by its dice alone, so a seed tells the same children each time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.stories.dice import SECRETS, TEXTS, Body, Dice, encoded
from tests.stories.sources_at_random import PEM, SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEYS = ("replicas", "a.b.c", "list[0].name", "ключ", "with space", "path/to", "UPPER", "x" * 80)
_SECRET_KEYS = ("token", "amalogs.secret.key", "UPPER_case", "proxy-https", "a.b-c_d")
_NAMES = ("ext", "Ext.With-Dots", "0zero", "UPPER", "a.b.c", "very-" * 20)
_FLUX_NAMES = ("apps", "infra.edge", "0", "long-" * 8)
_NAMESPACES = ("apps", "edge-system", "default", "n" * 60)
_ENTRIES = ("base", "infra", "apps-1", "k.dotted")
# Types of which a cluster may have one only, with a version that can be pinned.
_SINGLE = {
    "microsoft.dapr": "1.13.6",
    "Microsoft.AzureMonitor.Containers": "3.1.28",
    "microsoft.azuredefender.kubernetes": "0.9.38",
    "microsoft.azurekeyvaultsecretsprovider": "1.7.2",
    "microsoft.azureml.kubernetes": "1.1.85",
    "contoso.marketplace.backup": "2.4.0",
}
_MANY = ("contoso.part", "Fabrikam.Edge.Agent")


@dataclass
class Drawn:
    """A child: what is put, and the secrets in it as a person would keep them, by name."""

    kind: str
    name: str
    body: Body
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its kind and name."""
        return f"{self.kind}/{self.name}"


def extensions(dice: Dice, count: int) -> Iterator[Drawn]:
    """Yield extensions of various types, no two of a type that may be there once only."""
    single = dice.sample(sorted(_SINGLE), len(_SINGLE))
    for number in range(count):
        alone = bool(single) and dice.happens(0.4)
        kind = single.pop() if alone else dice.choice(_MANY)
        secrets = dice.texts(_SECRET_KEYS, SECRETS, 3)
        properties: Body = {
            "extensionType": kind,
            "configurationSettings": dice.texts(_KEYS, TEXTS, 5),
            **_upgrade(dice, kind),
        }
        if secrets:
            properties["configurationProtectedSettings"] = secrets
        if "azureml" in kind:
            properties["configurationSettings"]["jobSchedulerLocation"] = "eastus"
        if not alone and dice.happens(0.5):
            properties["scope"] = _scope(dice)
        body: Body = {"properties": properties}
        if dice.happens(0.7):
            body["identity"] = {"type": "SystemAssigned"}
        if kind.startswith("contoso.marketplace"):
            body["plan"] = {"name": "gold", "publisher": "contoso", "product": "backup"}
        yield Drawn("extensions", f"{dice.choice(_NAMES)}{number}", body, secrets)


def _upgrade(dice: Dice, kind: str) -> Body:
    train = dice.choice(({}, {"releaseTrain": "stable"}, {"releaseTrain": "Stable"}))
    ways: tuple[Body, ...] = (
        {},
        {"autoUpgradeMinorVersion": True},
        {"autoUpgradeMinorVersion": True, "autoUpgradeMode": "patch"},
        {"autoUpgradeMinorVersion": False},
        {"autoUpgradeMinorVersion": False, "version": _SINGLE.get(kind, "1.0.0")},
    )
    return {**train, **dice.choice(ways)}


def _scope(dice: Dice) -> Body:
    namespace = dice.choice(_NAMESPACES[:1] + _NAMESPACES[3:])
    if dice.happens(0.5):
        return {"cluster": {"releaseNamespace": namespace}}
    return {"namespace": {"targetNamespace": namespace}}


def configurations(dice: Dice, count: int) -> Iterator[Drawn]:
    """Yield Flux configurations with sources of every kind."""
    for number in range(count):
        kind, block, source, secrets, protected = dice.choice(SOURCES)(dice)
        if dice.happens(0.3):
            source |= {"timeoutInSeconds": 30, "syncIntervalInSeconds": 90}
        properties: Body = {
            "scope": dice.choice(("cluster", "namespace")),
            "namespace": dice.choice(_NAMESPACES),
            "sourceKind": kind,
            "suspend": dice.happens(0.2),
            block: source,
            "kustomizations": _kustomizations(dice),
        }
        if protected:
            properties["configurationProtectedSettings"] = protected
        if dice.happens(0.2):
            properties |= {"waitForReconciliation": True, "reconciliationWaitDuration": "PT30M"}
        name = f"{dice.choice(_FLUX_NAMES)}{number}"
        yield Drawn("fluxConfigurations", name, {"properties": properties}, secrets)


def _kustomizations(dice: Dice) -> Body:
    made: Body = {}
    for name in dice.sample(_ENTRIES, dice.randint(0, len(_ENTRIES))):
        entry: Body = {"path": dice.choice(("./base", "", "./größe")), "prune": dice.happens(0.6)}
        if made and dice.happens(0.5):
            entry["dependsOn"] = dice.sample(sorted(made), 1)
        if dice.happens(0.3):
            entry |= {"force": True, "wait": False, "retryIntervalInSeconds": 60}
        if dice.happens(0.4):
            entry["postBuild"] = {
                "substitute": {"region": dice.choice(TEXTS), "SIZE": dice.choice(TEXTS)},
                "substituteFrom": [{"kind": "Secret", "name": "values", "optional": True}],
            }
        made[name] = entry
    return made


def source_controls(dice: Dice, count: int) -> Iterator[Drawn]:
    """Yield source control configurations, the first generation of Flux."""
    for number in range(count):
        properties: Body = {
            "repositoryUrl": "https://git.example.com/edge",
            "operatorNamespace": f"operator-{number}",
            "operatorInstanceName": f"flux-{number}",
            "operatorParams": dice.choice(("--git-readonly", "--git-path=größe  ")),
            "operatorScope": dice.choice(("cluster", "namespace")),
        }
        secrets: dict[str, str] = {}
        if dice.happens(0.5):
            properties["repositoryUrl"] = "git@git.example.com:edge"
            properties["sshKnownHostsContents"] = encoded("a host")
            secrets = {"sshPrivateKey": PEM}
        elif dice.happens(0.5):
            secrets = {"httpsUser": "Jürgen", "httpsKey": dice.choice(SECRETS)}
        if secrets:
            protected = {name: encoded(value) for name, value in secrets.items()}
            properties["configurationProtectedSettings"] = protected
        if dice.happens(0.3):
            properties["enableHelmOperator"] = True
            properties["helmOperatorProperties"] = {"chartVersion": "1.4.0", "chartValues": ""}
        yield Drawn(
            "sourceControlConfigurations", f"v1-{number}", {"properties": properties}, secrets
        )
