"""A cluster moves to another region, name or group, and nothing is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.azure import seeds
from tests import arm
from tests.stories import moved, moving

if TYPE_CHECKING:
    from tests.stage import Stage

CHANGING = ("PUT", "PATCH", "POST", "DELETE")


def compared(child: dict[str, Any]) -> dict[str, Any]:
    """Return what of a child is its owner's: what a person once asked for."""
    properties = dict(child["properties"])
    for name in ("statuses", "currentVersion", "statusUpdatedAt", "sourceUpdatedAt"):
        properties.pop(name, None)
    return properties


@pytest.mark.apart
def test_a_move_carries_every_child_and_restarts_nothing(stage: Stage) -> None:
    """Region, children, tags and secrets arrive; whatever ran goes on running."""
    stage.after(moving.connected)
    before, ran = arm.children(stage), moving.workloads(stage)
    ended = stage.well(f"{moving.MOVE} --protected-settings {moving.secrets_file(stage)}")
    report = ended.data
    shown = stage.well("show -n harbor -g edge").data
    after = arm.children(stage)
    assert (shown["location"], shown["connectivityStatus"]) == ("westeurope", "Connected")
    assert shown["tags"] == {"team": "edge", "site": "pier7"}
    assert after.keys() == before.keys()
    assert [compared(after[key]) for key in sorted(after)] == [
        compared(before[key]) for key in sorted(before)
    ]
    assert report["clean"]
    assert not report["differences"]
    now = moving.workloads(stage)
    lost = {name for name in ran if now.get(name) != ran[name]}
    # Arc's half of Flux was quiet meanwhile; its pods are new, and nothing else is.
    assert all(name.startswith("pods/flux-system/fluxconfig-") for name in lost), lost


def test_the_secrets_are_in_the_cluster_again(quick: Stage) -> None:
    """What the agents fetched after the move is what the person gave, not an empty text."""
    quick.after(moving.connected)
    before = moving.protected(quick)
    quick.well(f"{moving.MOVE} --protected-settings {moving.secrets_file(quick)}")
    assert moving.protected(quick) == before
    assert "ghp-hidden-81" in json.dumps(before)


def test_secrets_may_be_read_from_the_cluster_itself(quick: Stage) -> None:
    """Nobody has to look for what Flux and the agents still hold."""
    quick.after(moving.connected)
    before = moving.protected(quick)
    quick.well(f"{moving.MOVE} --secrets-from-cluster")
    assert moving.protected(quick) == before


def test_nothing_of_the_run_stays_in_the_cluster(quick: Stage) -> None:
    """Secrets and Lease are gone once the proof is clean."""
    quick.after(moving.connected)
    quick.well(f"{moving.MOVE} --secrets-from-cluster --keep-secrets-in-cluster")
    assert moved.kept_in_cluster(quick) == []


def test_a_dry_run_changes_nothing_anywhere(quick: Stage) -> None:
    """The request journals of Azure and of the cluster hold reads, and questions, only."""
    quick.after(moving.connected)
    quick.within(quick.world.journal.clear)
    ended = quick.well(
        "move -n harbor -g edge --target-region westeurope --dry-run --secrets-from-cluster"
    )
    asked = quick.within(lambda: list(quick.world.journal.select()))
    changing = {
        f"{each.service} {each.method} {each.path}"
        for each in asked
        if each.method in CHANGING and each.user_agent != "azure-arc-agents"
    }
    questions = (
        "/oauth2/",
        "healthCheck",
        "GetHelmSettings",
        "checkPolicyRestrictions",
        "ResourceGraph",
        "accessreviews",
    )
    assert not {each for each in changing if not any(word in each for word in questions)}
    assert ended.data["format"] == "arcctl.plan/2"
    assert not ended.data["blocked"]


def test_a_missing_secret_stops_before_any_change(quick: Stage) -> None:
    """Exit 5, the secrets by name, and how to give them."""
    quick.after(moving.connected)
    ended = quick.type(moving.MOVE)
    assert ended.code == 5
    assert "fluxConfigurations/private/httpsKey" in ended.err
    assert "--protected-settings FILE" in ended.err
    assert quick.well("show -n harbor -g edge").data["location"] == "eastus"


def test_a_waived_secret_is_a_recorded_decision(quick: Stage) -> None:
    """The report names it, and the child comes without it."""
    quick.after(moving.connected)
    waived = " ".join(
        f"--waive-secret {child}/{key}" for child, keys in moving.SECRETS.items() for key in keys
    )
    ended = quick.type(f"{moving.MOVE} {waived}")
    assert "fluxConfigurations/private/httpsKey" in ended.data["waived"]


def test_a_stored_plan_is_carried_out_while_the_world_stands_still(quick: Stage) -> None:
    """Planned by day, carried out by night."""
    quick.after(moving.connected)
    quick.well(
        "move -n harbor -g edge --target-region westeurope --dry-run --secrets-from-cluster "
        "--plan-out plan.json"
    )
    quick.well("move -n harbor -g edge --plan plan.json --skip-prechecks --yes")
    assert quick.well("show -n harbor -g edge").data["location"] == "westeurope"


def test_a_plan_is_refused_when_the_world_has_moved(quick: Stage) -> None:
    """Exit 5 with the difference; nothing is changed."""
    quick.after(moving.connected)
    plan = "move -n harbor -g edge --target-region westeurope --dry-run --plan-out plan.json"
    quick.well(f"{plan} --secrets-from-cluster")
    arm.put_child(quick, "fluxConfigurations", "late", moving.git("https://git.example.com/late"))
    ended = quick.type("move -n harbor -g edge --plan plan.json --skip-prechecks --yes")
    assert ended.code == 5
    assert "[plan-outdated]" in ended.err
    assert "fluxConfigurations/late: new" in ended.err
    assert quick.well("show -n harbor -g edge").data["location"] == "eastus"


@pytest.mark.parametrize(
    "target",
    ["--target-name quay", "--target-group far --target-region westeurope --target-name quay"],
)
def test_a_cluster_gets_another_name_or_group(quick: Stage, target: str) -> None:
    """The target is made before anything is deleted, and everything goes over to it."""
    quick.after(moving.connected)
    before = arm.children(quick)
    group = "far" if "far" in target else "edge"
    quick.well(f"move -n harbor -g edge {target} --secrets-from-cluster --skip-prechecks --yes")
    there = arm.HARBOR.replace("/harbor", "/quay").replace("/edge/", f"/{group}/")
    assert arm.children(quick, there).keys() == before.keys()
    assert quick.type("show -n harbor -g edge").code == 3
    assert quick.well(f"show -n quay -g {group}").data["connectivityStatus"] == "Connected"


def test_a_setting_that_names_the_region_names_the_new_one(quick: Stage) -> None:
    """It is rewritten where the type is known to follow its cluster, and told as changed."""
    quick.after(moving.CONNECT)
    body = moving.extension(
        "microsoft.azureml.kubernetes", configurationSettings={"location": "eastus"}
    )
    arm.put_child(quick, "extensions", "learning", body)
    report = quick.well(moving.MOVE).data
    settings = arm.children(quick)["extensions/learning"]["properties"]["configurationSettings"]
    assert settings == {"location": "westeurope"}
    changed = {each["subject"]: each["after"] for each in report["changed"]}
    assert changed["extensions/learning configurationSettings.location"] == "westeurope"


def test_a_cluster_goes_to_another_subscription(quick: Stage) -> None:
    """Named as people know it; the group is made there."""
    quick.after(moving.connected)
    before = arm.children(quick)
    quick.well(
        "move -n harbor -g edge --target-region westeurope --target-subscription 'Sandbox Two' "
        "--secrets-from-cluster --skip-prechecks --yes"
    )
    there = arm.HARBOR.replace(seeds.SUBSCRIPTION, seeds.SECOND_SUBSCRIPTION)
    assert arm.children(quick, there).keys() == before.keys()
    assert quick.type("show -n harbor -g edge").code == 3


def test_what_hung_on_the_resource_hangs_on_it_again(quick: Stage) -> None:
    """Role assignments under new names, diagnostic settings, data collection."""
    quick.after(moving.connected)
    moving.attached(quick)
    before = moving.hanging(quick)
    report = quick.well(f"{moving.MOVE} --secrets-from-cluster").data
    assert moving.hanging(quick) == before
    assert before["roles"]
    assert report["left"] == []


def test_a_lock_of_its_own_is_taken_off_and_put_back_where_that_is_accepted(quick: Stage) -> None:
    """Unaccepted it blocks, with the word that lets it pass."""
    quick.after(moving.connected)
    quick.seed(locks=[{"on": "edge/harbor", "name": "keep", "level": "CanNotDelete"}])
    refused = quick.type(f"{moving.MOVE} --secrets-from-cluster")
    assert refused.code == 5
    assert "--accept locked-itself" in refused.err
    quick.well(f"{moving.MOVE} --secrets-from-cluster --accept locked-itself")
    path = f"{arm.HARBOR}/providers/Microsoft.Authorization/locks/keep"
    status, lock = arm.ask(quick, "GET", path, version="2020-05-01")
    assert (status, lock["properties"]["level"]) == (200, "CanNotDelete")
    assert quick.well("show -n harbor -g edge").data["location"] == "westeurope"


def test_new_identities_get_the_roles_of_the_old_where_asked(quick: Stage) -> None:
    """What was granted to the old principal elsewhere is granted to the new one."""
    quick.after(moving.connected)
    moving.granted(quick)
    quick.well(f"{moving.MOVE} --secrets-from-cluster --reassign-identities")
    now = quick.well("show -n harbor -g edge").data["identity"]["principalId"]
    assert now in moving.grantees(quick)


def test_the_proxy_goes_over_to_the_new_agents(quick: Stage) -> None:
    """Azure never knew it; it was read from helm's values before the agents went."""
    quick.after(
        f"{moving.CONNECT} --proxy-https http://user:word@proxy:3128 --proxy-skip-range 10/8"
    )
    quick.well(moving.MOVE)
    values = moving.agent_values(quick)
    assert values["global"]["httpsProxy"] == "http://user:word@proxy:3128"
    assert values["global"]["noProxy"] == "10/8"
    assert values["global"]["location"] == "westeurope"


def test_the_report_is_written_where_it_was_asked_for(quick: Stage) -> None:
    """As Markdown, for whoever comes later."""
    quick.after(moving.connected)
    quick.well(f"{moving.MOVE} --secrets-from-cluster --report report.md")
    page = (quick.folder / "report.md").read_text()
    assert page.startswith("# harbor: from eastus to westeurope")
    assert "managed identity" in page


def test_an_older_report_is_not_that_of_a_move_that_failed(quick: Stage) -> None:
    """It is overwritten as soon as another move begins; one that only plans leaves it."""
    quick.after(moving.connected)
    older, line = quick.folder / "moved.md", f"{moving.MOVE} --report moved.md"
    older.write_text("# harbor: from westus to eastus\n\nMoved: harbor (edge) is in eastus.\n")
    planned = quick.type(f"{line} --dry-run")
    kept = older.read_text()
    blocked = quick.type(line)
    assert (planned.code, blocked.code) == (5, 5)
    assert "Moved: harbor" in kept
    assert "Moved: harbor" not in older.read_text()
    assert "has not written its report" in older.read_text()


def test_a_move_there_and_back_changes_nothing_at_all(quick: Stage) -> None:
    """The way back is a move as any other."""
    quick.after(moving.connected)
    before = arm.children(quick)
    quick.well(f"{moving.MOVE} --secrets-from-cluster")
    quick.well(f"{moving.MOVE.replace('westeurope', 'eastus')} --secrets-from-cluster")
    after = arm.children(quick)
    assert [compared(after[key]) for key in sorted(after)] == [
        compared(before[key]) for key in sorted(before)
    ]
    assert quick.well("show -n harbor -g edge").data["location"] == "eastus"
