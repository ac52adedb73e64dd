"""What is measured, and against what: the budgets of design 9."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests import binaries
from tests.benchmarks import children, worlds
from tests.benchmarks.measuring import once

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.benchmarks.worlds import World

ARCCTL = [sys.executable, "-m", "arcctl"]
HARBOR = ["-n", "harbor", "-g", "edge"]
CONNECT = [*ARCCTL, "connect", *HARBOR, "-l", "westeurope"]
UPDATE = [*ARCCTL, "update", *HARBOR, "--tags", "site=pier7"]
DELETE = [*ARCCTL, "delete", *HARBOR, "--yes"]
WITH_SECRETS = ["--target-region", "northeurope", "--secrets-from-cluster"]
MOVE = [*ARCCTL, "move", *HARBOR, *WITH_SECRETS, "--skip-prechecks", "--yes"]
EXPORT = [*ARCCTL, "config", "export", *HARBOR]
FILES = ["--file", "{home}/harbor.yaml", "--protected-settings", "{home}/secrets.json"]
APPLY = [*ARCCTL, "config", "apply", *HARBOR, *FILES, "--yes"]
PLAN = [*ARCCTL, "move", *HARBOR, *WITH_SECRETS, "--dry-run"]
PYTHON = ("bare Python", lambda _: [sys.executable, "-c", "pass"])
PEERS_UPDATE = (
    "the requests and helm runs of az connectedk8s update --tags, without az",
    lambda _: [sys.executable, "-m", "tests.benchmarks.peer", "pier8"],
)
IMPORTS = (
    "importing azure.identity and kubernetes",
    lambda _: [sys.executable, "-c", "import azure.identity, kubernetes"],
)


def helm(world: World) -> list[str]:
    """The release that connect makes, made by helm alone."""
    host = world.environment["ARCCTL_CLOUD"].removeprefix("https://")
    chart = f"oci://{host}/azurearck8s/batch1/stable/azure-arc-k8sagents"
    place = ["--version", "1.36.1", "-n", "azure-arc-release", "--create-namespace"]
    return [world.helm, "upgrade", "--install", "azure-arc", chart, *place]


def waiting_helm(world: World) -> list[str]:
    """The same, until every Deployment is available."""
    return [*helm(world), "--wait"]


def nothing(_: World) -> None:
    """Leave the world as it is."""


def empty(world: World) -> None:
    """An empty resource group, an empty cluster."""
    world.empty()


def connected(world: World) -> None:
    """A cluster that arcctl has connected."""
    world.empty()
    once(CONNECT, world.environment)


def crowded(world: World) -> None:
    """The same with 5,000 pods of somebody else's; made once, as what is measured only looks."""
    if world.ask("GET", "status").get("connectedclusters", 0):
        return
    connected(world)
    kubectl = str(binaries.program(binaries.KUBECTL))
    labels = {"app": "crowd"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "one", "image": "one"}]},
    }
    crowd = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "crowd", "namespace": "default"},
        "spec": {"replicas": 5000, "selector": {"matchLabels": labels}, "template": template},
    }
    file = Path(world.environment["HOME"]) / "crowd.json"
    file.write_text(json.dumps(crowd), encoding="utf-8")
    once([kubectl, "create", "-f", str(file)], world.environment)
    ready = "--for=jsonpath={.status.readyReplicas}=5000"
    once([kubectl, "wait", "deployment/crowd", ready, "--timeout=300s"], world.environment)


def grown(count: int) -> Callable[[World], None]:
    """A cluster that arcctl has connected and that has children; a fresh one each time."""

    def before(world: World) -> None:
        connected(world)
        children.put(world, count)

    return before


def kept(count: int) -> Callable[[World], None]:
    """The same, made once: what is measured only looks at it."""

    def before(world: World) -> None:
        there = world.ask("GET", "status")
        if sum(there.get(kind, 0) for kind in ("extensions", "fluxConfigurations")) != count:
            grown(count)(world)

    return before


def declared(count: int) -> Callable[[World], None]:
    """A connected cluster without children, and files that say which it is to have."""

    def before(world: World) -> None:
        home = Path(world.environment["HOME"])
        if not (home / "harbor.yaml").exists():
            grown(count)(world)
            once([*EXPORT, "--output-file", str(home / "harbor.yaml")], world.environment)
            children.write_secrets(home / "secrets.json", count)
        connected(world)
        children.slow_down(world)

    return before


def ten_thousand(world: World) -> None:
    """A subscription with 10,000 connected clusters."""
    if world.ask("GET", "status").get("connectedclusters", 0) < 10_000:
        world.empty()
        fleet = {"name": "c", "group": "edge", "count": 10_000, "state": "Connected"}
        world.ask("POST", "seed", {"clusters": [fleet]})


def one(world: World) -> None:
    """A subscription with one connected cluster."""
    world.empty()
    harbor = {"name": "harbor", "group": "edge", "state": "Connected"}
    world.ask("POST", "seed", {"clusters": [harbor]})


@dataclass(frozen=True)
class Row:
    """A command line in a world that `before` prepares, untimed, ahead of each round.

    `{home}` in it is the world's home. `against` are measured in the same rounds; their medians
    are added up for the ratio.
    """

    name: str
    work: str
    command: list[str]
    goal: str
    world: Callable[[], AbstractContextManager[World]] = worlds.embedded
    before: Callable[[World], None] = nothing
    rounds: int = 7
    against: tuple[tuple[str, Callable[[World], list[str]]], ...] = field(default=())


ROWS = [
    Row(
        "help",
        "`arcctl --help`",
        [*ARCCTL, "--help"],
        "≤ 70 ms, ≤ 6 ×",
        rounds=21,
        against=(PYTHON,),
    ),
    Row(
        "show",
        "`show`, token cached",
        [*ARCCTL, "show", *HARBOR],
        "≤ 0.26 s, ≤ 50 MB",
        before=one,
        rounds=11,
        against=(PYTHON,),
    ),
    Row(
        "list",
        "`list`, 10,000 clusters",
        [*ARCCTL, "list"],
        "≤ 5 s, ≤ 150 MB",
        before=ten_thousand,
        rounds=5,
    ),
    Row(
        "check",
        "`check`, 200 nodes and 5,000 pods",
        [*ARCCTL, "check", *HARBOR],
        "≤ 2 s, ≤ 80 MB",
        world=worlds.large,
        before=crowded,
    ),
    Row(
        "connect",
        "`connect`, embedded Kubernetes",
        CONNECT,
        "≤ 1.25 s, ≤ 1.25 ×",
        before=empty,
        against=(("bare helm upgrade --install", helm), IMPORTS),
    ),
    Row(
        "connect-real",
        "`connect`, real control plane",
        CONNECT,
        "≤ 4 s",
        world=worlds.real,
        before=empty,
        rounds=3,
        against=(("bare helm upgrade --install --wait", waiting_helm),),
    ),
    Row(
        "connect-real-unchecked",
        "`connect --skip-prechecks`, real control plane",
        [*CONNECT, "--skip-prechecks"],
        "≤ 2.7 s, ≤ 1.5 ×",
        world=worlds.real,
        before=empty,
        rounds=3,
        against=(("bare helm upgrade --install --wait", waiting_helm),),
    ),
    Row(
        "delete-real",
        "`delete`, real control plane",
        DELETE,
        "≤ 6 s",
        world=worlds.real,
        before=connected,
        rounds=3,
    ),
    Row(
        "connect-recorded",
        "`connect --skip-prechecks`, recorded latencies",
        [*CONNECT, "--skip-prechecks"],
        "≤ 54.6 s (1.05 × the critical path)",
        world=worlds.recorded,
        before=empty,
        rounds=1,
    ),
    Row(
        "connect-recorded-checked",
        "`connect`, recorded latencies and a diagnostics job of 16 s",
        CONNECT,
        "≤ 71.4 s (1.05 × the critical path)",
        world=worlds.recorded,
        before=empty,
        rounds=1,
    ),
    Row(
        "delete-recorded",
        "`delete`, recorded latencies",
        DELETE,
        "≤ 60 s",
        world=worlds.recorded,
        before=connected,
        rounds=1,
    ),
    Row(
        "update-tags",
        "`update --tags`",
        UPDATE,
        "≤ 0.2 ×",
        before=connected,
        rounds=7,
        against=(PEERS_UPDATE, IMPORTS),
    ),
    Row(
        "update-tags-recorded",
        "`update --tags`, recorded latencies",
        UPDATE,
        "≤ 0.2 ×",
        world=worlds.recorded,
        before=connected,
        rounds=1,
        against=(PEERS_UPDATE,),
    ),
    Row("plan-30", "plan of a move, 30 children", PLAN, "≤ 3 s", before=kept(30), rounds=5),
    Row("plan-300", "plan of a move, 300 children", PLAN, "≤ 5 s", before=kept(300), rounds=5),
    Row("move-3", "`move`, 3 children, ARM's limits on", MOVE, "", before=grown(3), rounds=3),
    Row(
        "move-300",
        "`move`, 300 children, ARM's limits on",
        MOVE,
        "≤ 1.5 × that of 3 + 30 s, ≤ 120 MB",
        before=grown(300),
        rounds=3,
    ),
    Row(
        "config-list",
        "`config list`, 300 children",
        [*ARCCTL, "config", "list", *HARBOR],
        "",
        before=kept(300),
        rounds=5,
    ),
    Row(
        "config-export",
        "`config export`, 300 children",
        EXPORT,
        "",
        before=kept(300),
        rounds=5,
    ),
    Row(
        "config-apply",
        "`config apply`, 300 children, ARM's limits on",
        APPLY,
        "",
        before=declared(300),
        rounds=3,
    ),
]
