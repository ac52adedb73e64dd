"""Moves that cannot be meant or cannot work: refused with a code and a way out, nothing changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from arcctl.sandbox.azure import entra
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests import arm
from tests.stories import moving
from tests.stories.moved import MOVE, asleep, kept_in_cluster, region
from tests.stories.pasting import tried
from tests.stories.refusals import changes, refused

if TYPE_CHECKING:
    from tests.stage import Stage

BARE = "move -n harbor -g edge --skip-prechecks --yes"


def untouched(stage: Stage) -> None:
    """Assert that neither Azure nor the cluster has been asked to change anything."""
    assert changes(stage) == []
    assert (region(stage), asleep(stage), kept_in_cluster(stage)) == ("eastus", [], [])


@pytest.mark.parametrize(
    ("line", "code", "exit_code", "said"),
    [
        (BARE, "usage", 2, "move where?"),
        (f"{BARE} --target-region eastus", "same-region", 5, "harbor is in eastus already"),
        (f"{BARE} --target-region 'East US'", "same-region", 5, "--target-region ANOTHER"),
        (f"{BARE} --target-region westeurop", "region-unknown", 5, "did you mean westeurope"),
        (f"{BARE} --target-region atlantis", "region-unknown", 5, "az account list-locations"),
        (
            f"{BARE} --target-region eastasia", "region-lacks-type", 5,
            "eastasia does not offer Flux configurations",
        ),
        (
            f"{BARE} --target-region canadaeast", "region-lacks-type", 5,
            "canadaeast does not offer extensions",
        ),
        (
            f"{BARE} --target-region brazilsouth", "region-lacks-type", 5,
            "brazilsouth does not offer connected clusters",
        ),
        (f"{MOVE} --accept same-region", "accept", 2, "this can never pass"),
        (f"{MOVE} --accept nonsense", "accept", 2, "there is nothing of that name"),
        (f"{MOVE} --accept source-ofline", "accept", 2, "did you mean source-offline?"),
        (
            f"{BARE} --target-region westeurope --waive-secret private/httpsKeyy", "waive-secret",
            2, "private/httpsKey?",
        ),
        (f"{MOVE} --target-name 'har bor'", "AZK8S0100", 2, "not a name for a connected cluster"),
        (f"{MOVE} --target-group 'ed!ge'", "AZK8S0100", 2, "not a name for a resource group"),
        (f"{MOVE} --target-subscription Two", "SubscriptionNotFound", 3, "is called Two"),
        (f"{MOVE} --plan nowhere.json", "plan-file", 2, "nowhere.json"),
        (f"{MOVE} --plan-out nowhere/plan.json", "plan-file", 2, "nowhere/plan.json"),
        (f"{BARE} --concurrency 0", "usage", 2, "--concurrency"),
        (
            "move -n nobody -g edge --target-region westeurope", "AZK8S0405", 3,
            "nobody",
        ),
    ],
)  # fmt: skip
def test_a_word_that_cannot_be_meant_is_refused(
    harbor: Stage, line: str, code: str, exit_code: int, said: str
) -> None:
    """Regions in any spelling, names, codes and files: the rule that was broken, and a next step."""
    refused(harbor.type(line), code, exit_code=exit_code, said=said)

    untouched(harbor)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("Offline", "source-offline"),
        ("Expired", "source-expired"),
        ("Connecting", "source-unsettled"),
        ("AgentNotInstalled", "source-unsettled"),
    ],
)
def test_a_source_that_is_not_well_is_not_moved(harbor: Stage, state: str, code: str) -> None:
    """It could not be proved afterwards, so the state is named, and what shows it."""
    shown = {"patch_body": {"properties": {"connectivityStatus": state}}}
    harbor.fault("arm", shown, method="GET", path="/harbor$", times=None)

    refused(harbor.type(MOVE), code, exit_code=5, said=f"the cluster is {state}")

    harbor.within(harbor.world.faults.remove)
    untouched(harbor)


SEEDS: list[Any] = [
    pytest.param(
        {"locks": [{"on": "edge/harbor"}]}, "locked-itself", "hold on harbor", id="lock on it",
    ),
    pytest.param(
        {"locks": [{"on": "edge", "level": "ReadOnly"}]}, "locked", "hold on group edge",
        id="lock on the group",
    ),
    pytest.param(
        {"locks": [{"name": "all"}]}, "locked", "all on the subscription",
        id="lock on the subscription",
    ),
    pytest.param(
        {"policies": [{"name": "where", "deny": ["westeurope"]}]}, "policy-denies",
        "policy where denies westeurope", id="policy",
    ),
    pytest.param(
        {"policies": [{"name": "homes", "on": "edge", "allow": ["eastus"]}]}, "policy-denies",
        "policy homes denies westeurope", id="policy of the group",
    ),
    pytest.param(
        {"customLocations": [{"name": "depot", "cluster": "edge/harbor", "holds": ["apps"]}]},
        "custom-locations", "depot", id="custom location",
    ),
    pytest.param(
        {"regionGaps": [{"type": "extensions", "region": "westeurope"}]}, "region-lacks-type",
        "westeurope does not offer extensions", id="region without a type",
    ),
    pytest.param(
        {"providers": {"Microsoft.KubernetesConfiguration": "NotRegistered"}},
        "provider-unregistered", "az provider register", id="provider",
    ),
    pytest.param(
        {"withdrawn": [{"type": "microsoft.azuremonitor.containers", "region": "westeurope"}]},
        "type-not-offered", "microsoft.azuremonitor.containers", id="extension type",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("scenario", "code", "said"), SEEDS)
def test_what_stands_in_the_way_is_named(
    harbor: Stage, scenario: dict[str, Any], code: str, said: str
) -> None:
    """Locks at all scopes, policies, what stands on the cluster, what the region lacks."""
    harbor.seed(**scenario)

    refused(harbor.type(MOVE), code, exit_code=5, said=said)

    untouched(harbor)


def test_all_that_blocks_is_told_at_once(harbor: Stage) -> None:
    """Nobody has to mend one thing to hear of the next."""
    harbor.seed(locks=[{"on": "edge"}], policies=[{"name": "where", "deny": ["westeurope"]}])

    ended = refused(harbor.type(MOVE), "locked", exit_code=5, said="2 things block this move")

    assert "[policy-denies]" in ended.err
    hint = next(each for each in tried(ended.err) if "exemption create" in each)
    assert f" --scope {arm.GROUP} --policy-assignment " in hint
    untouched(harbor)


def test_what_stands_on_a_custom_location_is_said_before_its_deletion(harbor: Stage) -> None:
    """And behind the cause, where this is not the cluster at all."""
    holds = [{"name": "depot", "cluster": "edge/harbor", "holds": ["apps"]}]
    harbor.seed(customLocations=holds)
    ended = refused(harbor.type(MOVE), "custom-locations", exit_code=5)
    harbor.well("delete -n harbor -g edge --cluster-only --yes")
    without = refused(harbor.type(MOVE), "agents-missing", exit_code=5, said="[custom-locations]")

    first, second, *_ = tried(ended.err)
    assert first.startswith("first move or delete what stands on them: ")
    assert second.startswith("then: az customlocation delete --ids ")
    assert "choose" in tried(without.err)[0] or "--kube-context" in tried(without.err)[0]


def test_who_may_not_delete_may_not_move(harbor: Stage) -> None:
    """The permission is asked before, because the refusal would come too late."""
    actions = ["*"]
    harbor.seed(
        roles=[
            {
                "name": "almost",
                "actions": actions,
                "notActions": ["Microsoft.Kubernetes/connectedClusters/delete"],
            }
        ],
        assignments=[{"who": "stranger", "role": "almost"}],
    )
    who = entra.NO_RIGHTS
    harbor.extra |= {"AZURE_CLIENT_ID": who.client_id, "AZURE_CLIENT_SECRET": who.secret}

    refused(harbor.type(MOVE), "not-permitted", exit_code=5, said="connectedClusters/delete")

    untouched(harbor)


def test_a_name_that_is_taken_is_refused(harbor: Stage) -> None:
    """Under another name the target is made first, so nothing may be there."""
    harbor.seed(clusters=[{"name": "pier", "group": "edge"}])

    refused(
        harbor.type(f"{MOVE} --target-name pier"),
        "target-exists",
        exit_code=5,
        said="edge/pier exists",
    )

    untouched(harbor)


def test_a_context_that_leads_elsewhere_is_refused(two_clusters: Stage) -> None:
    """Once where no agents are, once where another cluster's are."""
    two_clusters.after(moving.connected)
    moving.secrets_file(two_clusters)
    empty = two_clusters.type(f"{MOVE} --kube-context sandbox-2")
    two_clusters.well(
        "connect -n lighthouse -g edge -l eastus --skip-prechecks --kube-context sandbox-2"
    )
    two_clusters.within(two_clusters.world.journal.clear)
    other = two_clusters.type(f"{MOVE} --kube-context sandbox-2")

    refused(empty, "agents-missing", exit_code=5, said="--kube-context")
    refused(other, "wrong-cluster", exit_code=5, said="this cluster is lighthouse")
    untouched(two_clusters)


def test_another_run_in_progress_keeps_this_one_out(harbor: Stage) -> None:
    """Its Lease is alive: who holds it, and what to do if that is known to be dead."""
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    spec = {"holderIdentity": "move-of-another/1", "leaseDurationSeconds": 60}
    lease = {
        "metadata": {"name": "arcctl"},
        "spec": spec | {"acquireTime": now, "renewTime": now},
    }
    harbor.within(lambda: harbor.cluster.api.create(KINDS["leases"], "arcctl", lease))

    refused(harbor.type(MOVE), "run-in-progress", exit_code=5, said="move-of-another")

    assert changes(harbor) == []
    assert (region(harbor), asleep(harbor)) == ("eastus", [])


def secrets(stage: Stage, document: Any) -> None:
    """Give other secrets than those that are needed."""
    (stage.folder / "secrets.yaml").write_text(yaml.safe_dump(document))


def test_a_missing_secret_stops_before_any_change(harbor: Stage) -> None:
    """Each one is named, with both ways out; the others are not forgotten."""
    secrets(harbor, {"monitor": moving.SECRETS["extensions/monitor"]})
    one = harbor.type(MOVE)
    none = harbor.type(f"{BARE} --target-region westeurope")

    place = "fluxConfigurations/private/httpsKey"
    refused(one, "secret-missing", exit_code=5, said=f"--waive-secret {place}")
    refused(none, "secret-missing", exit_code=5, said="3 things block this move")
    untouched(harbor)


def test_a_misnamed_secret_is_recognised(harbor: Stage) -> None:
    """Whoever misspells it is told what was meant."""
    wrong = {**moving.SECRETS, "fluxConfigurations/private": {"httpKey": "ghp-hidden-81"}}
    secrets(harbor, wrong)

    ended = refused(harbor.type(MOVE), "secret-missing", exit_code=5)

    assert "did you mean fluxConfigurations/private/httpsKey?" in " ".join(ended.err.split())
    untouched(harbor)


def test_a_surplus_secret_is_told_and_not_sent(harbor: Stage) -> None:
    """It forbids nothing; the plan says that it is needed nowhere."""
    secrets(harbor, {**moving.SECRETS, "extensions/flux": {"token": "marked-surplus"}})

    ended = harbor.well(MOVE)

    assert "needed nowhere" in " ".join(ended.err.split())
    assert "marked-surplus" not in ended.err + ended.out
    assert ended.data["clean"]


def test_a_waived_secret_is_a_recorded_decision(harbor: Stage) -> None:
    """The plan calls it lost, the report remembers it, and the move goes on without."""
    secrets(harbor, {"monitor": moving.SECRETS["extensions/monitor"]})

    ended = harbor.type(f"{MOVE} --waive-secret private/httpsKey")

    assert "waived: it will not be set" in ended.err, ended.err
    assert ended.data["waived"] == ["private/httpsKey"]
    assert region(harbor) == "westeurope"


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("{[", "file", "neither YAML nor JSON"),
        ("- marked-secret\n", "secret-form", "a map of children"),
        ("marked-secret", "secret-form", "a map of children"),
        ("monitor: marked-secret", "secret-form", "keys with their values"),
        ("monitor: {key: 7}", "secret-form", "put it in quotes"),
        ("monitor: {key: {env: NOT_SET}}", "secret-env", "export NOT_SET="),
        ("monitor: {key: {file: nowhere}}", "file", "nowhere"),
        ("monitor: {key: {value: '=', encoding: base64}}", "secret-form", "is not base64"),
    ],
)
def test_a_file_of_secrets_that_is_none_is_refused(
    harbor: Stage, content: str, code: str, said: str
) -> None:
    """What is wrong is told by its place; no value is repeated."""
    (harbor.folder / "secrets.yaml").write_text(content)

    ended = refused(harbor.type(MOVE), code, exit_code=2, said=said)

    assert "marked-secret" not in ended.err
    untouched(harbor)


def test_a_file_of_secrets_that_is_not_there_is_refused(harbor: Stage) -> None:
    """By its name."""
    line = f"{BARE} --target-region westeurope --protected-settings nowhere.yaml"
    refused(harbor.type(line), "file", exit_code=2, said="cannot read nowhere.yaml")

    untouched(harbor)
