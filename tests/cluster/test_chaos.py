"""Seeds of the campaign on a real control plane: bad days on both wires, judged through kubectl."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests import arm
from tests.chaos import faults, oracle, scenes
from tests.chaos.__main__ import log, told
from tests.chaos.seed import drawn
from tests.cluster.bad_days import ashore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.chaos.seed import Outcome
    from tests.cluster.control_plane import ControlPlane

pytestmark = pytest.mark.cluster

# What is typed, what must have gone wrong, and the helm. Chosen for where it goes wrong: the kills
# come behind the point of no return, in a helm that removes or installs, or between two steps.
SEEDS = {
    50: ("move", {"loud"}, "helm4"),
    94: ("move", {"loud"}, "helm3"),
    24: ("move", {"lies"}, "helm4"),
    670: ("move", {"kills"}, "helm4"),
    1464: ("move", {"kills"}, "helm4"),
    1424: ("move", {"loud", "lies", "kills"}, "helm4"),
    934: ("move elsewhere", {"loud", "lies", "kills"}, "helm4"),
    215: ("delete", {"kills"}, "helm4"),
}
LOUD = {"broken stream", *(each.__name__ for each in faults.LOUD)}


def gone_wrong(outcome: Outcome) -> Iterator[str]:
    """Say what kinds of things went wrong."""
    for what in outcome.happened:
        kill = what.startswith("SIG")
        yield "kills" if kill else "loud" if what in LOUD else "lies"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bad_day_ends_whole_and_is_called_what_it_was(
    seed: int, real_cluster: ControlPlane, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The world that was asked for or the old one, the same uids, and no trace of the run."""
    act, wanted, helm = SEEDS[seed]
    with ashore(real_cluster, tmp_path, request.getfixturevalue(helm)) as shore:
        play = drawn(shore, seed)
        outcome = play.run()

        story = "\n".join((told(outcome), log(play)))
        assert not outcome.failed, story
        assert (outcome.act, outcome.scene) == (act, "plain")
        assert wanted <= set(gone_wrong(outcome)), story
        assert shore.harbor.kept == set(), story
        assert shore.harbor.claimed == [], story


def test_the_witness_sees_a_loss_on_either_side(
    real_cluster: ControlPlane, tmp_path: Path, helm4: Path
) -> None:
    """An object that was made anew, another secret, an agent asleep, a resource of Azure's gone."""
    with ashore(real_cluster, tmp_path, helm4) as shore:
        shore.begin(scenes.bare)
        before = shore.look()
        assert oracle.untouched(before).misses(before) == []

        [*_, till] = scenes.shop().values()
        real_cluster.kubectl("delete", "deployment", "till", "-n", "shop")
        real_cluster.apply(till)
        other = '{"stringData": {"code": "0000"}}'
        real_cluster.kubectl("patch", "secret", "safe", "-n", "shop", "-p", other)
        real_cluster.kubectl("scale", "deploy/config-agent", "-n", "azure-arc", "--replicas=0")
        store = shore.stage.world.azure.store
        shore.stage.within(lambda: store.remove(arm.HARBOR.lower()))

        missed = "\n".join(oracle.untouched(before).misses(shore.look()))
        assert "Deployment shop/till › uid" in missed
        assert "Secret shop/safe › is" in missed
        assert "agents › sandbox › config-agent: 0 instead of 1" in missed
        assert "azure › harbor: nothing" in missed
