"""Stories of `arcctl delete` (issue section 6; traps 9, 10 and 29)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.stories.clusters import GROUP, ask, definition
from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import Stage

CONNECT = "connect -n harbor -g edge -l westeurope --skip-prechecks"
DELETE = "delete -n harbor -g edge"


def left_in_cluster(stage: Stage, program: Path) -> str:
    """What of Azure Arc is still in the cluster, as kubectl names it."""
    lines = ask(stage, program, "get namespaces,crds,clusterrolebindings -o name").splitlines()
    return " ".join(line for line in lines if "azure" in line)


def resource_gone(stage: Stage) -> bool:
    """Whether ARM no longer knows harbor."""
    return stage.type("show -n harbor -g edge").code == 3


@pytest.mark.apart
def test_delete_leaves_nothing_in_azure_or_in_the_cluster(stage: Stage, kubectl: Path) -> None:
    """Resource, release, both namespaces and the seven kinds are gone."""
    stage.after(CONNECT)

    ended = stage.well(f"{DELETE} --yes")

    assert "Deleted: harbor (edge)." in ended.err
    assert ended.out == ""
    assert resource_gone(stage)
    assert left_in_cluster(stage, kubectl) == ""


def test_without_a_terminal_and_without_yes_nothing_happens(quick: Stage) -> None:
    """A pipeline must say --yes; the exit code is usage (2)."""
    quick.after(CONNECT)
    quick.within(quick.world.journal.clear)

    ended = quick.type(DELETE)

    assert (ended.code, f"arcctl {DELETE} --yes" in ended.err) == (2, True)
    assert quick.requests("arm", "DELETE") == []


def test_at_a_terminal_a_no_changes_nothing(quick: Stage) -> None:
    """The question names what will be lost; no is the default."""
    quick.after(CONNECT)

    said = typed_at_a_terminal(quick, DELETE, "n\n")

    assert "Delete harbor in group edge" in said.out
    assert said.code == 130
    assert not resource_gone(quick)


def test_at_a_terminal_a_yes_deletes(quick: Stage) -> None:
    """And a person sees a list of steps."""
    quick.after(CONNECT)

    said = typed_at_a_terminal(quick, DELETE, "y\n")

    assert said.code == 0, said.out
    assert resource_gone(quick)


def test_children_are_counted_in_the_question(quick: Stage) -> None:
    """Extensions and Flux configurations go with the resource, so a person is told."""
    connected = quick.well(CONNECT).data
    base = f"{connected['id']}/providers/Microsoft.KubernetesConfiguration"
    quick.seed(
        resources=[
            {"id": f"{base}/extensions/one", "properties": {"extensionType": "microsoft.flux"}},
            {"id": f"{base}/extensions/two", "properties": {"extensionType": "microsoft.dapr"}},
            {
                "id": f"{base}/fluxConfigurations/apps",
                "properties": {"gitRepository": {"url": "https://git.test/apps"}},
            },
        ]
    )

    ended = quick.type(DELETE)

    assert "2 extensions and 1 Flux configuration" in ended.err


def test_the_wrong_cluster_is_refused_with_its_owners_name(two_clusters: Stage) -> None:
    """Another cluster's identity contradicts, with --force too; --skip-cluster-check overrides."""
    stage = two_clusters
    stage.well(f"{CONNECT} --kube-context sandbox")
    stage.well("connect -n depot -g edge -l westeurope --skip-prechecks --kube-context sandbox-2")

    refused = stage.type(f"{DELETE} --yes --kube-context sandbox-2")
    forced = stage.type(f"{DELETE} --yes --force --kube-context sandbox-2")

    assert [refused.code, forced.code] == [1, 1]
    assert "depot (group edge" in refused.err
    assert not resource_gone(stage)


def test_a_cluster_that_names_nobody_is_refused_without_force(two_clusters: Stage) -> None:
    """With no release in the kubeconfig's cluster the peer would orphan the right one (trap 9)."""
    stage = two_clusters
    stage.well(f"{CONNECT} --kube-context sandbox")

    refused = stage.type(f"{DELETE} --yes --kube-context sandbox-2")
    forced = stage.well(f"{DELETE} --yes --force --kube-context sandbox-2")

    assert (refused.code, "--azure-only" in refused.err) == (1, True)
    assert "because you said so" in forced.err
    assert resource_gone(stage)


def test_agents_are_removed_where_azure_has_forgotten_them(stage: Stage, kubectl: Path) -> None:
    """The resource is gone already, which is no error."""
    stage.after(CONNECT)
    stage.well(f"{DELETE} --azure-only --yes")

    stage.well(f"{DELETE} --yes")

    assert left_in_cluster(stage, kubectl) == ""


def test_agents_are_removed_where_even_the_group_is_gone(quick: Stage, kubectl: Path) -> None:
    """A missing group is a missing resource."""
    quick.after(CONNECT)
    group = f"/subscriptions/{quick.environment['AZURE_SUBSCRIPTION_ID']}/resourcegroups/edge"
    quick.within(lambda: quick.world.azure.store.remove(group))

    quick.well(f"{DELETE} --yes")

    assert left_in_cluster(quick, kubectl) == ""


def test_azure_only_works_without_the_cluster(quick: Stage) -> None:
    """A dead cluster must not keep its resource alive; without the flag the hint names it."""
    quick.after(CONNECT)
    dead = quick.folder / "dead"
    dead.write_text(
        (quick.sandbox.home.kubeconfig)
        .read_text()
        .replace("https://127.0.0.1:", "https://127.0.0.1:1")
    )

    refused = quick.type(f"{DELETE} --yes --kube-config {dead}")
    ended = quick.well(f"{DELETE} --yes --azure-only --kube-config {dead}")

    assert (refused.code, "--azure-only" in refused.err) == (1, True)
    assert "Deleted: the resource harbor" in ended.err
    assert resource_gone(quick)


def test_cluster_only_leaves_the_resource(quick: Stage, kubectl: Path) -> None:
    """Only leftovers are taken out."""
    quick.after(CONNECT)

    quick.well(f"{DELETE} --yes --cluster-only")

    assert not resource_gone(quick)
    assert left_in_cluster(quick, kubectl) == ""


def test_nothing_there_is_success_and_says_so(quick: Stage) -> None:
    """Running delete again ends in the same world."""
    quick.after(CONNECT)
    quick.well(f"{DELETE} --yes")

    assert "Nothing to delete" in quick.well(f"{DELETE} --yes").err


def test_a_lock_stops_the_deletion_while_the_agents_are_whole(quick: Stage) -> None:
    """ARM refuses first, so helm is never asked."""
    quick.after(CONNECT)
    group = f"/subscriptions/{quick.environment['AZURE_SUBSCRIPTION_ID']}/resourceGroups/edge"
    lock = f"{group}/providers/Microsoft.Authorization/locks/keep"
    quick.seed(resources=[{"id": lock, "properties": {"level": "CanNotDelete"}}])

    ended = quick.type(f"{DELETE} --yes")

    assert (ended.code, "[ScopeLocked]" in ended.err) == (1, True)
    assert quick.well("show -n harbor -g edge --agents --exit-status").code == 0


def test_kinds_that_aks_or_another_release_owns_stay(quick: Stage, kubectl: Path) -> None:
    """Leftovers are swept, but not a CRD with AKS' mark or with another release's (trap 13)."""
    kinds = ("extensionconfigs", "gitconfigs", "arccertificates")
    for kind in kinds:
        (quick.folder / f"{kind}.json").write_text(json.dumps(definition(kind)))
        ask(quick, kubectl, f"create -f {quick.folder / kind}.json")
    ask(quick, kubectl, "create namespace azure-arc")
    ask(quick, kubectl, f"label crd {kinds[0]}.{GROUP} addonmanager.kubernetes.io/mode=Reconcile")
    ask(quick, kubectl, f"annotate crd {kinds[1]}.{GROUP} meta.helm.sh/release-name=other")

    quick.well(f"{DELETE} --yes --cluster-only")

    left = left_in_cluster(quick, kubectl)
    assert [kind in left for kind in kinds] == [True, True, False]
    assert "namespace/azure-arc" not in left


def test_what_blocks_a_namespace_is_named_and_force_strips_it(quick: Stage, kubectl: Path) -> None:
    """A finalizer whose controller is gone holds the namespace; --force empties Arc's own."""
    quick.after(CONNECT)
    body = '{"metadata":{"finalizers":["clusterconfig.azure.com/finalizer"]}}'
    ask(
        quick,
        kubectl,
        "patch connectedclusters.arc.azure.com clustermetadata -n azure-arc --type=merge -p "
        + body,
    )

    quick.well(f"{DELETE} --yes --force")

    assert left_in_cluster(quick, kubectl) == ""
