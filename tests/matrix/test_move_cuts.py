"""A move cut at every request, taken up on another machine: the same world, and nothing lost.

Most cuts are a SIGINT, after which arcctl still says goodbye; every fifth is a SIGKILL, which takes
its helms along. What it had on its own disk is gone each time.
"""

from __future__ import annotations

import hashlib
import re
import signal
from typing import TYPE_CHECKING, Any

import pytest
from tests import arm
from tests.matrix import vows
from tests.matrix.cutting import Cut, Place, asked_path, cut
from tests.matrix.plays import Part, Play, perform, well_or_nothing_open
from tests.matrix.worlds import KEY_BEFORE, key_is_shared
from tests.stories import moving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.matrix.beginnings import Making, Theatre
    from tests.matrix.plays import Record, TakeUp
    from tests.stage import Ended, Stage

_TAG, _CLUSTER = KEY_BEFORE, re.compile(r"/connectedclusters/harbor2?$")
SLICES = 24
SAMPLE = 41
FILE = "--protected-settings secrets.yaml"
MOVE = f"{moving.MOVE} {FILE}"
RESUME = "resume --take-over --yes"
CHILDREN = {
    "extensions/flux",
    "extensions/monitor",
    "fluxconfigurations/private",
    "fluxconfigurations/public",
}
OLD = {"extensions/monitor", "sourcecontrolconfigurations/old"}


def worth_moving(stage: Stage) -> None:
    """Harbor with children, tags, a role assignment and a diagnostic setting."""
    moving.connected(stage)
    moving.secrets_file(stage)
    attach(stage)
    remember_key(stage)


def with_source_control(stage: Stage) -> None:
    """Harbor with an extension and a configuration of Flux's first version, which bars the second."""
    stage.well(moving.CONNECT)
    settings = {"amalogs.useAADAuth": "true"}
    body = moving.extension("microsoft.azuremonitor.containers", configurationSettings=settings)
    arm.put_child(stage, "extensions", "monitor", body)
    old = {"properties": {"repositoryUrl": "https://git.example.com/edge/old"}}
    arm.put_child(stage, "sourceControlConfigurations", "old", old)
    attach(stage)
    remember_key(stage)


def attach(stage: Stage) -> None:
    """Hang a role assignment and a diagnostic setting on harbor."""
    stage.seed(
        assignments=[{"on": "edge/harbor", "who": "operator", "role": "Reader"}],
        diagnosticSettings=[{"on": "edge/harbor", "workspaceId": "/w"}],
    )


def remember_key(stage: Stage) -> None:
    """Write the digest of the public key into a tag, which goes along wherever harbor goes."""

    def tag() -> None:
        found = stage.world.azure.store.get(arm.HARBOR)
        assert found
        found.body["tags"][_TAG] = _digest(found.properties)

    stage.within(tag)


def _digest(properties: dict[str, Any]) -> str:
    return hashlib.sha256(properties["agentPublicKeyCertificate"].encode()).hexdigest()


def half_way(stage: Stage) -> None:
    """A move that was killed when the source had just gone."""
    worth_moving(stage)
    at = Place("arm", f"DELETE {asked_path(arm.HARBOR)}", 1)
    cutting = Cut(at=at, when="after", signal=signal.SIGKILL)
    cut(stage, MOVE, cutting)
    assert cutting.happened


def location(stage: Stage) -> str:
    """Return the region in which harbor is, nothing where it is gone."""
    found = stage.within(lambda: stage.world.azure.store.get(arm.HARBOR))
    return str(found.body["location"]) if found else ""


def resumed(line: str, given: str = FILE) -> TakeUp:
    """Resume; where nothing was begun or all of it taken back, type the move again."""

    def take_up(stage: Stage) -> Iterator[Ended]:
        yield well_or_nothing_open(stage, f"{RESUME} {given}")
        if location(stage) == "eastus":
            yield stage.well(line)

    return take_up


def resumed_with_what_is_held(stage: Stage) -> Iterator[Ended]:
    """Resume without a file, unless the cut came before anything was held."""
    has_run, holds = bool(vows.in_bundle(stage)), bool(vows.held(stage))
    if holds or not has_run:
        yield from resumed(f"{MOVE} {KEEP}", "")(stage)
    else:
        yield from resumed(f"{MOVE} {KEEP}")(stage)


def taken_back(stage: Stage) -> Iterator[Ended]:
    """Roll back; where the move had ended already, even if it was still cleaning up, move back."""
    ended = stage.type(f"rollback --take-over --yes {FILE}")
    over = "[run-ended]" in ended.err or (ended.code, "[nothing-open]" in ended.err) == (3, True)
    assert ended.code == 0 or over, ended.err
    yield ended
    if location(stage) != "eastus":
        yield stage.well(MOVE.replace("westeurope", "eastus"))


def keep_vows(*children: str) -> Callable[[Stage, Ended], None]:
    """What must hold at every cut."""

    def keep(stage: Stage, said: Ended) -> None:
        vows.keep_children(stage, set(children))
        vows.keep_secrets(stage, said)

    return keep


def proof(*, kept: bool) -> Callable[[Stage, list[Ended]], None]:
    """What must hold at every end: no secret was seen, and the key is the old one, or is not."""

    def keep(stage: Stage, said: list[Ended]) -> None:
        vows.keep_secrets(stage, *said)
        resources = stage.within(lambda: list(stage.world.azure.store.resources.values()))
        [harbor] = [each for each in resources if _CLUSTER.search(each.key)]
        assert (_digest(harbor.properties) == harbor.body["tags"][_TAG]) is kept
        assert key_is_shared(stage, harbor.body["name"])

    return keep


def play(line: str, take_up: TakeUp, beginning: Making = worth_moving, **more: Any) -> Play:
    """Return a move that is cut; the key is `kept`, or a new one."""
    vow, end = keep_vows(*more.pop("children", CHILDREN)), proof(kept=more.pop("kept", True))
    return Play(line, beginning, take_up, kill_every=5, vows=vow, proof=end, **more)


KEEP, RENAMED = "--keep-secrets-in-cluster", f"{MOVE} --target-name harbor2"
ROTATED, KEEPING = f"{MOVE} --new-key", f"{RENAMED} --keep-key"
CUT_MOVE = play(MOVE, resumed(MOVE))
CUT_ROTATION = play(ROTATED, resumed(ROTATED), kept=False)
CUT_RENAMING = play(RENAMED, resumed(RENAMED), kept=False)
CUT_KEEPING_KEY = play(KEEPING, resumed(KEEPING))
CUT_KEEPING = play(f"{MOVE} {KEEP}", resumed_with_what_is_held)
CUT_OLD = play(moving.MOVE, resumed(moving.MOVE, ""), with_source_control, children=OLD)
CUT_RESUME = play(f"{RESUME} {FILE}", resumed(MOVE), half_way)
CUT_AND_BACK = play(MOVE, taken_back, taken_back=True)


@pytest.mark.matrix
@pytest.mark.parametrize("part", range(SLICES))
@pytest.mark.parametrize("cut_play", [CUT_MOVE, CUT_ROTATION], ids=["its own key", "a new key"])
def test_a_move_cut_anywhere_ends_in_the_same_world(
    theatre: Theatre, cut_play: Play, part: int, record_property: Record
) -> None:
    """With either key; taken up from the cluster's copy alone; typed again where nothing was begun."""
    perform(theatre, cut_play, Part(part, SLICES), record_property)


@pytest.mark.matrix
@pytest.mark.parametrize(
    "cut_play",
    [
        CUT_RENAMING,
        CUT_KEEPING_KEY,
        CUT_KEEPING,
        CUT_OLD,
        CUT_RESUME,
        CUT_AND_BACK,
    ],
    ids=[
        "renamed",
        "renamed with its key",
        "secrets kept",
        "source control",
        "resume cut too",
        "rolled back",
    ],
)
def test_other_moves_that_are_cut_end_in_the_same_world(
    theatre: Theatre, cut_play: Play, record_property: Record
) -> None:
    """To another name; with secrets held; with Flux's first version; cut twice; taken back."""
    perform(theatre, cut_play, Part(17, 39), record_property)


@pytest.mark.parametrize(
    ("cut_play", "part"),
    [(CUT_MOVE, Part(31, SAMPLE)), (CUT_ROTATION, Part(17, 2 * SAMPLE))],
    ids=["its own key", "a new key"],
)
def test_a_sample_of_cut_moves_heals(
    theatre: Theatre, cut_play: Play, part: Part, record_property: Record
) -> None:
    """A few places with each kind of key, for every run of the tests."""
    perform(theatre, cut_play, part, record_property)
