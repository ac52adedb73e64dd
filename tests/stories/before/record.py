"""Record runs with the arcctl and the sandbox of the checkout in which this is started.

Typed there, as `README.md` beside this file says: `python record.py FOLDER HELM`.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from arcctl.sandbox import mementos
from tests import arm
from tests.matrix.cutting import Cut, Place, asked_path, cut
from tests.stage import staged
from tests.stories import moving
from tests.stories.moved import GIVEN, MOVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.sandbox.journal import Entry
    from arcctl.sandbox.mementos import Memento
    from tests.matrix.cutting import When
    from tests.stage import Stage

    Making = Callable[[Stage], None]
    World = dict[str, dict[str, Any]]

_PATIENCE = 60
HARBOR = asked_path(arm.HARBOR)
EXTENSION = f"{HARBOR}/{arm.CHILDREN}/extensions"
EXPORT = "harbor.yaml"
APPLY = f"config apply -n harbor -g edge --file {EXPORT} --yes {GIVEN}"
LOCKED = f"{MOVE} --accept locked-itself"


@dataclass(kw_only=True)
class CutAtEntry(Cut):
    """Ends a process when the cluster's copy of the journal has an entry."""

    stage: Stage
    entry: tuple[str, str]

    def __call__(self, entry: Entry, when: When) -> bool:
        if self.happened or when != "after" or entry.service != "kubernetes":
            return False
        return self.entry in _journal(self.stage) and self._strike()


def _journal(stage: Stage) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for each in stage.cluster.store.items(("", "secrets")):
        if "journal" in (each.get("data") or {}) and each["metadata"]["namespace"] == "arcctl":
            text = gzip.decompress(base64.b64decode(each["data"]["journal"])).decode()
            entries = map(json.loads, text.splitlines()[1:])
            found += [(entry["kind"], entry.get("step", "")) for entry in entries]
    return found


def at(service: str, asked: str) -> Callable[[Stage], Cut]:
    """Kill when the server has acted on the first such request."""
    place = Place(service, asked, 1)
    return lambda _stage: Cut(at=place, when="after", signal=signal.SIGKILL)


def when(kind: str, step: str = "") -> Callable[[Stage], Cut]:
    """Kill when the journal has such an entry."""
    nowhere = Place("", "", 0)
    return lambda stage: CutAtEntry(
        at=nowhere, when="after", signal=signal.SIGKILL, stage=stage, entry=(kind, step)
    )


CASES: dict[str, tuple[str, str, Callable[[Stage], Cut]]] = {
    "quiet": ("connected", MOVE, when("done", "quiet-agents")),
    "renamed-quiet": ("connected", f"{MOVE} --target-name harbor2", when("done", "quiet-agents")),
    "locked-quiet": ("connected", LOCKED, when("done", "quiet-agents")),
    "locked-passed": ("connected", LOCKED, when("passed")),
    "source-deleted": ("connected", MOVE, at("arm", f"DELETE {HARBOR}")),
    "agents-removed": ("connected", MOVE, when("done", "remove-agents")),
    "target-made": ("connected", MOVE, at("arm", f"PUT {HARBOR}")),
    "children-half-sent": ("connected", MOVE, at("arm", f"PUT {EXTENSION}/flux")),
    "locks-put-back": ("connected", LOCKED, when("done", "restore-attached")),
    "applying": ("bare", APPLY, at("arm", f"PUT {EXTENSION}/flux")),
}
"""What each begins with, what was typed, and where it was killed."""


@dataclass
class Recorder:
    """Writes into a folder what a stage has become."""

    stage: Stage
    folder: Path
    _worlds: dict[str, World] = field(default_factory=lambda: {"": {}})
    _made: dict[str, Memento] = field(default_factory=dict)

    def begin(self, name: str) -> None:
        """Set the stage, the same one each time, with nothing of arcctl's on this machine."""
        stage = self.stage
        if name not in self._made:
            stage.within(stage.world.reset)
            BASES[name](stage)
            # The word of the first heartbeat, and all that it sets in motion.
            time.sleep(2)
            self._made[name] = stage.within(lambda: mementos.put_aside(stage.sandbox))
        shutil.rmtree(stage.folder / "home", ignore_errors=True)
        back = mementos.put_back(stage.sandbox, self._made[name])
        asyncio.run_coroutine_threadsafe(back, stage.loop).result(_PATIENCE)

    def keep(self, name: str, base: str = "") -> None:
        """Write the world, as what is new since another one, and the runs of this machine."""
        world = _world(self.stage)
        _write(self.folder / f"{name}.json.gz", _differing(self._worlds[base], world, base))
        self._worlds.setdefault(name, world)
        self.keep_runs(name)

    def keep_runs(self, name: str) -> None:
        """Write what arcctl has on this machine."""
        runs = self.stage.folder / "home" / "arcctl" / "state" / "runs"
        if runs.exists():
            shutil.copytree(runs, self.folder / name)


def main(folder: Path, helm: Path) -> None:
    """Write all fixtures into a folder."""
    with tempfile.TemporaryDirectory() as scratch, staged(Path(scratch), helm) as stage:
        recorder = Recorder(stage, folder)
        _record_whole(recorder)
        for name, (base, line, cutting) in CASES.items():
            recorder.begin(base)
            if line == LOCKED:
                stage.seed(locks=[{"on": "edge/harbor", "name": "keep", "level": "CanNotDelete"}])
            _cut(stage, line, cutting)
            recorder.keep(name, base)
        recorder.begin("connected")
        _cut(stage, MOVE, at("arm", f"DELETE {HARBOR}"))
        _cut(stage, f"rollback --yes {GIVEN}", at("arm", f"PUT {HARBOR}"))
        recorder.keep("turned", "connected")


def _record_whole(recorder: Recorder) -> None:
    """Record the worlds that all begins with, a manifest, a plan, and a move that was not cut."""
    stage = recorder.stage
    recorder.begin("bare")
    recorder.keep("bare")
    recorder.begin("connected")
    recorder.keep("connected")
    stage.well(f"config export -n harbor -g edge --output-file {EXPORT}")
    stage.well(f"{MOVE} --dry-run --plan-out plan.json")
    for each in (EXPORT, "plan.json"):
        shutil.copy(stage.folder / each, recorder.folder)
    stage.well(MOVE)
    recorder.keep_runs("moved")


def _cut(stage: Stage, line: str, cutting: Callable[[Stage], Cut]) -> None:
    made = cutting(stage)
    ended = cut(stage, line, made)
    assert made.happened, (line, ended)


def _connected(stage: Stage) -> None:
    moving.connected(stage)
    moving.attached(stage)
    moving.secrets_file(stage)


def _bare(stage: Stage) -> None:
    stage.well(moving.CONNECT)


BASES: dict[str, Making] = {"connected": _connected, "bare": _bare}


# ── a world as plain JSON ──


def _world(stage: Stage) -> World:
    """Return what Azure and the cluster hold once nothing is under way there."""
    for _ in range(100):
        time.sleep(0.2)
        try:
            return stage.within(lambda: _looked(stage))
        except ValueError:
            continue
    raise AssertionError("the sandbox does not come to rest")


def _looked(stage: Stage) -> World:
    memento = mementos.put_aside(stage.sandbox)
    azure, errands = memento.azure
    cluster = memento.clusters["sandbox"]
    memory = azure["memory"]
    return {
        "resources": {key: _plain(asdict(each)) for key, each in azure["store"].resources.items()},
        "names": {key: each.isoformat() for key, each in memory.names.items()},
        "principals": dict.fromkeys(sorted(memory.principals), True),
        "errands": {
            key: {
                "act": each.act,
                "number": each.number,
                "done": each.done,
                "values": each.values,
                "met": each.met,
                "applied": each.applied,
                "pending": key in errands["_pending"],
            }
            for key, each in errands["_all"].items()
        },
        "met": dict.fromkeys(sorted(errands["_met"]), True),
        "objects": {
            "/".join((*kind, *place)): document
            for kind, several in cluster.objects.items()
            for place, document in several.items()
            if kind[1] != "events"
        },
        "kinds": {
            f"{each.group}/{each.plural}/{each.version}": asdict(each) for each in cluster.kinds
        },
        "applied": dict(cluster.applied),
    }


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda each: each.isoformat()))


def _differing(base: World, world: World, name: str) -> dict[str, Any]:
    """Return a world as its differences from another one; objects from JSON to JSON."""
    now = cast("World", json.loads(json.dumps(world)))
    before = cast("World", json.loads(json.dumps(base)))
    parts = {}
    for part, held in now.items():
        known = before.get(part, {})
        parts[part] = {
            "set": {key: each for key, each in held.items() if known.get(key) != each},
            "gone": sorted(known.keys() - held.keys()),
        }
    return {"from": name, "at": datetime.now(UTC).isoformat(), "parts": parts}


def _write(path: Path, document: Any) -> None:
    text = json.dumps(document, indent=1)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
