"""Agents that somebody wakes while a move is stopped: they may have taken away what must stay."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stories import moved, moving
from tests.stories.moments import until
from tests.stories.test_move_beside_the_cluster import scale
from tests.stories.test_move_unseen import gone, killed

if TYPE_CHECKING:
    from tests.stage import Stage

RESUME = f"resume {moved.GIVEN} --report moved.md"


@pytest.fixture
def harbor(quick: Stage) -> Stage:
    """Harbor with its children, which Azure deletes for as long as it takes to wake an agent."""
    quick.after(moving.connected)
    moving.secrets_file(quick)
    quick.world.delays = replace(quick.world.delays, arm_delete=5)
    return quick


def woken(stage: Stage) -> None:
    """Scale up everything that listens to Azure, as somebody who sees agents at zero may do."""
    for name in moved.asleep(stage):
        space = "flux-system" if name.startswith("fluxconfig") else "azure-arc"
        scale(stage, space, name, 1)


def heard(stage: Stage) -> None:
    """Wake the agents, and wait until they have heard of the deletion, and acted."""
    before = moved.running(stage)
    woken(stage)
    gone(stage)
    until(lambda: before.keys() - moved.running(stage).keys(), "workloads that are taken away")


def test_what_woken_agents_have_taken_away_is_named(harbor: Stage) -> None:
    """The move ends, with exit code 5, and does not say that nothing was lost."""
    before = moved.running(harbor)
    killed(harbor)
    heard(harbor)

    ended = harbor.type(RESUME)

    assert moved.running(harbor) != before
    assert (ended.code, ended.data["clean"]) == (5, False), ended.err
    assert "somebody has scaled up" in ended.err
    assert "nothing was lost" not in ended.err
    told = " ".join(ended.data["differences"])
    assert "made anew" in told
    assert "agents ran while Azure deleted the resource" in told
    assert "Deployment apps/public-base" in told, told
    assert "Deployment flux-system/source-controller" in told, told
    assert moved.asleep(harbor) == []
    assert "made anew" in (harbor.folder / "moved.md").read_text(encoding="utf-8")


def test_agents_that_sleep_again_have_left_their_traces(harbor: Stage) -> None:
    """Whoever wakes them and scales them back: the uids of the workloads tell."""
    killed(harbor)
    heard(harbor)
    for name in ("config-agent", "extension-manager", "controller-manager"):
        scale(harbor, "azure-arc", name, 0)
    for name in ("fluxconfig-agent", "fluxconfig-controller"):
        if name in str(moved.running(harbor)):
            scale(harbor, "flux-system", name, 0)

    ended = harbor.type(RESUME)

    assert (ended.code, ended.data["clean"]) == (5, False), ended.err
    assert "made anew" in " ".join(ended.data["differences"])


def test_a_move_that_may_not_list_workloads_says_what_may_have_happened(harbor: Stage) -> None:
    """Nobody knows what was there, and the report does not claim that nothing was lost."""
    path = "/apis/apps/v1/daemonsets$"
    fault = harbor.fault("kubernetes", {"status": 403}, method="GET", path=path, times=None)
    killed(harbor)
    harbor.within(lambda: harbor.world.faults.remove(fault))
    heard(harbor)

    ended = harbor.type(RESUME)

    assert (ended.code, ended.data["clean"]) == (5, False), ended.err
    assert "they may have taken away" in " ".join(ended.data["differences"])


def test_agents_woken_before_the_deletion_ends_are_quieted_by_resume(harbor: Stage) -> None:
    """Azure deletes still when the run is taken up: the agents may have heard, and are at zero again."""
    killed(harbor)
    woken(harbor)

    ended = harbor.type(RESUME)

    assert "somebody has scaled up" in ended.err
    assert moved.asleep(harbor) == []
    assert '"agents-awake"' in "".join(
        each.read_text(encoding="utf-8") for each in (harbor.folder / "home").rglob("journal.jsonl")
    )


def test_what_is_not_compared_is_not_claimed(harbor: Stage) -> None:
    """One that is woken may take away objects of any kind, and the workloads say nothing of them."""
    service = {
        "metadata": {
            "name": "front",
            "labels": {"kustomize.toolkit.fluxcd.io/name": "public-base"},
        },
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
    }
    harbor.within(lambda: harbor.cluster.api.create(KINDS["services"], "apps", service))
    killed(harbor)
    scale(harbor, "azure-arc", "metrics-agent", 1)
    services = KINDS["services"].key
    harbor.within(lambda: harbor.cluster.store.remove(services, "apps", "front"))
    gone(harbor)

    ended = harbor.type(RESUME)

    assert (ended.code, ended.data["differences"]) == (0, []), ended.err
    assert "nothing was lost" not in ended.err
    assert "not everything could be looked at" in ended.err
    [row] = [each for each in ended.data["notLookedAt"] if "Services" in each]
    assert "agents ran while Azure deleted the resource (metrics-agent)" in row
    page = (harbor.folder / "moved.md").read_text(encoding="utf-8")
    assert row in page
    assert "nothing was lost" not in page
