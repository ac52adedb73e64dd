"""Days on which something outside is broken: bounded, explained, and nothing is lost."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from arcctl.sandbox.azure import entra
from arcctl.sandbox.kubernetes.seeds import NodeShape
from tests.stories.refusals import CONNECT, changes, refused

if TYPE_CHECKING:
    from arcctl.sandbox.azure.entra import Principal
    from tests.stage import Stage

DELETE = "delete -n harbor -g edge --yes"
STRANGER = (
    {"verbs": ["get"], "apiGroups": ["*"], "resources": ["nodes", "namespaces"]},
    {"verbs": ["get"], "nonResourceURLs": ["*"]},
)


def kubeconfig(stage: Stage, *, server: str = "", user: dict[str, Any] | None = None) -> str:
    """Write the sandbox's kubeconfig with another server or user, and return the flag for it."""
    known = yaml.safe_load(stage.sandbox.home.kubeconfig.read_text())
    if server:
        known["clusters"][0]["cluster"]["server"] = server
    if user:
        known["users"][0]["user"] = user
    (stage.folder / "mine").write_text(yaml.safe_dump(known))
    return "--kube-config mine"


def signed_in_as(stage: Stage, who: Principal) -> None:
    """Let all further commands come from another app."""
    stage.extra |= {"AZURE_CLIENT_ID": who.client_id, "AZURE_CLIENT_SECRET": who.secret}


def group(stage: Stage) -> None:
    """Let the resource group be there."""
    stage.seed(groups=[{"name": "edge", "location": "westeurope"}])


def test_an_api_server_that_refuses_or_is_silent_is_given_up(quick: Stage) -> None:
    """Both are told apart, and neither is waited for without bound."""
    refusing = quick.type(f"{CONNECT} {kubeconfig(quick, server='https://127.0.0.1:1')}")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"https://127.0.0.1:{silent.getsockname()[1]}"
        unheard = quick.type(f"{CONNECT} {kubeconfig(quick, server=server)}")

    refused(refusing, "AZK8S0202", said="Connection refused")
    refused(unheard, "AZK8S0202", said="no answer in time")
    assert changes(quick) == []


def test_credentials_that_the_cluster_does_not_take_are_refused(quick: Stage) -> None:
    """An expired token, a plug-in that is not there, a user who may only read."""
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}
    missing = {"exec": plugin | {"command": "no-such-plugin"}}
    expired = quick.type(f"{CONNECT} {kubeconfig(quick, user={'token': 'stale'})}")
    unhelped = quick.type(f"{CONNECT} {kubeconfig(quick, user=missing)}")
    reader = {"token": quick.cluster.viewer_token}
    reading = quick.type(f"{CONNECT} {kubeconfig(quick, user=reader)}")

    refused(expired, "kube-unauthorized", exit_code=4, said="sign in to the cluster again")
    refused(unhelped, "AZK8S0200", said="install no-such-plugin")
    refused(reading, "AZK8S0207", exit_code=4, said="cluster-admin")
    assert changes(quick) == []


def test_a_user_who_may_not_look_is_told_at_what(quick: Stage) -> None:
    """The API server's own sentence says which verb on which kind is forbidden."""
    quick.within(lambda: quick.cluster.grant("token-of-narrow", "narrow", STRANGER))

    ended = quick.type(f"{CONNECT} {kubeconfig(quick, user={'token': 'token-of-narrow'})}")

    refused(ended, "kube-forbidden", exit_code=4, said='User "narrow" cannot list resource "nodes"')
    assert changes(quick) == []


@pytest.mark.parametrize(
    ("environ", "code", "exit_code", "said"),
    [
        ({"AZURE_CLIENT_SECRET": "wrong"}, "AADSTS7000215", 4, "az login"),
        ({"AZURE_TENANT_ID": entra.TENANT[:-2] + "ff"}, "unknown-tenant", 4, "AZURE_TENANT_ID"),
        ({"AZURE_CLIENT_SECRET": ""}, "sign-in-settings", 4, "AZURE_CLIENT_SECRET"),
        ({"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"}, "not-signed-in", 4, "az login"),
        ({"AZURE_ACCESS_TOKEN": "opaque"}, "InvalidAuthenticationToken", 4, "az login"),
        (
            {"AZURE_ACCESS_TOKEN": "opaque", "AZURE_TENANT_ID": ""},
            "access-token-env-incomplete",
            2,
            "export AZURE_TENANT_ID=",
        ),
    ],
    ids=["secret", "tenant", "empty secret", "nobody", "bad token", "half a token"],
)
def test_without_a_sign_in_nothing_begins(
    quick: Stage, environ: dict[str, str], code: str, exit_code: int, said: str
) -> None:
    """A wrong secret, tenant or token, or nobody at all: exit 4, and how to sign in."""
    refused(quick.type(CONNECT, **environ), code, exit_code=exit_code, said=said)

    assert changes(quick) == []


def test_a_provider_that_is_not_registered_is_registered_on_request(quick: Stage) -> None:
    """Refused first, because registering belongs to the subscription's owner."""
    quick.seed(providers={"Microsoft.Kubernetes": "NotRegistered"})

    refused(quick.type(CONNECT), "AZK8S0408", said="--register-providers")
    untouched = changes(quick)
    ended = quick.well(f"{CONNECT} --register-providers --skip-prechecks")

    assert untouched == []
    assert ended.data["connectivityStatus"] == "Connected"


def test_an_app_that_may_only_onboard_needs_the_group(quick: Stage) -> None:
    """Without the group it is refused before anything is changed; with it all goes well."""
    signed_in_as(quick, entra.ONBOARDING)
    ended = quick.type(CONNECT)
    untouched = changes(quick)
    group(quick)

    refused(ended, "AuthorizationFailed", exit_code=4, said="az group create -n edge")
    assert untouched == []
    assert quick.well(CONNECT).data["connectivityStatus"] == "Connected"


def test_an_app_that_may_not_delete_leaves_the_agents_whole(quick: Stage) -> None:
    """ARM is asked first, so its refusal comes while the cluster is still connected."""
    quick.after(f"{CONNECT} --skip-prechecks")
    signed_in_as(quick, entra.ONBOARDING)

    refused(quick.type(DELETE), "AuthorizationFailed", exit_code=4, said="connectedClusters/delete")

    assert quick.well("show -n harbor -g edge --agents --exit-status")


@pytest.mark.parametrize("line", [CONNECT, "show -n harbor -g edge", "list -g edge", DELETE])
def test_a_stranger_is_told_which_role_is_missing(quick: Stage, line: str) -> None:
    """The action, the scope, and the command that gives the role."""
    group(quick)
    signed_in_as(quick, entra.NO_RIGHTS)

    refused(quick.type(line), "AuthorizationFailed", exit_code=4, said="az role assignment create")

    assert changes(quick) == []


def test_only_linux_nodes_can_run_agents(quick: Stage) -> None:
    """Windows nodes or none are refused; arm64 is as good as amd64."""
    for shapes in ([NodeShape(system="windows")], []):
        quick.within(lambda shapes=shapes: quick.cluster.set_nodes(shapes))
        refused(quick.type(CONNECT), "AZK8S0206", said="add a linux node")
    untouched = changes(quick)
    quick.within(lambda: quick.cluster.set_nodes([NodeShape(architecture="arm64")] * 2))

    assert untouched == []
    assert quick.well(CONNECT).data["totalNodeCount"] == 2
