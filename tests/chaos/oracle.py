"""A world compared whole, as the sandbox's store has it; arcctl is not asked.

A *picture* holds every resource of Azure with its settings and the digests of its secrets, roles,
locks and policies among them, the agents of each cluster, and every object of each cluster outside
Arc's and arcctl's own namespaces with its uid.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests import arm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.stage import Stage

Picture = dict[str, Any]
ANY = "*"
"""Stands for whatever is there, as long as something is."""

# Made by the service anew each time, or said by it about itself.
_VOLATILE = {"etag", "systemData", "clusterIP", "clusterIPs", "createdBy", "updatedBy"}
_NEW_IN_A_MOVE = {"agentPublicKeyCertificate", "principalId"}
# Made by controllers from what is compared anyway, or by the cluster for itself.
_DERIVED = {"Event", "Node", "EndpointSlice", "Endpoints", "Lease"}
_ROLES = "/providers/microsoft.authorization/roleassignments/"
# Arc's half of Flux is put to sleep and woken: its pods are new.
_WOKEN = ("Pod flux-system/fluxconfig-",)
# An agent's record of a child: its kind goes with the agents' chart, and comes again with the child.
_RECORDS = ("GitConfig ",)
_OWN = ("azure-arc", "arcctl", "kube-")
_ISSUER = re.compile(r"(\.oic\.prod-arc\.azure\.com/[^/]+/)[0-9a-f-]{36}")


def picture(stage: Stage, clusters: Mapping[str, Any] | None = None) -> Picture:
    """Look at everything; at these clusters, where they are not the sandbox's own."""
    return stage.within(lambda: _picture(stage, clusters or stage.sandbox.clusters))


def _picture(stage: Stage, clusters: Mapping[str, Any]) -> Picture:
    stage.world.azure.operations.settle()
    return {
        "azure": _azure(stage),
        "identities": sorted(_owners(stage)),
        "agents": {name: dict(_agents(each)) for name, each in clusters.items()},
        "cluster": {name: dict(_objects(each)) for name, each in clusters.items()},
        "runs": {name: _runs(each) for name, each in clusters.items()},
    }


def _azure(stage: Stage) -> Picture:
    owners, found = _owners(stage), {}
    for key, each in stage.world.azure.store.resources.items():
        if _ROLES in key:
            properties = dict(each.properties)
            scope, who = key.partition(_ROLES)[0], properties.pop("principalId")
            role = properties.pop("roleDefinitionId").rpartition("/")[2]
            properties.pop("scope", None)
            found[f"{scope}{_ROLES}{owners.get(who, who)} is {role}"] = _steady(properties)
        else:
            found[key] = _steady(each.body) | {"secrets": dict(each.secrets)}
    return found


def _owners(stage: Stage) -> dict[str, str]:
    """Say whose each identity is."""
    return {
        identity: key
        for key, each in stage.world.azure.store.resources.items()
        if (identity := (each.body.get("identity") or {}).get("principalId"))
    }


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(each) for key, each in value.items() if not _is_volatile(key)}
    if isinstance(value, str):
        return _ISSUER.sub(r"\1own", value)
    return [_steady(each) for each in value] if isinstance(value, list) else value


def _is_volatile(key: str) -> bool:
    return key in _VOLATILE or key.endswith(("At", "Time", "edOn"))


def _agents(cluster: Any) -> Iterator[tuple[str, Any]]:
    for each in cluster.store.items(("apps", "deployments")):
        if each["metadata"]["namespace"].startswith("azure-arc"):
            yield each["metadata"]["name"], each["spec"]["replicas"]
    secret = cluster.store.get(("", "secrets"), "azure-arc", "azure-arc-connect-privatekey")
    if secret:
        yield "private key", _digest(secret["data"])


def _objects(cluster: Any) -> Iterator[tuple[str, Any]]:
    for kind in cluster.kinds.all():
        if kind.kind in _DERIVED:
            continue
        for each in cluster.store.items(kind.key):
            metadata = each["metadata"]
            space = metadata.get("namespace", "-")
            place = f"{kind.kind} {space}/{metadata['name']}"
            if not _is_own(each, space) and not place.startswith(_WOKEN + _RECORDS):
                yield place, {"uid": metadata["uid"], "is": _digest(_content(each))}


def _is_own(each: dict[str, Any], space: str) -> bool:
    metadata = each["metadata"]
    name = metadata["name"] if space == "-" else space
    release = (metadata.get("annotations") or {}).get("meta.helm.sh/release-name")
    return name.startswith(_OWN) or release == "azure-arc"


def _content(each: dict[str, Any]) -> Any:
    if each.get("type") == "helm.sh/release.v1":
        return "a release, with the time at which it was made"
    own = {"metadata", "status", "apiVersion", "kind"}
    return {key: _steady(value) for key, value in each.items() if key not in own}


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _runs(cluster: Any) -> list[str]:
    """Name the runs that are kept in the cluster and have not ended.

    One that has ended with something to look at keeps its record there until it is closed.
    """
    found, ended = set(), set()
    for each in cluster.store.items(("", "secrets"), "arcctl"):
        run = (each["metadata"].get("labels") or {}).get("arcctl/run", "?")
        found.add(run)
        if _has_ended(each["data"].get("journal", "")):
            ended.add(run)
    return sorted(found - ended)


def _has_ended(journal: str) -> bool:
    try:
        lines = gzip.decompress(base64.b64decode(journal)).decode().splitlines()
        return bool(lines) and json.loads(lines[-1]).get("kind") == "ended"
    except (ValueError, OSError, EOFError):
        return False


def differences(goal: Any, found: Any, where: str = "") -> list[str]:
    """Say where a picture differs from another, a line for each place."""
    told = []
    for key in sorted(goal.keys() | found.keys()):
        left, right = goal.get(key), found.get(key)
        if isinstance(left, dict) and isinstance(right, dict):
            told += differences(left, right, f"{where} › {key}")
        elif left != right and not (left == ANY and right is not None):
            told.append(f"{where} › {key}: {_short(right)} instead of {_short(left)}")
    return told


def _short(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value)[:160]


@dataclass(frozen=True)
class Goal:
    """The world that a command was asked for, from the one it began with.

    `azure` and `agents` are compared whole; of a cluster's objects each must be there as it was,
    and what is new there is no loss.
    """

    picture: Picture
    name: str = "asked"
    also: tuple[Callable[[Picture], list[str]], ...] = ()
    exempt: tuple[str, ...] = ()

    def excusing(self, *words: str) -> Goal:
        """Return the same goal, without what the changes of others explain."""
        return replace(self, exempt=(*self.exempt, *words))

    def misses(self, found: Picture) -> list[str]:
        """Say what is not as it should be."""
        azure = _without_orphans(found["azure"], self.picture["identities"])
        told = differences(self.picture["azure"], azure, "azure")
        told += differences(self.picture["agents"], found["agents"], "agents")
        for name, objects in self.picture["cluster"].items():
            present = found["cluster"][name]
            kept = {key: present[key] for key in objects if key in present}
            told += differences(objects, kept, f"cluster {name}")
        told += [line for check in self.also for line in check(found)]
        told = [line.replace(arm.HARBOR.lower(), "harbor") for line in told]
        return [line for line in told if not any(each in line for each in self.exempt)]


def _without_orphans(azure: Picture, identities: list[str]) -> Picture:
    """Leave out the roles of identities that are no more: nobody's loss, and a row of the plan's."""
    gone = tuple(f"{_ROLES}{each} is " for each in identities)
    return {key: each for key, each in azure.items() if not any(part in key for part in gone)}


def eased(before: Picture) -> Picture:
    """Return a picture in which keys and identities may be new ones."""
    return {
        **before,
        "azure": {key: _eased(each) for key, each in before["azure"].items()},
        "agents": {
            name: {key: ANY if key == "private key" else each for key, each in agents.items()}
            for name, agents in before["agents"].items()
        },
    }


def _eased(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: ANY if key in _NEW_IN_A_MOVE else _eased(each) for key, each in value.items()}
    return [_eased(each) for each in value] if isinstance(value, list) else value


def old(before: Picture) -> Goal:
    """The world as it was, whatever way led back to it."""
    return Goal(eased(before), "old")


def untouched(before: Picture) -> Goal:
    """The world as it was, keys and identities included."""
    return Goal(before, "untouched")


def moved(before: Picture, region: str, target: str = arm.HARBOR) -> Goal:
    """The world in which harbor and all that is its own is elsewhere."""
    text = json.dumps(eased(before)["azure"])
    for old_id, new_id in ((arm.HARBOR, target), (arm.HARBOR.lower(), target.lower())):
        text = re.sub(rf"{re.escape(old_id)}(?=[/\" ])", new_id, text)
    azure = json.loads(text)
    resource = azure[target.lower()]
    resource |= {"location": region, "name": target.rpartition("/")[2]}
    return Goal({**eased(before), "azure": azure})


def deleted(before: Picture) -> Goal:
    """The world without harbor, what hung on it, its agents and what these had put there."""
    gone = arm.HARBOR.lower()
    azure = {
        key: each
        for key, each in before["azure"].items()
        if not (f"{key}/".startswith(f"{gone}/") or f"{_ROLES}{gone}" in key)
    }
    objects = before["cluster"]["sandbox"].items()
    shop = {key: each for key, each in objects if " shop/" in key or key.endswith("-/shop")}
    cluster = before["cluster"] | {"sandbox": shop}
    agents = before["agents"] | {"sandbox": {}}
    return Goal({**before, "azure": azure, "agents": agents, "cluster": cluster})


def connected(before: Picture, example: Picture) -> Goal:
    """The world with harbor in it, as `example` has it."""
    made = eased(example)
    return Goal({**before, "azure": made["azure"], "agents": made["agents"]})


def applied(before: Picture, settings: dict[str, dict[str, str]]) -> Goal:
    """The world in which extensions have these settings, whether or not they were there before."""
    eased_before = eased(before)
    azure = dict(eased_before["azure"])
    place = f"{arm.HARBOR}/{arm.CHILDREN}/extensions".lower()
    for name, wanted in settings.items():
        key = f"{place}/{name}"
        known = azure.get(key)
        if known:
            properties = known["properties"] | {"configurationSettings": wanted}
            azure[key] = known | {"properties": properties}
        else:
            azure[key] = ANY

    def check(found: Picture) -> list[str]:
        given = {
            name: (found["azure"].get(f"{place}/{name}") or {"properties": {}})["properties"]
            for name in settings
        }
        return [
            f"azure › {name}: settings {each.get('configurationSettings')}"
            for name, each in given.items()
            if each.get("configurationSettings") != settings[name]
        ]

    # What an extension has in the cluster follows its settings; it stays what it is.
    return Goal({**eased_before, "azure": azure}, also=(check,), exempt=(" › is: ",))
