"""Stories of `arcctl connect`: every branch of its table (issue section 4, `connectedk8s.md` B.1)."""

from __future__ import annotations

import base64
import copy
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.model import keys
from tests.stories.clusters import ask, definition
from tests.stories.refusals import changes, refused
from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import Stage

CONNECT = "connect -n harbor -g edge -l westeurope"


def status(stage: Stage) -> str:
    """What `show` says of harbor."""
    return str(stage.well("show -n harbor -g edge").data["connectivityStatus"])


@pytest.mark.apart
def test_a_fresh_cluster_is_connected_and_says_so_at_the_end(stage: Stage) -> None:
    """The result is read at the end, so it says Connected, with versions and counts."""
    ended = stage.well(CONNECT)

    assert ended.data["connectivityStatus"] == "Connected"
    assert ended.data["totalNodeCount"] == 3
    assert ended.data["agentVersion"] == "1.36.1"
    assert "Connected: harbor (edge, westeurope)" in ended.err


@pytest.mark.apart
def test_connecting_again_changes_nothing(stage: Stage) -> None:
    """A second run writes nothing to ARM, and does not run helm's upgrade."""
    stage.after(CONNECT)
    stage.within(stage.world.journal.clear)

    ended = stage.well(CONNECT)

    assert ended.data["connectivityStatus"] == "Connected"
    assert changes(stage) == []


def test_tags_are_merged_and_nothing_else_is_touched(quick: Stage) -> None:
    """Tags that are not named stay; an empty set clears (trap 19)."""
    quick.after(f"{CONNECT} --tags a=1 --tags b=2")

    merged = quick.well(f"{CONNECT} --tags b=3").data["tags"]
    untouched = quick.well(CONNECT).data["tags"]
    cleared = quick.well(f"{CONNECT} --tags ''").data["tags"]

    assert (merged, untouched, cleared) == ({"a": "1", "b": "3"}, {"a": "1", "b": "3"}, {})


@pytest.mark.apart
def test_delete_then_connect_at_once_works(stage: Stage) -> None:
    """Namespaces that still die are waited for (trap 29)."""
    stage.after(CONNECT)
    stage.well("delete -n harbor -g edge --yes")

    assert stage.well(CONNECT).data["connectivityStatus"] == "Connected"


def test_a_cluster_of_somebody_else_is_refused_with_the_owners_name(quick: Stage) -> None:
    """Nothing is changed, and the message names the owner (trap 8)."""
    quick.after(CONNECT)
    quick.within(quick.world.journal.clear)

    ended = quick.type("connect -n other -g edge -l westeurope")

    assert ended.code == 1
    assert "already connected as harbor (group edge" in ended.err
    assert "[AZK8S0403]" in ended.err
    assert quick.requests("arm", "PUT") == []


def test_the_same_name_in_another_subscription_is_somebody_elses(quick: Stage) -> None:
    """The peer would tear this down; arcctl compares the subscription too (trap 8)."""
    quick.after(CONNECT)

    ended = quick.type(f"{CONNECT} --subscription 00000000-0000-0000-0000-000000000002")

    assert ended.code == 1
    assert "[AZK8S0403]" in ended.err
    assert status(quick) == "Connected"


def test_another_region_is_refused_before_anything_is_changed(quick: Stage) -> None:
    """A connected cluster's region is fixed."""
    quick.after(CONNECT)
    quick.within(quick.world.journal.clear)

    ended = quick.type("connect -n harbor -g edge -l eastus")

    assert (ended.code, "[location-is-fixed]" in ended.err) == (1, True)
    assert "the region that it is in: arcctl connect -n harbor -g edge -l westeurope\n" in ended.err
    assert quick.requests("arm", "PUT") == []


def test_a_name_that_another_cluster_uses_is_refused(two_clusters: Stage) -> None:
    """The resource is Connected with a key that is not this cluster's."""
    two_clusters.after(f"{CONNECT} --kube-context sandbox")

    ended = two_clusters.type(f"{CONNECT} --kube-context sandbox-2")

    assert (ended.code, "[AZK8S0404]" in ended.err) == (1, True)
    [first] = [each for each in ended.err.splitlines() if each.startswith("try")]
    assert first.split(maxsplit=1)[1].startswith("choose the right cluster: "), ended.err
    assert status(two_clusters) == "Connected"


def made_elsewhere(stage: Stage) -> keys.KeyPair:
    """Terraform has made harbor with a key of its own, and no agents; return that key."""
    pair = keys.generate()
    stage.seed(
        groups=[{"name": "edge", "location": "westeurope"}],
        clusters=[
            {
                "name": "harbor",
                "group": "edge",
                "location": "westeurope",
                "state": "AgentNotInstalled",
                "properties": {"agentPublicKeyCertificate": pair.public},
            }
        ],
    )
    return pair


def test_a_resource_made_elsewhere_needs_to_be_adopted(quick: Stage) -> None:
    """Refused without --adopt; and its key is never replaced without --new-key, whatever --yes says."""
    pair = made_elsewhere(quick)

    refused = quick.type(CONNECT)
    unasked = [quick.type(f"{CONNECT} --adopt {more}") for more in ("", "--yes")]
    kept = quick.well("show -n harbor -g edge").data
    adopted = quick.well(f"{CONNECT} --adopt --new-key")

    assert (refused.code, "[AZK8S0404]" in refused.err) == (1, True)
    for each in (refused, *unasked):
        assert each.err.index("--adopt --private-key FILE") < each.err.index("--adopt --new-key")
    assert [each.code for each in unasked] == [2, 2]
    assert kept["agentPublicKeyCertificate"] == pair.public
    assert adopted.data["connectivityStatus"] == "Connected"
    assert adopted.data["agentPublicKeyCertificate"] != pair.public


def test_replacing_a_key_is_asked_at_a_terminal(quick: Stage) -> None:
    """A person who says no has changed nothing; one who says yes has replaced the key."""
    pair = made_elsewhere(quick)

    declined = typed_at_a_terminal(quick, f"{CONNECT} --adopt --yes", "n\n")
    kept = quick.well("show -n harbor -g edge").data
    agreed = typed_at_a_terminal(quick, f"{CONNECT} --adopt --yes", "y\n")
    now = quick.well("show -n harbor -g edge").data

    assert ("[declined]" in declined.out, agreed.code) == (True, 0), declined.out
    assert kept["agentPublicKeyCertificate"] == pair.public
    assert now["agentPublicKeyCertificate"] != pair.public


def test_adopting_with_the_owners_key_keeps_the_key(quick: Stage) -> None:
    """The key that the resource was made with is used as it is; another one is refused."""
    pair, other = made_elsewhere(quick), keys.generate()
    (quick.folder / "right.pem").write_text(pair.private.reveal())
    (quick.folder / "wrong.pem").write_text(other.private.reveal())

    wrong = quick.type(f"{CONNECT} --adopt --private-key wrong.pem")
    right = quick.well(f"{CONNECT} --adopt --private-key right.pem")

    assert (wrong.code, "[key-mismatch]" in wrong.err) == (1, True)
    assert wrong.err.index("--adopt --private-key FILE") < wrong.err.index("--adopt --new-key")
    assert right.data["agentPublicKeyCertificate"] == pair.public


ELSEWHERE = "connect -n harbor -g edge -l eastus"


def test_a_resource_made_elsewhere_stays_in_its_region(quick: Stage) -> None:
    """Adopted with another region it would lie where nobody asked for it; `check` says so as well."""
    made_elsewhere(quick)
    quick.within(quick.world.journal.clear)

    checked = quick.type("check -n harbor -g edge --before connect -l eastus -o json")
    refusals = [quick.type(f"{ELSEWHERE} {more}") for more in ("", "--adopt --new-key --yes")]

    codes = {each["code"]: each["verdict"] for each in checked.data["findings"]}
    assert codes["location-is-fixed"] == "fail"
    for each in refusals:
        refused(each, "location-is-fixed", said="delete -n harbor -g edge --azure-only")
        assert "arcctl move" not in each.err
    assert changes(quick) == []


def test_a_half_made_resource_stays_in_its_region(quick: Stage) -> None:
    """Cut after the PUT, by a fault that nothing could be told after; the next one asks for another."""
    quick.fault("dataplane", {"status": 400}, path="GetHelmSettings", times=None)
    assert quick.type(CONNECT).code == 1
    quick.within(quick.world.faults.remove)
    quick.within(quick.world.journal.clear)

    refused(quick.type(ELSEWHERE), "location-is-fixed", said="harbor is in westeurope")

    assert changes(quick) == []
    assert quick.well(CONNECT).data["location"] == "westeurope"


def test_agents_whose_resource_is_gone_are_cleaned_up_with_a_yes(stage: Stage) -> None:
    """Portal deletion leaves agents behind; without a yes nothing is touched."""
    stage.after(CONNECT)
    stage.well("delete -n harbor -g edge --azure-only --yes")

    refused = stage.type(CONNECT)
    ended = stage.well(f"{CONNECT} --yes")

    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert ended.data["connectivityStatus"] == "Connected"


def test_a_lost_key_is_replaced_by_a_new_one(stage: Stage, kubectl: Path) -> None:
    """The Secret is gone: a new pair is made, told to ARM, and the identity agent restarted."""
    before = stage.well(CONNECT).data["agentPublicKeyCertificate"]
    ask(stage, kubectl, "delete secret -n azure-arc azure-arc-connect-privatekey")

    ended = stage.well(CONNECT)

    assert ended.data["agentPublicKeyCertificate"] != before
    assert ended.data["connectivityStatus"] == "Connected"


def test_a_lost_configmap_is_healed(stage: Stage, kubectl: Path) -> None:
    """Without the ConfigMap the release's values and the key still say whose cluster it is."""
    stage.after(CONNECT)
    ask(stage, kubectl, "delete configmap -n azure-arc azure-clusterconfig")

    ended = stage.well(CONNECT)

    assert ended.data["connectivityStatus"] == "Connected"
    assert stage.well("show -n harbor -g edge --agents").data["agents"]


def test_a_resource_without_agents_of_our_own_is_gone_on_with(quick: Stage) -> None:
    """Cut after the PUT: the key in the cluster proves whose resource it is."""
    fault = quick.fault("dataplane", {"status": 400}, path="GetHelmSettings", times=None)
    first = quick.type(CONNECT)
    quick.within(quick.world.faults.remove)

    ended = quick.well(CONNECT)

    assert (first.code, bool(fault)) == (1, True)
    assert ended.data["connectivityStatus"] == "Connected"


def test_an_older_agent_gets_its_key_as_a_value(stage: Stage) -> None:
    """Charts before 1.35.3 render the Secret themselves, from stdin and never from argv."""
    older = stage.world.agent_charts["stable"].replace("1.36.1", "1.34.2")
    stage.within(lambda: stage.world.agent_charts.update(stable=older))

    ended = stage.well(CONNECT)

    assert ended.data["agentVersion"] == "1.34.2"
    assert ended.data["connectivityStatus"] == "Connected"


def test_no_wait_returns_with_the_agents_installed(quick: Stage) -> None:
    """As the peer's: helm has run, nobody has waited for a heartbeat."""
    ended = quick.well(f"{CONNECT} --no-wait")

    assert ended.data["provisioningState"] in ("Accepted", "Succeeded")


def test_kinds_that_nobodys_release_made_do_not_stand_in_the_way(
    stage: Stage, kubectl: Path
) -> None:
    """helm refuses to take over a CRD without its marks, so it is made anew (T42)."""
    (stage.folder / "kind.json").write_text(json.dumps(definition("gitconfigs")))
    ask(stage, kubectl, f"create -f {stage.folder / 'kind.json'}")

    assert stage.well(CONNECT).data["connectivityStatus"] == "Connected"


@pytest.mark.parametrize("left", ["pending-install", "pending-upgrade", "uninstalling", "failed"])
def test_what_a_killed_helm_left_behind_is_taken_over(stage: Stage, left: str) -> None:
    """Its record would block the next helm; what it made stays, and so does the key."""
    before = stage.well(f"{CONNECT} --skip-prechecks").data
    stage.within(lambda: pretend(stage, left))

    ended = stage.well(CONNECT)

    assert ended.data["connectivityStatus"] == "Connected"
    assert ended.data["agentPublicKeyCertificate"] == before["agentPublicKeyCertificate"]
    assert [each["metadata"]["labels"]["status"] for each in records(stage)][-1] == "deployed"


def test_private_link_is_asked_about_and_turns_cluster_connect_off(quick: Stage) -> None:
    """As the peer, which asks; and neither the agent nor custom locations are installed."""
    group = f"/subscriptions/{quick.environment['AZURE_SUBSCRIPTION_ID']}/resourceGroups/edge"
    scope = f"{group}/providers/Microsoft.HybridCompute/privateLinkScopes/link"
    quick.seed(
        groups=[{"name": "edge", "location": "westeurope"}],
        resources=[{"id": scope, "location": "westeurope", "properties": {}}],
    )
    line = (
        f"{CONNECT} --enable-private-link true --pls-arm-id {scope} --custom-locations-oid "
        "00000000-0000-0000-0000-0000000001c1"
    )

    asked = quick.type(line)
    ended = quick.well(f"{line} --yes")

    assert (asked.code, "Private link turns cluster connect" in asked.err) == (2, True)
    assert ended.data["privateLinkState"] == "Enabled"
    assert "no effect under private link" in ended.err
    agents = {each["name"] for each in quick.well("show -n harbor -g edge --agents").data["agents"]}
    assert not agents & {"clusterconnect-agent", "kube-aad-proxy"}


def test_the_hybrid_benefit_is_asked_about(quick: Stage) -> None:
    """It is a statement about licences, so a person or --yes must make it."""
    line = f"{CONNECT} --azure-hybrid-benefit True"

    assert quick.type(line).code == 2
    assert quick.well(f"{line} --yes").data["azureHybridBenefit"] == "True"


def test_workload_identity_waits_until_the_agents_have_settled(quick: Stage) -> None:
    """Their state is Succeeded before connect ends; null would be no success (trap 12)."""
    ended = quick.well(f"{CONNECT} --enable-oidc-issuer --enable-workload-identity").data

    assert ended["arcAgentProfile"]["agentState"] == "Succeeded"
    assert ended["oidcIssuerProfile"]["issuerUrl"].startswith("https://westeurope.oic.")


def test_the_gateway_is_linked_and_enabled(quick: Stage) -> None:
    """By its own settings resource, then on the cluster (`connectedk8s.md` B.1.25)."""
    group = f"/subscriptions/{quick.environment['AZURE_SUBSCRIPTION_ID']}/resourceGroups/edge"
    gateway = f"{group}/providers/Microsoft.HybridCompute/gateways/way"

    ended = quick.well(f"{CONNECT} --gateway-resource-id {gateway}").data

    assert ended["gateway"]["enabled"] is True
    links = [each for each in quick.requests("arm", "PUT") if "settings/default" in each.lower()]
    assert len(links) == 1


def records(stage: Stage) -> list[dict[str, Any]]:
    """Helm's records of the agents, oldest first."""
    found = stage.cluster.store.items(("", "secrets"), "azure-arc-release")
    return [each for each in found if each["metadata"]["name"].startswith("sh.helm.release")]


def pretend(stage: Stage, status: str) -> None:
    """Leave the newest record as a killed helm does, in its label and in its packed content."""
    record = copy.deepcopy(records(stage)[-1])
    packed = base64.b64decode(base64.b64decode(record["data"]["release"]))
    release = json.loads(gzip.decompress(packed))
    release["info"]["status"] = status
    again = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    record["data"]["release"] = base64.b64encode(again).decode()
    record["metadata"]["labels"]["status"] = status
    stage.cluster.store.write(("", "secrets"), record)
