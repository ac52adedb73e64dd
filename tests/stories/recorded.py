"""Worlds and runs that an arcctl of before has left, planted in today's sandbox (`before/README.md`)."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import shutil
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.sandbox import identity, mementos
from arcctl.sandbox.azure.errands import Errand
from arcctl.sandbox.azure.store import Resource, Store
from arcctl.sandbox.kubernetes.cluster import Memento as Objects
from arcctl.sandbox.kubernetes.kinds import Kind
from arcctl.sandbox.kubernetes.store import Document

if TYPE_CHECKING:
    from datetime import timedelta

    from arcctl.sandbox.mementos import Memento
    from tests.stage import Stage

    World = dict[str, dict[str, Any]]

FOLDER = Path(__file__).parent / "before"
_PATIENCE = 60
_MOMENT = re.compile(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(Z|\+00:00)"')


def plant(stage: Stage, name: str) -> None:
    """Make the sandbox the world that was recorded under this name."""
    memento = stage.within(lambda: _memento(stage, _as_of_now(name)))
    stage.within(lambda: _overtake(stage, memento))
    back = mementos.put_back(stage.sandbox, memento)
    asyncio.run_coroutine_threadsafe(back, stage.loop).result(_PATIENCE)


def _overtake(stage: Stage, memento: Memento) -> None:
    """Let revisions go on from the newest recorded one."""
    shelves = memento.clusters["sandbox"].objects.values()
    versions = [
        int(each["metadata"]["resourceVersion"]) for some in shelves for each in some.values()
    ]
    stage.cluster.store.revision = max(stage.cluster.store.revision, *versions)


def run_of(name: str) -> str:
    """Return the name of the run that was recorded."""
    [folder] = (FOLDER / name).iterdir()
    return folder.name


def plant_run(stage: Stage, name: str) -> Path:
    """Put what arcctl had written on its machine into this one's state folder."""
    runs = Path(stage.environment["ARCCTL_HOME"]) / "state" / "runs"
    shutil.copytree(FOLDER / name, runs, dirs_exist_ok=True)
    return runs / run_of(name)


@cache
def _recorded(name: str) -> tuple[datetime, World]:
    """Read a world, and when it was recorded; most are kept as what is new since another one."""
    found = json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))
    world: World = {}
    before: World = _recorded(found["from"])[1] if found["from"] else {}
    for part, new in found["parts"].items():
        known = before.get(part, {})
        left = {key: each for key, each in known.items() if key not in new["gone"]}
        world[part] = {**left, **new["set"]}
    return datetime.fromisoformat(found["at"]), world


def _as_of_now(name: str) -> World:
    """Let a world be as old as it was when it was recorded: certificates and heartbeats age."""
    at, world = _recorded(name)
    age = datetime.now(UTC) - at
    moved: World = json.loads(_MOMENT.sub(lambda each: _later(each, age), json.dumps(world)))
    return moved


def _later(moment: re.Match[str], age: timedelta) -> str:
    written = moment[1]
    precision = "seconds" if "." not in written else "microseconds"
    later = (datetime.fromisoformat(written) + age).isoformat(timespec=precision)
    return f'"{later}{moment[2]}"'


def _memento(stage: Stage, world: World) -> Memento:
    """Return what the sandbox would have put aside, made from plain JSON."""
    base = mementos.put_aside(stage.sandbox)
    azure, errands = base.azure
    store = Store(stage.world.clock.now)
    for each in world["resources"].values():
        times = {key: each[key] and datetime.fromisoformat(each[key]) for key in _TIMES}
        store.put(Resource(**{**each, **times}))
    azure["store"] = store
    memory = azure["memory"]
    memory.names = {key: datetime.fromisoformat(each) for key, each in world["names"].items()}
    memory.principals = set(world["principals"])
    given = {key: (each, _errand(store, key, each)) for key, each in world["errands"].items()}
    errands["_all"] = {key: errand for key, (_, errand) in given.items()}
    errands["_pending"] = {key: errand for key, (each, errand) in given.items() if each["pending"]}
    errands["_met"] = set(world["met"])
    return mementos.Memento((azure, errands), {"sandbox": _objects(world)})


_TIMES = ("last_beat", "made")


def _errand(store: Store, key: str, each: dict[str, Any]) -> Errand:
    child = store.get(key)
    assert child
    return Errand(child, **{name: value for name, value in each.items() if name != "pending"})


def _renewed(secret: dict[str, Any]) -> dict[str, str]:
    """Return a certificate of the agents as long-lived as it was: no date can be moved in a signed one."""
    name, owner = secret["metadata"]["name"], identity.principal(secret)
    data: dict[str, str] = identity.secret(name, name, owner, datetime.now(UTC))["data"]
    return data


def _objects(world: World) -> Objects:
    objects: dict[tuple[str, str], dict[tuple[str, str], Document]] = {}
    for place, each in world["objects"].items():
        group, plural, namespace, name = place.split("/", 3)
        objects.setdefault((group, plural), {})[namespace, name] = Document(each)
    kinds = (
        {key: tuple(value) if isinstance(value, list) else value for key, value in each.items()}
        for each in world["kinds"].values()
    )
    for each in objects["", "secrets"].values():
        if each.get("type") == "kubernetes.io/tls":
            each |= {"data": _renewed(each)}
    return Objects(objects, tuple(Kind(**each) for each in kinds), world["applied"])
