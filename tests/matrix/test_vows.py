"""The looks that the matrix takes at each cut see what they are to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.matrix import vows
from tests.matrix.test_move_cuts import CHILDREN, half_way, worth_moving
from tests.matrix.worlds import differences, running, world
from tests.stage import Ended, Stage
from tests.stories.moving import SECRETS

if TYPE_CHECKING:
    from tests.matrix.beginnings import Theatre

QUIET = Ended(0, "", "")


def forget_the_run(stage: Stage) -> None:
    """Take away what the cluster keeps of a run."""
    secrets = KINDS["secrets"].key
    for each in list(stage.cluster.store.items(secrets, "arcctl")):
        stage.cluster.store.remove(secrets, "arcctl", each["metadata"]["name"])


def test_a_child_that_only_the_cluster_knows_is_not_lost(theatre: Theatre) -> None:
    """Half-way through a move Azure has none of them; without the bundle they would be gone."""
    theatre.begin(half_way)
    assert vows.in_azure(theatre.stage) == []
    vows.keep_children(theatre.stage, CHILDREN)
    theatre.stage.within(lambda: forget_the_run(theatre.stage))
    with pytest.raises(AssertionError, match="lost"):
        vows.keep_children(theatre.stage, CHILDREN)


def test_a_secret_on_a_stream_or_a_disk_is_seen(theatre: Theatre) -> None:
    """As it is and in base64; and the private key, which is held for the length of the run."""
    theatre.begin(half_way)
    stage = theatre.stage
    vows.keep_secrets(stage, QUIET)
    secret = SECRETS["extensions/monitor"]["amalogs.secret.key"]
    with pytest.raises(AssertionError, match="stderr"):
        vows.keep_secrets(stage, Ended(1, "", f"cannot send {secret}"))
    home = stage.folder / "home"
    home.mkdir(exist_ok=True)
    (home / "journal.jsonl").write_text(vows.held(stage))
    with pytest.raises(AssertionError, match="journal"):
        vows.keep_secrets(stage, QUIET)


def test_a_workload_that_was_restarted_is_another_one(theatre: Theatre) -> None:
    """A pod that is made anew has another name and uid; and a world tells where it differs."""
    theatre.begin(worth_moving)
    stage = theatre.stage
    before, whole = running(stage), world(stage)
    pods = [name for name in before if name.startswith("pods/")]
    _, namespace, name = pods[0].split("/")
    stage.within(lambda: stage.cluster.store.remove(("", "pods"), namespace, name))
    stage.within(lambda: forget_the_resource(stage))
    assert before.items() - running(stage).items()
    assert differences(whole, whole) == []
    assert any("tags" in each for each in differences(whole, world(stage)))


def forget_the_resource(stage: Stage) -> None:
    """Let Azure forget harbor's tags."""
    for each in stage.world.azure.store.resources.values():
        each.body.pop("tags", None)
