"""A cluster that holds copies of the connected one's objects is not taken for it (`docs/reference/ownership.md`)."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING

import pytest
from arcctl.model import keys
from arcctl.sandbox.kubernetes.kinds import KINDS
from arcctl.sandbox.kubernetes.store import copy_of
from tests.matrix.beginnings import Theatre
from tests.matrix.quick import quickened
from tests.stage import staged
from tests.stories import copies
from tests.stories.copies import COPIES, COPY, REAL, beat, copied, later, switched_off
from tests.stories.half_done import MANIFEST
from tests.stories.pasting import tried

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.stage import Ended, Stage

MOVE = "move -n harbor -g edge --target-region westeurope --skip-prechecks --yes"
DELETE = "delete -n harbor -g edge --yes"
APPLY = "config apply -n harbor -g edge --file harbor.yaml --yes"
UPGRADE = "upgrade -n harbor -g edge"
FEATURES = "disable-features -n harbor -g edge --features cluster-connect --yes"
CONNECT = f"{copies.CONNECT} --yes"
WRITERS = (MOVE, CONNECT, DELETE, APPLY, UPGRADE, FEATURES)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory, helm4: Path) -> Iterator[Theatre]:
    """Two clusters, put back before each story."""
    folder = tmp_path_factory.mktemp("twins")
    with staged(folder, helm4, clusters=2) as slow, quickened(slow) as stage:
        (stage.folder / "harbor.yaml").write_text(json.dumps(MANIFEST))
        yield Theatre(stage)


@pytest.fixture
def stage(twins: Theatre) -> Stage:
    """Harbor is connected as the first of two clusters."""
    twins.begin(copies.connected)
    return twins.stage


def changed(stage: Stage) -> list[str]:
    """What Azure was asked to write."""
    return [each for verb in ("PUT", "PATCH", "DELETE") for each in stage.requests("arm", verb)]


def refused(ended: Ended) -> bool:
    """Whether a command has ended with one of the answers to a cluster that is not the one."""
    said = ("[AZK8S0406]", "[cluster-unproved]", "[AZK8S0404]", "[AZK8S0201]", "blocks this move")
    return ended.code in (1, 5) and any(each in ended.out + ended.err for each in said)


@pytest.mark.parametrize("off", [False, True], ids=["alive", "off"])
@pytest.mark.parametrize("what", list(COPIES)[:4])
def test_a_copy_is_never_taken_for_the_cluster(stage: Stage, what: str, *, off: bool) -> None:
    """Whatever was copied without running agents, and whether the real cluster lives or not."""
    copied(stage, COPIES[what])
    if off:
        switched_off(stage)
        later(stage, 1800)
    else:
        later(stage, 120)
        beat(stage)
    stage.within(stage.world.journal.clear)

    ended = {line: stage.type(f"{line} {COPY}") for line in (WRITERS[:3] if off else WRITERS)}

    assert [
        f"{line}\n{each.out}{each.err}" for line, each in ended.items() if not refused(each)
    ] == []
    assert changed(stage) == []
    check = stage.type(f"check -n harbor -g edge {COPY}")
    [led] = [each for each in check.data["findings"] if each["code"] == "wrong-cluster"]
    remedies = [step for each in check.data["findings"] for step in each["remedy"]]
    assert led["verdict"] in ("fail", "warn"), ended[CONNECT].err
    assert [
        each for each in remedies if each.startswith("arcctl connect -n harbor -g edge --k")
    ] == []


def test_a_copy_whose_agents_run_is_told_by_its_uid_alone(stage: Stage) -> None:
    """Azure hears two and cannot tell them apart; a run on this machine knows the right one."""
    stage.well(f"{APPLY} {REAL}")
    copied(stage, COPIES["and agents that run"])
    until_ready(stage)
    beat(stage)
    stage.within(stage.world.journal.clear)

    ended = {line: stage.type(f"{line} {COPY}") for line in (MOVE, CONNECT, DELETE, APPLY)}

    assert [line for line, each in ended.items() if not refused(each)] == []
    assert "kube-system" in ended[CONNECT].err
    assert changed(stage) == []
    stage.well(f"{CONNECT} {COPY} --skip-cluster-check")


def test_a_name_that_was_used_before_may_be_another_clusters(stage: Stage) -> None:
    """What this machine has recorded of a resource that is deleted says nothing of the next one."""
    stage.well(f"{APPLY} {REAL}")
    stage.well(f"{DELETE} {REAL}")
    later(stage, 60)
    stage.well(f"{CONNECT} {COPY}")

    stage.well(f"{APPLY} {COPY}")
    stage.well(f"move -n harbor -g edge --target-region westeurope --dry-run {COPY}")
    stage.well(f"{DELETE} {COPY}")


def test_agents_at_zero_are_asked_about_and_brought_back(stage: Stage) -> None:
    """--yes answers no question about whose cluster it is; --skip-cluster-check does."""
    switched_off(stage)
    asked = stage.type(f"{CONNECT} {REAL}")
    upgraded = stage.type(f"{UPGRADE} {REAL}")
    for hint in (
        f"if you are certain: arcctl {UPGRADE} {REAL} --skip-cluster-check",
        f"if its agents are down: arcctl connect -n harbor -g edge --skip-cluster-check {REAL}",
    ):
        assert hint in tried(upgraded.err), upgraded.err
    healed = stage.well(f"{CONNECT} {REAL} --skip-cluster-check")

    assert (asked.code, "[cluster-unproved]" in asked.err) == (1, True)
    assert "arcctl connect -n harbor -g edge --skip-cluster-check --kube-context" in asked.err
    assert (upgraded.code, "[cluster-unproved]" in upgraded.err) == (1, True)
    assert healed.data["connectivityStatus"] == "Connected"


def test_a_lost_key_that_was_cut_while_it_was_replaced_is_replaced_again(stage: Stage) -> None:
    """The new key lies in the cluster and Azure has not been told: no other cluster's key."""
    key = KINDS["secrets"].key
    stage.within(lambda: stage.cluster.store.remove(key, "azure-arc", copies.SECRET))
    fault = stage.fault("arm", {"status": 400}, method="PUT", path="/harbor$", times=None)
    cut = stage.type(f"{CONNECT} {REAL}")
    stage.within(stage.world.faults.remove)
    assert (cut.code, bool(fault)) == (1, True)

    assert stage.well(f"{CONNECT} {REAL}").data["connectivityStatus"] == "Connected"


def test_a_key_that_is_anothers_is_refused_unless_the_owner_brings_the_resources(
    stage: Stage,
) -> None:
    """Today's connect would give both a new one, and orphan the right cluster."""
    place = (KINDS["secrets"].key, "azure-arc", copies.SECRET)
    held = stage.within(lambda: copy_of(stage.cluster.store.get(*place)))
    pem = base64.b64decode(held["data"]["privateKey"])
    (stage.folder / "own.pem").write_bytes(pem)
    other = base64.b64encode(keys.generate().private.reveal().encode()).decode()
    held["metadata"].pop("resourceVersion")
    stage.within(
        lambda: stage.cluster.store.write(place[0], held | {"data": {"privateKey": other}})
    )

    refused_ = stage.type(f"{CONNECT} {REAL} --skip-cluster-check")
    brought = stage.well(f"{CONNECT} {REAL} --private-key own.pem")

    assert (refused_.code, "[AZK8S0406]" in refused_.err) == (1, True)
    assert "--private-key FILE" in refused_.err
    assert brought.data["connectivityStatus"] == "Connected"


def test_tags_are_written_without_a_cluster_unless_one_is_named(stage: Stage) -> None:
    """A PATCH needs none; one that is typed must not contradict."""
    copied(stage, COPIES["and agents at zero"])
    later(stage, 120)
    beat(stage)
    tags = "update -n harbor -g edge --tags site=pier7"

    named = stage.type(f"{tags} {COPY}")
    right = stage.well(f"{tags} {REAL}")
    plain = stage.well(f"{tags} deck=2", KUBECONFIG="/nowhere")

    assert (named.code, "[AZK8S0406]" in named.err) == (1, True)
    assert [each.data["tags"] for each in (right, plain)] == [
        {"site": "pier7"},
        {"site": "pier7", "deck": "2"},
    ]


def until_ready(stage: Stage) -> None:
    """Wait until the pods of the second cluster's agents are ready."""
    pods, deadline = KINDS["pods"].key, time.monotonic() + 60

    def ready() -> bool:
        found = list(stage.sandbox.clusters["sandbox-2"].store.items(pods, "azure-arc"))
        return bool(found) and all(each["status"]["phase"] == "Running" for each in found)

    while not stage.within(ready):
        assert time.monotonic() < deadline
