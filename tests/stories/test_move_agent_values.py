"""Helm values of the agents that bear the name of the region that is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests import arm
from tests.stories import changing, moved, moving
from tests.stories.pasting import mistakes

if TYPE_CHECKING:
    from tests.stage import Stage

NAMED = "helm values that name the old region"
PROXIES = [
    "http://u:marked-pw@proxy.eastus.corp.example:3128",
    "http://proxy.eastus2.corp.example:3128",
    "http://px-eastus-01.corp.example:8080",
]
EXTRA = "systemDefaultValues: {custom: {host: eastus.example.com, other: eastus2.example.com}}\n"


def custom(stage: Stage) -> dict[str, Any]:
    """What the agents have of the values that only a file has given."""
    return dict(changing.given(stage)["systemDefaultValues"].get("custom", {}))


def with_extra(stage: Stage, line: str = moving.CONNECT) -> None:
    """Connect harbor with values from a file of its own."""
    (stage.folder / "extra.yaml").write_text(EXTRA, encoding="utf-8")
    stage.well(line, HELMVALUESPATH=str(stage.folder / "extra.yaml"))


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_proxy_is_carried_whatever_it_is_called(quick: Stage, proxy: str) -> None:
    """It is the person's own, in every region; so are exceptions and who skips the check."""
    quick.well(f"{moving.CONNECT} --proxy-https {proxy} --proxy-skip-range svc.eastus.local")
    quick.well(
        f"enable-features {changing.HARBOR} --features azure-rbac "
        "--skip-azure-rbac-list ops@eastus.example"
    )
    before = changing.given(quick)
    ended = quick.well(moving.MOVE)
    now = changing.given(quick)

    assert (now["global"]["httpsProxy"], now["global"]["isProxyEnabled"]) == (proxy, True)
    assert now["global"]["noProxy"] == before["global"]["noProxy"]
    assert now["systemDefaultValues"]["guard"] == before["systemDefaultValues"]["guard"]
    assert NAMED not in "".join(ended.data["lost"])
    assert any("proxy" in each for each in ended.data["carried"])


def test_a_way_back_has_the_proxy_too(quick: Stage) -> None:
    """And every other value that names the region it goes back to: none of them is lost there."""
    with_extra(quick, f"{moving.CONNECT} --proxy-https {PROXIES[0]}")
    before = changing.given(quick)
    refused = {"operation_fails": {"code": "No", "message": "no"}}
    quick.fault("arm", refused, method="PUT", path="/harbor$", times=None)
    moved.stopped(quick.type(moving.MOVE), "No")
    quick.within(quick.world.faults.remove)
    back = quick.well("rollback --yes")
    now = changing.given(quick)

    assert now["global"]["httpsProxy"] == before["global"]["httpsProxy"]
    assert custom(quick) == before["systemDefaultValues"]["custom"]
    assert NAMED not in "".join(back.data["lost"])


def test_a_value_that_names_the_old_region_is_lost_and_named(quick: Stage) -> None:
    """With what brings it back; a region whose name only begins alike is another one."""
    with_extra(quick)
    [row] = [
        each
        for each in quick.well(moving.MOVE.replace("--yes", "--dry-run")).data["rows"]
        if each["code"] == "agent-values"
    ]
    ended = quick.well(moving.MOVE)

    assert (row["subject"], row["detail"]) == (NAMED, "systemDefaultValues.custom.host")
    assert "HELMVALUESPATH" in row["remedy"][0]
    assert mistakes(row["remedy"]) == []
    assert f"{NAMED}: systemDefaultValues.custom.host" in ended.data["lost"]
    assert custom(quick) == {"other": "eastus2.example.com"}
    # What the remedy says brings it back.
    with_extra(quick, row["remedy"][0].rpartition(": arcctl ")[2] + " --skip-prechecks --yes")
    assert custom(quick)["host"] == "eastus.example.com"


def test_no_value_is_lost_where_the_region_stays(quick: Stage) -> None:
    """Another name in the same region."""
    with_extra(quick)
    before = custom(quick)
    quick.well(moving.MOVE.replace("--target-region westeurope", "--target-name depot"))

    assert custom(quick) == before


def test_what_the_resource_says_is_not_named_as_lost(quick: Stage) -> None:
    """The service gives the agents the same value again; a secret one is given with its own flag."""
    quick.well(
        f"{moving.CONNECT} --config foo.plain=eastus-thing "
        "--config-protected foo.secretkey=in-eastus-marked"
    )
    [row] = [
        each
        for each in quick.well(moving.MOVE.replace("--yes", "--dry-run")).data["rows"]
        if each["code"] == "agent-values"
    ]
    quick.well(moving.MOVE)

    assert changing.given(quick)["foo"] == {"plain": "eastus-thing"}
    assert row["detail"] == "foo.secretkey"
    assert row["remedy"] == [
        "set them again: arcctl connect -n harbor -g edge --config-protected foo.secretkey=VALUE"
    ]
    assert arm.ask(quick, "GET", arm.HARBOR, version="2026-05-01")[0] == 200


def test_a_value_that_is_written_late_and_names_the_region_outdates_the_plan(quick: Stage) -> None:
    """A plan that has not named it as lost must not lose it."""
    quick.well(moving.CONNECT)
    quick.well(f"{moving.MOVE.replace('--yes', '--dry-run')} --plan-out plan.json")
    with_extra(quick, f"connect {changing.HARBOR} --skip-prechecks --yes")
    ended = quick.type(f"move {changing.HARBOR} --plan plan.json --skip-prechecks --yes")

    assert (ended.code, "[plan-outdated]" in ended.err) == (5, True), ended.err
